"""Nothing is hard-wired: other skeletons, frame rates and music, from data to a drawn dance."""

from dataclasses import replace

import numpy as np
import pytest

import hotfoot
from hotfoot.cli.main import main
from hotfoot.data.bodies import with_hands
from hotfoot.data.manifest import read_manifest
from hotfoot.data.mocap import load_clips, save_clip
from hotfoot.data.store import read_shard
from hotfoot.generation.generator import load_diffusion
from hotfoot.music.encoders import get_encoder
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import read_poses
from hotfoot.pose.skeletons import get_skeleton
from tests.helpers.aist import NAMES, write_replica

TINY = ["composed=0", "shard_size=2", "steps=2"]


def run(*arguments):
    assert main([str(a) for a in arguments]) == 0


def train(out, *settings, **data):
    """A model folder of two steps."""
    options = [a for k, v in data.items() for a in (f"--{k}", v)]
    changes = [a for s in (*TINY, *settings) for a in ("--set", s)]
    run("train", "dancer", "debug", *options, "--out", out, *changes)
    return out / "model"


def test_coco_17_at_60_frames_per_second_from_aist(tmp_path, song):
    write_replica(tmp_path / "published", seconds=9.0)
    (tmp_path / "songs").mkdir()
    for i, name in enumerate(n.split("_")[4] for names in NAMES.values() for n in names):
        compose(10.0, 100.0 + 10 * i, seed=i).save(tmp_path / "songs" / f"{name}.wav")
    run("corpus", "aist", tmp_path / "published", "-o", tmp_path / "aist", "--music",
        tmp_path / "songs")  # fmt: skip
    corpus = tmp_path / "corpus"
    run("corpus", "build", "-o", corpus, "--recordings", tmp_path / "aist", "--skeleton", "coco-17",
        "--fps", "60")  # fmt: skip
    manifest = read_manifest(corpus)
    assert (manifest.clips("train"), manifest.clips("held-out")) == (1, 2)
    model = train(
        tmp_path / "run", "skeleton=coco-17", "fps=60", "name=street", "license=CC BY 4.0",
        corpus=corpus,
    )  # fmt: skip
    config = load_diffusion(model).config
    assert (config.name, config.skeleton, config.fps) == ("street", "coco-17", 60.0)
    assert "CC BY 4.0" in config.license
    assert "restricts use to research" in config.license
    assert any("Tsuchida" in c for c in config.credits)
    assert "may not be used for everything" in (model / "README.md").read_text()
    made = hotfoot.dance(song, model=model, end=3.0, steps=2)
    assert (made.poses.skeleton, made.poses.fps, len(made.poses)) == ("coco-17", 60.0, 180)
    assert (made.poses.confidence > 0).any()


@pytest.fixture(scope="module")
def handed(training_data, tmp_path_factory):
    """Clips whose hands are recorded, all but one."""
    folder = tmp_path_factory.mktemp("handed") / "motion"
    clips = load_clips(training_data / "motion")
    for clip in clips[1:]:
        with_own = replace(clip, joints=with_hands(clip.joints))
        save_clip(with_own, folder / f"{clip.name}.npz")
    save_clip(clips[0], folder / f"{clips[0].name}.npz")
    return folder


def test_bodies_with_hands_are_projected_trained_danced_and_drawn(
    handed, training_data, tmp_path, song
):
    corpus = tmp_path / "corpus"
    run("corpus", "build", "-o", corpus, "--motion", handed, "--music", training_data / "music",
        "--skeleton", "body-hands-60", "--clips", "3", "--frames", "96", "--composed", "0")  # fmt: skip
    format = read_manifest(corpus).plan.format
    (_, clip), *_ = read_shard(corpus / "train-00000.tar", format)
    hands, wrists = clip.xy[:, [18 + 8, 39 + 8]], clip.xy[:, [7, 4]]  # tips of index fingers
    seen = (clip.confidence[:, [26, 47]] > 0) & (clip.confidence[:, [7, 4]] > 0)
    assert seen.mean() > 0.5
    apart = np.linalg.norm(hands - wrists, axis=-1)[seen]
    assert 0.005 < np.median(apart) < 0.12, "a hand's length in the picture"
    model = train(tmp_path / "run", "skeleton=body-hands-60", corpus=corpus)
    assert load_diffusion(model).config.dit.latent_channels == 2 * 60 * 4
    out = tmp_path / "dance.npz"
    run("dance", song, "--model", model, "--end", "2.2", "--steps", "2", "-o", out)
    poses = read_poses(out)
    assert (poses.skeleton, len(poses)) == ("body-hands-60", 66)
    run("render", out, "-o", tmp_path / "dance.mp4")
    assert (tmp_path / "dance.mp4").stat().st_size > 1000


def test_hands_are_of_the_size_of_hands_and_follow_the_wrists(training_data):
    (clip, *_) = load_clips(training_data / "motion", hands=True)
    joints, names = clip.joints, get_skeleton("coco-17").index
    assert joints.shape[1:] == (59, 3)
    for side, first in (("left", 17), ("right", 38)):
        wrist, hand = joints[:, names[f"{side}_wrist"]], joints[:, first : first + 21]
        np.testing.assert_allclose(hand[:, 0], wrist, atol=1e-6)
        reach = np.linalg.norm(hand - wrist[:, None], axis=-1).max(axis=1)
        assert 0.15 < reach.min() <= reach.max() < 0.21
    assert np.isfinite(joints).all()


def test_another_music_encoder(training_data, tmp_path, song):
    corpus = tmp_path / "corpus"
    run("corpus", "build", "-o", corpus, "--motion", training_data / "motion", "--music",
        training_data / "music", "--encoder", "mel-onset-1", "--clips", "3", "--frames", "96",
        "--composed", "0")  # fmt: skip
    model = train(tmp_path / "run", "music=mel-onset-1", corpus=corpus)
    config = load_diffusion(model).config
    assert config.dit.music_width == get_encoder("mel-onset-1").width
    made = hotfoot.dance(song, model=model, end=2.0, steps=2)
    assert len(made.poses) == 60
    assert made.poses.confidence.any()
    wrong = ["train", "dancer", "debug", "--corpus", str(corpus), "--out", str(tmp_path / "other")]
    assert main(wrong) == 2, "tokens of another encoder"
