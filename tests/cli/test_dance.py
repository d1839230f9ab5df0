"""``hotfoot dance`` as its user meets it."""

import json

import av
import numpy as np
import pytest

from hotfoot.pose.formats import read_poses, write_poses
from tests.helpers.poses import walker
from tests.helpers.songs import bad_song, write_wav

SHORT = ("--end", 2, "--steps", 1)


@pytest.fixture
def dance(run, tiny_model):
    return lambda *arguments: run("dance", *arguments, "--model", tiny_model)


@pytest.fixture
def dances_json(dance):
    def go(*arguments):
        code, out, err = dance(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)["dances"]

    return go


def test_default_files(dance, song, tmp_path):
    code, out, _ = dance(song, "--end", 3)
    assert code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["song.mp4", "song.npz"]
    assert "song.npz: 90 frames at 30 fps" in out


def test_without_a_song_one_is_composed(dances_json, tmp_path):
    first = dances_json(*SHORT, "-o", "d.npz")
    assert first[0]["song"] == "hotfoot-song.wav"
    assert first[0]["tempo_bpm"] == pytest.approx(118, rel=0.02)
    before = (tmp_path / "hotfoot-song.wav").read_bytes()
    assert dances_json(*SHORT, "-o", "new/")[0]["song"] == "new/hotfoot-song.wav"
    assert (tmp_path / "new" / "hotfoot-song.wav").read_bytes() == before
    a, b = (read_poses(tmp_path / p).keypoints for p in ("d.npz", "new/hotfoot-song.npz"))
    np.testing.assert_array_equal(a, b)


def test_folders_and_files_side_by_side(dances_json, song, tmp_path):
    (one,) = dances_json(song, *SHORT, "-o", "d.json", "-o", "new")
    assert [f["path"] for f in one["files"]] == ["d.json", "new/song.mp4", "new/song.npz"]
    (composed,) = dances_json(*SHORT, "-o", "tool", "--preset", "controlnet")
    assert composed["song"] == "hotfoot-song.wav"
    assert (tmp_path / "tool" / "pose_00059.png").exists()


def test_json_says_what_is_on_disk(dances_json, song, tmp_path):
    (one,) = dances_json(
        song, *SHORT, "-o", "a.json", "-o", "b.gif", "-o", "c.png", "-o", "vace", "--preset",
        "vace", "--seed", 4,
    )  # fmt: skip
    assert [f["path"] for f in one["files"]] == ["a.json", "b.gif", "c.png", "vace"]
    assert one["tempo_bpm"] == pytest.approx(120, rel=0.02)
    assert one["seed"] == 4
    assert len(json.loads((tmp_path / "a.json").read_text())) == one["files"][0]["frames"] == 60
    folder = one["files"][3]
    with av.open(str(tmp_path / "vace" / "pose.mp4")) as video:
        stream = video.streams.video[0]
        assert folder["frames"] == sum(1 for _ in video.decode(stream)) == 33
        assert folder["fps"] == stream.average_rate == 16
        assert folder["canvas"] == [stream.width, stream.height]


def test_variations_and_best_of(dances_json, song, tmp_path):
    two = dances_json(song, *SHORT, "-o", "d.npz", "--variations", 2)
    assert [d["files"][0]["path"] for d in two] == ["d-1.npz", "d-2.npz"]
    a, b = (np.load(tmp_path / f"d-{i}.npz")["keypoints"] for i in (1, 2))
    assert np.abs(a - b).max() > 1
    assert len(dances_json(song, *SHORT, "-o", "d.npz", "--best-of", 3)) == 1


def test_preset_keyframe_loop_and_reference(dance, song, tmp_path):
    write_poses(walker(3), tmp_path / "me.json")
    code, _, err = dance(
        song, "--end", 3, "-o", "vace", "--preset", "vace", "--reference", "me.json",
        "--keyframe", "1.5=me.json", "--loop", "-o", "d.npz",
    )  # fmt: skip
    assert code == 0, err
    assert (tmp_path / "vace" / "pose.mp4").exists()
    poses, key = read_poses(tmp_path / "d.npz"), read_poses(tmp_path / "me.json")
    seen = key.confidence[0] > 0
    np.testing.assert_allclose(poses.keypoints[45, seen], key.keypoints[0, seen], atol=0.02)


def test_repairs_are_chosen_by_name(dances_json, song, tmp_path):
    for name, post in (("none", "none"), ("some", "smoothing, proportions"), ("all", None)):
        more = () if post is None else ("--post", post)
        dances_json(song, *SHORT, "-o", f"{name}.npz", *more)
    found = {p.stem: read_poses(p).keypoints for p in tmp_path.glob("*.npz")}
    speed = {n: np.abs(np.diff(k, axis=0)).mean() for n, k in found.items()}
    assert speed["some"] < speed["none"]
    assert np.abs(found["all"] - found["some"]).max() > 0.1


def test_confidence_values(dances_json, song, tmp_path):
    for kind in ("binary", "values"):
        dances_json(song, *SHORT, "-o", f"{kind}.npz", "--confidence", kind)
    binary, values = (read_poses(tmp_path / f"{k}.npz").confidence for k in ("binary", "values"))
    assert set(np.unique(binary)) <= {0, 1}
    assert ((values > 0) & (values < 1)).any()


def test_many_songs_with_one_model_and_a_broken_one(dance, song, tmp_path, monkeypatch):
    from hotfoot.generation import generator

    loaded = []
    load = generator.load_generator
    monkeypatch.setattr(generator, "load_generator", lambda *a: loaded.append(a) or load(*a))
    album = tmp_path / "album"
    album.mkdir()
    for name in ("a.wav", "c.wav"):
        (album / name).write_bytes(song.read_bytes())
    (album / "b.mp3").write_text("not a song\n" * 99)
    (album / "cover.jpg").write_text("no song at all")
    code, out, err = dance("album", song, *SHORT, "-o", "dances", "--json")
    assert code == 2
    result = json.loads(out)
    assert [d["song"] for d in result["dances"]] == ["album/a.wav", "album/c.wav", str(song)]
    assert [f["song"] for f in result["failed"]] == ["album/b.mp3"]
    assert "album/b.mp3" in err
    written = sorted(p.name for p in (tmp_path / "dances").iterdir())
    assert written == [f"{n}.{s}" for n in ("a", "c", "song") for s in ("mp4", "npz")]
    assert len(loaded) == 1


def test_songs_of_one_name_and_presets_in_a_batch(dances_json, song, tmp_path):
    for name in ("x.wav", "x.y.wav"):
        (tmp_path / name).write_bytes(song.read_bytes())
    both = dances_json("x.wav", "x.y.wav", *SHORT, "--preset", "controlnet", "-o", "out")
    assert [d["files"][0]["path"] for d in both] == ["out/x-controlnet", "out/x_y-controlnet"]
    assert (tmp_path / "out" / "x_y-controlnet" / "pose_00000.png").exists()


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "empty", "text", "picture only", "short", "nan"]
)
def test_bad_songs(kind, refused, tiny_model, tmp_path):
    path = bad_song(kind, tmp_path)
    before = sorted(tmp_path.iterdir())
    refused("dance", path, "--model", tiny_model)
    assert sorted(tmp_path.iterdir()) == before, "nothing half-written"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", "d.bvh"), "bvh"), (("-o", "no/such/d.mp4"), "does not exist"),
        (("--preset", "sora"), "wan-animate, vace"), (("--model", "nope"), "no model"),
        (("--seed", "-1"), "--seed is -1"), (("--fps", "0"), "--fps is 0"),
        (("--size", "big"), "WxH"), (("--size", "1x1"), "--size is 1"),
        (("--size", "16x4000"), "8 times"), (("--steps", "0"), "--steps is 0"),
        (("--guidance", "-3"), "--guidance is -3"), (("--variations", "0"), "--variations is 0"),
        (("--best-of", "65"), "less than or equal to 64"),
        (("--variations", "2", "--best-of", "2"), "--variations and --best-of are both"),
        (("--start", "-1"), "--start is -1"), (("--start", "3", "--end", "2"), "--end is 2"),
        (("--end", "0.2"), "too short"), (("--start", "99"), "lasts 0.00 s"),
        (("--reference", "nobody"), "average, tall"), (("--keyframe", "soon"), "TIME=POSE"),
        (("--keyframe", "nan=average"), "TIME=POSE"), (("--keyframe", "1=nobody"), "no reference"),
        (("--keyframe", "99=average"), "--keyframe has one at 99"),
        (("--nonsense",), "No such option"), (("--steps", "many"), "not a valid integer"),
        (("--style", "polka"), "freestyle, hip-hop"), (("--style", "krump"), "--style is 'krump'"),
        (("--energy", "9"), "--energy is 9"), (("--draft", "1.5"), "--draft is 1.5"),
        (("--post", "glue"), "beat-lock"), (("--confidence", "sure"), "binary"),
        (("--device", "warp"), "--device is 'warp'"), (("SONG", "-o", "d.mp4"), "-o FOLDER"),
    ],
)  # fmt: skip
def test_bad_options(arguments, says, refused, song, tiny_model, tmp_path):
    model = () if "--model" in arguments else ("--model", tiny_model)
    given = [song if a == "SONG" else a for a in arguments]
    assert says in refused("dance", song, *model, *given)
    assert not list(tmp_path.iterdir())


def test_what_is_wrong_for_all_songs_is_said_once(refused, song, tiny_model, tmp_path):
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).write_bytes(song.read_bytes())
    err = refused("dance", "a.wav", "b.wav", "--model", tiny_model, "--style", "krump")
    assert err.count("--style is 'krump'") == 1


def test_an_empty_folder_of_songs(refused, tmp_path):
    (tmp_path / "album").mkdir()
    assert "no songs in album" in refused("dance", "album")


def test_unwritable_output(refused, song, tiny_model, tmp_path, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir()
    monkeypatch.setattr("hotfoot.files.os.access", lambda path, mode: "locked" not in str(path))
    assert "cannot be written" in refused(
        "dance", song, "--model", tiny_model, "-o", locked / "d.npz"
    )


def test_a_full_disk(refused, song, tiny_model, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hotfoot.pose.npz.zipfile.ZipFile.writestr", full)
    err = refused("dance", song, "--model", tiny_model, *SHORT, "-o", "d.npz")
    assert "No space left" in err
    assert not list(tmp_path.iterdir())


def test_a_silent_song_is_danced_with_a_warning(dance, tmp_path):
    write_wav(tmp_path / "quiet.wav", np.zeros(72_000), 24_000)
    code, _, err = dance("quiet.wav", "-o", "d.npz")
    assert code == 0
    assert "silent" in err


def test_ctrl_c_leaves_nothing_and_exits_130(dance, song, tmp_path, monkeypatch):
    def interrupted(poses, style):
        yield np.zeros((poses.canvas[1], poses.canvas[0], 3), np.uint8)
        raise KeyboardInterrupt

    monkeypatch.setattr("hotfoot.generation.result.draw_frames", interrupted)
    code, _, err = dance(song, *SHORT, "-o", "d.mp4")
    assert code == 130
    assert "stopped" in err
    assert not list(tmp_path.iterdir())


def test_bugs_are_reported_as_bugs(dance, monkeypatch, song):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("hotfoot.music.audio.open_song", broken)
    code, _, err = dance(song)
    assert code == 1
    assert "ZeroDivisionError" in err
    assert "bug" in err


def test_default_preset_folder_of_a_song_with_dots(dance, song, tmp_path):
    dotted = tmp_path / "01. Mr. Blue.wav"
    dotted.write_bytes(song.read_bytes())
    code, _, err = dance(dotted, *SHORT, "--preset", "controlnet")
    assert code == 0, err
    assert (tmp_path / "01_ Mr_ Blue-controlnet" / "pose_00000.png").exists()
