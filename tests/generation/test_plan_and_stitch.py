"""Cutting a song into segments, and joining them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.generation.stitch import Timeline, lead_in
from hotfoot.model.generator import Poses, plan_segments, segment_seed
from hotfoot.timebase import frames_in
from tests.helpers.poses import walker


@given(st.integers(1, 20_000), st.sampled_from([(256, 16), (64, 16), (64, 8)]))
def test_plans_cover_every_frame_once(frames, shape):
    length, overlap = shape
    plan = plan_segments(frames, length, overlap)
    covered = [f for p in plan for f in (p.start + p.known, p.stop)]
    assert covered[0] == 0
    assert all(covered[i] == covered[i + 1] for i in range(1, len(covered) - 1, 2))
    assert covered[-1] >= frames
    assert all(p.length == length for p in plan), "no segment is short of context"
    assert len(plan) == 1 or plan[-1].start + overlap < frames, "no segment is idle"
    assert plan[0].known == 0
    assert all(p.known == overlap for p in plan[1:])
    assert all(p.start % 8 == 0 for p in plan)
    assert plan[-1].columns.stop * 8 == covered[-1]
    assert [p.index for p in plan] == list(range(len(plan)))


def test_time():
    assert [frames_in(s, 30) for s in (0.01, 1.0, 10.02, 59.99)] == [1, 30, 301, 1800]


def test_leading_in_changes_nothing_where_the_known_frames_are_met():
    poses = walker(60)
    out = lead_in(poses.keypoints, poses.confidence, poses.keypoints[:16], poses.confidence[:16])
    np.testing.assert_allclose(out, poses.keypoints[16:], atol=1e-4)


def test_leading_in_takes_a_constant_offset_off_smoothly():
    poses = walker(60)
    moved = poses.keypoints + np.float32(8)
    out = lead_in(moved, poses.confidence, poses.keypoints[:16], poses.confidence[:16])
    left = (out - poses.keypoints[16:])[:, 0, 0]
    assert left[0] < 0.3
    assert left[-1] == pytest.approx(8)
    assert (np.diff(left) >= -1e-4).all()
    assert np.diff(left).max() < 1.2


def test_segment_seeds_differ_and_stay():
    seeds = {segment_seed(s, v, n) for s in range(4) for v in range(4) for n in range(4)}
    assert len(seeds) == 64
    assert segment_seed(0, 0, 0) == 728534652295568042


def test_a_timeline_holds_every_frame_once_and_knows_what_is_before():
    plan = plan_segments(150, 64, 16)
    timeline = Timeline(plan, variations=2, points=3)
    rng = np.random.default_rng(0)
    path = rng.normal(size=(2, plan[-1].stop, 3, 2)).cumsum(axis=1).astype(np.float32)
    for segment in plan:
        frames = slice(segment.start, segment.stop)
        known = timeline.known(segment)
        np.testing.assert_array_equal(known.xy, path[:, frames][:, : segment.known])
        timeline.stitch(segment, Poses(path[:, frames], np.ones((2, 64, 3), np.float32)))
    np.testing.assert_allclose(timeline.poses.xy, path, atol=1e-5)
    assert (timeline.poses.confidence == 1).all()
    assert timeline.poses.seams == (64, 112)
