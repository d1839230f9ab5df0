import numpy as np
import pytest

from hotfoot.errors import PoseError
from hotfoot.pose.skeletons import SKELETONS, anchor_of, convert_keypoints, get_skeleton


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


def test_skeleton_registry_lists_names_on_error():
    with pytest.raises(PoseError) as caught:
        get_skeleton("x")
    assert all(name in caught.value.hint for name in SKELETONS)


def test_a_body_without_hands_has_none_in_a_skeleton_with_hands():
    out, seen = convert_keypoints(
        np.ones((1, 18, 2), np.float32), np.ones((1, 18), np.float32), "body-18", "body-hands-60"
    )
    assert (seen[0, :18] == 1).all()
    assert not seen[0, 18:].any()
    assert not out[0, 18:].any()


@pytest.mark.parametrize("name", SKELETONS)
def test_what_is_no_joint_of_the_body_hangs_on_one(name):
    layout = get_skeleton(name)
    anchors = {n: anchor_of(n) for n in layout.keypoints}
    body = [n for n, anchor in anchors.items() if anchor is None]
    assert set(anchors.values()) - {None} <= set(body)
    assert set(body) <= {*get_skeleton("body-18").keypoints, "mid_hip"}
    sides = {n: a for n, a in anchors.items() if a not in (None, "nose")}
    assert all(n.split("_")[0] == a.split("_")[0] for n, a in sides.items())
