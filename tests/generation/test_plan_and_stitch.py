"""Cutting a song into segments, and joining them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.generation.stitch import stitch
from hotfoot.model.generator import Poses, Segment, plan_segments, segment_seed
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


def led_in(poses, offset=0.0):
    """What follows the first 16 frames when a segment of 60 is off by so many pixels."""
    known = poses.frames(0, 16)
    before = Poses(known.keypoints[None], known.confidence[None])
    made = Poses(poses.keypoints[None] + np.float32(offset), poses.confidence[None])
    out = stitch(before, Segment(1, 0, 60, 16), made).xy[0]
    np.testing.assert_array_equal(out[:16], known.keypoints)
    return out[16:]


def test_leading_in_changes_nothing_where_the_known_frames_are_met():
    poses = walker(60)
    np.testing.assert_allclose(led_in(poses), poses.keypoints[16:], atol=1e-4)


def test_leading_in_takes_a_constant_offset_off_smoothly():
    poses = walker(60)
    left = (led_in(poses, 8) - poses.keypoints[16:])[:, 0, 0]
    assert left[0] < 0.3
    assert left[-1] == pytest.approx(8)
    assert (np.diff(left) >= -1e-4).all()
    assert np.diff(left).max() < 1.2


def test_segment_seeds_differ_and_stay():
    seeds = {segment_seed(s, v, n) for s in range(4) for v in range(4) for n in range(4)}
    assert len(seeds) == 64
    assert segment_seed(0, 0, 0) == 728534652295568042


def test_stitched_segments_hold_every_frame_once():
    plan = plan_segments(150, 64, 16)
    joined = Poses(np.zeros((2, 0, 3, 2), np.float32), np.zeros((2, 0, 3), np.float32))
    rng = np.random.default_rng(0)
    path = rng.normal(size=(2, plan[-1].stop, 3, 2)).cumsum(axis=1).astype(np.float32)
    for segment in plan:
        frames = slice(segment.start, segment.stop)
        made = Poses(path[:, frames], np.ones((2, 64, 3), np.float32))
        joined = stitch(joined, segment, made)
        assert joined.xy.shape[1] == segment.stop
    np.testing.assert_allclose(joined.xy, path, atol=1e-5)
    assert (joined.confidence == 1).all()
    assert joined.seams == (64, 112)
