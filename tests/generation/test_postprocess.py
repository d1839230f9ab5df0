"""What is done to a dance after generation."""

import numpy as np

from hotfoot.generation.beat_lock import sync_score
from hotfoot.generation.postprocess import (
    looped,
    movement_gain,
    pass_through,
    scaled_movement,
)
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.poses import walker


def test_keyframes_are_met_and_the_rest_is_left_alone():
    poses = walker(150)
    key = figure_pose("average").with_canvas(poses.canvas)
    out = pass_through(poses, [(2.5, key)])
    seen = key.confidence[0] > 0
    np.testing.assert_allclose(out.keypoints[75, seen], key.keypoints[0, seen], atol=1e-3)
    np.testing.assert_array_equal(out.keypoints[:50], poses.keypoints[:50])
    np.testing.assert_array_equal(out.keypoints[100:], poses.keypoints[100:])


def test_a_loop_ends_where_it_begins():
    poses = walker(150)
    out = looped(poses)
    seen = (poses.confidence[0] > 0) & (poses.confidence[-1] > 0)
    # The frame after the last is the first again: the last is nearly there and not the same.
    gap = np.abs(out.keypoints[-1, seen] - poses.keypoints[0, seen]).max()
    assert 0 < gap < 2
    np.testing.assert_array_equal(out.keypoints[:100], poses.keypoints[:100])


def test_the_score_prefers_a_dancer_on_the_beat():
    beats = np.arange(0, 10, 0.5)
    t = np.arange(300) / 30
    base = walker(300)

    def dancer(shift):
        xy = base.keypoints[:1] + 20 * np.cos(2 * np.pi * (t - shift))[:, None, None]
        return type(base)(xy.astype(np.float32), base.confidence, 30.0, base.canvas)

    on, off = sync_score(dancer(0.0), beats), sync_score(dancer(0.25), beats)
    assert on > 0.8
    assert off < -0.5


def test_movement_follows_loudness_and_the_energy_asked_for():
    from hotfoot.pose.body import body_speed
    from tests.helpers.dancers import beats_of, on_beat

    loud = np.repeat([-35.0, -20.0], 1500).astype(np.float32)
    gain = movement_gain(loud, 900, 30.0, 1.0)
    assert gain[200] < 0.85 < 1.1 < gain[700]
    np.testing.assert_allclose(movement_gain(np.full(3000, -20.0), 900, 30.0, 0.5), 0.5)
    assert movement_gain(loud, 900, 30.0, 1.5).max() <= 1.6
    poses = on_beat(beats_of(120, 30.0), 30.0)
    np.testing.assert_allclose(
        scaled_movement(poses, np.ones(900, np.float32)).keypoints, poses.keypoints, atol=1e-2
    )
    speed = body_speed(scaled_movement(poses, gain))
    assert speed[600:850].mean() > 1.3 * speed[50:300].mean()
    confidence = poses.confidence.copy()
    confidence[100:200, 4] = 0
    holed = PoseSequence(poses.keypoints, confidence, 30.0, poses.canvas)
    out = scaled_movement(holed, np.full(900, 0.5, np.float32))
    np.testing.assert_array_equal(out.confidence, confidence)
    near = np.abs(out.keypoints[[99, 200], 4] - holed.keypoints[[99, 200], 4])
    assert near.max() < 60, "no pull towards the empty point at zero"
