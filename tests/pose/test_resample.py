import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.pose.resample import filled, linear, neighbors, smooth
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.poses import walker


def moving(path, confidence=None, fps=30.0):
    """All joints on one path [T, 2]."""
    xy = np.repeat(np.asarray(path, np.float32)[:, None], 18, 1)
    seen = np.ones(xy.shape[:2], np.float32) if confidence is None else confidence
    return PoseSequence(xy, seen, fps, (500, 500))


@given(count=st.integers(1, 40), at=st.lists(st.floats(-5, 50), min_size=1, max_size=9))
def test_instants_lie_between_their_neighbors(count, at):
    before, after, w = neighbors(np.array(at), count)
    assert (after - before <= 1).all()
    assert (before >= 0).all()
    assert (after < count).all()
    np.testing.assert_allclose(before + w, np.clip(at, 0, count - 1), atol=1e-5)


@given(count=st.integers(2, 40), at=st.lists(st.floats(0, 39), min_size=1, max_size=9))
def test_straight_lines_are_kept_and_ends_are_held(count, at):
    t = np.arange(count, dtype=np.float64)
    values = np.stack([3 * t - 7, -0.5 * t], axis=-1)
    where = np.clip(at, 0, count - 1)
    expected = np.stack([3 * where - 7, -0.5 * where], axis=-1)
    np.testing.assert_allclose(linear(values, np.array(at)), expected, atol=1e-4)


def test_the_smooth_curve_goes_through_the_frames_and_is_exact_for_cubic_motion():
    t = np.arange(12)
    cube = np.stack([0.02 * t**3 - t, 5.0 - 0.3 * t**2], axis=-1)
    at = np.linspace(0, 11, 45)
    expected = np.stack([0.02 * at**3 - at, 5.0 - 0.3 * at**2], axis=-1)
    np.testing.assert_allclose(smooth(cube, at), expected, atol=1e-9)
    np.testing.assert_allclose(smooth(cube, np.array([-3.0, 20.0])), cube[[0, -1]])


def test_holes_are_filled_along_straight_lines_and_ends_are_held():
    values = np.array([9.0, 2, 9, 9, 8, 9])
    known = np.array([False, True, False, False, True, False])
    assert filled(values, known).tolist() == [2, 2, 4, 6, 8, 8]
    pair = np.stack([values, -values], axis=-1)
    assert filled(pair, known)[:, 1].tolist() == [-2, -2, -4, -6, -8, -8]
    assert filled(values, np.zeros(6, bool)).tolist() == values.tolist()


@given(shift=st.floats(0, 1), frames=st.integers(8, 30))
def test_the_spline_keeps_parabolas_inside_and_frames_as_they_are(shift, frames):
    """Catmull-Rom is exact for quadratic motion (Catmull and Rom, 1974)."""
    t = np.arange(frames)
    poses = moving(np.stack([0.3 * t**2 + t, 40 - t], axis=-1))
    inside = np.arange(1, frames - 2) + shift
    out = poses.retimed(inside).keypoints[:, 3]
    np.testing.assert_allclose(out[:, 0], 0.3 * inside**2 + inside, atol=2e-3)
    np.testing.assert_allclose(out[:, 1], 40 - inside, atol=1e-3)
    same = poses.retimed(t.astype(float))
    np.testing.assert_allclose(same.keypoints, poses.keypoints, rtol=1e-6)


def test_the_spline_holds_the_nearer_frame_where_a_joint_comes_or_goes():
    confidence = np.ones((6, 18), np.float32)
    confidence[3, 4] = 0
    poses = moving(np.stack([10.0 * np.arange(6)] * 2, axis=-1), confidence)
    out = poses.retimed(np.array([1.4, 2.6, 2.4, 4.5]))
    assert out.keypoints[:, 4, 0].tolist() == [10, 0, 20, 50]
    assert out.confidence[:, 4].tolist() == [1, 0, 1, 1]
    assert out.keypoints[0, 3, 0] == pytest.approx(14)


def test_retiming_in_pieces_is_retiming_at_once(monkeypatch):
    poses, at = walker(40), np.linspace(0, 39, 57)
    whole = poses.retimed(at)
    monkeypatch.setattr("hotfoot.pose.sequence._CHUNK", 7)
    np.testing.assert_array_equal(poses.retimed(at).keypoints, whole.keypoints)


@given(fps=st.sampled_from([15.0, 16.0, 24.0, 25.0, 29.97, 30.0, 60.0]), frames=st.integers(1, 80))
def test_resampling_keeps_duration_and_linear_motion(fps, frames):
    t = np.arange(frames) + 1
    out = moving(np.stack([t, t], axis=-1)).resampled(fps)
    assert abs(len(out) - frames / 30.0 * fps) <= 1
    expected = np.minimum(np.arange(len(out)) * 30.0 / fps, frames - 1) + 1
    np.testing.assert_allclose(out.keypoints[:, 0, 0], expected, atol=1e-3)
    assert out.fps == fps


def test_a_frame_between_two_is_as_visible_as_the_less_visible():
    confidence = np.ones((4, 18), np.float32)
    confidence[:, 2] = [1, 0.5, 0, 1]
    out = moving(np.ones((4, 2)), confidence).resampled(60.0)
    assert out.confidence[:, 2].tolist() == [1, 0.5, 0.5, 0, 0, 0, 1, 1]
