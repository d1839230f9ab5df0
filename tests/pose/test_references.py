import numpy as np
import pytest

from hotfoot.errors import PoseError
from hotfoot.pose.formats import write_poses
from hotfoot.pose.references import FIGURES, figure_pose, load_reference
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.poses import walker


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


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("skeleton", ["body-18", "coco-17", "body-hands-60"])
def test_figures_can_be_had_in_every_skeleton(name, skeleton):
    pose = figure_pose(name, skeleton)
    assert pose.skeleton == skeleton
    body = figure_pose(name).to_skeleton("coco-17")
    np.testing.assert_array_equal(pose.to_skeleton("coco-17").keypoints, body.keypoints)


def test_hands_of_figures_are_hands():
    pose = figure_pose("average", "body-hands-60")
    assert (pose.confidence == 1).all()
    index, xy = pose.layout.index, pose.keypoints[0]
    for side, away in (("left", -1), ("right", 1)):
        wrist, elbow = xy[index[f"{side}_wrist"]], xy[index[f"{side}_elbow"]]
        hand = np.array([xy[index[f"{side}_hand_{n}"]] for n in ("wrist", "middle_4", "thumb_4")])
        np.testing.assert_allclose(hand[0], wrist, atol=1e-3)
        share = np.linalg.norm(hand[1] - hand[0]) / np.linalg.norm(wrist - elbow)
        assert 0.65 < share < 0.85, "a hand is three quarters of a forearm"
        assert np.sign(hand[2, 0] - wrist[0]) == away, "thumbs towards the body"
        along = (hand[1] - wrist) @ (wrist - elbow)
        assert along > 0.9 * np.linalg.norm(hand[1] - wrist) * np.linalg.norm(wrist - elbow)


def test_a_reference_comes_in_the_skeleton_that_is_asked_for(tmp_path):
    hands = figure_pose("average", "body-hands-60")
    write_poses(hands, tmp_path / "h.json")
    read = load_reference(tmp_path / "h.json", skeleton="body-hands-60")
    np.testing.assert_allclose(read.keypoints, hands.keypoints, atol=0.006)
    assert load_reference(tmp_path / "h.json").skeleton == "body-18"
    assert load_reference("stocky", skeleton="coco-17").skeleton == "coco-17"
    with pytest.raises(PoseError, match="alien"):
        load_reference("stocky", skeleton="alien")
