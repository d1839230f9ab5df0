import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.pose.formats import read_poses, write_poses
from tests.helpers.poses import walker
from tests.helpers.songs import bad_song


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def go(*arguments):
        code = main([str(a) for a in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return go


def test_help_lists_all_verbs_with_examples(run):
    code, out, _ = run("--help")
    assert code == 0
    for verb in ("dance", "render", "convert", "inspect", "models", "train", "bench", "compose"):
        assert f"  {verb} " in out
        code, text, _ = run(verb, "--help")
        assert code == 0
        assert "hotfoot " + verb in text


def test_help_loads_nothing_heavy():
    script = (
        "import sys; from hotfoot.cli.main import main; main(['--help']); "
        "heavy = {'torch', 'numpy', 'scipy', 'av', 'cv2', 'rich'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_dance_writes_the_default_files(run, song, tiny_model, tmp_path):
    code, out, _ = run("dance", song, "--model", tiny_model, "--end", 3)
    assert code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["song.mp4", "song.npz"]
    assert "90 frames at 30 fps" in out


def test_dance_json_says_everything(run, song, tiny_model, tmp_path):
    code, out, _ = run(
        "dance", song, "--model", tiny_model, "--end", 3, "-o", "a.json", "-o", "b.gif", "-o",
        "c.png", "--seed", 4, "--json",
    )  # fmt: skip
    assert code == 0
    result = json.loads(out)
    assert result["files"] == ["a.json", "b.gif", "c.png"]
    assert (result["frames"], result["fps"], result["seed"]) == (90, 30.0, 4)
    assert result["tempo_bpm"] == pytest.approx(120, rel=0.02)
    assert len(json.loads((tmp_path / "a.json").read_text())) == 90


def test_variations_and_best_of(run, song, tiny_model, tmp_path):
    base = ("dance", song, "--model", tiny_model, "--end", 2, "--steps", 1, "-o", "d.npz")
    assert run(*base, "--variations", 2)[0] == 0
    a, b = (np.load(tmp_path / f"d-{i}.npz")["keypoints"] for i in (1, 2))
    assert np.abs(a - b).max() > 1
    code, out, _ = run(*base, "--best-of", 3, "--json")
    assert code == 0
    assert len(json.loads(out)["variations"]) == 1


def test_preset_keyframe_loop_and_reference(run, song, tiny_model, tmp_path):
    write_poses(walker(3), tmp_path / "me.json")
    code, _, err = run(
        "dance", song, "--model", tiny_model, "--end", 3, "-o", "vace", "--preset", "vace",
        "--reference", "me.json", "--keyframe", "1.5=me.json", "--loop", "-o", "d.npz",
    )  # fmt: skip
    assert code == 0, err
    assert (tmp_path / "vace" / "pose.mp4").exists()
    poses, key = read_poses(tmp_path / "d.npz"), read_poses(tmp_path / "me.json")
    seen = key.confidence[0] > 0
    np.testing.assert_allclose(poses.keypoints[45, seen], key.keypoints[0, seen], atol=0.02)


def test_render_convert_and_inspect(run, song, tmp_path):
    write_poses(walker(45), tmp_path / "d.npz")
    assert run("render", "d.npz", "-o", "v.mp4", "--audio", song, "--order", "blue")[0] == 0
    assert run("render", "d.npz", "-o", "v.png")[0] == 0
    assert run("convert", "d.npz", "d.json")[0] == 0
    code, out, _ = run("convert", "d.json", "coco.json", "--to", "coco", "--json")
    assert (code, json.loads(out)["read"]) == (0, "openpose")
    code, out, _ = run("inspect", "coco.json", "--json", "--plot", "p.png", "--music", song)
    result = json.loads(out)
    assert (code, result["kind"], result["frames"]) == (0, "coco", 45)
    assert result["missing"] == {"right_ear": 1.0}
    assert (tmp_path / "p.png").stat().st_size > 5000
    code, out, _ = run("inspect", song, "--json")
    assert json.loads(out)["tempo_bpm"] == pytest.approx(120, rel=0.01)
    assert run("inspect", song, "--plot", "s.png")[0] == 0


def test_compose_and_models(run, tmp_path):
    code, out, _ = run("compose", "s.wav", "--bpm", 100, "--seconds", 3, "--json")
    assert code == 0
    np.testing.assert_allclose(np.diff(json.loads(out)["beats"]), 0.6, atol=1e-3)
    code, out, _ = run("models", "--json")
    assert code == 0
    assert isinstance(json.loads(out)["models"], list)


def complaint(result):
    """Exit code 2, two short lines, no traceback."""
    code, out, err = result
    assert code == 2, err
    assert "Traceback" not in err
    assert out == ""
    assert err.startswith(("hotfoot: ", "Usage: "))
    return err


@pytest.mark.parametrize(
    "kind", ["missing", "folder", "empty", "text", "picture only", "short", "nan"]
)
def test_bad_songs(kind, run, tiny_model, tmp_path):
    path = bad_song(kind, tmp_path)
    before = sorted(tmp_path.iterdir())
    complaint(run("dance", path, "--model", tiny_model))
    assert sorted(tmp_path.iterdir()) == before, "nothing half-written"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "d.bvh"), "bvh"), (("-o", "no/d.mp4"), "does not exist"),
        (("-o", "folder"), "without --preset"), (("--preset", "sora"), "unknown preset"),
        (("--model", "nope"), "no model"), (("--seed", "-1"), "seed"), (("--fps", "0"), "fps"),
        (("--size", "big"), "WxH"), (("--size", "1x1"), "16 to 4096"), (("--steps", "0"), "steps"),
        (("--guidance", "-3"), "guidance"), (("--variations", "0"), "1 to 64"),
        (("--variations", "2", "--best-of", "2"), "one of them"),
        (("--start", "-1"), "start"), (("--end", "0.2"), "too short"),
        (("--reference", "nobody"), "no reference"), (("--keyframe", "soon"), "TIME=POSE"),
        (("--keyframe", "1=nobody"), "no reference"), (("--nonsense",), "No such option"),
        (("--steps", "many"), "not a valid integer"),
    ],
)  # fmt: skip
def test_bad_options(arguments, words, run, song, tiny_model, tmp_path):
    model = () if "--model" in arguments else ("--model", tiny_model)
    assert words in complaint(run("dance", song, *model, *arguments))
    assert not list(tmp_path.iterdir())


def test_start_beyond_the_end(run, song, tiny_model):
    assert "lasts 0.00 s" in complaint(run("dance", song, "--model", tiny_model, "--start", 99))


@pytest.mark.parametrize(
    "arguments",
    [("render", "no.npz", "-o", "v.mp4"), ("render", "d.npz", "-o", "v.txt"),
     ("convert", "no.json", "x.npz"), ("convert", "d.npz", "x.fbx"), ("inspect", "no.mp3"),
     ("inspect", "."), ("compose", "s.mp3"), ("compose", "s.wav", "--bpm", "1"), ("dance",),
     ("fly",), ("train", "dancer", "huge", "--motion", ".", "--music", ".", "--out", "o")],
)  # fmt: skip
def test_bad_input_of_the_other_verbs(arguments, run, tmp_path):
    write_poses(walker(3), tmp_path / "d.npz")
    complaint(run(*arguments))
    assert [p.name for p in tmp_path.iterdir()] == ["d.npz"]


def test_unwritable_output(run, song, tiny_model, tmp_path, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir()
    monkeypatch.setattr("hotfoot.files.os.access", lambda path, mode: "locked" not in str(path))
    assert "cannot be written" in complaint(
        run("dance", song, "--model", tiny_model, "-o", locked / "d.npz")
    )


def test_a_full_disk(run, song, tiny_model, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hotfoot.generation.result.save_npz", full)
    err = complaint(run("dance", song, "--model", tiny_model, "--end", 2, "-o", "d.npz"))
    assert "No space left" in err
    assert not list(tmp_path.iterdir())


def test_a_silent_song_is_danced_with_a_warning(run, tiny_model, tmp_path):
    from tests.helpers.songs import write_wav

    write_wav(tmp_path / "quiet.wav", np.zeros(72_000), 24_000)
    code, _, err = run("dance", "quiet.wav", "--model", tiny_model, "-o", "d.npz")
    assert code == 0
    assert "silent" in err


def test_ctrl_c_leaves_nothing_and_exits_130(song, tiny_model, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "hotfoot", "dance", str(song), "--model", str(tiny_model),
         "--steps", "900", "-o", str(tmp_path / "d.mp4")],
        stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert b"Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_bugs_are_reported_as_bugs(run, monkeypatch, song):
    def broken(*args, **kwargs):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("hotfoot.music.audio.open_song", broken)
    code, _, err = run("dance", song)
    assert code == 1
    assert "ZeroDivisionError" in err
    assert "bug" in err


def test_a_folder_of_the_user_is_never_replaced(run, song, tiny_model, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work")
    write_poses(walker(3), tmp_path / "d.npz")
    for arguments in (
        ("dance", song, "--model", tiny_model, "-o", "precious", "--preset", "vace"),
        ("convert", "d.npz", "precious"),
        ("convert", "d.npz", "."),
        ("convert", "d.npz", ".."),
    ):
        complaint(run(*arguments))
    assert (precious / "thesis.txt").read_text() == "years of work"
    assert run("convert", "d.npz", "mine")[0] == 0
    assert run("convert", "d.npz", "mine")[0] == 0, "our own folders may be written again"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.npz", "mine", "precious"]


def test_inputs_are_never_overwritten(run, tiny_model, tmp_path):
    from hotfoot.music.synthesis import compose
    from tests.helpers.songs import write_audio

    write_audio(tmp_path / "clip.mp4", compose(3.0).samples, 24_000, "aac", "mp4")
    before = (tmp_path / "clip.mp4").read_bytes()
    complaint(run("dance", "clip.mp4", "--model", tiny_model, "-o", "clip.mp4"))
    assert run("dance", "clip.mp4", "--model", tiny_model)[0] == 0
    assert (tmp_path / "clip.mp4").read_bytes() == before
    assert (tmp_path / "clip-dance.mp4").exists()
    write_poses(walker(3), tmp_path / "d.json")
    complaint(run("convert", "d.json", "d.json"))
    complaint(run("render", "d.json", "-o", "clip.mp4", "--audio", "clip.mp4"))


def test_default_preset_folder_of_a_song_with_dots(run, song, tiny_model, tmp_path):
    dotted = tmp_path / "01. Mr. Blue.wav"
    dotted.write_bytes(song.read_bytes())
    code, _, err = run("dance", dotted, "--model", tiny_model, "--end", 2, "--preset", "controlnet")
    assert code == 0, err
    assert (tmp_path / "01_ Mr_ Blue-controlnet" / "pose_00000.png").exists()


def test_inspecting_a_single_pose(run, tmp_path):
    write_poses(walker(1), tmp_path / "one.json")
    code, out, err = run("inspect", "one.json", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["mean_speed_body_heights_per_s"] == 0


@pytest.mark.parametrize(
    "arguments",
    [("dance", "SONG", "--device", "warp"), ("dance", "SONG", "--size", "16x4000"),
     ("dance", "SONG", "--keyframe", "nan=average"), ("inspect", "SONG", "--plot", "x.jpg"),
     ("compose", "s.wav", "--seed", "-1"), ("render", "d.npz", "-o", "v.mp4", "--fps", "0.001"),
     ("train", "dancer", "--motion", ".", "--music", "nowhere", "--out", "o")],
)  # fmt: skip
def test_more_bad_options(arguments, run, song, tmp_path):
    write_poses(walker(3), tmp_path / "d.npz")
    complaint(run(*[str(song) if a == "SONG" else a for a in arguments]))


def test_unsure_joints_are_neither_drawn_nor_exported(run, tmp_path):
    poses = walker(2)
    confidence = poses.confidence.copy()
    confidence[:, 4] = 0.1
    faint = type(poses)(poses.keypoints, confidence, 30.0, poses.canvas)
    write_poses(faint, tmp_path / "d.npz")
    run("convert", "d.npz", "d.json")
    frame = json.loads((tmp_path / "d.json").read_text())[0]
    assert frame["people"][0]["pose_keypoints_2d"][12:15] == [0, 0, 0]
