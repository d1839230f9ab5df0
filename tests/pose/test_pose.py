from dataclasses import replace

import numpy as np
import pytest

from hotfoot.errors import PoseError
from hotfoot.pose.formats import write_poses
from hotfoot.pose.proportions import keep_proportions, limb_lengths
from hotfoot.pose.references import FIGURES, figure_pose, load_reference
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import SKELETONS, convert_keypoints, get_skeleton
from hotfoot.pose.smoothing import smoothed, without_flicker
from tests.helpers.poses import walker


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("body-18", 18),
        ("coco-17", 17),
        ("body-hands-60", 60),
        ("body-25", 25),
        ("wholebody-133", 133),
    ],
)
def test_skeletons_have_their_points_and_mirror_maps_are_involutions(name, count):
    skeleton = get_skeleton(name)
    assert len(skeleton) == count == len(set(skeleton.keypoints))
    mirror = np.array(skeleton.mirror)
    assert (mirror[mirror] == np.arange(count)).all()
    assert (mirror != np.arange(count)).sum() > count / 2
    assert all(0 <= a < count and 0 <= b < count and a != b for a, b in skeleton.limbs)


def test_coco_to_body18_follows_the_published_index_list():
    rng = np.random.default_rng(0)
    xy = rng.uniform(1, 100, (3, 17, 2)).astype(np.float32)
    out, conf = convert_keypoints(xy, np.ones((3, 17), np.float32), "coco-17", "body-18")
    order = [0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3]
    for j, i in enumerate(order):
        expected = (xy[:, 5] + xy[:, 6]) / 2 if i is None else xy[:, i]
        np.testing.assert_allclose(out[:, j], expected, rtol=1e-6)
    assert (conf == 1).all()


def test_body25_to_body18_follows_the_published_index_list():
    xy = np.arange(50, dtype=np.float32).reshape(1, 25, 2) + 1
    out, _ = convert_keypoints(xy, np.ones((1, 25), np.float32), "body-25", "body-18")
    order = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]
    np.testing.assert_array_equal(out, xy[:, order])


def test_wholebody_hands_and_body_reach_body_hands_60():
    xy = np.arange(266, dtype=np.float32).reshape(1, 133, 2) + 1
    out, conf = convert_keypoints(
        xy, np.ones((1, 133), np.float32), "wholebody-133", "body-hands-60"
    )
    np.testing.assert_array_equal(out[:, 18:39], xy[:, 91:112])
    np.testing.assert_array_equal(out[:, 39:60], xy[:, 112:133])
    assert (conf == 1).all()


def test_neck_is_missing_when_a_shoulder_is():
    conf = np.ones((1, 17), np.float32)
    conf[0, 5] = 0
    out, seen = convert_keypoints(np.ones((1, 17, 2), np.float32), conf, "coco-17", "body-18")
    assert seen[0, 1] == 0
    assert (out[0, 1] == 0).all()


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


@pytest.mark.parametrize("name", FIGURES)
def test_built_in_figures_stand(name):
    pose = figure_pose(name)
    ix = pose.layout.index
    xy, seen = pose.keypoints[0], pose.confidence[0] > 0
    assert xy[ix["nose"], 1] < xy[ix["neck"], 1] < xy[ix["left_hip"], 1]
    assert xy[ix["left_wrist"], 0] > xy[ix["right_wrist"], 0], "front on: left is on the right"
    assert (xy[seen] >= 0).all()
    assert (xy[seen] < pose.canvas).all()
    assert seen.all() == (name != "knees-up")
    assert load_reference(name).canvas == pose.canvas


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


def test_figures_differ_in_build():
    def limb(name):
        p = figure_pose(name)
        k = p.keypoints[0]
        torso = np.linalg.norm(k[1] - (k[8] + k[11]) / 2)
        return np.linalg.norm(k[8] - k[9]) / torso, np.linalg.norm(k[2] - k[5]) / torso

    assert limb("tall")[0] > limb("average")[0] > limb("stocky")[0]
    assert limb("stocky")[1] > limb("average")[1] > limb("child")[1] * 0.9


@pytest.mark.parametrize(
    ("hide", "words"),
    [((8, 11), "left hip, right hip"), (range(18), "no visible"), ((2,), "right shoulder")],
)
def test_references_that_cannot_be_danced_by(hide, words, tmp_path):
    one = walker(1)
    conf = one.confidence.copy()
    conf[:, list(hide)] = 0
    path = tmp_path / "ref.json"
    write_poses(PoseSequence(one.keypoints, conf, 30.0, one.canvas), path)
    with pytest.raises(PoseError, match=words):
        load_reference(path)


def test_a_photo_is_refused_with_a_way_out(tmp_path):
    (tmp_path / "me.jpg").write_bytes(b"\xff\xd8")
    with pytest.raises(PoseError, match=r"me\.jpg is a picture") as caught:
        load_reference(tmp_path / "me.jpg")
    assert "hotfoot pose me.jpg" in caught.value.hint


def test_a_reference_of_another_skeleton_is_converted(tmp_path):
    write_poses(walker(3), tmp_path / "c.json", "coco")
    assert load_reference(tmp_path / "c.json").skeleton == "body-18"


def test_skeleton_registry_lists_names_on_error():
    with pytest.raises(PoseError) as caught:
        get_skeleton("x")
    assert all(name in caught.value.hint for name in SKELETONS)


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
