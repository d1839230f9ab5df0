import numpy as np
import pytest

from hotfoot.errors import OptionError
from hotfoot.music.synthesis import compose


def test_composed_songs_repeat_and_know_their_beats():
    a, b = compose(5.0, 140.0, seed=7, swing=0.2), compose(5.0, 140.0, seed=7, swing=0.2)
    np.testing.assert_array_equal(a.samples, b.samples)
    np.testing.assert_allclose(np.diff(a.beats), 60 / 140)
    assert len(a.samples) == 5 * 24_000
    assert np.abs(a.samples).max() <= 1
    assert (compose(5.0, 140.0, seed=8).samples != a.samples).any()


@pytest.mark.parametrize(
    "change", [{"bpm": 5}, {"duration_s": 0}, {"style": "polka"}, {"swing": 2}]
)
def test_impossible_songs(change):
    with pytest.raises(OptionError):
        compose(**change)
