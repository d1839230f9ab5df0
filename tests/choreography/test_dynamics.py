from dataclasses import replace

import numpy as np
import pytest

from hotfoot.choreography.arrange import arrange
from hotfoot.choreography.dynamics import SIZES, choreograph, phrase_speeds
from hotfoot.choreography.perform import perform
from hotfoot.choreography.phrases import Phrase
from tests.helpers.dancers import STIFF, repeated
from tests.helpers.songs import composed_analysis, composed_counts


def moving(seed):
    return [p for p in choreograph(composed_analysis(110), seed).phrases if p.family != "pose"]


def test_phrases_of_one_level_move_alike():
    period = 60 / 110
    times = 8 * period + np.arange(0, 4, 1 / 30)
    speeds, levels = [], []
    for seed in range(6):
        chosen = [p for p in moving(seed) if 0.56 < p.size < 1.59 and p.pace == 1]
        found = []
        for p in chosen:
            alone = repeated(p.lower, 25, period, upper=p.upper, size=p.size)
            flat = perform(alone, times, STIFF)[..., :2]
            found.append(np.log2(np.linalg.norm(np.diff(flat, axis=0), axis=-1).mean()))
        # Performers differ; each answers the song.
        speeds += [x - np.mean(found) for x in found]
        levels += [p.level - np.mean([q.level for q in chosen]) for p in chosen]
    assert len(speeds) > 15
    assert np.corrcoef(speeds, levels)[0, 1] > 0.6
    assert np.polyfit(levels, speeds, 1)[0] == pytest.approx(0.75, abs=0.2)


def test_performers_differ_in_how_much_they_move():
    usual = []
    for seed in range(24):
        speeds = [
            np.interp(p.size, SIZES, np.maximum.accumulate(phrase_speeds(p, 60 / 110)))
            for p in moving(seed)
        ]
        usual.append(np.log2(np.median(speeds)))
    assert 0.2 < np.std(usual) < 0.8, "real ones by 0.67 octaves"


@pytest.mark.parametrize("name", ["bow and rise", "squat", "box step", "march", "spin"])
def test_sizes_are_measured_while_they_are_danced(name):
    """A longer look finds the same speeds, and a larger dance is not measured as a slower one."""
    speeds = phrase_speeds(Phrase(0, 8, name), 0.5)
    for size, speed in zip(SIZES, speeds, strict=True):
        alone = repeated(name, 41, 0.5, size=size)
        flat = perform(alone, 4 + np.arange(0, 8, 1 / 15), STIFF, 15.0)[..., :2]
        whole = np.linalg.norm(np.diff(flat, axis=0), axis=-1).mean() * 15
        assert speed == pytest.approx(whole, rel=0.12), size
    assert speeds[3] > speeds[2]


def test_sizes_are_all_that_changes():
    arranged = arrange(composed_counts(110), 3, "disco")
    leveled = choreograph(composed_analysis(110), 3, "disco")
    assert [replace(p, size=1.0) for p in leveled.phrases] == list(arranged.phrases)
    assert len({p.size for p in leveled.phrases}) > 3
