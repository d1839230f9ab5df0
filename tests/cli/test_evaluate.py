"""``hotfoot evaluate`` as its user meets it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import write_poses
from tests.helpers.dancers import beats_of, on_beat, sway
from tests.helpers.poses import forget_facts


def test_a_song_shorter_than_the_dance_is_an_error(tmp_path, capsys):
    compose(4.0, 120, seed=1).save(tmp_path / "s.wav")
    write_poses(on_beat(beats_of(120, 9), 9.0), tmp_path / "d.npz")
    assert main(["evaluate", str(tmp_path / "d.npz"), "--music", str(tmp_path / "s.wav")]) == 2
    assert "only 4.0 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dances"], "POSES"),
        (["d.npz"], "--music"),
        (["d.npz", "d.npz", "d.npz", "--music", "s.wav", "--music", "s.wav"], "3 dances and 2"),
        (["d.npz", "--music", "nowhere.mp3"], "does not exist"),
        (["nobody.npz", "--music", "s.wav"], "nobody.npz"),
        (["one.npz", "--music", "s.wav"], "1 frame"),
        (["empty.npz", "--music", "s.wav"], "0 of 12"),
        (["nan.npz", "--music", "s.wav"], "NaN"),
        (["d.npz", "--music", "s.wav", "--report", "r.pdf"], ".html"),
        (["d.npz", "--music", "s.wav", "--real", "folder"], "0 usable"),
        (["d.npz", "--music", "s.wav", "--real", "none"], "does not exist"),
        (["d.npz", "--music", "s.wav", "--train", "folder"], "--train: "),
        (["d.npz", "--music", "s.wav", "--jobs", "0"], "--jobs"),
        (["d.npz", "--music", "s.wav", "--reference", "nobody"], "average, tall"),
        (["d.npz", "--music", "s.wav", "--fps", "0"], "1<=x<=240"),
        (["d.npz", "--music", "s.wav", "--shuffled"], "No such option"),
        (["protocol", "standard"], "--songs"),
        (["protocol", "sometimes", "--songs", ".", "-o", "o"], "standard, quick"),
        (["protocol", "quick", "--songs", "folder", "-o", "o"], "no songs"),
        (["protocol", "quick", "--songs", ".", "-o", "o", "--steps", "0"], "--steps is 0"),
        (["protocol", "quick", "--songs", ".", "-o", "o", "--post", "glue"], "beat-lock"),
        (["compare"], "RESULTS"),
        (["compare", "broken-results.json"], "does not hold results"),
        (["videos", "s.wav", "--real", "folder"], "--network"),
    ],
)
def test_bad_input_exits_with_2(arguments, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    compose(9.0, 120, seed=1).save(tmp_path / "s.wav")
    poses = on_beat(beats_of(120, 9), 9.0)
    write_poses(poses, tmp_path / "d.npz")
    write_poses(poses.frames(0, 1), tmp_path / "one.npz")
    empty = replace(poses, confidence=np.zeros_like(poses.confidence))
    write_poses(empty, tmp_path / "empty.npz")
    with np.load("d.npz") as archive:
        arrays = dict(archive)
    arrays["keypoints"] = arrays["keypoints"] * np.float32("nan")
    np.savez("nan.npz", **arrays)
    (tmp_path / "broken-results.json").write_text("{}")
    (tmp_path / "folder").mkdir()
    assert main(["evaluate", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "o" / "results.json").exists()


@pytest.mark.parametrize("fps", [24.0, 60.0])
def test_pose_files_are_measured_at_any_frame_rate(fps, tmp_path, capsys):
    song = compose(16.0, 105, seed=2, style="house")
    song.save(tmp_path / "s.wav")
    times = np.arange(round(16 * fps)) / fps
    phase = np.interp(times, song.beats, np.arange(len(song.beats)))
    for i in range(2):
        write_poses(sway(phase, fps, 0.06 + 0.02 * i), tmp_path / f"{i}.npz")
    code = main(
        ["evaluate", str(tmp_path / "0.npz"), str(tmp_path / "1.npz"), "--music",
         str(tmp_path / "s.wav"), "--reference", "average", "--jobs", "1", "--json",
         "--report", str(tmp_path / "r.md")]
    )  # fmt: skip
    assert code == 0
    data = json.loads(capsys.readouterr().out)
    metrics = data["results"][0]["metrics"]
    assert metrics["alignment"]["value"] > 0.8
    assert len(data["results"][0]["dances"]) == 2
    assert "beat alignment" in (tmp_path / "r.md").read_text()


def test_a_protocol_dances_measures_reports_and_goes_on(tmp_path, tiny_model, capsys, monkeypatch):
    songs = tmp_path / "songs"
    songs.mkdir()
    for i, bpm in enumerate((96, 126)):
        compose(7.0, bpm, seed=i, style="rock").save(songs / f"{i}.wav")
    out = tmp_path / "out"
    arguments = ["evaluate", "protocol", "debug", "--songs", str(songs), "--model",
                 str(tiny_model), "--name", "tiny", "-o", str(out), "--jobs", "1"]  # fmt: skip
    assert main([*arguments, "--report", str(tmp_path / "r.html")]) == 0
    page = (tmp_path / "r.html").read_text()
    assert page.count("data:image/png;base64,") >= 4, "plots and contact sheets are inside"
    assert "http" not in page.replace("http-equiv", "")
    assert len(list((out / "dances").glob("*.npz"))) == 8
    first = (out / "results.json").read_text()
    times = {p: p.stat().st_mtime_ns for p in (out / "dances").iterdir()}
    next(p for p in times if "-x1.25" in p.name).unlink()
    assert main(arguments) == 0
    again = json.loads((out / "results.json").read_text())
    assert again["results"] == json.loads(first)["results"], "same seeds, same numbers"
    kept = [p for p, t in times.items() if p.stat().st_mtime_ns == t]
    assert len(kept) == 6, "only the song whose dance was lost was danced again"
    dances = {p: p.stat().st_mtime_ns for p in (out / "dances").iterdir()}
    assert main([*arguments[:-5], "shuffled", "--shuffled", "-o", str(out), "--jobs", "1"]) == 0
    assert dances == {p: p.stat().st_mtime_ns for p in (out / "dances").iterdir()}
    other = json.loads((out / "results.json").read_text())["results"][0]["metrics"]
    assert other["alignment"]["value"] < again["results"][0]["metrics"]["alignment"]["value"]
    assert main([*arguments, "--post", "none"]) == 2, "other dances"
    assert "options.post" in capsys.readouterr().err
    both = [
        "evaluate",
        "compare",
        str(out / "results.json"),
        "--report",
        str(tmp_path / "b.html"),
        "--json",
    ]
    assert main(both) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["name"] == "shuffled"


def test_ray_gives_the_same_numbers(tmp_path, capsys):
    pytest.importorskip("ray")
    song = compose(9.0, 120, seed=2)
    song.save(tmp_path / "s.wav")
    for i in range(2):
        write_poses(on_beat(song.beats, 9.0, size=0.05 + 0.02 * i), tmp_path / f"{i}.npz")
    arguments = ["evaluate", *(str(tmp_path / f"{i}.npz") for i in range(2)),
                 "--music", str(tmp_path / "s.wav"), "--jobs", "1", "--json"]  # fmt: skip
    results = []
    for where in ("local", "ray"):
        assert main([*arguments, "--on", where]) == 0
        results.append(json.loads(capsys.readouterr().out.splitlines()[-1])["results"])
    assert results[0] == results[1]


def test_songs_of_one_name_stay_apart(tmp_path, capsys):
    for i, bpm in enumerate((100, 130)):
        (tmp_path / str(i)).mkdir()
        song = compose(9.0, bpm, seed=i)
        song.save(tmp_path / str(i) / "song.wav")
        write_poses(on_beat(song.beats, 9.0), tmp_path / f"{i}.npz")
    arguments = [str(tmp_path / f"{i}.npz") for i in range(2)]
    for i in range(2):
        arguments += ["--music", str(tmp_path / str(i) / "song.wav")]
    assert main(["evaluate", *arguments, "--jobs", "1", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["results"][0]
    assert {d["song"] for d in row["dances"]} == {"song", "song~2"}
    assert "f1_own" in row["metrics"]
    assert "apd" not in row["metrics"]


def test_files_without_a_frame_rate_are_read_at_the_one_given(tmp_path, capsys):
    song = compose(9.0, 120, seed=1)
    song.save(tmp_path / "s.wav")
    write_poses(on_beat(song.beats, 8.0, fps=60.0), tmp_path / "d.npz")
    write_poses(on_beat(song.beats, 8.0, fps=60.0), tmp_path / "d.json", "openpose")
    forget_facts(tmp_path / "d.json")
    speeds = []
    for name, more in (("d.npz", []), ("d.json", ["--fps", "60"])):
        arguments = ["evaluate", str(tmp_path / name), "--music", str(tmp_path / "s.wav"), *more]
        assert main([*arguments, "--json"]) == 0
        out = capsys.readouterr()
        speeds.append(json.loads(out.out)["results"][0]["metrics"]["speed"]["value"])
        assert "assumed" not in out.err
    assert speeds[0] == pytest.approx(speeds[1], rel=1e-3)
    write_poses(on_beat(song.beats, 4.0), tmp_path / "d.json", "openpose")
    forget_facts(tmp_path / "d.json")
    assert main(["evaluate", str(tmp_path / "d.json"), "--music", str(tmp_path / "s.wav")]) == 0
    assert "30 fps is assumed" in capsys.readouterr().err


def test_a_dance_of_a_second_and_a_half_is_measured(tmp_path):
    compose(3.0, 150, seed=1).save(tmp_path / "s.wav")
    write_poses(on_beat(beats_of(150, 3), 1.5), tmp_path / "d.npz")
    assert main(["evaluate", str(tmp_path / "d.npz"), "--music", str(tmp_path / "s.wav")]) == 0


def test_published_definitions_stand_beside_their_chance(tmp_path, capsys):
    song = compose(12.0, 110, seed=1)
    song.save(tmp_path / "s.wav")
    write_poses(on_beat(song.beats, 12.0, fps=60.0), tmp_path / "d.npz")
    arguments = ["evaluate", str(tmp_path / "d.npz"), "--music", str(tmp_path / "s.wav"), "--json"]
    assert main(arguments) == 0
    plain = json.loads(capsys.readouterr().out)["results"][0]["metrics"]
    assert not any(key.startswith("published") for key in plain)
    assert main([*arguments, "--published"]) == 0
    found = json.loads(capsys.readouterr().out)["results"][0]["metrics"]
    keys = [key for key in found if key.startswith("published")]
    assert len(keys) == 5
    for key in keys:
        assert found[key]["value"] > found[key]["chance"] + 0.1
