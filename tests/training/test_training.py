import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from hotfoot.data.sources import Data, open_source
from hotfoot.data.sources import fingerprint as data_fingerprint
from hotfoot.errors import InputError, OptionError, OutputError, TrainingError
from hotfoot.generation.generator import load_diffusion
from hotfoot.generation.pipeline import dance
from hotfoot.model.vae import LineVAE
from hotfoot.training.diffusion import DiffusionTraining, export_model
from hotfoot.training.loop import LoopConfig, Trainer, learning_rate
from hotfoot.training.losses import Objective
from hotfoot.training.recipe_types import DiffusionRecipe, VAERecipe
from hotfoot.training.recipes import recipe_with, run_folder
from hotfoot.training.shards import (
    Shard,
    ShardPool,
    encode_samples,
    load_shard,
    make_shard,
    save_shard,
    shard_path,
)
from hotfoot.training.vae import fingerprint, load_vae, save_vae, train_vae
from tests.helpers.clips import write_clips


def debug(**changes):
    return recipe_with(DiffusionRecipe, "debug", changes)


def regression(folder, steps, save_every=5):
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    data = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
    target = data @ torch.tensor([[1.0], [-2.0], [0.5]])

    def losses_at(_, step):
        pick = torch.randint(64, (8,), generator=torch.Generator().manual_seed(step))
        return {"loss": (model(data[pick]) - target[pick]).square().mean()}

    config = LoopConfig(steps, 0.05, 2, 0.9, 0.0, log_every=2, save_every=save_every)
    return Trainer(model, folder, config).fit(losses_at)


def test_the_loop_learns_logs_and_saves(tmp_path):
    model = regression(tmp_path / "run", 150)
    assert model.weight[0].tolist() == pytest.approx([1, -2, 0.5], abs=0.3)
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").open()]
    assert rows[0]["loss"] > rows[-1]["loss"]
    assert rows[-1]["step"] == 150


def test_an_interrupted_run_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch):
    whole = regression(tmp_path / "a", 20)

    class Stop(Exception):
        pass

    calls = 0
    real = torch.optim.AdamW.step

    def step(self, *args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == 13:
            raise Stop
        return real(self, *args, **kwargs)

    with monkeypatch.context() as m:
        m.setattr(torch.optim.AdamW, "step", step)
        with pytest.raises(Stop):
            regression(tmp_path / "b", 20)
    with (tmp_path / "b" / "metrics.jsonl").open("a") as file:
        file.write('{"loss": 1}\n{"step": 1')  # killed while it wrote
    again = regression(tmp_path / "b", 20)
    torch.testing.assert_close(again.weight, whole.weight)
    torch.testing.assert_close(again.bias, whole.bias)
    rows = [json.loads(line)["step"] for line in (tmp_path / "b" / "metrics.jsonl").open()]
    assert rows == list(range(2, 21, 2)), "steps that were taken again are in it once"


def test_a_loss_that_explodes_is_an_error_not_a_model(tmp_path):
    model = torch.nn.Linear(1, 1)
    with pytest.raises(TrainingError, match="not finite at step 0"):
        Trainer(model, tmp_path, LoopConfig(3, 0.1, 1, 0.9)).fit(
            lambda _, step: {"loss": model(torch.full((1, 1), float("nan"))).sum()}
        )


def test_damaged_checkpoints_are_named(tmp_path):
    regression(tmp_path, 5)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"half of it")
    with pytest.raises(TrainingError, match=r"checkpoint\.safetensors is damaged"):
        regression(tmp_path, 6)


def test_learning_rate_warms_up_and_falls():
    config = LoopConfig(100, 1.0, 10, 0.9)
    rates = [learning_rate(s, config) for s in range(100)]
    assert rates[0] < rates[5] < rates[9]
    assert rates[-1] < 0.02
    assert max(rates) <= 1.0


def test_recipes_by_name_from_files_and_changed(tmp_path):
    assert debug(steps=7).steps == 7
    changed = recipe_with(
        DiffusionRecipe, "mini", {"network.time_shared": False, "vae.source": "raw", "styles": []}
    )
    config = changed.network_config(576, 1)
    assert (config.time_shared, config.width, changed.vae.source) == (False, 192, "raw")
    assert recipe_with(VAERecipe, "default", {"vae.profile_sigma": 0}).vae.profile_sigma == 0
    small = recipe_with(DiffusionRecipe, "drafted", {"network.patch_rows": 2})
    assert small.network_config(144, 8).patch == (2, 1)
    assert recipe_with(DiffusionRecipe, "paper").network_config(144, 8).prediction == "velocity"
    (tmp_path / "mine.json").write_text(
        '{"name": "mine", "steps": 5, "codec": {"decoding": "argmax"}}'
    )
    mine = recipe_with(DiffusionRecipe, tmp_path / "mine.json", {"batch": 3})
    assert (mine.name, mine.steps, mine.batch, mine.codec.decoding) == ("mine", 5, 3, "argmax")
    for name, settings, said in (
        ("secret", {}, "unknown recipe 'secret'"),
        ("debug", {"vae.width": 16}, "recipe debug: vae.width is no known field"),
        ("debug", {"batch": 0}, "recipe debug: batch is 0"),
        ("debug", {"music": "none"}, "recipe debug: music is 'none'"),
        ("debug", {"styles": ["polka"]}, "recipe debug: styles is"),
        (tmp_path / "none.json", {}, "none.json cannot be read"),
    ):
        with pytest.raises(OptionError, match=re.escape(said)):
            recipe_with(DiffusionRecipe, name, settings)


def test_a_run_is_not_mixed_with_another(tmp_path):
    made_from = {"data": "11aa", "VAE": "22bb"}
    run_folder(debug(), tmp_path, made_from).claim()
    (tmp_path / "checkpoint.safetensors").touch()
    assert run_folder(debug(steps=99, name="other"), tmp_path, made_from).claim()
    for recipe, other, names in (
        (debug(seed=3), made_from, "values of recipe.seed (0, now 3)"),
        (debug(), {**made_from, "VAE": "44dd"}, 'VAE ("22bb", now "44dd")'),
        (debug(), {"data": "33cc", "VAE": "44dd"}, '"33cc"); VAE ("22bb"'),
    ):
        with pytest.raises(OutputError, match=re.escape(names)):
            run_folder(recipe, tmp_path, other).check()


def test_fingerprints_tell_vaes_and_data_apart(tmp_path):
    vae = load_vae("default")
    again = LineVAE(vae.config)
    again.load_state_dict(vae.state_dict())
    assert fingerprint(again.half()) == fingerprint(vae.float())
    with torch.no_grad():
        next(again.parameters())[0] += 0.1
    assert fingerprint(again) != fingerprint(vae)
    for place in ("a", "b"):
        write_clips(tmp_path / place, 2)
    assert data_fingerprint(Data(tmp_path / "a")) == data_fingerprint(Data(tmp_path / "b"))
    assert data_fingerprint(Data(tmp_path / "a")) != data_fingerprint(Data(None, tmp_path / "a"))
    write_clips(tmp_path / "c", 3)
    assert data_fingerprint(Data(tmp_path / "a")) != data_fingerprint(Data(tmp_path / "c"))


def test_errors_of_the_process_that_makes_data_reach_the_trainer(tmp_path):
    data = Data(corpora=(tmp_path / "none",))
    with pytest.raises(InputError, match="holds no finished corpus") as caught:
        ShardPool(data, tmp_path / "shards", load_vae("raw"), debug()).wait_for(0)
    assert "hotfoot corpus build" in caught.value.hint
    assert not list((tmp_path / "shards").glob("*"))


def test_rows_of_a_batch_are_those_of_the_whole(tmp_path):
    recipe = debug(batch=6, shards=2, shard_size=5, seed=4)
    for i in range(-1, 2):
        g = torch.Generator().manual_seed(i + 1)
        n = torch.arange(5) + 5 * i
        latent, music = (torch.rand(5, 3, 2, 4, generator=g) for _ in range(2))
        save_shard(
            Shard(latent.half(), latent.half().clone(), music.half(), n, n.clone(), n.float()),
            shard_path(tmp_path, i),
        )
    pool = ShardPool(Data(), tmp_path, load_vae("raw"), recipe)
    whole = pool.batch(9)
    parts = [pool.batch(9, slice(i, i + 2)) for i in (0, 2, 4)]
    for name, value in vars(whole).items():
        torch.testing.assert_close(torch.cat([getattr(p, name) for p in parts]), value)
    assert whole.latent.dtype == torch.float32
    stored = load_shard(shard_path(tmp_path, int(whole.known[0]) // 5))
    torch.testing.assert_close(whole.latent[0], stored.latent[int(whole.known[0]) % 5].float())
    assert not torch.equal(pool.batch(10).known, whole.known)
    shard_path(tmp_path, 0).write_bytes(b"half of it")
    with pytest.raises(TrainingError, match=r"shard-00000\.safetensors is damaged"):
        ShardPool(Data(), tmp_path, load_vae("raw"), recipe).batch(0)


def test_the_loss_of_a_perfect_prediction_is_zero():
    latent, noise = torch.randn(4, 6, 2, 3), torch.randn(4, 6, 2, 3)
    none = torch.zeros(4, dtype=torch.long)
    shard = Shard(latent, latent, torch.zeros(4, 3, 5), none, none, none.float())
    t = torch.tensor([0.01, 0.3, 0.7, 0.99])

    class Config:
        kind, prediction = "dit", "data"

    objective = Objective(debug(), Config, torch.zeros(1), torch.ones(1))
    oracle = lambda x, t, *rest: latent  # noqa: E731
    out = objective.flow_loss(oracle, shard, t, noise, torch.zeros(4, dtype=torch.bool))
    assert out["loss"] == 0
    Config.prediction = "velocity"
    oracle = lambda x, t, *rest: noise - latent  # noqa: E731
    out = objective.flow_loss(oracle, shard, t, noise, torch.zeros(4, dtype=torch.bool))
    assert out["loss"] == 0


def test_from_motion_and_songs_to_a_dancing_model(tmp_path, training_data, song):
    """Both trainers end to end, in miniature: VAE, shards by another process, model folder."""
    vae = train_vae(recipe_with(VAERecipe, "debug"), training_data / "motion", tmp_path / "vae-run")
    save_vae(vae, tmp_path / "vae")
    vae = load_vae(tmp_path / "vae")
    recipe = debug(composed=0, name="mine", license="CC0", credits=["me"])
    data = Data(training_data / "motion", training_data / "music")
    run = tmp_path / "run"
    model = DiffusionTraining(recipe, data, vae, run).fit()
    shard = load_shard(shard_path(run / "shards", 0))
    assert shard.latent.shape == (4, 144, 8, 8)
    export_model(model, recipe, data, run / "model", "hotfoot train dancer debug")
    loaded = load_diffusion(run / "model")
    assert (loaded.config.frames, loaded.config.name, loaded.config.license) == (64, "mine", "CC0")
    assert loaded.config.credits == ("me", "tests")
    card = (run / "model" / "README.md").read_text()
    assert all(
        s in card for s in ("# mine", "| tests |", "hotfoot train dancer debug", '"steps": 4')
    )
    made = dance(song, model=loaded, end=4.0, steps=2)
    assert len(made.poses) == 120
    # Training again from the finished checkpoint does nothing and gives the same weights.
    again = DiffusionTraining(recipe, data, vae, run).fit()
    for a, b in zip(model.dit.parameters(), again.dit.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert [p.name for p in (run / "samples").iterdir()] == ["step-000004.png"]
    rows = [json.loads(line) for line in (run / "metrics.jsonl").open()]
    assert any("held_out_no_conditions" in r for r in rows)
    assert np.isfinite([v for r in rows for v in r.values()]).all()


def test_samples_are_labeled_by_style_and_energy(training_data):
    data = Data(training_data / "motion", training_data / "music")
    source = open_source(data, False, 0.5, 0)
    rng = np.random.default_rng(0)
    samples = [source.draw(rng, 64, 16) for _ in range(8)]
    styles = ("freestyle", "latin", "disco")
    shard = encode_samples(samples, load_vae("raw"), debug(styles=list(styles)))
    for s, style, energy in zip(samples, shard.style, shard.energy, strict=True):
        expected = s.clip.style if s.clip.style in styles else ""
        assert ("", *styles)[int(style)] == expected
        assert float(energy) == pytest.approx(s.energy, nan_ok=True)
    half = {"xy": samples[0].xy[::2], "confidence": samples[0].confidence[::2]}
    quick = replace(samples[0], **half)
    assert quick.energy == pytest.approx(samples[0].energy + 1, abs=0.35), "an octave more"


def test_confidence_is_binary_or_a_value(training_data):
    data = Data(training_data / "motion", training_data / "music")
    sample = open_source(data, False, 0.5, 0).draw(np.random.default_rng(0), 64, 16)
    doubtful = replace(sample, confidence=sample.confidence * np.float32(0.6))
    vae = load_vae("drafted")
    sure, binary, values = (
        encode_samples([s], vae, debug(confidence=c)).latent
        for s, c in ((sample, "binary"), (doubtful, "binary"), (doubtful, "values"))
    )
    torch.testing.assert_close(binary, sure)
    assert (values - sure).abs().max() > 0.1


def test_poses_may_be_framed_by_the_body(training_data):
    data = Data(training_data / "motion", training_data / "music")
    recipe = debug(framing="body", batch=2, shard_size=2, composed=0)
    shard = make_shard(open_source(data, False, 0.5, 0), load_vae("raw"), recipe, 0, 6)
    assert (shard.known < 57).all(), "so the last column is the reference's"
    last = shard.reference.float().reshape(6, 18, 2, 2, 8, -1)[..., -1]
    at, seen = last[:, :, :, 0], last[:, :, :, 1]
    assert (seen == 1).all(), "a reference is completed"
    assert at[:, [8, 11]].mean(dim=1).abs().max() < 0.02, "hips are in the middle of the square"
    assert at[:, :, 1].min() < -0.3, "and heads above it"
    with pytest.raises(OptionError, match="framing body knows body-18"):
        debug(framing="body", skeleton="coco-17")


def test_a_decoder_is_trained_on_for_an_encoder_that_stays(tmp_path):
    write_clips(tmp_path / "motion")
    first = train_vae(recipe_with(VAERecipe, "debug"), tmp_path / "motion", tmp_path / "a")
    before = {k: v.clone() for k, v in first.state_dict().items()}
    recipe = recipe_with(VAERecipe, "decoder", {"steps": 3, "lines": 8})
    second = train_vae(recipe, tmp_path / "motion", tmp_path / "b", first)
    assert second.config == first.config
    for name, value in second.state_dict().items():
        same = torch.equal(value, before[name])
        assert same == name.startswith(("encoder", "patch")), name
    with pytest.raises(OptionError, match="encoder"):
        train_vae(recipe, tmp_path / "motion", tmp_path / "c")


def test_lines_are_drawn_as_the_vae_was_trained():
    recipe = debug(**{"codec.profile_sigma": 2.0})
    with pytest.raises(OptionError, match=r"codec\.profile_sigma of the recipe is 2\.0"):
        DiffusionTraining(recipe, Data(), load_vae("raw"), None).check()
