from dataclasses import replace

import numpy as np
import pytest

from hotfoot.choreography.arrange import arrange
from hotfoot.choreography.counts import count_song, steady_beats
from hotfoot.music.analysis import SongAnalysis
from tests.helpers.songs import composed_analysis


@pytest.mark.parametrize("bpm", [64, 100, 140, 184])
def test_counts_last_what_legs_can_do(bpm):
    counted = count_song(composed_analysis(bpm))
    period = float(np.median(np.diff(counted.beats)))
    lasts = [period * phrase.pace for phrase in counted.phrases]
    assert min(lasts) > 0.3
    assert max(lasts) < 1.25


@pytest.mark.parametrize(("rate", "beats"), [(0.7, 4), (1.0, 8), (1.8, 16)])
def test_phrases_have_eight_counts_at_any_tempo(rate, beats):
    phrases = count_song(composed_analysis(100), rate).phrases
    assert max(p.beats for p in phrases) == beats
    assert max(p.beats / p.pace for p in phrases) == 8


def test_beats_cover_the_song():
    analysis = composed_analysis(120, seconds=70.0, sections=2)
    beats = steady_beats(analysis)
    assert beats[0] <= 0 <= analysis.features.duration_s <= beats[-1]
    assert np.isin(analysis.rhythm.beats, beats).all()
    assert np.diff(beats) == pytest.approx(0.5, abs=0.05)
    none = replace(analysis.rhythm, beats=np.zeros(0))
    assert np.diff(steady_beats(SongAnalysis(analysis.features, none))) == pytest.approx(0.6)


def test_loud_sections_have_more_energy():
    analysis = composed_analysis(120, seconds=70.0, sections=4)
    level = analysis.features.loudness_db.copy()
    half = len(level) // 2
    level[:half] -= 9
    counted = count_song(
        SongAnalysis(replace(analysis.features, loudness_db=level), analysis.rhythm)
    )
    middle = np.searchsorted(counted.beats, 35.0)
    early = [p for p in counted.phrases if p.start + p.beats < middle]
    late = [p for p in counted.phrases if p.start > middle]
    assert np.mean([p.level for p in early]) < np.mean([p.level for p in late]) - 0.5
    energy = [np.mean([counted.energies[p.section] for p in part]) for part in (early, late)]
    assert energy[0] < energy[1] - 0.1


def test_the_performer_freezes_where_the_music_breaks_off():
    analysis = composed_analysis(120)
    beats = steady_beats(analysis)
    first = int(np.searchsorted(beats, 20.0))
    level = analysis.features.loudness_db.copy()
    level[int(beats[first] * 100) : int(beats[first + 4] * 100)] -= 40
    broken = SongAnalysis(replace(analysis.features, loudness_db=level), analysis.rhythm)
    assert count_song(broken).breaks == ((first, first + 4),)
    choreography = arrange(count_song(broken), 0)
    held = [p for p in choreography.phrases if p.start <= first < p.end]
    assert [p.family for p in held] == ["pose"]
    assert held[0].end == first + 4
    starts = [p.start for p in choreography.phrases]
    ends = [p.end for p in choreography.phrases]
    assert starts[1:] == ends[:-1], "phrases still follow each other without gaps"
