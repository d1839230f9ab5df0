import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from hotfoot.data.sources import Data, open_source
from hotfoot.data.sources import fingerprint as data_fingerprint
from hotfoot.errors import InputError, OptionError, OutputError, TrainingError
from hotfoot.generation.pipeline import dance
from hotfoot.model.checkpoint import load_model
from hotfoot.model.vae import LineVAE
from hotfoot.training.diffusion import export_model, flow_loss, train_dancer
from hotfoot.training.loop import LoopConfig, fit, learning_rate
from hotfoot.training.recipes import dancer_recipe, run_folder, vae_recipe
from hotfoot.training.shards import (
    Shard,
    ShardPool,
    encode_segments,
    load_shard,
    save_shard,
    shard_path,
)
from hotfoot.training.vae import fingerprint, load_vae, save_vae, train_vae
from tests.helpers.clips import write_clips


def regression(folder, steps, save_every=5):
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    data = torch.randn(64, 3, generator=torch.Generator().manual_seed(1))
    target = data @ torch.tensor([[1.0], [-2.0], [0.5]])

    def losses_at(_, step):
        pick = torch.randint(64, (8,), generator=torch.Generator().manual_seed(step))
        return {"loss": (model(data[pick]) - target[pick]).square().mean()}

    config = LoopConfig(steps, 0.05, 2, 0.9, 0.0, log_every=2, save_every=save_every)
    return fit(model, losses_at, folder, config)


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
        file.write('{"step": 1')  # killed while it wrote
    again = regression(tmp_path / "b", 20)
    torch.testing.assert_close(again.weight, whole.weight)
    torch.testing.assert_close(again.bias, whole.bias)
    rows = [json.loads(line)["step"] for line in (tmp_path / "b" / "metrics.jsonl").open()]
    assert rows == list(range(2, 21, 2)), "steps that were taken again are not told twice"


def test_a_loss_that_explodes_is_an_error_not_a_model(tmp_path):
    model = torch.nn.Linear(1, 1)
    with pytest.raises(TrainingError, match="not finite at step 0"):
        fit(model, lambda _, s: {"loss": model(torch.full((1, 1), float("nan"))).sum()}, tmp_path,
            LoopConfig(3, 0.1, 1, 0.9))  # fmt: skip


def test_learning_rate_warms_up_and_falls():
    config = LoopConfig(100, 1.0, 10, 0.9)
    rates = [learning_rate(s, config) for s in range(100)]
    assert rates[0] < rates[5] < rates[9]
    assert rates[-1] < 0.02
    assert max(rates) <= 1.0


def test_recipes_by_name():
    assert dancer_recipe("default", steps=7, batch=None).steps == 7
    assert not dancer_recipe("unshared-index").time_shared
    assert vae_recipe("hard-line").vae.profile_sigma == 0
    with pytest.raises(OptionError, match="default"):
        dancer_recipe("secret")


def test_a_run_is_not_mixed_with_another(tmp_path):
    made_from = {"data": "11aa", "VAE": "22bb"}
    run_folder(dancer_recipe("debug"), tmp_path, made_from).claim()
    (tmp_path / "checkpoint.safetensors").touch()
    assert run_folder(dancer_recipe("debug", steps=99), tmp_path, made_from).claim()
    for recipe, other, names in (
        (dancer_recipe("debug", seed=3), made_from, "values of recipe.seed (0, now 3)"),
        (dancer_recipe("debug"), {**made_from, "VAE": "44dd"}, 'VAE ("22bb", now "44dd")'),
        (dancer_recipe("debug"), {"data": "33cc", "VAE": "44dd"}, '"33cc"); VAE ("22bb"'),
    ):
        with pytest.raises(OutputError, match=re.escape(names)):
            run_folder(recipe, tmp_path, other).check()
    with pytest.raises(OptionError, match="batch is 0"):
        run_folder(dancer_recipe("debug", batch=0), tmp_path / "new", made_from)


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


class Faulty(LineVAE):
    """Cannot encode."""

    def encode_lines(self, center, value):
        raise InputError("no", "Never.")


def test_errors_of_the_process_that_makes_data_reach_the_trainer(tmp_path, song):
    write_clips(tmp_path / "motion", 12)
    (tmp_path / "music").mkdir()
    for i in range(4):
        (tmp_path / "music" / f"{i}.wav").write_bytes(song.read_bytes())
    data, recipe = Data(tmp_path / "motion", tmp_path / "music"), dancer_recipe("debug", composed=1)
    with pytest.raises(InputError, match="no") as caught:
        ShardPool(data, tmp_path / "shards", Faulty(load_vae("default").config), recipe).wait_for(0)
    assert caught.value.hint == "Never."
    assert not list((tmp_path / "shards").glob("*"))


def test_rows_of_a_batch_are_those_of_the_whole(tmp_path):
    recipe = dancer_recipe("debug", batch=6, shards=2, shard_size=5, seed=4)
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


def test_the_loss_of_a_perfect_prediction_is_zero():
    latent, noise = torch.randn(4, 6, 2, 3), torch.randn(4, 6, 2, 3)
    none = torch.zeros(4, dtype=torch.long)
    shard = Shard(latent, latent, torch.zeros(4, 3, 5), none, none, none.float())
    t = torch.tensor([0.01, 0.3, 0.7, 0.99])

    class Config:
        prediction = "data"

    oracle = lambda x, t, *rest: latent  # noqa: E731
    out = flow_loss(oracle, Config, shard, t, noise, torch.zeros(4, dtype=torch.bool))
    assert out["loss"] == 0
    Config.prediction = "velocity"
    oracle = lambda x, t, *rest: noise - latent  # noqa: E731
    out = flow_loss(oracle, Config, shard, t, noise, torch.zeros(4, dtype=torch.bool))
    assert out["loss"] == 0


def test_from_motion_and_songs_to_a_dancing_model(tmp_path, song):
    """Both trainers end to end, in miniature: VAE, shards by another process, dancer, export."""
    write_clips(tmp_path / "motion", 12)
    music = tmp_path / "music"
    music.mkdir()
    for i in range(4):
        (music / f"{i}.wav").write_bytes(song.read_bytes())
    vae = train_vae(vae_recipe("debug"), tmp_path / "motion", tmp_path / "vae-run")
    save_vae(vae, tmp_path / "vae")
    vae = load_vae(tmp_path / "vae")
    recipe = dancer_recipe("debug")
    data = Data(tmp_path / "motion", music)
    run = tmp_path / "run"
    dit, statistics = train_dancer(recipe, data, vae, run)
    shard = load_shard(shard_path(run / "shards", 0))
    assert shard.latent.shape == (4, 144, 8, 8)
    export_model(dit, vae, statistics, recipe, run / "model")
    loaded = load_model(run / "model")
    assert loaded.config.frames == 64
    made = dance(song, model=loaded, end=4.0, steps=2)
    assert len(made.poses) == 120
    # Training again from the finished checkpoint does nothing and gives the same weights.
    again, _ = train_dancer(recipe, data, vae, run)
    for a, b in zip(dit.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert [p.name for p in (run / "samples").iterdir()] == ["step-000004.png"]
    rows = [json.loads(line) for line in (run / "metrics.jsonl").open()]
    assert any("held_out" in r for r in rows)
    assert np.isfinite([v for r in rows for v in r.values()]).all()


def test_segments_are_labeled_by_style_and_energy(tmp_path, song):
    write_clips(tmp_path / "motion", 12)
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.wav").write_bytes(song.read_bytes())
    source = open_source(Data(tmp_path / "motion", tmp_path / "music"), False, 0.5, 2)
    rng = np.random.default_rng(0)
    segments = [source.draw(rng, 64) for _ in range(8)]
    styles = ("freestyle", "latin", "disco")
    shard = encode_segments(segments, load_vae("default"), True, styles)
    for s, style, energy in zip(segments, shard.style, shard.energy, strict=True):
        expected = s.style if s.style in styles else ""
        assert ("", *styles)[int(style)] == expected
        assert float(energy) == pytest.approx(s.energy, nan_ok=True)
    half = {"xy": segments[0].xy[::2], "confidence": segments[0].confidence[::2]}
    quick = replace(segments[0], **half)
    assert quick.energy == pytest.approx(segments[0].energy + 1, abs=0.35), "an octave more"


def test_a_decoder_is_trained_on_for_an_encoder_that_stays(tmp_path):
    write_clips(tmp_path / "motion")
    first = train_vae(vae_recipe("debug"), tmp_path / "motion", tmp_path / "a")
    before = {k: v.clone() for k, v in first.state_dict().items()}
    recipe = vae_recipe("decoder", steps=3, lines=8)
    second = train_vae(recipe, tmp_path / "motion", tmp_path / "b", first)
    assert second.config == first.config
    for name, value in second.state_dict().items():
        same = torch.equal(value, before[name])
        assert same == name.startswith(("encoder", "patch")), name
    with pytest.raises(OptionError, match="encoder"):
        train_vae(recipe, tmp_path / "motion", tmp_path / "c")
