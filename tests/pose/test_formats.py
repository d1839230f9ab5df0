import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hotfoot.errors import OutputError, PoseError
from hotfoot.pose.aist import rate_of
from hotfoot.pose.formats import FORMATS, detect_format, read_dance, read_poses, write_poses
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import get_skeleton
from tests.helpers.poses import forget_facts, walker
from tests.pose.test_metadata import FULL, METADATA

SUFFIXES = {"hotfoot": ".npz", "folder": "", "aist": ".pkl"}
HANDS = ("hotfoot", "openpose", "folder")
SKELETONS = ("body-18", "coco-17", "body-hands-60")
# What a format's rounding may lose, in pixels.
ROUNDING = {"openpose": 0.006, "folder": 0.006}


def random_poses(skeleton, fps, canvas, seed=0, frames=4):
    """Points all over the canvas; some frames and joints are not seen."""
    rng = np.random.default_rng(seed)
    points = len(get_skeleton(skeleton))
    xy = rng.uniform(0, 1, (frames, points, 2)) * np.array(canvas)
    confidence = rng.uniform(0.05, 1, (frames, points)) * (rng.random((frames, points)) < 0.9)
    confidence[0, 5] = 1
    confidence = confidence.round(3).astype(np.float32)
    return PoseSequence(xy.astype(np.float32), confidence, fps, canvas, skeleton)


def path_of(folder, kind):
    return folder / f"poses{SUFFIXES.get(kind, '.json')}"


def kept_by(poses, kind):
    """What a format can hold: all, or what COCO-17 has keypoints for."""
    if kind in HANDS and not (poses.skeleton == "coco-17" and kind in ("openpose", "folder")):
        return poses
    return poses.to_skeleton("coco-17").to_skeleton(poses.skeleton)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("skeleton", SKELETONS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fps=st.sampled_from([15.0, 24.0, 29.97, 30.0, 60.0]) | st.floats(1, 240),
    canvas=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    seed=st.integers(0, 99),
)
def test_everything_that_a_format_can_hold_comes_back(
    kind, skeleton, fps, canvas, seed, tmp_path_factory
):
    poses = random_poses(skeleton, fps, canvas, seed)
    path = path_of(tmp_path_factory.mktemp("p"), kind)
    write_poses(poses, path, kind, metadata=FULL, confidence="values")
    assert detect_format(path) == kind
    back, metadata = read_dance(path)
    assert (back.fps, back.canvas, len(back)) == (fps, canvas, len(poses))
    assert metadata == FULL
    wanted = kept_by(poses, kind)
    assert back.skeleton == wanted.skeleton
    np.testing.assert_allclose(back.confidence, wanted.confidence, atol=1e-4)
    seen = wanted.confidence > 0
    atol = ROUNDING.get(kind, 5e-4)
    np.testing.assert_allclose(back.keypoints[seen], wanted.keypoints[seen], atol=atol)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metadata=METADATA)
def test_every_format_carries_the_metadata(kind, metadata, tmp_path_factory):
    path = path_of(tmp_path_factory.mktemp("m"), kind)
    write_poses(walker(2), path, kind, metadata)
    assert read_dance(path)[1] == metadata


@pytest.mark.parametrize("kind", FORMATS)
def test_a_dance_of_24_fps_lasts_as_long_afterwards(kind, tmp_path):
    poses = walker(192, fps=24.0)
    write_poses(poses, path_of(tmp_path, kind), kind)
    back = read_poses(path_of(tmp_path, kind))
    assert (back.duration_s, back.fps) == (8.0, 24.0)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("confidence", [None, "binary", "values"])
def test_confidence_is_a_value_where_that_is_asked_for(kind, confidence, tmp_path):
    poses = walker(3)
    sure = np.tile(np.array([0.25, 0.3, 0.75], np.float32)[:, None], (1, 18))
    poses = replace(poses, confidence=sure)
    write_poses(poses, path_of(tmp_path, kind), kind, confidence=confidence)
    found = read_poses(path_of(tmp_path, kind)).confidence[:, 0]
    binary = confidence == "binary" or (confidence is None and kind in ("openpose", "folder"))
    np.testing.assert_allclose(found, [0, 1, 1] if binary else [0.25, 0.3, 0.75], atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "skeleton", "lost"),
    [
        ("openpose", "body-hands-60", ""),
        ("hotfoot", "wholebody-133", ""),
        ("coco", "coco-17", ""),
        ("coco", "body-18", "the neck"),
        ("mmpose", "body-hands-60", "hands and the neck"),
        ("aist", "wholebody-133", "hands and the face and feet"),
        ("folder", "body-25", "feet"),
    ],
)
def test_what_a_format_cannot_hold_is_said(kind, skeleton, lost, tmp_path):
    poses = random_poses(skeleton, 30.0, (99, 99))
    said = write_poses(poses, path_of(tmp_path, kind), kind)
    assert said == (
        (f"{kind} files have no keypoints for {lost}, which are left out",) if lost else ()
    )


def test_hands_of_any_tool_are_read(tmp_path):
    flat = [float(v) for _ in range(18) for v in (100, 200, 1)]
    hand = [float(v) for i in range(21) for v in (i, 2 * i, 0.5)]
    person = {"pose_keypoints_2d": flat, "hand_left_keypoints_2d": hand,
              "hand_right_keypoints_2d": None}  # fmt: skip
    bare = {"pose_keypoints_2d": flat, "hand_left_keypoints_2d": []}
    path = tmp_path / "p.json"
    path.write_text(json.dumps([{"people": [bare]}, {"people": []}, {"people": [person]}]))
    poses = read_poses(path)
    assert poses.skeleton == "body-hands-60"
    assert (poses.confidence[:2, 18:] == 0).all()
    assert (poses.confidence[2, 18:39] == 0.5).all()
    assert (poses.confidence[2, 39:] == 0).all()
    assert poses.keypoints[2, 20].tolist() == [2, 4]
    path.write_text(json.dumps([{"people": [bare]}]))
    assert read_poses(path).skeleton == "body-18"


@pytest.mark.parametrize("kind", ["coco", "mmpose", "openpose", "folder", "aist"])
def test_what_a_file_does_not_say_is_an_option_and_a_warning(kind, tmp_path):
    path = path_of(tmp_path, kind)
    write_poses(walker(3), path, kind)
    forget_facts(path)
    poses, found = read_dance(path)
    size = "does not say its canvas" in " ".join(found.warnings)
    rate = "does not say its frame rate; 30 fps" in " ".join(found.warnings)
    assert size == (kind in ("coco", "mmpose"))
    assert rate == (kind != "aist")
    assert poses.fps == 30.0
    told, quiet = read_dance(path, fps=25.0, canvas=(640, 480))
    assert not quiet.warnings
    assert told.fps == (30.0 if kind == "aist" else 25.0)
    assert told.canvas == ((640, 480) if size else poses.canvas)


@given(fps=st.sampled_from([24.0, 25.0, 30.0, 50.0, 59.94005994005994, 60.0, 120.0]),
       frames=st.integers(3, 500), unit=st.sampled_from([1.0, 1e3, 1e6]))  # fmt: skip
def test_timestamps_tell_the_rate_in_any_unit(fps, frames, unit):
    times = np.arange(frames) / fps * unit
    assert rate_of(times) == pytest.approx(fps, rel=1e-9)
    assert rate_of(np.floor(times * 1e6) if unit == 1 else times) == pytest.approx(fps, rel=1e-4)


@pytest.mark.parametrize("times", [[], [0.0], [0, 1, 2], [3, 2, 1], [0, np.nan, 2], [0, 0, 0]])
def test_timestamps_that_tell_nothing(times):
    assert rate_of(np.array(times, float)) is None


def test_aist_files_are_read_at_the_rate_of_their_timestamps(tmp_path):
    write_poses(walker(3, fps=24.0), tmp_path / "a.pkl")
    forget_facts(tmp_path / "a.pkl")
    assert read_poses(tmp_path / "a.pkl").fps == 24.0
    data = pickle.loads((tmp_path / "a.pkl").read_bytes())
    del data["timestamps"]
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(data))
    poses, found = read_dance(tmp_path / "a.pkl")
    assert (poses.fps, poses.canvas) == (60.0, (1920, 1080))
    assert found.warnings == ("a.pkl does not say its frame rate; 60 fps is assumed",)


def _values(data, path=()):
    """All places in parsed JSON."""
    yield path
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for key, value in items:
        yield from _values(value, (*path, key))


@pytest.mark.parametrize("kind", ["openpose", "coco", "mmpose"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_by_name(kind, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("d")
    path = folder / "poses.json"
    write_poses(random_poses("body-hands-60", 24.0, (64, 48), frames=2), path, kind, FULL)
    content = json.loads(path.read_text())
    place = data.draw(st.sampled_from(list(_values(content))))
    assume(place)
    value = data.draw(
        st.sampled_from([None, "x", -1, 1e300, 1e400, 10**30, [], {}, [None], [[1]], True, "7"])
    )
    target = content
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    path.write_text(json.dumps(content))
    said = ""
    try:
        found = read_poses(path).keypoints
    except PoseError as error:
        said, found = str(error), np.zeros(1)
    assert "poses.json" in said or not said
    assert np.isfinite(found).all()


@pytest.mark.parametrize("kind", ["hotfoot", "aist", "openpose"])
def test_files_with_any_bytes_changed_are_read_or_refused_by_name(kind, tmp_path):
    path = path_of(tmp_path, kind)
    write_poses(walker(2), path, kind, FULL)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for number in range(150):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(content))] if number % 3 == 0 else damaged)
        try:
            read_dance(path)
        except PoseError as error:
            refused += path.name in str(error)
        else:
            refused += 1
    assert refused == 150


def test_pose_keypoint_frames_are_what_every_consumer_takes(poses, tmp_path):
    write_poses(poses, tmp_path / "p.json")
    frames = json.loads((tmp_path / "p.json").read_text())
    assert len(frames) == 90
    person = frames[0]["people"][0]
    sizes = {k: len(v) for k, v in person.items()}
    assert sizes == {
        "pose_keypoints_2d": 54, "face_keypoints_2d": 210, "hand_left_keypoints_2d": 63,
        "hand_right_keypoints_2d": 63,
    }  # fmt: skip
    flat = np.array(person["pose_keypoints_2d"]).reshape(18, 3)
    assert set(flat[:, 2]) == {0.0, 1.0}
    assert flat[16].tolist() == [0, 0, 0]
    assert flat[:, :2].max() > 1
    assert (frames[0]["canvas_width"], frames[0]["canvas_height"]) == (320, 480)


def test_openpose_variants_are_read(tmp_path):
    body25 = [float(v) for v in np.arange(75) % 50 + 1]
    body25[2::3] = [1.0] * 25
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"people": [{"pose_keypoints_2d": body25}]}, {"people": []}]))
    poses = read_poses(path)
    assert (poses.skeleton, len(poses)) == ("body-25", 2)
    assert (poses.confidence[1] == 0).all()
    flat = [0.5, 0.25, 1.0] * 18
    frame = {"people": [{"pose_keypoints_2d": flat, "face_keypoints_2d": None}],
             "canvas_width": 200, "canvas_height": 400}  # fmt: skip
    path.write_text(json.dumps([frame]))
    assert read_poses(path).keypoints[0, 0].tolist() == [100.0, 100.0]


def test_the_most_confident_person_is_taken(tmp_path):
    people = [{"pose_keypoints_2d": [float(x), 5.0, c] * 18} for x, c in ((10, 0.3), (20, 0.9))]
    (tmp_path / "p.json").write_text(json.dumps([{"people": people}]))
    assert read_poses(tmp_path / "p.json").keypoints[0, 0, 0] == 20


def test_numpy_alone_loads_our_npz(poses, tmp_path):
    write_poses(poses, tmp_path / "d.npz")
    with np.load(tmp_path / "d.npz", allow_pickle=False) as z:
        assert z["keypoints"].dtype == np.float32
        assert z["canvas"].tolist() == [320, 480]
        assert str(z["skeleton"]) == "body-18"
    first = (tmp_path / "d.npz").read_bytes()
    write_poses(poses, tmp_path / "d.npz")
    assert (tmp_path / "d.npz").read_bytes() == first


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "", "empty"),
        ("a.json", "{nonsense", "JSON"),
        ("a.json", "[1, 2]", "not a pose file"),
        ("a.json", '[{"people": [{"pose_keypoints_2d": []}]}]', "no frame holds a person"),
        ("a.json", '[{"image_id": 1}]', "damaged"),
        ("a.json", json.dumps([{"people": [{"pose_keypoints_2d": [0.0] * 54}]}]), "no visible"),
        ("a.json", json.dumps([{"people": [{"pose_keypoints_2d": [1.0] * 60}]}]), "20 keypoints"),
        ("a.npz", "PK not really", "not valid JSON"),
    ],
)
def test_bad_pose_files_get_one_clear_message(name, content, words, tmp_path):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(PoseError, match=words) as caught:
        read_poses(path)
    assert caught.value.hint


def test_pickles_that_could_run_code_are_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("gotcha",))

    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"keypoints2d": Evil()}))
    with pytest.raises(PoseError, match="print"):
        read_poses(path)


def test_aist_view_out_of_range(poses, tmp_path):
    write_poses(poses, tmp_path / "a.pkl")
    with pytest.raises(PoseError, match="view 3"):
        read_poses(tmp_path / "a.pkl", view=3)


def test_nothing_is_left_behind_when_writing_fails(poses, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hotfoot.pose.json_files.json.dumps", full)
    target = tmp_path / "p.json"
    target.write_text("old")
    with pytest.raises(OutputError, match="No space left"):
        write_poses(poses, target)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["p.json"]
