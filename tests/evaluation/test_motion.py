"""What every number is measured in."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import JOINTS, prepare
from hotfoot.pose.body import body_height
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.dancers import on_beat


def test_body_height_is_known_and_does_not_depend_on_the_picture(beats):
    poses = on_beat(beats, 6)
    rest = figure_pose("average").keypoints[0]
    expected = body_height(figure_pose("average"))
    assert body_height(poses) == pytest.approx(expected, rel=0.01)
    legs = np.linalg.norm(rest[8] - rest[9]) + np.linalg.norm(rest[9] - rest[10])
    assert 0.45 * expected < legs < 0.6 * expected
    assert body_height(poses.with_canvas((2000, 2000))) > 1.5 * expected


@pytest.mark.parametrize("fps", [24.0, 29.97, 50.0, 60.0, 120.0])
def test_speed_does_not_depend_on_frame_rate_canvas_or_skeleton(beats, fps):
    usual = prepare(on_beat(beats, 8)).speed().mean()
    assert prepare(on_beat(beats, 8, fps=fps)).speed().mean() == pytest.approx(usual, rel=0.02)
    assert prepare(on_beat(beats, 8).with_canvas((300, 900))).speed().mean() == pytest.approx(
        usual, rel=1e-3
    )
    assert prepare(on_beat(beats, 8).to_skeleton("coco-17")).speed().mean() == pytest.approx(
        usual, rel=1e-6
    )


def test_speed_is_what_the_formula_says(beats):
    size, period = 0.06, 60 / 110
    motion = prepare(on_beat(beats, 12, size=size))
    hips = motion.velocity()[60:-60, list(JOINTS).index("left_hip"), 0]
    assert np.abs(hips).max() == pytest.approx(size * math.pi / period, rel=0.05)


def test_holes_are_filled_and_missing_joints_left_out(beats):
    poses = on_beat(beats, 8)
    confidence = poses.confidence.copy()
    confidence[50:60] = 0
    confidence[:, 4] = 0
    holed = prepare(replace(poses, confidence=confidence))
    assert holed.used.sum() == 11
    assert holed.seen == pytest.approx((230 / 240) * 11 / 12)
    assert np.isfinite(holed.speed()).all()


def test_poses_that_cannot_be_measured(beats):
    poses = on_beat(beats, 6)
    with pytest.raises(EvaluationError, match="poses last"):
        prepare(poses.frames(0, 1))
    with pytest.raises(EvaluationError, match="body joints"):
        prepare(replace(poses, confidence=np.zeros_like(poses.confidence)))
    lone = PoseSequence(
        np.where(np.arange(18)[None, :, None] < 5, poses.keypoints, 0).astype("f4"),
        np.where(np.arange(18)[None] < 5, 1.0, 0.0) * np.ones((len(poses), 1)),
        30.0, poses.canvas,
    )  # fmt: skip
    with pytest.raises(EvaluationError):
        prepare(lone)
