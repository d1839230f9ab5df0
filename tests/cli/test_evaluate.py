"""``hotfoot evaluate`` as its user meets it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.evaluation.protocol import PROTOCOLS, Protocol, tasks
from hotfoot.evaluation.report import cell, html, markdown
from hotfoot.evaluation.scores import LIMB_BAR, METRICS, MusicFacts, measure_dance
from hotfoot.evaluation.summary import RealMotion, Summary, summarize
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import write_poses
from hotfoot.pose.references import figure_pose
from tests.helpers.dancers import beats_of, noise, on_beat, still, sway


def music(bpm, seconds=24.0, name="song"):
    t = np.arange(round(seconds * 100)) / 100
    loud = (-30 + 10 * np.sin(t / 5)).astype(np.float32)
    rng = np.random.default_rng(round(bpm))
    features = np.repeat(rng.normal(size=(len(t) // 400 + 1, 5)), 400, 0)[: len(t)]
    return MusicFacts(
        name, seconds, beats_of(bpm, seconds), float(bpm), np.array([0.0, 12]), loud,
        features.astype(np.float32),
    )  # fmt: skip


def followers(tempi=(1.0,), seeds=(0, 1)):
    out = []
    for bpm in (92, 104, 118):
        for tempo in tempi:
            song = music(bpm * tempo, name=f"song{bpm}")
            for seed in seeds:
                poses = on_beat(song.beats, 24.0, size=0.05 + 0.01 * seed)
                jitter = np.random.default_rng(seed).normal(0, 0.2, poses.keypoints.shape)
                poses = replace(poses, keypoints=poses.keypoints + jitter.astype("f4"))
                out.append(
                    measure_dance(
                        poses, song, name=f"{bpm}-{seed}-{tempo}", seed=seed, tempo=tempo,
                        reference=figure_pose("average"),
                    )
                )  # fmt: skip
    return out


def test_a_set_of_followers_is_summed_up():
    found = summarize("followers", followers((0.8, 1.0, 1.25))).summaries
    assert found["alignment"].value > 0.85
    assert found["alignment"].p < 1e-6
    assert found["alignment"].chance == 0
    assert found["alignment"].low <= found["alignment"].value <= found["alignment"].high
    assert found["tempo_slope"].value == pytest.approx(1, abs=0.05)
    for key in ("alignment", "precision", "recall", "f1"):
        assert found[f"{key}_own"].value > 0.6, key
        assert found[f"{key}_own"].chance == 0
        assert found[f"{key}_own"].p == pytest.approx(1 / 6, abs=0.05), "three songs: six pairings"
    assert found["apd"].value > 0
    assert "frechet" not in found, "there is nothing real to compare with"
    assert set(found) <= set(METRICS)


def test_noise_is_summed_up_as_noise():
    dances = [
        measure_dance(noise(24.0, 30, i, 4.0), music(90 + 9 * i, name=str(i)), seed=i)
        for i in range(6)
    ]
    found = summarize("noise", dances).summaries
    assert abs(found["alignment"].value) < 0.08
    assert found["alignment"].p > 0.01
    for key in ("alignment", "precision", "recall", "f1"):
        assert abs(found[f"{key}_own"].value) < 0.15
        assert found[f"{key}_own"].p > 0.01


def test_real_motion_gives_realism_and_copies():
    dances = followers()
    real = RealMotion(
        [d.features for d in dances], [d.windows for d in dances],
        [d.values["jerk"] for d in dances],
        np.concatenate([d.windows for d in dances]),
    )  # fmt: skip
    same = summarize("same", dances, real).summaries
    assert same["frechet"].value < 1e-6
    assert same["nearest_training"].value < 1e-3
    assert same["jerk_of_real"].value == pytest.approx(1)
    assert 0 < same["diversity_of_real"].value < 1, "seeds of a song differ less than songs"
    assert same["frechet_of_real"].value < 1, "some of the dances are in the half itself"


def test_a_song_shorter_than_the_dance_is_an_error(tmp_path, capsys):
    compose(4.0, 120, seed=1).save(tmp_path / "s.wav")
    write_poses(on_beat(beats_of(120, 9), 9.0), tmp_path / "d.npz")
    assert main(["evaluate", str(tmp_path / "d.npz"), "--music", str(tmp_path / "s.wav")]) == 2
    assert "only 4.0 s" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "nothing to measure"),
        (["d.npz"], "--music"),
        (["d.npz", "d.npz", "d.npz", "--music", "s.wav", "--music", "s.wav"], "3 dances and 2"),
        (["d.npz", "--music", "nowhere.mp3"], "no such file"),
        (["nobody.npz", "--music", "s.wav"], "nobody.npz"),
        (["one.npz", "--music", "s.wav"], "1 frame"),
        (["empty.npz", "--music", "s.wav"], "0 of 12"),
        (["nan.npz", "--music", "s.wav"], "NaN"),
        (["d.npz", "--music", "s.wav", "--report", "r.pdf"], ".html"),
        (["d.npz", "--music", "s.wav", "--real", "none"], "0 usable"),
        (["d.npz", "--music", "s.wav", "--train", "none"], "--real"),
        (["d.npz", "--music", "s.wav", "--jobs", "0"], "--jobs"),
        (["d.npz", "--music", "s.wav", "--reference", "nobody"], "nobody"),
        (["old.json", "--music", "s.wav", "--fps", "0"], "--fps"),
        (["d.npz", "--music", "s.wav", "--shuffled"], "--protocol"),
        (["--protocol", "quick", "--songs", ".", "-o", "o", "--music", "s.wav"], "for pose files"),
        (["broken-results.json", "-o", "o"], "side by side"),
        (["d.npz", "--network", "n.onnx", "--report", "r.md"], "--network alone"),
        (["--protocol", "standard"], "--songs"),
        (["--protocol", "sometimes", "--songs", ".", "-o", "o"], "standard"),
        (["--protocol", "quick", "--songs", "none", "-o", "o"], "no songs"),
        (["broken-results.json"], "does not hold results"),
    ],
)
def test_bad_input_is_told_and_exits_with_2(arguments, says, tmp_path, monkeypatch, capsys):
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
    arguments = ["evaluate", "--protocol", "debug", "--songs", str(songs), "--model",
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
    assert main([*arguments, "--no-beat-lock"]) == 2, "other dances"
    assert "beat_lock (true, now false)" in capsys.readouterr().err
    both = ["evaluate", str(out / "results.json"), "--report", str(tmp_path / "b.html"), "--json"]
    assert main(both) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["name"] == "shuffled"


def test_protocol_tasks_are_held_out_songs_and_composed_ones(tmp_path):
    songs, made = tmp_path / "songs", tmp_path / "made"
    songs.mkdir()
    for i in range(200):
        (songs / f"{i:03d}.mp3").write_bytes(b"x")
    chosen = tasks(PROTOCOLS["standard"], songs, made)
    names = sorted({t.song.stem for t in chosen})
    assert len(names) == 20
    assert all(int(s) % 6 == 3 for s in names)
    assert len(chosen) == 20
    dances = [n for t in chosen for n in t.names]
    assert len(set(dances)) == len(dances) == 20 * 2
    assert not made.exists()
    small = Protocol("x", songs=4, seconds=3.0, start_s=1.0, tempi=(1.25,), held_out=False)
    for p in songs.iterdir():
        p.unlink()
    (songs / "one.mp3").write_bytes(b"x")
    few = tasks(small, songs, made)
    assert [t.song.stem for t in few[::2]] == ["one", "composed-78", "composed-109", "composed-152"]
    assert tasks(small, songs, made) == few


def test_a_protocol_for_long_dances_leaves_out_songs_that_end_before(tmp_path):
    for seconds in (3, 6):
        compose(seconds, 100, seed=0).save(tmp_path / f"of-{seconds}.wav")
    long = Protocol("x", songs=2, seconds=4.0, start_s=1.0, held_out=False, whole=True)
    found = [t.song.stem for t in tasks(long, tmp_path, tmp_path / "made")]
    assert found == ["of-6", "composed-109"]


def test_an_average_does_not_hide_the_dance_that_fails():
    exact = still(24.0)
    xy = exact.keypoints.copy()
    xy[:, 10] += 0.2 * (xy[:, 10] - xy[:, 9])
    longer = replace(exact, keypoints=xy)
    reference = figure_pose("average")
    dances = [
        measure_dance(poses, music(bpm, name=f"{bpm}"), name=f"{bpm}", seed=0, reference=reference)
        for bpm, poses in ((90, exact), (100, exact), (110, exact), (120, longer))
    ]
    found = summarize("x", dances).summaries
    assert found["limb_error"].value < LIMB_BAR
    assert found["limbs_within"].value == 0.75


def test_cells_and_tables():
    assert cell(Summary(0.3123, 0.2, 0.4, 9, 0.0, 0.0004)) == "0.312 [0.2, 0.4] chance 0 p < 0.001"
    nan = float("nan")
    assert cell(Summary(nan, nan, nan, 0)) == "-"
    row = {"value": 1.0, "low": None, "high": None, "chance": None, "p": None, "n": 1}
    data = {
        "command": "c <script>",
        "results": [
            {"name": "a", "metrics": {"speed": row}, "dances": []},
            {"name": "b", "metrics": {"jerk": row}, "dances": []},
        ],
    }
    text = markdown(data)
    assert "| mean speed (heights/s) |  | 1 | - |" in text
    assert "<script>" not in html(data)


def test_ray_gives_the_same_numbers(tmp_path, capsys):
    pytest.importorskip("ray")
    song = compose(9.0, 120, seed=2)
    song.save(tmp_path / "s.wav")
    for i in range(2):
        write_poses(on_beat(song.beats, 9.0, size=0.05 + 0.02 * i), tmp_path / f"{i}.npz")
    arguments = ["evaluate", *(str(tmp_path / f"{i}.npz") for i in range(2)),
                 "--music", str(tmp_path / "s.wav"), "--jobs", "1", "--json"]  # fmt: skip
    results = []
    for where in ("here", "ray"):
        assert main([*arguments, "--on", where]) == 0
        results.append(json.loads(capsys.readouterr().out.splitlines()[-1])["results"])
    assert results[0] == results[1]


def test_one_dance_twice_is_not_more_evidence():
    dance = followers(seeds=(0,))[:1]
    once = summarize("x", dance).summaries["alignment"]
    again = [replace(dance[0], seed=i) for i in range(8)]
    assert summarize("x", again).summaries["alignment"].p == pytest.approx(once.p)
    assert np.isnan(once.low), "one dance has no interval"


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
    speeds = []
    for name, more in (("d.npz", []), ("d.json", ["--fps", "60"])):
        arguments = ["evaluate", str(tmp_path / name), "--music", str(tmp_path / "s.wav"), *more]
        assert main([*arguments, "--json"]) == 0
        out = capsys.readouterr()
        speeds.append(json.loads(out.out)["results"][0]["metrics"]["speed"]["value"])
        assert "assumed" not in out.err
    assert speeds[0] == pytest.approx(speeds[1], rel=1e-3)
    write_poses(on_beat(song.beats, 4.0), tmp_path / "d.json", "openpose")
    assert main(["evaluate", str(tmp_path / "d.json"), "--music", str(tmp_path / "s.wav")]) == 0
    assert "30 fps assumed" in capsys.readouterr().err


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


def test_seams_are_compared_with_where_there_are_none():
    facts = music(120)
    poses = on_beat(beats_of(120, 24), 24)
    xy = poses.keypoints.copy()
    xy[200:, :, 0] += 60
    jumped = measure_dance(replace(poses, keypoints=xy), facts, seams=(200,)).chanced
    smooth = measure_dance(poses, facts, seams=(200,)).chanced
    assert jumped["seams_within"].value == 0
    assert jumped["seams_within"].chance == smooth["seams_within"].chance == 1
    assert jumped["seam_ratio"].p == 1, "rougher than anywhere"
    assert smooth["seam_ratio"].value < 1.2 * smooth["seam_ratio"].chance
    assert "seam_ratio" not in measure_dance(poses, facts).chanced
