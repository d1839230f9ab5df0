import numpy as np

from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.smoothing import running_mean, smoothed, without_flicker
from tests.helpers.poses import walker


def test_smoothing_removes_jitter_and_keeps_motion():
    poses = walker(120)
    noise = np.random.default_rng(0).normal(0, 3, poses.keypoints.shape).astype(np.float32)
    noisy = PoseSequence(poses.keypoints + noise, poses.confidence, 30.0, poses.canvas)
    out = smoothed(noisy, 0.06)
    seen = poses.confidence > 0
    before = np.abs(noisy.keypoints - poses.keypoints)[seen].mean()
    after = np.abs(out.keypoints - poses.keypoints)[seen].mean()
    assert after < 0.6 * before
    assert (out.confidence == poses.confidence).all()
    assert smoothed(poses, 0.0) is poses


def test_smoothing_does_not_leak_across_gaps():
    poses = walker(60)
    xy = np.full_like(poses.keypoints, 50.0)
    xy[30:] = 200.0
    conf = np.ones_like(poses.confidence)
    conf[10:50, 4] = 0
    out = smoothed(PoseSequence(xy, conf, 30.0, (400, 400)), 0.1)
    np.testing.assert_allclose(out.keypoints[:10, 4], 50, atol=1e-3)
    np.testing.assert_allclose(out.keypoints[50:, 4], 200, atol=1e-3)
    assert (out.keypoints[10:50, 4] == 0).all()


def test_short_gaps_are_filled_and_blinks_removed():
    t = np.arange(60)
    xy = np.zeros((60, 18, 2), np.float32)
    xy[..., 0] = 10 + 2 * t[:, None]
    confidence = np.ones((60, 18), np.float32)
    confidence[20:26, 4] = 0  # 0.2 s: filled
    confidence[20:40, 5] = 0  # 0.67 s: stays
    confidence[:8, 6] = 0  # at the beginning: stays
    confidence[10:50, 7] = 0
    confidence[30:33, 7] = 1  # a blink
    poses = PoseSequence(xy, confidence, 30.0, (400, 400))
    out = without_flicker(poses)
    np.testing.assert_allclose(out.keypoints[:, 4], xy[:, 4], rtol=1e-6)
    assert (out.confidence[:, 4] == 1).all()
    assert (out.confidence[20:40, 5] == 0).all()
    assert (out.confidence[:8, 6] == 0).all()
    assert (out.confidence[10:50, 7] == 0).all()
    np.testing.assert_array_equal(without_flicker(out).confidence, out.confidence)


def test_the_running_mean_is_a_gaussian_where_all_is_seen_and_blind_to_the_rest():
    path = np.zeros((41, 2))
    path[20] = 1
    out = running_mean(path, np.ones(41, bool), 2.0)
    at = np.arange(-8, 9)
    kernel = np.exp(-0.5 * (at / 2.0) ** 2)
    np.testing.assert_allclose(out[12:29, 0], kernel / kernel.sum(), atol=1e-4)
    seen = np.arange(41) != 20
    assert running_mean(path, seen, 2.0).max() == 0
    line = np.stack([np.full(41, 7.0), np.full(41, -3.0)], axis=-1)
    np.testing.assert_allclose(running_mean(line, seen, 3.0), line)
