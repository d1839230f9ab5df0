from dataclasses import replace

import numpy as np
import pytest

from hotfoot.errors import PoseError
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"keypoints": np.zeros((2, 17, 2))}, "17 keypoints"),
        ({"keypoints": np.zeros((2, 18, 3))}, "shape"),
        ({"confidence": np.ones((3, 18))}, "confidence"),
        ({"keypoints": np.full((2, 18, 2), np.nan)}, "NaN"),
        ({"confidence": np.full((2, 18), np.nan)}, "NaN"),
        ({"fps": 0.0}, "fps"),
        ({"fps": float("nan")}, "fps"),
        ({"canvas": (0, 5)}, "canvas"),
        ({"skeleton": "alien"}, "alien"),
        ({"keypoints": np.zeros((0, 18, 2)), "confidence": np.zeros((0, 18))}, "no frame"),
    ],
)
def test_pose_sequences_refuse_what_makes_no_sense(change, words):
    fields = dict(keypoints=np.zeros((2, 18, 2)), confidence=np.ones((2, 18)), fps=30.0,
                  canvas=(10, 10), skeleton="body-18") | change  # fmt: skip
    with pytest.raises(PoseError, match=words):
        PoseSequence(**fields)


def test_nan_is_fine_where_nothing_is_seen():
    xy = np.zeros((1, 18, 2), np.float32)
    xy[0, 3] = np.nan
    conf = np.ones((1, 18), np.float32)
    conf[0, 3] = 0
    assert PoseSequence(xy, conf, 30.0, (10, 10)).keypoints[0, 3].tolist() == [0, 0]


def test_mirror_twice_is_identity_and_arrays_are_read_only(poses):
    twice = poses.mirrored().mirrored()
    np.testing.assert_allclose(twice.keypoints, poses.keypoints, atol=1e-3)
    once = poses.mirrored()
    np.testing.assert_allclose(once.keypoints[:, 4, 0], 320 - poses.keypoints[:, 7, 0], atol=1e-3)
    with pytest.raises(ValueError, match="read-only"):
        poses.keypoints[0, 0, 0] = 1


def test_fitting_into_a_canvas_keeps_proportions_and_loses_nothing(poses):
    wide = poses.with_canvas((1000, 300))
    inside = wide.keypoints[wide.confidence > 0]
    assert (inside >= 0).all()
    assert (inside <= [1000, 300]).all()
    a = np.linalg.norm(poses.keypoints[:, 2] - poses.keypoints[:, 3], axis=-1)
    b = np.linalg.norm(wide.keypoints[:, 2] - wide.keypoints[:, 3], axis=-1)
    np.testing.assert_allclose(b / a, 300 / 480, rtol=1e-4)


def test_binary_confidence_is_one_where_a_point_is_drawn():
    confidence = np.tile(np.array([0.0, 0.29, 0.3, 1.0], np.float32)[:, None], (1, 18))
    poses = PoseSequence(np.ones((4, 18, 2)), confidence, 30.0, (9, 9))
    assert poses.binary().confidence[:, 0].tolist() == [0, 0, 1, 1]


def test_fingers_go_along_with_their_wrists():
    pose = figure_pose("average", "body-hands-60")
    body = pose.to_skeleton("body-18")
    xy = body.keypoints.copy()
    xy[:, 7] += (30, -50)  # the left wrist
    out = pose.with_body(replace(body, keypoints=xy), scale=2.0)
    index = pose.layout.index
    left, right = index["left_hand_index_4"], index["right_hand_index_4"]
    own = pose.keypoints[0, left] - pose.keypoints[0, 7]
    np.testing.assert_allclose(out.keypoints[0, left] - xy[0, 7], 2 * own, atol=1e-3)
    own = pose.keypoints[0, right] - pose.keypoints[0, 4]
    np.testing.assert_allclose(out.keypoints[0, right] - xy[0, 4], 2 * own, atol=1e-3)
    unseen = replace(pose, confidence=pose.confidence * (np.arange(60) != 7))
    kept = unseen.with_body(replace(unseen.to_skeleton("body-18"), keypoints=xy))
    np.testing.assert_array_equal(kept.keypoints[0, left], pose.keypoints[0, left])


def test_the_same_skeleton_is_the_same_sequence(poses):
    assert poses.to_skeleton("openpose-18") is poses
    assert poses.with_body(poses) is poses
