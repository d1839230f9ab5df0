"""Baselines dance through the same door as our own model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hotfoot.cli.main import main
from hotfoot.corpus.segments import open_corpus
from hotfoot.dancer.dance import dance
from hotfoot.dancer.model import load_model
from hotfoot.dit.edge import EdgeConfig, EdgeDecoder, frames_of, velocity_error
from hotfoot.dit.reference import known_mask
from hotfoot.training import recipes
from hotfoot.training.shards import make_shard, save_shard, shard_path
from hotfoot.vae.raw import RawConfig, RawCoordinates

from .test_corpus import write_clips


def edge_arguments(batch=2, columns=4):
    g = torch.Generator().manual_seed(0)
    x, reference = (torch.randn(batch, 36 * 16, 1, columns, generator=g) for _ in range(2))
    mask = known_mask(9, 1, columns).expand(batch, -1, -1, -1)
    music = torch.randn(batch, columns, 41, generator=g)
    return x, torch.tensor([0.3, 0.9]), reference, mask, music


def test_edge_takes_and_gives_what_our_transformer_does():
    torch.manual_seed(0)
    net = EdgeDecoder(EdgeConfig(576, 1, 41)).eval()
    x, t, reference, mask, music = edge_arguments()
    out = net(x, t, reference, mask, music)
    assert out.shape == x.shape
    dropped = net(x, t, reference, mask, music, torch.tensor([True, True]))
    other = net(x, t, reference, mask, music + 5, torch.tensor([True, True]))
    torch.testing.assert_close(dropped, other)
    assert (out - dropped).abs().max() > 1e-5
    swapped = net(x.flip(0), t.flip(0), reference.flip(0), mask, music.flip(0))
    torch.testing.assert_close(swapped, out.flip(0), rtol=1e-4, atol=1e-5)
    round_trip = net._cells(frames_of(x))
    torch.testing.assert_close(round_trip, x)


def test_velocity_error_sees_movement_and_not_place():
    x = edge_arguments()[0]
    assert velocity_error(x + 3, x).max() < 1e-9
    moved = x.clone()
    moved[:, 0] += 1
    assert velocity_error(moved, x).min() > 0


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, song):
    folder = tmp_path_factory.mktemp("corpus")
    write_clips(folder / "motion")
    (folder / "music").mkdir()
    for i in range(2):
        (folder / "music" / f"{i}.wav").write_bytes(song.read_bytes())
    return folder, open_corpus(folder / "motion", folder / "music", composed=1)


@pytest.mark.parametrize("recipe", ["mini", "mini-unshared-index", "mini-no-reference", "edge"])
def test_ablations_train_and_dance(recipe, tmp_path, song, corpus, monkeypatch):
    folder, paired = corpus
    small = replace(
        recipes.DANCER_RECIPES[recipe](),
        steps=1, batch=2, shards=1, shard_size=2, shards_ahead=1, frames=64,
    )  # fmt: skip
    monkeypatch.setitem(recipes.DANCER_RECIPES, recipe, lambda: small)
    raw = RawCoordinates(RawConfig())
    for index in (-1, 0):
        shard = make_shard(paired, raw, small, index + 1, 2)
        save_shard(shard, shard_path(tmp_path / "run" / "shards", index))
    code = main(
        ["train", "dancer", recipe, "--motion", str(folder / "motion"), "--music",
         str(folder / "music"), "--vae", "raw", "--out", str(tmp_path / "run")]
    )  # fmt: skip
    assert code == 0
    model = load_model(tmp_path / "run" / "model")
    assert model.config.reference == (recipe != "mini-no-reference")
    made = dance(song, model=model, end=3.0)
    assert len(made.poses) == 90
    assert np.isfinite(made.poses.keypoints).all()


def test_the_edge_baseline_wants_raw_coordinates(tmp_path, capsys, corpus):
    folder = corpus[0]
    code = main(
        ["train", "dancer", "edge", "--motion", str(folder / "motion"), "--music",
         str(folder / "music"), "--out", str(tmp_path / "run")]
    )  # fmt: skip
    assert code == 2
    assert "--vae raw" in capsys.readouterr().err
