from dataclasses import replace

import numpy as np
import pytest

from hotfoot.pose.proportions import bone_lengths, keep_proportions, limb_lengths, retargeted
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.poses import walker


def test_limbs_within_their_limits_are_left_alone_and_longer_ones_shortened():
    reference = figure_pose("average")
    limits = limb_lengths(reference)
    np.testing.assert_allclose(
        keep_proportions(reference, reference).keypoints, reference.keypoints, atol=1e-3
    )
    xy = reference.keypoints.copy()
    xy[0, 3] += (300, 0)  # the right elbow flies off, the wrist stays
    out = keep_proportions(
        PoseSequence(xy, reference.confidence, 30.0, reference.canvas), reference
    )
    upper = np.linalg.norm(out.keypoints[0, 3] - out.keypoints[0, 2])
    assert upper == pytest.approx(limits[1], rel=1e-3)
    lower = np.linalg.norm(out.keypoints[0, 4] - out.keypoints[0, 3])
    assert lower <= limits[2] * 1.001
    np.testing.assert_allclose(out.keypoints[0, 5:], xy[0, 5:], atol=1e-3)


def test_a_foreshortened_limb_of_the_reference_may_still_stretch():
    reference = figure_pose("average")
    xy = reference.keypoints.copy()
    xy[0, 3] = xy[0, 2] + (5, 0)
    xy[0, 6] = xy[0, 5] + (5, 0)
    short = PoseSequence(xy, reference.confidence, 30.0, reference.canvas)
    full = np.linalg.norm(reference.keypoints[0, 3] - reference.keypoints[0, 2])
    assert limb_lengths(short)[1] > 0.8 * full


def test_a_lone_ear_stays_near_the_neck():
    pose = figure_pose("average")
    xy, confidence = pose.keypoints.copy(), pose.confidence.copy()
    confidence[0, [0, 14, 15, 17]] = 0
    xy[0, 16] = xy[0, 1] + [0, -400]
    out = keep_proportions(PoseSequence(xy, confidence, 30.0, pose.canvas), pose)
    reach = np.linalg.norm(pose.keypoints[0, 0] - pose.keypoints[0, 1])
    assert np.linalg.norm(out.keypoints[0, 16] - out.keypoints[0, 1]) < 1.3 * reach


def test_hips_are_neither_too_wide_nor_too_far_from_the_neck():
    pose = figure_pose("average")
    same = keep_proportions(pose, pose)
    np.testing.assert_allclose(same.keypoints, pose.keypoints, atol=1e-3)
    xy = pose.keypoints.copy()
    middle = xy[0, [8, 11]].mean(axis=0)
    for hip, knee, ankle, by in ((8, 9, 10, -60), (11, 12, 13, 60)):
        xy[0, [hip, knee, ankle]] += [by, 120]
    out = keep_proportions(PoseSequence(xy, pose.confidence, 30.0, pose.canvas), pose)
    hips = out.keypoints[0, [8, 11]]
    width = np.linalg.norm(pose.keypoints[0, 8] - pose.keypoints[0, 11])
    trunk = np.linalg.norm(middle - pose.keypoints[0, 1])
    assert np.linalg.norm(hips[0] - hips[1]) <= 1.001 * width
    assert np.linalg.norm(hips.mean(axis=0) - out.keypoints[0, 1]) <= 1.001 * trunk
    for hip, knee in ((8, 9), (11, 12)):  # legs come along
        np.testing.assert_allclose(
            out.keypoints[0, knee] - out.keypoints[0, hip],
            pose.keypoints[0, knee] - pose.keypoints[0, hip], atol=1e-2,
        )  # fmt: skip


def test_the_sides_of_a_leaning_trunk_do_not_stretch():
    pose = figure_pose("average")
    xy = pose.keypoints.copy()
    neck = xy[0, 1]
    turn = 0.9  # radians between shoulders and hips: one side opens like a fan
    c, s = np.cos(turn), np.sin(turn)
    for shoulder in (2, 5):
        xy[0, shoulder] = neck + (xy[0, shoulder] - neck) @ np.array([[c, s], [-s, c]])
    leaning = PoseSequence(xy, pose.confidence, 30.0, pose.canvas)

    def longer(poses):
        sides = poses.keypoints[0, [2, 5]] - poses.keypoints[0, [8, 11]]
        return np.linalg.norm(sides, axis=-1).max()

    assert longer(leaning) > 1.2 * longer(pose)
    out = keep_proportions(leaning, pose)
    assert longer(out) < 1.06 * longer(pose)
    shins = [np.linalg.norm(p.keypoints[0, 9] - p.keypoints[0, 10]) for p in (out, pose)]
    assert shins[0] == pytest.approx(shins[1], rel=1e-3)
    unseen = replace(leaning, confidence=leaning.confidence * (np.arange(18) != 2))
    kept = keep_proportions(unseen, pose)
    np.testing.assert_allclose(kept.keypoints[0, 8:14], leaning.keypoints[0, 8:14], atol=1e-3)


def test_one_hip_alone_stays_as_far_from_the_neck_as_it_may():
    pose = figure_pose("average")
    confidence = pose.confidence * (np.arange(18) != 8)
    xy = pose.keypoints.copy()
    xy[0, [11, 12, 13]] += (40, 300)
    out = keep_proportions(PoseSequence(xy, confidence, 30.0, pose.canvas), pose)
    far, usual = (np.linalg.norm(p.keypoints[0, 11] - p.keypoints[0, 1]) for p in (out, pose))
    assert far == pytest.approx(usual, rel=1e-3)
    thigh = [np.linalg.norm(p.keypoints[0, 12] - p.keypoints[0, 11]) for p in (out, pose)]
    assert thigh[0] == pytest.approx(thigh[1], rel=1e-3)


@pytest.mark.parametrize("skeleton", ["coco-17", "body-hands-60"])
def test_proportions_are_kept_in_every_skeleton(skeleton):
    reference = figure_pose("average")
    xy = reference.keypoints.copy()
    xy[0, 7] += (200, 100)  # the left wrist is far too far away
    poses = replace(reference, keypoints=xy)
    expected = keep_proportions(poses, reference)
    hands = figure_pose("average", "body-hands-60")
    full = hands.with_body(poses).to_skeleton(skeleton)
    out = keep_proportions(full, figure_pose("average", skeleton))
    assert out.skeleton == skeleton
    np.testing.assert_allclose(
        out.to_skeleton("coco-17").keypoints, expected.to_skeleton("coco-17").keypoints, atol=1e-3
    )


def test_fingers_stay_as_long_as_they_were():
    reference = figure_pose("average", "body-hands-60")
    wrist = reference.layout.index["left_wrist"]
    moved = reference.keypoints.copy()
    moved[0, [wrist, *range(18, 39)]] += (200, 100)
    out = keep_proportions(replace(reference, keypoints=moved), reference).keypoints[0]
    own = reference.keypoints[0]
    np.testing.assert_allclose(out[18:39] - out[wrist], own[18:39] - own[wrist], atol=1e-3)
    assert np.linalg.norm(out[wrist] - moved[0, wrist]) > 50


@pytest.mark.parametrize("skeleton", ["body-18", "coco-17", "body-hands-60"])
def test_movement_is_put_on_another_body_in_every_skeleton(skeleton):
    poses = walker(20)
    hands = figure_pose("average", "body-hands-60").with_canvas(poses.canvas)
    full = replace(hands, keypoints=np.repeat(hands.keypoints, 20, 0), confidence=np.ones((20, 60)))
    full = full.with_body(poses).to_skeleton(skeleton)
    child = figure_pose("child", skeleton)
    out = retargeted(full, child)
    assert (out.skeleton, out.canvas) == (skeleton, child.canvas)
    body = out.to_skeleton("body-18").keypoints
    longest = np.percentile(bone_lengths(body), 95, axis=0)[[2, 5, 8, 11]]
    np.testing.assert_allclose(longest, limb_lengths(child)[[2, 5, 8, 11]], rtol=0.02)


def test_retargeted_hands_are_scaled_as_the_forearms():
    pose = figure_pose("average", "body-hands-60")
    small = figure_pose("child", "body-hands-60")
    out = retargeted(pose, small).keypoints[0]
    index = pose.layout.index

    def share(xy):
        hand = xy[index["left_hand_middle_4"]] - xy[index["left_wrist"]]
        forearm = xy[index["left_wrist"]] - xy[index["left_elbow"]]
        return np.linalg.norm(hand) / np.linalg.norm(forearm)

    assert share(out) == pytest.approx(share(pose.keypoints[0]), rel=1e-3)
