"""AIST++ from a small replica of its folder."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.data.aist import AistView, calibrated_poses, filled, one_body
from hotfoot.data.aist_folder import AistFolder, reprojection_px
from hotfoot.data.mocap import load_clips
from hotfoot.data.recordings import find_recordings
from hotfoot.errors import InputError, OptionError
from hotfoot.pose.formats import read_poses
from hotfoot.pose.skeletons import get_skeleton
from tests.helpers.aist import BAD, NAMES, camera, dance, write_replica

COCO = get_skeleton("coco-17").index


@pytest.fixture(scope="module")
def replica(tmp_path_factory):
    return write_replica(tmp_path_factory.mktemp("aist") / "aist_plusplus_final")


def test_a_camera_projects_like_a_pinhole():
    c = camera()
    found = c.project(np.array([[0.0, 100, 0], [10, 100, 0], [0, 110, 0], [0, 100, 100]]))
    np.testing.assert_allclose(found[0], (960, 540), atol=1e-6)
    np.testing.assert_allclose(found[1], (960 + 30, 540), atol=1e-6)
    np.testing.assert_allclose(found[2], (960, 540 - 30), atol=1e-6)
    np.testing.assert_allclose(found[3], (960, 540), atol=1e-6)


def test_sequences_of_a_split_without_the_ignored(replica):
    folder = AistFolder(replica)
    assert [s.name for s in folder.sequences("train")] == NAMES["train"][:1]
    one = folder.sequences("test")[0]
    assert (one.music, one.genre, one.split) == ("mJB5", "ballet jazz", "test")
    with pytest.raises(OptionError, match="no camera 'c10'"):
        folder.camera(one, "c10")


def test_one_body_has_constant_bones_and_planted_feet():
    rng = np.random.default_rng(0)
    joints = dance(1.2)
    wobbly = joints * (1 + 0.02 * rng.normal(size=(len(joints), 1, 1)))
    for source in (joints, wobbly):
        body = one_body(source)
        thigh = np.linalg.norm(body[:, COCO["left_hip"]] - body[:, COCO["left_knee"]], axis=1)
        np.testing.assert_allclose(thigh, 0.42, atol=1e-6)
    body = one_body(joints)
    np.testing.assert_allclose(body, one_body(dance(0.9)), atol=0.01)
    ankle = body[:, COCO["left_ankle"]]
    original = joints[:, COCO["left_ankle"]]
    still = np.linalg.norm(np.diff(original, axis=0), axis=1) < 1e-3
    assert still.sum() > 20
    assert np.linalg.norm(np.diff(ankle, axis=0), axis=1)[still].max() < 0.004


def test_holes_and_outliers_are_filled():
    joints = dance()
    broken = joints.copy()
    broken[10:13, 5] = np.nan
    broken[40, 9] += 300
    assert np.abs(filled(broken) - joints).max() < 5
    broken[:, 3] = np.nan
    with pytest.raises(InputError, match="missing in all frames"):
        filled(broken)


def test_calibrated_poses_have_one_scale():
    tall, small = (
        calibrated_poses(one_body(dance(s)), camera(), 30.0, "coco-17") for s in (1.3, 0.8)
    )
    assert len(tall) == 90
    np.testing.assert_allclose(tall.keypoints, small.keypoints, atol=6.0)
    height = tall.keypoints[..., 1].max() - tall.keypoints[..., 1].min()
    assert 0.45 < height / 1080 < 0.6
    near, far = (
        calibrated_poses(one_body(dance()), camera(distance=d), 60.0, "body-18")
        for d in (450.0, 700.0)
    )
    assert far.skeleton == "body-18"
    trunk = [
        np.linalg.norm(p.keypoints[:, 1] - p.keypoints[:, 8], axis=1).mean() for p in (near, far)
    ]
    assert trunk[0] == pytest.approx(trunk[1], rel=0.03)
    with pytest.raises(OptionError, match="divisors"):
        AistView(fps=25.0)
    with pytest.raises(OptionError, match="skeleton"):
        AistView(skeleton="body-25")


def test_detected_joints_tell_whether_the_camera_fits(replica):
    folder = AistFolder(replica)
    one = folder.sequences("train")[0]
    joints = folder.joints(one)
    for name in ("c01", "c04"):
        view, seen = folder.camera(one, name), folder.detected(one, name)
        # The median of a length with two normal parts of 3 pixels.
        assert reprojection_px(joints, view, seen) == pytest.approx(3 * 1.1774, rel=0.05)
    wrong = reprojection_px(joints, folder.camera(one, "c03"), folder.detected(one, "c01"))
    assert wrong > 25, "nine cameras look at the same spot"
    unsure = folder.detected(one, "c01") * (1, 1, 0)
    assert reprojection_px(joints, folder.camera(one), unsure) is None
    assert folder.detected(folder.sequences("test")[0], "c01") is None


def test_sequences_of_other_cameras_are_left_out(replica, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(replica, copy)
    name = NAMES["train"][0]
    path = copy / "keypoints2d" / f"{name}.pkl"
    seen = pickle.loads(path.read_bytes())["keypoints2d"]
    for content, why in (
        ({"keypoints2d": np.roll(seen, 2, axis=0)}, "pixels (median) from where c01 saw them"),
        ({"keypoints2d": seen[:, :, :5]}, "Expected [cameras, frames, 17, 3]"),
        ({"other": seen}, "holds no keypoints2d"),
    ):
        path.write_bytes(pickle.dumps(content))
        out = tmp_path / f"out{len(why)}"
        assert main(["corpus", "aist", str(copy), "-o", str(out)]) == 0
        left_out = {
            r["name"]: r["why"] for r in json.loads((out / "manifest.json").read_text())["left_out"]
        }
        assert why in left_out[name]
        assert not (out / "poses" / "train").exists()
    capsys.readouterr()


def test_the_command_builds_poses_clips_and_a_manifest(replica, tmp_path, capsys):
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "mBR0.wav").write_bytes(b"")
    arguments = ["corpus", "aist", str(replica), "-o", str(tmp_path / "out"), "--music",
                 str(tmp_path / "songs"), "--fps", "30", "--json"]  # fmt: skip
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sequences"] == {"train": 1, "val": 1, "test": 1}
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["left_out"] == [{"name": BAD, "why": "on the ignore list"}]
    assert {s["music"]: s["music_found"] for s in manifest["sequences"]} == {
        "mBR0": True, "mWA1": False, "mJB5": False,
    }  # fmt: skip
    off = {s["music"]: s["reprojection_px"] for s in manifest["sequences"]}
    assert off == {"mBR0": pytest.approx(3.53, abs=0.2), "mWA1": None, "mJB5": None}
    assert "CC BY 4.0" in manifest["license"]
    poses = read_poses(tmp_path / "out" / "poses" / "test" / f"{NAMES['test'][0]}.npz")
    assert (poses.fps, poses.skeleton, poses.canvas) == (30.0, "coco-17", (1920, 1080))
    clip = load_clips(tmp_path / "out" / "clips" / "train")[0]
    assert (clip.fps, clip.style, clip.is_dance) == (30.0, "break", True)
    assert clip.upright > 0.9
    ankles = clip.joints[:, [COCO["left_ankle"], COCO["right_ankle"]], 1]
    assert ankles.min() == pytest.approx(0.085, abs=0.02)
    (recording,) = find_recordings(tmp_path / "out")
    assert (recording.source, recording.split, recording.style) == ("mBR0", "train", "breakdance")
    assert Path(recording.poses).exists()
    assert Path(recording.music).resolve() == tmp_path / "songs" / "mBR0.wav"
    path = tmp_path / "out" / "poses" / "test" / f"{NAMES['test'][0]}.npz"
    before = path.stat().st_mtime_ns
    assert main(arguments) == 0
    assert path.stat().st_mtime_ns == before, "what is there is kept"
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == manifest
    capsys.readouterr()
    assert main([*arguments, "--camera", "c02"]) == 2
    assert "other values of" in capsys.readouterr().err


def test_folders_and_files_that_are_not_aist(replica, tmp_path, capsys):
    assert main(["corpus", "aist", str(tmp_path), "-o", str(tmp_path / "o")]) == 2
    assert "cameras/mapping.txt" in capsys.readouterr().err
    copy = tmp_path / "copy"
    for part in replica.rglob("*"):
        if part.is_file():
            target = copy / part.relative_to(replica)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(part.read_bytes())

    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    (copy / "keypoints3d" / f"{NAMES['train'][0]}.pkl").write_bytes(pickle.dumps(Evil()))
    (copy / "keypoints3d" / f"{NAMES['val'][0]}.pkl").write_bytes(
        pickle.dumps({"keypoints3d": np.zeros((4, 5, 3))})
    )
    assert main(["corpus", "aist", str(copy), "-o", str(tmp_path / "o"), "--json"]) == 0
    said = capsys.readouterr().out
    assert not said.startswith("run"), "nothing of the pickle was run"
    found = json.loads(said)
    assert found["sequences"] == {"train": 0, "val": 0, "test": 1}
    assert {r["name"] for r in found["left_out"]} == {BAD, NAMES["train"][0], NAMES["val"][0]}
    for wrong in (["--fps", "25"], ["--camera", "c99"]):
        assert main(["corpus", "aist", str(copy), "-o", str(tmp_path / "p"), *wrong]) == 2
        assert "allowed" in (err := capsys.readouterr().err) or "There are" in err
    assert not (tmp_path / "p").exists() or not (tmp_path / "p" / "manifest.json").exists()


def test_splits_are_added_one_by_one(replica, tmp_path, capsys):
    for split in ("train", "test"):
        arguments = ["corpus", "aist", str(replica), "-o", str(tmp_path / "o"), "--split", split]
        assert main(arguments) == 0
    manifest = json.loads((tmp_path / "o" / "manifest.json").read_text())
    assert [r["split"] for r in manifest["sequences"]] == ["train", "test"]
