"""Published definitions against the figures that are known of them, faults included."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.published import BEAT_ALIGNMENT, published_alignment
from tests.helpers.dancers import beats_of, noise, on_beat


def jitter(seconds, fps, seed, smooth=0.0, joints=24):
    rng = np.random.default_rng(seed)
    moved = rng.normal(0, 0.02, (round(seconds * fps), joints, 3))
    return gaussian_filter1d(moved, smooth, axis=0) if smooth else moved


def chance(name, smooth=0.0, bpm=(80, 100, 120, 140), seeds=6, seconds=20):
    score = BEAT_ALIGNMENT[name]
    return np.array(
        [
            np.mean(
                [
                    score(
                        jitter(seconds, score.fps, 100 * i + s, smooth),
                        np.arange(0.2, seconds, 60 / b) * score.fps,
                    )
                    for s in range(seeds)
                ]
            )
            for i, b in enumerate(bpm)
        ]
    )


def test_white_jitter_beats_ground_truth_in_bailandos_score():
    found = chance("bailando").mean()
    assert 0.275 < found < 0.305, "0.28 to 0.30 without any music; ground truth has 0.2247"


def test_low_pass_noise_in_bailandos_score():
    assert 0.245 < chance("bailando", smooth=3.0).mean() < 0.28


def test_chance_in_the_direction_from_motion_to_music_depends_on_tempo():
    fast = chance("fact", bpm=(90, 150))
    assert 0.16 - 0.03 < fast[0] < fast[1] < 0.32
    slow = chance("popdg", bpm=(90, 150))
    assert 0.33 - 0.04 < slow[0] < slow[1] < 0.58


def test_chance_in_maces_setting():
    found = chance("mace-2d", seconds=4, seeds=40).mean()
    assert 0.28 < found < 0.40


def test_perfect_dancers_are_perfect():
    for name, score in BEAT_ALIGNMENT.items():
        period = round(score.fps * 0.75)
        t = np.arange(round(score.fps * 20))
        joints = np.zeros((len(t), 24, 3))
        # At rest between two frames on either side of the beat: half a frame early at most.
        joints[..., 0] = np.cos(np.pi * (t - 0.5) / period)[:, None]
        beats = np.arange(period, len(t) - period, period)
        assert score(joints, beats) > 0.95, name
        assert score(joints[:2], beats) == 0


def test_published_alignment_of_two_dimensions():
    beats = beats_of(100, 20)
    dance = on_beat(beats + 0.004, 20.0, fps=60.0)
    for name in BEAT_ALIGNMENT:
        own = published_alignment(name, dance, beats)
        late = published_alignment(name, dance, beats + 0.3)
        assert own > 0.6 > late, (name, own, late)
        assert 0.1 < published_alignment(name, noise(20.0, 60, 1), beats) < 0.6
    with pytest.raises(EvaluationError, match="unknown definition"):
        published_alignment("ours", dance, beats)
