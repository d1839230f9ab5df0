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


def test_a_song_is_what_it_was():
    """Models and golden dances rest on composed songs."""
    song = compose(6.0, 100.0, seed=11, swing=0.2, drift=0.02)
    np.testing.assert_allclose(
        song.samples[[7_200, 48_000, 71_999, 120_000]],
        [-0.03362, 0.0258, 0.14282, 0.09097],
        atol=1e-4,
    )
    np.testing.assert_allclose(song.beats[[1, 5, 9]], [0.591450, 2.947581, 5.339521], atol=1e-6)
