"""Bodies, jumps, freezes and feet that are known."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hotfoot.evaluation.body import (
    LIMBS,
    limb_lengths,
    limb_ratios,
    measure_body,
    measure_seams,
)
from hotfoot.evaluation.motion import prepare
from hotfoot.pose.body import body_height
from hotfoot.pose.references import figure_pose
from tests.helpers.dancers import beats_of, noise, on_beat, still


def body_of(poses, reference=None):
    return SimpleNamespace(**measure_body(poses, prepare(poses), reference))


def test_a_limb_that_grows_one_percent_a_minute_is_measured():
    seconds, fps = 300.0, 15.0
    poses = on_beat(beats_of(110, seconds), seconds, fps)
    minutes = np.arange(len(poses)) / fps / 60
    xy = poses.keypoints.astype(float).copy()
    xy[:, 10] = xy[:, 9] + (xy[:, 10] - xy[:, 9]) * (1.01**minutes)[:, None]
    xy[:, 13] = xy[:, 12] + (xy[:, 13] - xy[:, 12]) * (1.01**minutes)[:, None]
    grown = body_of(replace(poses, keypoints=xy.astype("f4")))
    assert grown.growth == pytest.approx(1.01**4 - 1, abs=0.004)
    assert body_of(poses).growth < 1e-3
    assert math.isnan(body_of(poses.frames(0, 900)).growth), "a minute does not tell"


def test_limbs_against_the_reference(beats):
    poses = on_beat(beats, 8)
    reference = figure_pose("average")

    def ratios(dance):
        found = limb_ratios(limb_lengths(dance), reference, reference.canvas == dance.canvas)
        return {limb: r for limb, r in zip(LIMBS, found, strict=True) if np.isfinite(r)}

    rest = ratios(still(3))
    assert len(rest) >= 6
    assert all(v == pytest.approx(1, abs=1e-3) for v in rest.values())
    same = ratios(poses)
    xy = poses.keypoints.copy()
    xy[:, 10] = xy[:, 9] + 1.2 * (xy[:, 10] - xy[:, 9])
    other = ratios(poses.with_canvas((1280, 720)))
    assert other["thigh"] / other["shin"] == pytest.approx(same["thigh"] / same["shin"], rel=1e-3)
    assert np.median(list(other.values())) == pytest.approx(1)
    longer = replace(poses, keypoints=xy)
    assert ratios(longer)["shin"] == pytest.approx(1.2 * same["shin"], rel=0.03)
    worst = max(abs(r - 1) for r in ratios(longer).values())
    assert body_of(longer, reference).limb_error == worst
    assert math.isnan(body_of(longer).limb_error)


def test_one_jump_at_a_seam_is_measured(beats):
    poses = on_beat(beats, 12)
    xy = poses.keypoints.copy()
    xy[200:, :, 0] += 60
    jumped = replace(poses, keypoints=xy)
    assert body_of(jumped).worst_jump > 3
    assert body_of(poses).worst_jump < 2
    ratio, moved = measure_seams(prepare(jumped), [200 / 30])
    assert ratio > 3
    assert len(moved) > 10
    assert moved.max() < 1.5, "elsewhere it is smooth"
    assert measure_seams(prepare(poses), [200 / 30])[0] < 1.2
    none, moved = measure_seams(prepare(poses), [])
    assert math.isnan(none)
    assert len(moved) == 0


def test_freezes_jitter_and_speed(beats):
    moving = body_of(on_beat(beats, 12))
    twice = body_of(on_beat(beats, 12, size=0.12))
    assert moving.frozen == 0
    assert body_of(still(12)).frozen == 1
    assert twice.speed == pytest.approx(2 * moving.speed, rel=0.02)
    assert twice.jerk == pytest.approx(moving.jerk, rel=0.02), "jerk is relative to speed"
    assert body_of(noise(12, 30, 0)).jerk > 5 * moving.jerk
    xy = on_beat(beats, 12).keypoints.copy()
    xy[120:240] = xy[120]
    half = body_of(replace(on_beat(beats, 12), keypoints=xy))
    assert half.frozen == pytest.approx(4 / 12, abs=0.05)


def test_feet_that_stay_and_feet_that_slide(beats):
    poses = on_beat(beats, 12)
    xy = poses.keypoints.copy()
    xy[:, [10, 13]] = xy[0, [10, 13]]
    planted = body_of(replace(poses, keypoints=xy))
    height = body_height(poses)
    xy = xy.copy()
    xy[..., 0] += (0.3 * height * np.arange(len(xy)) / 30)[:, None]
    sliding = body_of(replace(poses, keypoints=xy))
    assert planted.foot_slide < 1e-3
    assert sliding.foot_slide == pytest.approx(0.3, rel=0.03)


def test_out_of_frame_and_confidence(beats):
    poses = on_beat(beats, 6)
    assert body_of(poses).in_frame == 1
    xy = poses.keypoints.copy()
    xy[:90, :9] += 5000
    assert body_of(replace(poses, keypoints=xy)).in_frame == pytest.approx(0.75)
    faint = body_of(replace(poses, confidence=np.full_like(poses.confidence, 0.5)))
    assert faint.confidence == pytest.approx(0.5)
