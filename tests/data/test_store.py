"""Corpora on disk: shards, manifests, recordings, and training on them."""

import io
import json
import multiprocessing
import os
import shutil
import signal
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.data.building import RawData, build_corpus
from hotfoot.data.cameras import CAMERA_STYLES
from hotfoot.data.manifest import SPLITS, CorpusPlan, check_corpora, read_manifest
from hotfoot.data.recordings import Recording, find_recordings, recorded_clips, write_recordings
from hotfoot.data.samples import BODY_FORMAT, PairedClip, cut
from hotfoot.data.sources import Data, check_data, open_source
from hotfoot.data.store import StoredCorpus, describe_shard, read_shard, verify_corpus, write_shard
from hotfoot.errors import InputError, OptionError, OutputError
from hotfoot.pose.formats import write_poses
from hotfoot.validation import to_json
from tests.helpers.clips import write_clips
from tests.helpers.poses import as_poses
from tests.helpers.screens import swaying

SMALL = CorpusPlan(clips=5, frames=96, per_shard=2, composed=0, seed=3)


def clip(seed, frames=96):
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0.1, 0.9, (frames, 18, 2)).astype(np.float32)
    return PairedClip(
        xy, np.ones((frames, 18), np.float32), rng.normal(0, 1, (frames // 8, 41)).astype(np.float32),
        "latin", bool(seed % 2), 100.0 + seed, 0.5625, BODY_FORMAT, ("a", "b"), "s.mp3",
    )  # fmt: skip


@pytest.fixture(scope="module")
def raw_data(training_data):
    return RawData(training_data / "motion", training_data / "music")


@pytest.fixture(scope="module")
def built(raw_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("corpus") / "c"
    build_corpus(out, SMALL, raw_data)
    return out


def test_shards_come_back_and_are_the_same_bytes(tmp_path):
    clips = [(f"train-00000-{i:05d}", clip(i)) for i in range(3)]
    write_shard(clips, tmp_path / "train-00000.tar")
    row = describe_shard(tmp_path / "train-00000.tar", "train", BODY_FORMAT)
    assert row.clips == 3
    assert row.frames == 288
    write_shard(clips, tmp_path / "train-00001.tar")
    assert (tmp_path / "train-00001.tar").read_bytes() == (
        tmp_path / "train-00000.tar"
    ).read_bytes()
    for (key, a), (name, b) in zip(
        clips, read_shard(tmp_path / "train-00000.tar", BODY_FORMAT), strict=True
    ):
        assert key == name
        np.testing.assert_array_equal(a.xy, b.xy)
        np.testing.assert_allclose(a.music, b.music, atol=2e-3)
        assert (a.style, a.procedural, a.tempo_bpm, a.motion) == (
            b.style,
            b.procedural,
            b.tempo_bpm,
            b.motion,
        )


def test_shards_are_laid_out_as_webdataset_reads_them(tmp_path):
    path = tmp_path / "train-00000.tar"
    write_shard([("k-1", clip(1)), ("k-2", clip(2))], path)
    with tarfile.open(path) as archive:
        names = archive.getnames()
        music = np.load(io.BytesIO(archive.extractfile("k-1.music.npy").read()))
    assert names == [
        f"{k}.{p}"
        for k in ("k-1", "k-2")
        for p in ("xy.npy", "confidence.npy", "music.npy", "json")
    ]
    assert music.shape == (12, 41)
    assert music.dtype == np.float16


def test_damaged_shards_are_refused(tmp_path):
    path = tmp_path / "train-00000.tar"
    path.write_bytes(b"junk" * 1000)
    with pytest.raises(InputError, match="no shard of a corpus"):
        list(read_shard(path, BODY_FORMAT))
    write_shard([("k", replace(clip(1), music=np.zeros((5, 41), np.float32)))], path)
    with pytest.raises(InputError, match="shapes"):
        list(read_shard(path, BODY_FORMAT))


def test_a_corpus_is_built_with_sources_splits_and_licenses(built):
    manifest = read_manifest(built)
    assert {split: manifest.clips(split) for split in SPLITS} == {"train": 5, "held-out": 1}
    assert [r.file for r in manifest.shards][:3] == [f"train-{i:05d}.tar" for i in range(3)]
    assert {s.name: s.license for s in manifest.songs}["0.wav"] == "CC0"
    assert {c.split for c in manifest.motion} == {"train", "held-out"}
    verify_corpus(built)
    used = {name for r in manifest.shards if r.split == "held-out"
            for _, c in read_shard(built / r.file, BODY_FORMAT) for name in (*c.motion, c.song)}  # fmt: skip
    held = {x.name for x in manifest.sources if x.split == "held-out"}
    assert used <= held


def test_a_build_goes_on_where_it_stopped_and_gives_the_same_bytes(built, raw_data, tmp_path):
    out, progress = tmp_path / "c", []
    shutil.copytree(built, out)
    (out / "train-00001.tar").unlink()
    (out / "manifest.json").unlink()
    kept = (out / "train-00000.tar").stat().st_mtime_ns
    build_corpus(out, SMALL, raw_data, progress=lambda *a: progress.append(a))
    assert progress == [(3, 4), (4, 4)]
    assert (out / "train-00000.tar").stat().st_mtime_ns == kept
    for path in built.iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name
    with pytest.raises(OutputError, match="other values of seed"):
        build_corpus(out, replace(SMALL, seed=4), raw_data)


def test_what_cannot_be_built(raw_data, tmp_path):
    with pytest.raises(OptionError, match="nothing to build from"):
        build_corpus(tmp_path / "c", SMALL, RawData())
    for field, value in (("frames", 100), ("cameras", "imax"), ("procedural", 2.0)):
        with pytest.raises(OptionError, match=field):
            replace(SMALL, **{field: value})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(OutputError, match="something else"):
        build_corpus(tmp_path / "mine", SMALL, raw_data)
    write_clips(tmp_path / "few", 3)
    with pytest.raises(InputError, match="too few to hold one out"):
        build_corpus(tmp_path / "d", SMALL, replace(raw_data, motion=tmp_path / "few"))
    assert not (tmp_path / "d").exists(), "so the folder may be begun with better data"


def test_every_style_of_cameras_can_be_asked_for():
    assert [replace(SMALL, cameras=name).cameras for name in CAMERA_STYLES] == [*CAMERA_STYLES]


def test_leaks_between_splits_are_refused(built, tmp_path):
    manifest = read_manifest(built)
    leak = replace(manifest.songs[0], split="held-out")
    with pytest.raises(InputError, match=r"songs: .* would be trained on and held out"):
        replace(manifest, songs=(*manifest.songs, leak))
    values = json.loads(to_json(manifest))
    values["songs"].append({**values["songs"][0], "split": "held-out"})
    (tmp_path / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(InputError, match=r"manifest\.json: .*songs: .* would be trained on"):
        read_manifest(tmp_path)
    with pytest.raises(InputError, match="no finished corpus"):
        read_manifest(tmp_path / "nothing")


def test_corpora_that_are_trained_on_together_must_agree(built, tmp_path):
    manifest = read_manifest(built)
    check_corpora([manifest, manifest], BODY_FORMAT)
    name = next(r.name for r in manifest.motion if r.split == "train")
    turned = tuple(replace(r, split="held-out") if r.name == name else r for r in manifest.motion)
    with pytest.raises(InputError, match=f"motion: {name} would be"):
        check_corpora([manifest, replace(manifest, motion=turned)], BODY_FORMAT)
    with pytest.raises(InputError, match="coco-17 at 30 frames"):
        check_corpora([manifest], replace(BODY_FORMAT, skeleton="coco-17"))
    shutil.copytree(built, tmp_path / "c")
    alone = replace(manifest, shards=tuple(r for r in manifest.shards if r.split == "train"))
    (tmp_path / "c" / "manifest.json").write_text(to_json(alone))
    with pytest.raises(InputError, match="no held-out clips"):
        check_data(Data(corpora=(tmp_path / "c",)))


def test_a_changed_shard_is_noticed(built, tmp_path, capsys):
    copy = shutil.copytree(built, tmp_path / "c")
    path = copy / "train-00000.tar"
    data = bytearray(path.read_bytes())
    data[3000] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="was changed"):
        verify_corpus(copy)
    assert main(["corpus", "stats", "--corpus", str(copy), "--verify"]) == 2
    assert "was changed" in capsys.readouterr().err
    shutil.copy(built / "held-out-00000.tar", path)
    with pytest.raises(InputError, match="not the shard that the manifest describes"):
        StoredCorpus((copy,), False)


def test_the_command_counts_and_verifies(built, capsys):
    arguments = ["corpus", "stats", "--corpus", str(built), "--samples", "5", "--json"]
    with pytest.raises(InputError, match="256 frames"):
        StoredCorpus((built,), False).draw(np.random.default_rng(0), 256)
    assert main([*arguments, "--verify"]) == 2, "clips of 96 frames hold no sample"
    for wrong in (["--procedural", "0.9"], ["--composed", "3"]):
        assert main([*arguments, *wrong]) == 2
        assert "with --corpus" in capsys.readouterr().err


def test_a_build_whose_workers_are_killed_goes_on(raw_data, built, tmp_path):
    out = tmp_path / "c"
    seen = []

    def kill_one(done, total):
        if done == 1 and not seen:
            seen.extend(p.pid for p in multiprocessing.active_children())
            os.kill(seen[0], signal.SIGKILL)

    build_corpus(out, SMALL, raw_data, jobs=2, progress=kill_one)
    assert seen
    for path in built.iterdir():
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name
    assert not list(out.glob(".*"))


def test_samples_of_a_stored_corpus(built):
    corpus = StoredCorpus((built,), False)
    a, b = (corpus.draw(np.random.default_rng(4), 64) for _ in range(2))
    np.testing.assert_array_equal(a.xy, b.xy)
    assert a.xy.shape == (64, 18, 2)
    assert a.music.shape == (8, 41)
    with pytest.raises(InputError, match="104 frames"):
        corpus.draw(np.random.default_rng(0), 104)


def test_a_sample_is_the_clip_from_its_first_column_on():
    whole = clip(0, 352)
    starts = set()
    for seed in range(60):
        piece = cut(whole, np.random.default_rng(seed), 256, 16)
        first = int(np.flatnonzero((whole.xy == piece.xy[0]).all(axis=(1, 2)))[0])
        assert first % 8 == 0
        np.testing.assert_array_equal(piece.xy, whole.xy[first : first + 256])
        np.testing.assert_array_equal(piece.music, whole.music[first // 8 : first // 8 + 32])
        starts.add(first)
    assert min(starts) == 0
    assert max(starts) == 96
    nobody = replace(whole, confidence=np.zeros_like(whole.confidence))
    assert cut(nobody, np.random.default_rng(0), 256, 16) is None


def test_a_dancer_trains_on_corpora(built, tmp_path, capsys):
    out = tmp_path / "run"
    assert (
        main(
            [
                "train",
                "dancer",
                "debug",
                "--set",
                "shard_size=2",
                "--corpus",
                str(built),
                "--out",
                str(out),
                "--json",
            ]
        )
        == 0
    )
    assert (out / "model" / "config.json").exists()
    assert (
        main(["train", "dancer", "debug", "--corpus", str(built), "--motion", ".", "--out", "y"])
        == 2
    )
    assert "--corpus beside" in capsys.readouterr().err
    with pytest.raises(OptionError, match="no training data"):
        check_data(Data())
    assert isinstance(open_source(Data(corpora=(built,)), True, 0.5), StoredCorpus)


def test_recordings_are_clips_with_their_own_music(training_data, tmp_path):
    points = swaying(600, 25.0)
    poses = as_poses(points, 25.0)
    doubtful = replace(poses, confidence=poses.confidence * np.float32(0.6))
    write_poses(doubtful, tmp_path / "p.npz")
    song = training_data / "music" / "0.wav"
    recording = Recording(str(tmp_path / "p.npz"), str(song), 1.0, "v", "train", "latin")
    write_recordings(tmp_path, [recording])
    assert "../" in (tmp_path / "recordings.json").read_text(), "paths are relative"
    (found,) = find_recordings(tmp_path)
    assert Path(found.music).resolve() == song.resolve()
    clips = list(recorded_clips(found, BODY_FORMAT))
    assert [len(c.xy) for c in clips] == [720]
    assert clips[0].style == "latin"
    assert not clips[0].procedural
    assert clips[0].tempo_bpm == pytest.approx(100, abs=2)
    write_shard([("train-00000-0", clips[0])], tmp_path / "train-00000.tar")
    ((_, stored),) = read_shard(tmp_path / "train-00000.tar", BODY_FORMAT)
    assert stored.confidence.max() == pytest.approx(0.6 * poses.confidence.max(), abs=1e-3)
    short = replace(recording, poses=str(tmp_path / "s.npz"))
    write_poses(as_poses(points[:150], 25.0), tmp_path / "s.npz")
    assert list(recorded_clips(short, BODY_FORMAT)) == []
