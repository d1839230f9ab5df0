"""Baselines dance through the same door as our own model."""

import json
import shutil

import numpy as np
import pytest
import torch

from hotfoot.baselines.codes import CodesNetwork, CodeTransformer, ColumnVQ
from hotfoot.baselines.edge import EdgeDecoder, frames_of, velocity_error
from hotfoot.baselines.raw import RawCoordinates
from hotfoot.cli.main import main
from hotfoot.data.paired import open_corpus
from hotfoot.data.sources import Data, fingerprint
from hotfoot.errors import ModelError
from hotfoot.evaluation.measures import measure_motion
from hotfoot.generation.generator import load_diffusion, save_codes
from hotfoot.generation.pipeline import dance
from hotfoot.model.config import CodesConfig, RawConfig
from hotfoot.model.network_config import EdgeConfig
from hotfoot.model.vae import known_mask
from hotfoot.pose.references import figure_pose
from hotfoot.training.codes import train_codes
from hotfoot.training.diffusion import DiffusionTraining
from hotfoot.training.recipe_types import CodesRecipe, DiffusionRecipe
from hotfoot.training.recipes import recipe_with, run_folder
from hotfoot.training.shards import make_shard, save_shard, shard_path
from tests.helpers.clips import write_clips


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
    net.norm.forward, net.frame_out = lambda hidden: frames_of(x), torch.nn.Identity()
    torch.testing.assert_close(net(x, t, reference, mask, music), x)  # frames back to cells


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


SMALL = {"steps": 1, "batch": 2, "shards": 1, "shard_size": 2, "shards_ahead": 1, "frames": 64,
         "vae.source": "raw"}  # fmt: skip


@pytest.fixture(scope="module")
def shards(corpus, tmp_path_factory):
    """One shard, and a held-out one."""
    folder = tmp_path_factory.mktemp("shards") / "shards"
    recipe = recipe_with(DiffusionRecipe, "mini", SMALL)
    for index in (-1, 0):
        shard = make_shard(corpus[1], RawCoordinates(RawConfig()), recipe, index + 1, 2)
        save_shard(shard, shard_path(folder, index))
    return folder


@pytest.fixture
def train(tmp_path, corpus, shards):
    """Trains a recipe on the shards in a folder of its own; the exit code."""

    def run(name, recipe, changed, *more):
        settings = {**SMALL, **changed}
        chosen = recipe_with(DiffusionRecipe, recipe, settings)
        raw = RawCoordinates(RawConfig())
        data = Data(corpus[0] / "motion", corpus[0] / "music")
        DiffusionTraining(chosen, data, raw, tmp_path / name).claim()
        shutil.copytree(shards, tmp_path / name / "shards")
        changes = [a for k, v in settings.items() for a in ("--set", f"{k}={json.dumps(v)}")]
        return main(
            ["train", "dancer", recipe, "--motion", str(corpus[0] / "motion"), "--music",
             str(corpus[0] / "music"), "--out", str(tmp_path / name), *changes, *more]
        )  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("recipe", "changed"),
    [("mini", {"network.time_shared": False}), ("mini", {"reference": False}), ("edge", {})],
)
def test_ablations_train_and_dance(recipe, changed, tmp_path, song, train):
    assert train("run", recipe, changed) == 0
    model = load_diffusion(tmp_path / "run" / "model")
    assert model.config.reference == changed.get("reference", True)
    made = dance(song, model=model, end=2.0)
    assert len(made.poses) == 60
    assert np.isfinite(made.poses.keypoints).all()


def test_training_begins_with_another_model_of_the_same_network(tmp_path, train):
    assert train("first", "mini", {}) == 0
    assert train("other", "mini", {}, "--begin-with", "default") == 2
    first = tmp_path / "first" / "model"
    assert train("again", "mini", {"learning_rate": 1e-9}, "--begin-with", str(first)) == 0
    again = load_diffusion(tmp_path / "again" / "model").dit.state_dict()
    for name, value in load_diffusion(first).dit.state_dict().items():
        torch.testing.assert_close(again[name], value, rtol=1e-2, atol=1e-3)


def test_the_edge_baseline_wants_raw_coordinates(tmp_path, capsys):
    assert main(["train", "dancer", "edge", "--vae", "default", "--out", str(tmp_path / "r")]) == 2
    assert "--vae raw" in capsys.readouterr().err


def test_retrieval_is_made_of_rendered_and_dances_as_the_reference(tmp_path, song, corpus):
    folder = corpus[0]
    rendered = tmp_path / "rendered"
    arguments = ["--motion", str(folder / "motion"), "-o", str(rendered), "--split", "all"]
    assert main(["corpus", "film", *arguments]) == 0
    assert main(["train", "retrieval", "--poses", str(rendered), "--out", str(tmp_path / "m")]) == 0
    out = tmp_path / "a.npz"
    dancing = ["dance", str(song), "--model", str(tmp_path / "m"), "--reference", "child"]
    assert main([*dancing, "-o", str(out)]) == 0
    made = dance(song, "child", model=tmp_path / "m", seed=0)
    other = dance(song, "child", model=tmp_path / "m", seed=1)
    again = dance(song, "child", model=tmp_path / "m", seed=0)
    np.testing.assert_array_equal(made.poses.keypoints, again.poses.keypoints)
    assert np.abs(made.poses.keypoints - other.poses.keypoints).mean() > 1
    assert len(made.poses) == 360
    assert made.seams
    found = measure_motion(made.poses, reference=figure_pose("child")).values
    assert found["limb_error"] < 0.25
    assert found["in_frame"] > 0.95


def test_a_reference_without_feet_stands_where_its_hips_are():
    from hotfoot.pose.proportions import retargeted
    from tests.helpers.dancers import beats_of, on_beat

    reference = figure_pose("knees-up")
    made = retargeted(on_beat(beats_of(120, 4.0), 4.0), reference)
    hips = made.keypoints[:, [8, 11], 1].mean()
    assert abs(hips - reference.keypoints[0, [8, 11], 1].mean()) < 40


def test_codes_train_dance_and_load_again(tmp_path, song, corpus):
    folder, paired = corpus
    small = CodesRecipe(composed=2, steps=2, vq_steps=2, shards=1, shard_size=4, batch=2, frames=64)
    data = Data(folder / "motion", folder / "music")
    run_folder(small, tmp_path / "run", {"data": fingerprint(data)}).claim()
    source = recipe_with(DiffusionRecipe, "debug")
    for index in (-1, 0):
        shard = make_shard(paired, RawCoordinates(RawConfig()), source, index + 1, 4)
        save_shard(shard, shard_path(tmp_path / "run" / "shards", index))
    dancer = train_codes(small, data, tmp_path / "run")
    save_codes(dancer, tmp_path / "model", "# card\n")
    made = dance(song, model=tmp_path / "model", seed=3)
    again = dance(song, model=tmp_path / "model", seed=3)
    assert len(made.poses) == 360
    np.testing.assert_array_equal(made.poses.keypoints, again.poses.keypoints)
    (tmp_path / "model" / "model.safetensors").write_bytes(b"no")
    with pytest.raises(ModelError, match="damaged"):
        dance(song, model=tmp_path / "model")


def test_a_codebook_learns_and_codes_come_back():
    torch.manual_seed(0)
    vq = ColumnVQ(
        4, CodesConfig(name="codes", music_width=41, codes=32, code_width=8, width=32, heads=2)
    ).train()
    t = torch.arange(64) / 64
    data = torch.stack(
        [torch.sin(6.28 * (t[:, None] * f + torch.arange(4) / 4)) for f in range(1, 9)]
    )
    optimizer = torch.optim.Adam(vq.parameters(), 3e-3)
    losses = []
    for _ in range(150):
        rebuilt, commit = vq(data)
        loss = (rebuilt - data).square().mean() + 0.02 * commit
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.35 * losses[0]
    vq.eval()
    assert vq.decode(vq.encode(data)).shape == data.shape


def test_the_transformer_of_codes_does_not_see_what_comes():
    torch.manual_seed(0)
    net = CodeTransformer(
        CodesConfig(name="codes", music_width=41, codes=16, width=32, depth=2, heads=2)
    ).eval()
    a, b, music = torch.randint(16, (1, 6)), torch.randint(16, (1, 6)), torch.randn(1, 6, 41)
    before = net(a, b, music)[0]
    a2, music2 = a.clone(), music.clone()
    a2[:, 4:] = 0
    music2[:, 4:] += 3
    torch.testing.assert_close(net(a2, b, music2)[0][:, :4], before[:, :4])


def test_poses_split_into_parts_and_join_again():
    net = CodesNetwork(
        CodesConfig(name="codes", music_width=41, codes=8, width=32, depth=1, heads=2)
    )
    bodies, root = torch.randn(2, 16, 18, 2), torch.cumsum(torch.randn(2, 16, 2), 1)
    back, path = net.join(*net.split(bodies, root))
    torch.testing.assert_close(back, bodies)
    torch.testing.assert_close(path, root - root[:, :1], rtol=1e-4, atol=1e-4)
