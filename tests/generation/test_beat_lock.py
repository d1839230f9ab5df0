import numpy as np
import pytest

from hotfoot.generation.beat_lock import (
    SMOOTHING_S,
    accents,
    beat_shifts,
    lock_to_beats,
    sync_score,
)
from hotfoot.pose.body import body_speed
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.poses import walker

BEATS = np.arange(0.4, 19.8, 0.5)


def stopping_dancer(lag=0.0, wobble=0.0, frames=600, seed=0):
    """Stands still at every beat + lag (and a little more or less), moves in between."""
    rng = np.random.default_rng(seed)
    beats = np.concatenate([BEATS[:1] - 0.5, BEATS, BEATS[-1:] + 0.5])
    stops = beats + lag + rng.uniform(-wobble, wobble, len(beats))
    t = np.arange(frames) / 30
    phase = np.interp(t, stops, np.arange(len(stops)))
    base = walker(1)
    # cos(pi phase) turns around, hence stands still, at every whole phase.
    xy = base.keypoints + (40 * np.cos(np.pi * phase))[:, None, None].astype(np.float32)
    confidence = np.repeat(base.confidence, frames, 0)
    return PoseSequence(xy.astype(np.float32), confidence, 30.0, base.canvas)


def test_accents_are_where_the_dancer_stands_still():
    poses = stopping_dancer()
    strength = accents(poses)
    at = np.round(BEATS[2:-2] * 30).astype(int)
    between = np.round((BEATS[2:-2] + 0.25) * 30).astype(int)
    assert strength[at].mean() > 0.5
    assert strength[between].mean() < 0.1
    speed = body_speed(poses, SMOOTHING_S)
    assert speed[at].mean() < 0.6 * speed[between].mean()


@pytest.mark.parametrize("lag", [-0.15, -0.08, 0.0, 0.08, 0.15])
def test_a_lag_is_found_and_taken_off(lag):
    poses = stopping_dancer(lag)
    shifts = beat_shifts(poses, BEATS[1:-1])
    assert np.median(shifts) == pytest.approx(lag, abs=0.035)
    locked, _ = lock_to_beats(poses, BEATS)
    assert sync_score(locked, BEATS) > 0.85
    assert sync_score(locked, BEATS) >= sync_score(poses, BEATS) - 0.05


def test_an_uneven_dancer_becomes_even():
    poses = stopping_dancer(0.05, wobble=0.1)
    before, after = sync_score(poses, BEATS), sync_score(lock_to_beats(poses, BEATS)[0], BEATS)
    assert after > before + 0.1
    assert after > 0.8


def test_length_ends_and_visibility_stay():
    poses = stopping_dancer(0.1)
    locked, _ = lock_to_beats(poses, BEATS)
    assert (len(locked), locked.fps, locked.canvas) == (600, 30.0, poses.canvas)
    assert ((locked.confidence > 0) == (poses.confidence > 0)).all()
    np.testing.assert_allclose(locked.keypoints[[0, -1]], poses.keypoints[[0, -1]], atol=1e-3)
    low, high = poses.keypoints.min((0, 1)), poses.keypoints.max((0, 1))
    assert (locked.keypoints[locked.confidence > 0] >= low - 3).all()
    assert (locked.keypoints[locked.confidence > 0] <= high + 3).all()


def test_time_never_runs_backwards_or_wild():
    poses = stopping_dancer(0.0, wobble=0.2, seed=3)
    t = np.arange(600, dtype=np.float32)
    xy = poses.keypoints.copy()
    xy[:, 0, 0] = t  # the nose counts frames
    marked = PoseSequence(xy, poses.confidence, 30.0, (700, 700))
    rate = np.diff(lock_to_beats(marked, BEATS)[0].keypoints[:, 0, 0])
    assert rate.min() >= 0
    assert rate.max() < 2.0
    assert np.percentile(rate, 5) > 0.5


def test_nothing_changes_without_beats():
    poses = stopping_dancer()
    assert lock_to_beats(poses, np.zeros(0), (3,)) == (poses, (3,))
    assert lock_to_beats(poses, np.array([1.0, 2.0]))[0] is poses
    short = poses.frames(0, 10)
    assert lock_to_beats(short, BEATS)[0] is short


def test_seams_move_with_their_frames():
    poses = stopping_dancer(0.1)
    xy = poses.keypoints.copy()
    xy[:, 0, 0] = np.arange(600)
    marked = PoseSequence(xy, poses.confidence, 30.0, (700, 700))
    locked, seams = lock_to_beats(marked, BEATS, (256, 496))
    for before, after in zip((256, 496), seams, strict=True):
        assert abs(locked.keypoints[after, 0, 0] - before) <= 1.5
        assert after != before
