"""Users' own videos become recordings with their music."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hotfoot.capture.quality import Limits
from hotfoot.cli.main import main
from hotfoot.data.building import RawData, build_corpus
from hotfoot.data.manifest import (
    CorpusPlan,
    read_manifest,
)
from hotfoot.data.recordings import find_recordings, recorded_clips
from hotfoot.data.samples import BODY_FORMAT
from hotfoot.data.videos import VideoSettings, find_videos, held_out, ingest
from hotfoot.errors import InputError, OutputError
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import read_poses
from tests.helpers.poses import as_poses
from tests.helpers.screens import STANDING, painted, save_video, swaying


@pytest.fixture(scope="module")
def videos(tmp_path_factory, weights):
    """Two dances, one of them with a cut; silence; a slide show; junk."""
    folder = tmp_path_factory.mktemp("videos")
    compose(22.0, 120.0, seed=1).save(folder / "s.wav")
    import wave

    with wave.open(str(folder / "s.wav")) as file:
        rate = file.getframerate()
        data = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        song = data.reshape(-1, file.getnchannels()).mean(axis=1) / 32768
    (folder / "s.wav").unlink()

    def record(name, frames, background=lambda i: 0, fps=25, sound=song):
        points = swaying(frames, fps)
        pictures = [painted(p, background(i)) for i, p in enumerate(points)]
        wanted = None if sound is None else sound[: round(frames / fps * rate)]
        save_video(folder / name, pictures, fps, wanted, rate)

    record("a.mkv", 225)
    (folder / "more").mkdir()
    record("more/a.mkv", 220, lambda i: 0 if i < 110 else 40)
    record("silent.mkv", 30, sound=np.zeros(rate * 10))
    record("mute.mkv", 10, sound=None)
    record("slides.mkv", 10, fps=10)
    (folder / "junk.mp4").write_bytes(b"junk")
    return folder


def settings_of(folder):
    return VideoSettings("dwpose", folder, style="latin", credit="me", limits=Limits(seconds=4.0))


def test_a_folder_of_videos_becomes_recordings_and_a_corpus(videos, weights, tmp_path):
    out = tmp_path / "runs"
    progress = []
    found = ingest(videos, out, settings_of(weights), progress=lambda *a: progress.append(a))
    assert found["videos"] == 6
    assert found["used"] == 2
    assert found["recordings"] == 3
    assert progress[-1] == (6, 6)
    assert {"silent", "no sound", "fewer than 20 frames per second"} <= set(
        found["left_out_seconds"]
    )
    reports = {p.name: json.loads(p.read_text()) for p in (out / "reports").iterdir()}
    assert len(reports) == 6
    (long,) = [r for n, r in reports.items() if n.startswith("more")]
    assert long["shots"] == 2
    assert [r["start_s"] for r in long["recordings"]] == [0.0, 4.4]
    assert long["sound"]["kind"] == "music"
    runs = find_recordings(out)
    assert sorted(r.start_s for r in runs) == [0.0, 0.0, 4.4]
    assert all(r.style == "latin" and r.credit == "me" for r in runs)
    truth = as_poses(swaying(225, 25.0))
    (short,) = [r for r in runs if r.source.startswith("a-mkv")]
    poses = read_poses(Path(short.poses))
    assert np.abs(poses.keypoints[2:-2] - truth.keypoints[2:-2]).mean() < 2
    (tempo,) = [t.tempo_bpm for r in runs for t in recorded_clips(r, BODY_FORMAT)]
    assert tempo == pytest.approx(120, abs=3), "of the only run that is long enough for training"
    # Again does nothing; with other settings it is refused.
    before = {p: p.stat().st_mtime_ns for p in (out / "poses").iterdir()}
    assert ingest(videos, out, settings_of(weights)) == found
    assert before == {p: p.stat().st_mtime_ns for p in (out / "poses").iterdir()}
    with pytest.raises(OutputError, match="other values of style"):
        ingest(videos, out, replace(settings_of(weights), style=""))
    corpus = tmp_path / "c"
    build_corpus(corpus, CorpusPlan(composed=0), RawData(recordings=(out,)))
    manifest = read_manifest(corpus)
    assert manifest.clips("train") + manifest.clips("held-out") == 1
    assert {v.credit for v in manifest.videos} == {"me"}


def humming(folder, count):
    """A folder of short videos of a person who sways."""
    folder.mkdir()
    hum = np.sin(np.arange(24000 * 2) / 20) * 0.3
    for i in range(count):
        save_video(folder / f"{i}.mkv", [painted(p + i) for p in swaying(28)], samples=hum)
    return folder


def test_videos_are_read_alike_by_several_processes_and_after_a_stop(weights, tmp_path):
    folder = humming(tmp_path / "videos", 2)
    settings = replace(settings_of(weights), limits=Limits(seconds=1.0))
    one, two = tmp_path / "one", tmp_path / "two"
    assert ingest(folder, one, settings)["recordings"] == 2
    ingest(folder, two, settings, jobs=2)
    (two / "recordings.json").unlink()
    next((two / "reports").glob("1-*")).unlink()  # as if killed before its last file
    ingest(folder, two, settings)
    assert alike(one, two)


def alike(one, two):
    files = sorted(p.relative_to(one) for p in one.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(two) for p in two.rglob("*") if p.is_file())
    return [f for f in files if (one / f).read_bytes() == (two / f).read_bytes()] == files


@pytest.mark.slow
def test_videos_are_read_alike_on_ray(weights, tmp_path):
    pytest.importorskip("ray")
    folder = humming(tmp_path / "videos", 2)
    settings = replace(settings_of(weights), limits=Limits(seconds=1.0))
    one, two = tmp_path / "one", tmp_path / "two"
    ingest(folder, one, settings)
    assert ingest(folder, two, settings, jobs=2, backend="ray")["recordings"] == 2
    assert alike(one, two)


def test_sound_that_begins_late_is_kept_in_step(weights, tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    hum = np.sin(np.arange(24000 * 4) / 20) * 0.3
    save_video(folder / "a.mkv", [painted(p) for p in swaying(75)], samples=hum, late_s=1.0)
    settings = replace(settings_of(weights), limits=Limits(seconds=1.0))
    assert ingest(folder, tmp_path / "out", settings)["recordings"] == 1
    (run,) = find_recordings(tmp_path / "out")
    assert len(read_poses(Path(run.poses))) == 50, "the second before the sound is left out"
    assert run.start_s == pytest.approx(0, abs=0.03)


def test_faults_of_the_machine_are_no_verdict_on_a_video(weights, tmp_path, monkeypatch):
    folder = tmp_path / "videos"
    folder.mkdir()
    save_video(
        folder / "a.mkv", [painted(p) for p in swaying(40)], samples=np.sin(np.arange(72000) / 20)
    )
    settings = replace(settings_of(weights), limits=Limits(seconds=1.0))

    def full(*_):
        raise OutputError("the disk is full", "Free some space.")

    monkeypatch.setattr("hotfoot.data.videos.save_part", full)
    with pytest.raises(OutputError):
        ingest(folder, tmp_path / "out", settings)
    monkeypatch.undo()
    assert ingest(folder, tmp_path / "out", settings)["recordings"] == 1, "tried again"


def test_folders_without_videos(tmp_path, capsys):
    with pytest.raises(InputError, match="no videos"):
        find_videos(tmp_path)
    assert main(["corpus", "video", str(tmp_path / "none"), "-o", str(tmp_path / "o")]) == 2
    assert "does not exist" in capsys.readouterr().err
    for wrong in (["--on", "moon"], ["--style", "polka"], ["--jobs", "0"]):
        assert main(["corpus", "video", str(tmp_path), "-o", str(tmp_path / "o"), *wrong]) == 2
    assert not (tmp_path / "o").exists()


def test_the_same_name_in_two_folders_is_two_videos(tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        save_video(tmp_path / place / "x.mkv", [painted(STANDING)])
    assert len(find_videos(tmp_path)) == 2


def test_of_a_few_videos_one_isheld_out():
    assert held_out(["only"]) == set()
    for count in range(2, 60):
        names = [f"video-{i}" for i in range(count)]
        assert 1 <= len(held_out(names)) < max(2, count // 4 + 2)
    many = [f"v{i}" for i in range(4000)]
    assert len(held_out(many)) == pytest.approx(250, abs=50)
