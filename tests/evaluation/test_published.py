"""Published definitions against the figures that are known of them, faults included."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from hotfoot.evaluation.published import (
    BEAT_ALIGNMENT,
    fid_div,
    kinetic_features_2d,
    published_alignments,
)
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
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
                    score.score(
                        score.minima(jitter(seconds, score.fps, 100 * i + s, smooth)),
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
        assert score.score(score.minima(joints), beats) > 0.95, name
        assert score.score(score.minima(joints[:2]), beats) == 0


def test_published_alignment_of_two_dimensions():
    beats = beats_of(100, 20)
    dance = on_beat(beats + 0.004, 20.0, fps=60.0)
    scored = [(dance, beats), (dance, beats + 0.3), (noise(20.0, 60, 1), beats)]
    own, late, noisy = (published_alignments(poses, music) for poses, music in scored)
    for name in (f"published_{n}" for n in BEAT_ALIGNMENT):
        assert own[name].value > 0.6 > late[name].value, name
        assert own[name].p < 0.05, name
        assert 0.1 < noisy[name].value < 0.6, name


@pytest.mark.parametrize("fps", [60.0, 120.0])
def test_kinetic_features_of_a_steady_walk(fps):
    """A fifth of the picture's width per second to the right, a tenth of its height up."""
    still = figure_pose("average")
    frames = np.arange(round(4 * fps))[:, None, None]
    step = np.array([0.2 * still.canvas[0], -0.1 * still.canvas[1]]) / fps
    xy = still.keypoints + frames * step
    confidence = np.repeat(still.confidence, len(frames), 0)
    walk = PoseSequence(xy.astype("f4"), confidence, fps, still.canvas)
    found = kinetic_features_2d(walk).reshape(17, 3)
    seen = walk.to_skeleton("coco-17").confidence[0] > 0
    np.testing.assert_allclose(found[seen, 0], 0.04, rtol=1e-3)
    np.testing.assert_allclose(found[seen, 1], 0.01, rtol=1e-3)
    assert found[:, 2].max() < 0.01, "a steady walk has no acceleration, wherever it is"
    assert (found[~seen] == 0).all()


def test_fid_and_div_are_those_of_z_scores():
    rng = np.random.default_rng(0)
    real = rng.normal(3, 5, (4000, 6))
    near, far = rng.normal(3, 5, (4000, 6)), rng.normal(8, 5, (4000, 6))
    distance, div, real_div = fid_div(near, real)
    assert distance < 0.02
    assert div == pytest.approx(real_div, rel=0.02)
    assert div == pytest.approx(np.sqrt(2 * 6), rel=0.06), "unrelated unit normals"
    assert fid_div(far, real)[0] == pytest.approx(6, rel=0.05), "one deviation in each of six"
    assert fid_div(0.01 * real, real)[1] == pytest.approx(0.01 * real_div, rel=1e-6)
    dead = np.concatenate([real, np.ones((4000, 1))], axis=1)
    moved = np.concatenate([near, 5 * np.ones((4000, 1))], axis=1)
    assert fid_div(moved, dead)[0] == pytest.approx(distance), "what never varies says nothing"
