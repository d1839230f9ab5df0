from types import SimpleNamespace

import numpy as np

from hotfoot.music.structure import MusicPhrase, find_downbeats, recurrences
from hotfoot.music.synthesis import compose
from tests.helpers.songs import analysis_of


def test_sections_are_found_where_the_music_changes():
    a = compose(40.0, 120.0, seed=1, style="half", sections=1)
    b = compose(40.0, 120.0, seed=9, style="disco", sections=1)
    sections = analysis_of(np.concatenate([a.samples * 0.3, b.samples])).rhythm.sections
    assert sections[0] == 0
    assert np.abs(sections - 40.0).min() < 2.1


def test_bars_begin_where_chords_change():
    song = compose(40.0, 112.0, seed=5, style="rock")
    analysis = analysis_of(song.samples)
    found = find_downbeats(analysis.features, song.beats)
    np.testing.assert_allclose(found, song.downbeats[: len(found)])


def test_recurrences_of_known_harmonies():
    """A, B, A, silence, C in five sections: only the second A repeats."""
    rng = np.random.default_rng(0)
    a, b, c = (rng.random((800, 12)).astype("f4") for _ in range(3))
    chroma = np.concatenate([a, b, a + 0.02 * rng.random((800, 12)), np.full((800, 12), 0.5), c])
    features = SimpleNamespace(chroma=chroma.astype("f4"))
    beats = np.arange(0, 40.5, 0.5)
    phrases = [MusicPhrase(8 * i, 8, i // 2) for i in range(10)]
    assert recurrences(features, beats, phrases) == [0, 1, 2, 3, 0, 1, 6, 7, 8, 9]
    assert recurrences(features, beats[:3], [MusicPhrase(0, 3, 0)]) == [0]
