"""The other commands as their users meet them."""

import json
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from hotfoot.music.audio import open_song
from hotfoot.pose.formats import read_dance, write_poses
from hotfoot.pose.metadata import DanceMetadata, Phrase
from tests.helpers.poses import walker
from tests.helpers.songs import write_wav


def test_help_lists_all_verbs_with_examples(run):
    code, out, _ = run("--help")
    assert code == 0
    for verb in ("dance", "render", "convert", "inspect", "models", "train", "bench", "compose"):
        assert f"  {verb} " in out
        code, text, _ = run(verb, "--help")
        assert code == 0
        assert "hotfoot " + verb in text


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


@pytest.mark.parametrize(
    "arguments",
    [("render", "no.npz", "-o", "v.mp4"), ("render", "d.npz", "-o", "v.txt"),
     ("convert", "no.json", "x.npz"), ("convert", "d.npz", "x.fbx"), ("inspect", "no.mp3"),
     ("inspect", "."), ("compose", "s.mp3"), ("compose", "s.wav", "--bpm", "1"),
     ("fly",), ("train", "dancer", "huge", "--motion", ".", "--music", ".", "--out", "o")],
)  # fmt: skip
def test_bad_input_of_the_other_verbs(arguments, refused, tmp_path):
    write_poses(walker(3), tmp_path / "d.npz")
    refused(*arguments)
    assert [p.name for p in tmp_path.iterdir()] == ["d.npz"]


def test_a_folder_of_the_user_is_never_replaced(run, refused, song, tiny_model, tmp_path):
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
        refused(*arguments)
    assert (precious / "thesis.txt").read_text() == "years of work"
    assert run("convert", "d.npz", "mine")[0] == 0
    assert run("convert", "d.npz", "mine")[0] == 0, "our own folders may be written again"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.npz", "mine", "precious"]


def test_inputs_are_never_overwritten(run, refused, tiny_model, tmp_path):
    from hotfoot.music.synthesis import compose
    from tests.helpers.songs import write_audio

    write_audio(tmp_path / "clip.mp4", compose(3.0).samples, 24_000, "aac", "mp4")
    before = (tmp_path / "clip.mp4").read_bytes()
    refused("dance", "clip.mp4", "--model", tiny_model, "-o", "clip.mp4")
    assert run("dance", "clip.mp4", "--model", tiny_model)[0] == 0
    assert (tmp_path / "clip.mp4").read_bytes() == before
    assert (tmp_path / "clip-dance.mp4").exists()
    write_poses(walker(3), tmp_path / "d.json")
    refused("convert", "d.json", "d.json")
    refused("render", "d.json", "-o", "clip.mp4", "--audio", "clip.mp4")


def test_inspecting_a_single_pose(run, tmp_path):
    write_poses(walker(1), tmp_path / "one.json")
    code, out, err = run("inspect", "one.json", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["mean_speed_body_heights_per_s"] == 0


@pytest.mark.parametrize(
    "arguments",
    [("inspect", "SONG", "--plot", "x.jpg"),
     ("compose", "s.wav", "--seed", "-1"), ("render", "d.npz", "-o", "v.mp4", "--fps", "0.001"),
     ("train", "dancer", "--motion", ".", "--music", "nowhere", "--out", "o")],
)  # fmt: skip
def test_more_bad_options(arguments, refused, song, tmp_path):
    write_poses(walker(3), tmp_path / "d.npz")
    refused(*[song if a == "SONG" else a for a in arguments])


def test_unsure_joints_are_neither_drawn_nor_exported(run, tmp_path):
    poses = walker(2)
    confidence = poses.confidence.copy()
    confidence[:, 4] = 0.1
    faint = type(poses)(poses.keypoints, confidence, 30.0, poses.canvas)
    write_poses(faint, tmp_path / "d.npz")
    run("convert", "d.npz", "d.json")
    frame = json.loads((tmp_path / "d.json").read_text())[0]
    assert frame["people"][0]["pose_keypoints_2d"][12:15] == [0, 0, 0]


@pytest.fixture
def excerpt(tmp_path):
    """Three seconds of dance that know that they begin at second 20 of a song."""
    metadata = DanceMetadata(
        start_s=20.0, end_s=23.0, song="s.wav", tempo_bpm=120.0, beats=(0.5, 1.0, 1.5), seams=(40,),
        seed=7, model="mine", choreography=(Phrase(0.0, 3.0, ("step touch",)),),
    )  # fmt: skip
    path = tmp_path / "d.npz"
    write_poses(walker(90), path, metadata=metadata)
    return path, metadata


def loudness(path):
    """Mean square of a video's sound, of each half second."""
    with av.open(str(path)) as video:
        blocks = [frame.to_ndarray().mean(axis=0) for frame in video.decode(audio=0)]
        rate = video.streams.audio[0].rate
    sound = np.concatenate(blocks)[: 3 * rate]
    return (sound.reshape(6, -1) ** 2).mean(axis=1)


def test_an_excerpt_is_drawn_with_the_sound_of_its_place(run, excerpt, tmp_path):
    samples = np.zeros(30 * 24_000, np.float32)
    samples[21 * 24_000 : 22 * 24_000] = 0.5 * np.sin(np.arange(24_000) / 10)
    write_wav(tmp_path / "s.wav", samples, 24_000)
    for name, more, loud in (
        ("a.mp4", (), [2, 3]),
        ("b.mp4", ("--start", "19"), [4, 5]),
        ("c.mp4", ("--preset", "vace"), [2, 3]),
    ):
        code, _, err = run("render", excerpt[0], "-o", name, "--audio", "s.wav", *more)
        assert code == 0, err
        heard = loudness(tmp_path / name)
        assert np.flatnonzero(heard > 0.3 * heard.max()).tolist() == loud


def test_render_says_what_is_on_disk(run, excerpt, tmp_path):
    code, out, _ = run("render", excerpt[0], "-o", "d.gif", "--json")
    assert code == 0
    facts = json.loads(out)
    with Image.open(tmp_path / "d.gif") as picture:
        assert (picture.n_frames, list(picture.size)) == (facts["frames"], facts["canvas"])
    assert (facts["frames"], facts["fps"]) == (45, 15.0)


def test_the_sound_of_another_song_is_a_warning(run, song, excerpt, tmp_path):
    own = DanceMetadata(end_s=3.0, song_sha256=open_song(song, 0.0, 3.0).fingerprint())
    for name, metadata, warned in (("a", own, False), ("b", replace(own, end_s=2.0), True)):
        write_poses(walker(30), tmp_path / f"{name}.npz", metadata=metadata)
        code, _, err = run("render", f"{name}.npz", "-o", f"{name}.mp4", "--audio", song)
        assert code == 0
        assert ("made for another file than" in err) == warned


@pytest.mark.parametrize("name", ["x.json", "folder", "coco.json", "m.json", "a.pkl"])
def test_what_a_dance_knows_goes_along(name, run, excerpt, tmp_path):
    kinds = {"coco.json": ("--to", "coco"), "m.json": ("--to", "mmpose")}
    assert run("convert", excerpt[0], name, *kinds.get(name, ()))[0] == 0
    assert run("convert", name, "back.npz")[0] == 0
    poses, metadata = read_dance(tmp_path / "back.npz")
    assert metadata == excerpt[1]
    assert (len(poses), poses.fps, poses.canvas) == (90, 30.0, walker(90).canvas)


def test_inspect_says_what_a_dance_knows(run, excerpt):
    code, out, _ = run("inspect", excerpt[0])
    assert code == 0
    for fact in ("s.wav from 20 s to 23 s", "mine, seed 7", "120.0 BPM, 3 beats", "step touch"):
        assert fact in out
    code, out, _ = run("inspect", excerpt[0], "--json")
    assert json.loads(out)["dance"]["start_s"] == 20


def test_convert_says_what_is_lost_or_assumed(run, tmp_path):
    write_poses(walker(5).to_skeleton("body-18"), tmp_path / "d.npz")
    code, out, err = run("convert", "d.npz", "d.json", "--to", "coco", "--json")
    assert code == 0
    assert "no keypoints for the neck" in err
    assert json.loads(out)["warnings"] == [err.removeprefix("warning: ").strip()]
    data = json.loads((tmp_path / "d.json").read_text())
    for row in data:
        row.pop("hotfoot", None)
    (tmp_path / "d.json").write_text(json.dumps(data))
    code, _, err = run("convert", "d.json", "e.npz")
    assert code == 0
    assert "30 fps is assumed" in err
    assert "its canvas" in err
