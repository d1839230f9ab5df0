from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.pose.body import (
    USUAL_SPEED,
    between_frames,
    body_height,
    body_speed,
    mean_speed,
    movement_octaves,
    relative_speed,
    speed_minima,
    visible_heights,
)
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence


def drifting(pixels_per_s, seconds=2.0, fps=30.0, skeleton="body-18"):
    """The average figure, moved sideways at a constant speed."""
    pose = figure_pose("average").to_skeleton(skeleton)
    t = np.arange(round(seconds * fps)) / fps
    xy = np.repeat(pose.keypoints, len(t), 0)
    xy[..., 0] += (pixels_per_s * t)[:, None]
    return PoseSequence(xy, np.repeat(pose.confidence, len(t), 0), fps, (4000, 1024), skeleton)


@given(speed=st.floats(1, 500), fps=st.sampled_from([15.0, 24.0, 30.0, 60.0]))
def test_speed_is_in_pixels_per_second_whatever_the_rate_and_smoothing(speed, fps):
    poses = drifting(speed, fps=fps)
    np.testing.assert_allclose(body_speed(poses), speed, rtol=1e-2)
    np.testing.assert_allclose(body_speed(poses, 0.1), speed, rtol=1e-2)


@pytest.mark.parametrize("skeleton", ["body-18", "coco-17", "body-hands-60", "wholebody-133"])
def test_speed_is_that_of_the_body_in_every_skeleton(skeleton):
    poses = drifting(90.0, skeleton=skeleton)
    layout = poses.layout.keypoints
    xy = poses.keypoints.copy()
    for i, name in enumerate(layout):  # what face and fingers do does not count
        if "_hand_" in name or "face_" in name or name.endswith(("eye", "ear")):
            xy[::2, i] += 50
    quick = replace(poses, keypoints=xy, confidence=np.ones_like(poses.confidence))
    body = [i for i, n in enumerate(layout) if "toe" not in n and "heel" not in n]
    seen = np.isin(np.arange(len(layout)), body).astype(np.float32)
    quick = replace(quick, confidence=quick.confidence * seen)
    np.testing.assert_allclose(body_speed(quick), 90, rtol=1e-3)


def test_a_joint_that_is_not_seen_does_not_move():
    poses = drifting(0.0)
    xy, confidence = poses.keypoints.copy(), poses.confidence.copy()
    xy[10:, 4] += 500
    confidence[10, 4] = 0
    assert body_speed(replace(poses, keypoints=xy, confidence=confidence)).max() == 0
    assert body_speed(poses.frames(0, 1)).tolist() == [0]


def test_speed_of_joints_without_holes_in_their_unit():
    t = np.arange(20) / 60
    joints = np.zeros((20, 5, 3))
    joints[..., 1] = 2 * t[:, None]
    joints[:, :, 2] = 1.5 * t[:, None]
    np.testing.assert_allclose(mean_speed(joints, 60.0), 2.5)


def test_height_is_that_of_the_figure_and_of_the_trunk_alone():
    pose = figure_pose("average")
    k = pose.keypoints[0].astype(float)
    bones = [np.linalg.norm(k[a] - k[b]) for a, b in ((2, 8), (8, 9), (9, 10))]
    assert body_height(pose) == pytest.approx(sum(bones) / 0.818, rel=1e-6)
    legless = replace(pose, confidence=pose.confidence * ~np.isin(np.arange(18), (9, 10, 12, 13)))
    assert body_height(legless) == pytest.approx(bones[0] / 0.288, rel=1e-2)
    assert np.isnan(body_height(replace(pose, confidence=pose.confidence * 0)))
    assert body_height(pose.to_skeleton("coco-17")) == body_height(pose)


def test_what_is_visible_has_a_height_too():
    xy = np.array([[5.0, 10], [5, 40], [5, 90]])
    assert visible_heights(xy[None], np.array([[True, True, False]])) == [30]
    assert visible_heights(xy[None], np.zeros((1, 3), bool)) == [0]


def test_octaves_of_movement_count_from_the_usual_speed():
    height = body_height(figure_pose("average"))
    assert movement_octaves(drifting(height * USUAL_SPEED)) == pytest.approx(0, abs=0.02)
    assert movement_octaves(drifting(4 * height * USUAL_SPEED)) == pytest.approx(2, abs=0.02)
    np.testing.assert_allclose(relative_speed(drifting(height)), 1, rtol=1e-2)
    assert np.isnan(movement_octaves(drifting(0.0)))


@given(period=st.integers(12, 40), phase=st.floats(0, 1))
def test_minima_of_speed_are_found_between_frames(period, phase):
    t = np.arange(200)
    speed = 1 - np.cos(2 * np.pi * (t - phase * period) / period)
    found = between_frames(speed, speed_minima(speed))
    wanted = phase * period + period * np.arange(200 // period)
    wanted = wanted[(wanted > period / 2) & (wanted < 200 - period / 2)]
    assert np.abs(found[:, None] - wanted[None]).min(axis=0).max() < 0.05


def test_ripples_are_no_minima():
    t = np.arange(300)
    speed = 1 + np.cos(2 * np.pi * t / 50) + 0.02 * np.cos(2 * np.pi * t / 7)
    assert len(speed_minima(speed)) == 6
    assert len(speed_minima(np.ones(50))) == 0
