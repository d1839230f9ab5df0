import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from hotfoot.data.sources import Data
from hotfoot.errors import OptionError
from hotfoot.generation.generator import load_diffusion
from hotfoot.generation.pipeline import dance
from hotfoot.model.config import LineVAEConfig
from hotfoot.model.vae import LineVAE
from hotfoot.pose.proportions import BONES
from hotfoot.training.diffusion import DiffusionTraining, export_model
from hotfoot.training.losses import (
    Movement,
    Objective,
    bone_vectors,
    latent_statistics,
    velocity_power,
)
from hotfoot.training.recipe_types import DiffusionRecipe, VAERecipe
from hotfoot.training.recipes import recipe_with
from hotfoot.training.shards import Shard, load_shard, shard_path
from hotfoot.training.vae import train_vae

LINEAR = LineVAEConfig(fold=512, latent_channels=8, width=16, blocks=1, linear=True)
TINY = {
    "preset": "debug", "dances": 2, "composed": 0, "frames": 64, "shards": 1, "shard_size": 4,
    "shards_ahead": 1, "steps": 3, "batch": 2,
}  # fmt: skip


def lines(seed=0, lines=36, frames=64):
    """Smooth lines [1, C, T] in bins, far from the image's edges."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)
    wave = sum(
        rng.uniform(5, 40, (lines, 1)) * np.sin(rng.uniform(0.05, 0.6, (lines, 1)) * t)
        for _ in range(3)
    )
    return torch.tensor(rng.uniform(180, 330, (lines, 1)) + wave, dtype=torch.float32)[None]


def linear_vae(config=LINEAR):
    return LineVAE(config).requires_grad_(False)


def movement(data, vae):
    zero, one = torch.zeros(288, 1, 1), torch.ones(288, 1, 1)
    return Movement(vae, zero, one, data)


def test_an_error_of_places_alone_is_no_error_of_velocity():
    still = torch.full((2, 36, 16), 7.0)
    assert velocity_power(still).tolist() == [0, 0]
    ramp = 3.0 * torch.arange(16).expand(1, 36, 16)
    assert velocity_power(ramp).tolist() == [9]


def test_bones_do_not_see_where_the_body_is():
    body = torch.rand(1, 36, 8)
    moved = body + torch.tensor([3.0, -2.0]).repeat(18)[None, :, None]
    torch.testing.assert_close(bone_vectors(moved), bone_vectors(body))
    bent = body.clone()
    bent[:, 2 * 4] += 1  # x of the right wrist
    changed = (bone_vectors(bent) - bone_vectors(body)).abs().amax(dim=(0, 2, 3)) > 0.5
    assert [bone for bone, c in zip(BONES, changed, strict=True) if c] == [(3, 4)]


def test_a_linear_vae_begins_with_a_read_out_of_places_and_movement():
    vae = linear_vae()
    center = lines()
    found = vae.coordinates(vae.encode_lines(center, torch.ones_like(center)))
    assert (found - center).abs().max() < 0.1
    missed = velocity_power(found - center) / velocity_power(center)
    assert missed < 0.25 * 0.01
    fewer = linear_vae(replace(LINEAR, latent_channels=4))
    coarse = fewer.coordinates(fewer.encode_lines(center, torch.ones_like(center)))
    assert velocity_power(coarse - center) / velocity_power(center) < 0.25


def test_errors_of_movement_are_those_of_the_coordinates_in_units_of_the_data():
    vae = linear_vae()
    center = torch.cat([lines(1), lines(2)])
    data = vae.encode_lines(center, torch.ones_like(center))
    found = movement(data, vae)
    assert [e.abs().max() < 1e-6 for e in found.errors(data, data)] == [True, True]
    elsewhere = vae.encode_lines(center + 20, torch.ones_like(center))
    steps, bones = found.errors(elsewhere, data)
    assert steps.max() < 1e-4
    assert bones.max() < 1e-4, "all joints alike: the body is elsewhere"
    mean = center.mean(dim=-1, keepdim=True).expand_as(center)
    steps, bones = found.errors(vae.encode_lines(mean, torch.ones_like(center)), data)
    assert float(steps.mean()) == pytest.approx(1, abs=0.02), "nothing moves: all is missed"
    assert float(bones.mean()) < 1.5


def test_errors_are_weighted_by_the_recipe():
    """A network that is wrong in a known way; every term is counted as often as it should be."""
    vae = linear_vae()
    center = lines(3)
    data = vae.encode_lines(center, torch.ones_like(center))
    found = movement(data, vae)
    none = torch.zeros(1, dtype=torch.long)
    shard = Shard(data, data, torch.zeros(1, 8, 5), none, none, none.float())
    out = data + 0.1 * torch.randn(data.shape, generator=torch.Generator().manual_seed(0))
    steps, bones = (float(e) for e in found.errors(out, data))
    error = float((out - data).square().mean())

    class Config:
        kind, prediction = "dit", "data"

    recipe = recipe_with(DiffusionRecipe, "default", {"velocity_weight": 2.0, "bone_weight": 0.3})
    for t, weight, late in ((0.1, 1 / 0.3**2, 4), (0.4, 1 / 0.4**2, 4), (0.8, 1 / 0.64, 1 / 0.64)):
        losses = Objective(recipe, Config, torch.zeros(1), torch.ones(1), found).flow_loss(
            lambda *_: out, shard, torch.tensor([t]), torch.randn(data.shape), none > 0
        )
        expected = weight * error + 2.0 * late * steps + 0.3 * weight * bones
        assert float(losses["loss"]) == pytest.approx(expected, rel=1e-5)
        assert float(losses["velocity"]) == pytest.approx(steps, rel=1e-5)


def test_fine_latents_are_scaled_as_far_as_the_power_says():
    own = torch.tensor([4.0, 1.0, 0.25])
    noise = torch.randn(64, 6, 3, 1, 16, generator=torch.Generator().manual_seed(0))
    place = torch.arange(6.0)[None, :, None, None, None]
    latent = (noise * own[None, None, :, None, None] + place).flatten(1, 2)
    none = torch.zeros(64, dtype=torch.long)
    shard = Shard(latent, latent, latent, none, none, none.float())
    base = own[0] / 8**0.5
    for power, expected in ((0.0, base.repeat(3)), (0.5, (base * own).sqrt()), (1.0, own)):
        mean, std = latent_statistics(shard, 3, power, framed=True)
        torch.testing.assert_close(std, expected.repeat(6), rtol=0.03, atol=0)
        torch.testing.assert_close(mean, torch.arange(6.0).repeat_interleave(3), rtol=0, atol=0.4)
    mean, std = latent_statistics(shard, 3)
    assert mean.tolist() == pytest.approx([2.5] * 3, abs=0.3)
    assert float(std[2]) == pytest.approx((0.25**2 + 35 / 12) ** 0.5, rel=0.02)


def test_from_motion_and_songs_to_a_network_that_dances_in_the_square_of_a_body(
    tmp_path, training_data, song
):
    """Recipes ``default`` in miniature: linear VAE, whole dances, samples, training, a dance."""
    settings = {"vae.width": 16, "vae.blocks": 1, "steps": 3, "lines": 16}
    vae = train_vae(
        recipe_with(VAERecipe, "default", settings), training_data / "motion", tmp_path / "vae"
    )
    recipe = recipe_with(DiffusionRecipe, "default", TINY)
    data = Data(training_data / "motion", training_data / "music")
    run = tmp_path / "run"
    model = DiffusionTraining(recipe, data, vae, run).fit()
    assert load_shard(shard_path(run / "shards", 0)).latent.shape == (4, 288, 1, 8)
    assert len(list((run / "dances").iterdir())) == 2
    export_model(model, recipe, data, run / "model")
    loaded = load_diffusion(run / "model")
    assert (loaded.config.framing, loaded.config.vae.linear) == ("body", True)
    assert len(loaded.config.latent_mean) == 288
    assert loaded.config.sampling == recipe.sampling
    made = dance(song, model=loaded, end=4.0, steps=2)
    assert len(made.poses) == 120
    rows = [json.loads(line) for line in (run / "metrics.jsonl").open()]
    assert {"velocity", "bones"} <= rows[0].keys()
    assert "held_out_no_music_velocity" in rows[-1]
    assert np.isfinite([v for r in rows for v in r.values()]).all()


def test_what_cannot_be_trained_is_named():
    for settings, said in (
        ({"skeleton": "coco-17"}, "framing body knows body-18 alone"),
        ({"skeleton": "coco-17", "framing": "canvas"}, "bone_weight: bones are those of body-18"),
        ({"time_floor": 0}, "time_floor is 0"),
        ({"latent_power": 2}, "latent_power is 2"),
    ):
        with pytest.raises(OptionError, match=said):
            recipe_with(DiffusionRecipe, "default", settings)
    with pytest.raises(OptionError, match="framed: the square of a body"):
        recipe_with(VAERecipe, "default", {"skeleton": "coco-17"})
    recipe = recipe_with(DiffusionRecipe, "default")
    folded = LineVAE(LineVAEConfig(width=16, blocks=1))
    with pytest.raises(OptionError, match="latents of a linear VAE"):
        DiffusionTraining(recipe, Data(), folded, None).check()
    with pytest.raises(OptionError, match="a corpus has views of them"):
        DiffusionTraining(recipe, Data(corpora=("c",)), LineVAE(LINEAR), None).check()
