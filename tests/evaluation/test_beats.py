"""Beats that dances are measured by."""

import numpy as np
import pytest

from hotfoot.errors import InputError
from hotfoot.evaluation.beats import annotated_beats, beats_text, independent_beats
from hotfoot.evaluation.dances import read_song_facts
from hotfoot.evaluation.synchrony import scores
from hotfoot.music.audio import open_song
from hotfoot.music.features import extract
from hotfoot.music.synthesis import compose


@pytest.mark.parametrize(("bpm", "style"), [(92, "half"), (112, "rock"), (124, "house")])
def test_the_second_tracker_finds_the_beats_of_composed_songs(bpm, style, tmp_path):
    song = compose(16.0, bpm, seed=600 + bpm, style=style)
    song.save(tmp_path / "s.wav")
    found = independent_beats(extract(open_song(tmp_path / "s.wav")))
    true = song.beats[song.beats < 15.9]
    assert scores(found, true)[3] > 0.9
    offsets = found - true[np.abs(true[:, None] - found).argmin(axis=0)]
    assert abs(np.median(offsets)) < 0.01


def test_silence_has_no_beats(tmp_path):
    song = compose(3.0, 120, seed=0)
    song.samples[:] = 0
    song.save(tmp_path / "s.wav")
    assert len(independent_beats(extract(open_song(tmp_path / "s.wav")))) == 0


def test_an_annotation_beside_the_song_goes_first(tmp_path):
    song = compose(6.0, 120, seed=1)
    song.save(tmp_path / "s.wav")
    path = tmp_path / "s.wav"
    assert annotated_beats(path) is None
    assert read_song_facts(path).beats_from == "second tracker"
    (tmp_path / "s.beats").write_text("# by hand\n" + beats_text(song.beats).replace("\n", " 1\n"))
    np.testing.assert_allclose(annotated_beats(path), song.beats, atol=1e-4)
    read_song_facts.cache_clear()
    later = read_song_facts(path, 2.0)
    assert later.beats_from == "annotation"
    assert later.tempo_bpm == pytest.approx(120, abs=0.1)
    inside = song.beats[(song.beats >= 2) & (song.beats <= 2 + later.duration_s)]
    np.testing.assert_allclose(later.beats, inside - 2, atol=1e-4)


@pytest.mark.parametrize("text", ["one\n", "nan\n", "-1\n", "\xff"])
def test_files_that_are_no_beats_are_refused(text, tmp_path):
    (tmp_path / "s.beats").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"s\.beats"):
        annotated_beats(tmp_path / "s.wav")
