"""Train the dance transformer on shards of encoded segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from hotfoot.baselines.edge import velocity_error
from hotfoot.data.sources import Data, check_data
from hotfoot.data.sources import fingerprint as data_fingerprint
from hotfoot.errors import OptionError
from hotfoot.files import make_folder
from hotfoot.generation.diffusion import DiffusionGenerator, Network
from hotfoot.generation.edit import joined_poses
from hotfoot.generation.generator import build_network, save_diffusion
from hotfoot.generation.pipeline import generate
from hotfoot.model.conditioning import known_mask
from hotfoot.model.config import DiffusionConfig
from hotfoot.model.flow import T_FLOOR, interpolate, sample_times, velocity
from hotfoot.model.generator import Conditions, SamplingOptions
from hotfoot.model.network_config import DiTConfig, EdgeConfig, preset
from hotfoot.model.vae import PoseVAE
from hotfoot.music.encoders import SpectralEncoder
from hotfoot.pose.references import figure_pose
from hotfoot.render.sheets import contact_sheet, save_png
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.distributed import Workers, whole
from hotfoot.training.loop import LoopConfig, fit
from hotfoot.training.recipes import DancerRecipe, run_folder
from hotfoot.training.shards import Shard, ShardPool
from hotfoot.training.vae import fingerprint

_SHEET_EVERY = 1000
_MEL_FROM = 31  # the coarse spectrum is the tail of a spectral token


def dit_config(recipe: DancerRecipe, vae: PoseVAE) -> DiTConfig | EdgeConfig:
    """The network's shape for a VAE of 36 coordinate channels."""
    config = preset(
        recipe.preset, vae.latent_channels(36), vae.latent_rows(), SpectralEncoder.width
    )
    if not isinstance(config, DiTConfig):
        return config
    return replace(
        config,
        patch=(recipe.patch_rows or config.patch[0], config.patch[1]),
        time_shared=recipe.time_shared,
        music_beside=config.music_beside and recipe.time_shared,
        prediction=recipe.prediction,
        styles=recipe.styles,
        energy=recipe.energy,
    )


def latent_statistics(shard: Shard, latent_channels: int) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per VAE channel, [z], over lines, rows and columns."""
    z = shard.latent.float().reshape(
        len(shard.latent), -1, latent_channels, *shard.latent.shape[2:]
    )
    # What never changes must not blow up.
    return z.mean(dim=(0, 1, 3, 4)), z.std(dim=(0, 1, 3, 4)).clamp(min=0.05)


def flow_loss(
    model: Callable[..., Tensor],
    config: DiTConfig | EdgeConfig,
    batch: Shard,
    t: Tensor,
    noise: Tensor,
    drop: Tensor,
) -> dict[str, Tensor]:
    """Flow matching: squared error of the velocity.

    Where the network predicts data, the error of the data is divided by t (at least
    :data:`~hotfoot.model.flow.T_FLOOR`), which is the error of the velocity that follows from it.
    """
    x = interpolate(batch.latent, noise, t)
    rows, columns = x.shape[2:]
    mask = torch.stack([known_mask(int(n), rows, columns) for n in batch.known]).to(x.device)
    wishes = () if isinstance(config, EdgeConfig) else (batch.style, batch.energy)
    out = model(x, t, batch.reference, mask, batch.music, drop, *wishes).float()
    if config.prediction == "velocity":
        error = (out - velocity(batch.latent, noise)).square().mean(dim=(1, 2, 3))
        return {"loss": error.mean()}
    error = (out - batch.latent).square().mean(dim=(1, 2, 3))
    if isinstance(config, EdgeConfig):
        error = error + config.velocity_weight * velocity_error(out, batch.latent)
    return {"loss": (error / t.clamp(min=2 * T_FLOOR).square()).mean(), "data": error.mean()}


def train_dancer(
    recipe: DancerRecipe,
    data: Data,
    vae: PoseVAE,
    folder: Path,
    device: str = "cpu",
    begin_with: dict[str, Tensor] | None = None,
    workers: Workers | None = None,
    producers: int = 1,
) -> tuple[Network, tuple[Tensor, Tensor]]:
    """Train, or go on training, in ``folder``; returns the averaged model and latent statistics.

    On several processes (``workers``) each takes its rows of the same batch; they share ``folder``.
    ``producers`` processes make training data beside. ``begin_with`` gives
    weights to begin with instead of random ones; layers that it lacks keep their initialization
    (zero for those that change nothing at first).
    """
    workers = workers or Workers()
    check_data(data)
    mine = workers.rows(recipe.batch)
    made_from = {"data": data_fingerprint(data), "VAE": fingerprint(vae)}
    run = run_folder(recipe, folder, made_from)
    run.check()
    workers.wait()
    if workers.main:
        run.claim()
    workers.wait()
    if isinstance(vae, nn.Module):
        vae.eval().requires_grad_(False)
    torch.manual_seed(recipe.seed)
    pool = ShardPool(data, folder / "shards", vae, recipe, producers if workers.main else 0)
    channels = vae.latent_channels(1)
    mean, std = latent_statistics(pool.wait_for(0), channels)
    config = dit_config(recipe, vae)
    model = build_network(config).to(device)
    if begin_with is not None:
        _begin(model, begin_with)
    repeat = config.latent_channels // channels
    shift = mean.repeat(repeat)[:, None, None].to(device)
    scale = std.repeat(repeat)[:, None, None].to(device)

    def prepared(batch: Shard) -> Shard:
        moved = {k: v.to(device) for k, v in vars(batch).items() if k != "known"}
        moved |= {k: moved[k].float() for k in ("latent", "reference", "music")}
        moved["latent"] = (moved["latent"] - shift) / scale
        moved["reference"] = (moved["reference"] - shift) / scale
        return Shard(**moved, known=batch.known)

    autocast = torch.autocast(device.split(":")[0], torch.bfloat16)

    def losses_at(forward: nn.Module, step: int) -> dict[str, Tensor]:
        part = pool.batch(step, mine)
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        t = sample_times(recipe.batch, generator, recipe.time_mean)
        # Drawn for the whole batch, so that they do not depend on the number of processes.
        noise = torch.randn((recipe.batch, *part.latent.shape[1:]), generator=generator)
        drop = torch.rand(recipe.batch, generator=generator) < recipe.drop_music
        spectrum = part.music[..., _MEL_FROM:]
        jitter = torch.randn((recipe.batch, *spectrum.shape[1:]), generator=generator)
        spectrum += recipe.music_noise * jitter[mine]
        untold = (torch.rand(2, recipe.batch, generator=generator) < recipe.drop_wishes)[:, mine]
        part.style[untold[0]] = 0
        part.energy[untold[1]] = torch.nan
        part = prepared(part)
        t, noise, drop = (x[mine].to(device) for x in (t, noise, drop))
        with autocast:
            return flow_loss(forward, config, part, t, noise, drop)

    held = prepared(pool.wait_for(-1))

    @torch.inference_mode()
    def validate(average: nn.Module) -> dict[str, float]:
        generator = torch.Generator().manual_seed(1)
        count = len(held.known)
        t = torch.linspace(0.05, 0.95, count)[torch.randperm(count, generator=generator)]
        noise = torch.randn(held.latent.shape, generator=generator).to(device)
        none = torch.zeros(count, dtype=torch.bool)
        silent = replace(
            held, style=torch.zeros_like(held.style), energy=torch.full_like(held.energy, torch.nan)
        )
        out = {}
        for name, batch, drop in (
            ("held_out", held, none), ("held_out_no_music", held, ~none),
            ("held_out_no_wishes", silent, none),
        ):  # fmt: skip
            with autocast:
                losses = flow_loss(average, config, batch, t.to(device), noise, drop.to(device))
            out[name] = float(losses["loss"])
            if "data" in losses:
                out[f"{name}_data"] = float(losses["data"])
        return out

    def sample_sheet(step: int, average: nn.Module) -> None:
        if step % _SHEET_EVERY and step != recipe.steps:
            return
        assert isinstance(average, Network)
        made = as_generator(average, vae, (mean, std), recipe, "training")
        write_sample_sheet(made, held.music, folder / "samples" / f"step-{step:06d}.png")

    loop = LoopConfig(recipe.steps, recipe.learning_rate, recipe.warmup, recipe.ema)
    trained = fit(
        model, losses_at, folder, loop, validate, sample_sheet, workers,
        compiled=device.startswith("cuda"),  # on CPUs it takes minutes and gains nothing
    )  # fmt: skip
    if workers.shard:
        gathered = {k: whole(v) for k, v in trained.state_dict().items()}
        trained = build_network(config)
        trained.load_state_dict(gathered)
    assert isinstance(trained, Network)
    return trained, (mean, std)


def _begin(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copy weights; those of another shape or name mean another network.

    Raises:
        OptionError: nothing fits.
    """
    own = model.state_dict()
    wrong = [k for k, v in weights.items() if k not in own or own[k].shape != v.shape]
    if wrong:
        raise OptionError(
            f"the weights to begin with are another network's ({', '.join(wrong[:3])})",
            "Give a model of the same preset and VAE.",
        )
    model.load_state_dict(weights, strict=False)


def as_generator(
    dit: Network,
    vae: PoseVAE,
    statistics: tuple[Tensor, Tensor],
    recipe: DancerRecipe,
    name: str,
) -> DiffusionGenerator:
    """A network in training, ready to dance."""
    mean, std = statistics
    config = DiffusionConfig(
        name=name,
        skeleton="body-18",
        fps=30.0,
        frames=recipe.frames,
        overlap=min(16, recipe.frames // 4),
        # Stiffer than for detected poses: a generated column holds more than one place.
        codec=replace(vae.codec, decoding="lattice", motion_penalty=0.03, motion_band=32),
        vae=vae.config,
        dit=dit.config,
        music=SpectralEncoder.name,
        latent_mean=tuple(float(v) for v in mean),
        latent_std=tuple(float(v) for v in std),
        reference=recipe.reference,
    )
    return DiffusionGenerator(config, vae, dit).to(next(dit.parameters()).device).eval()


def write_sample_sheet(model: DiffusionGenerator, music: Tensor, path: Path) -> None:
    """Dance one segment to held-out music with two figures, and write what it looks like."""
    sheets = []
    frames = model.config.frames
    tokens = music[0, : frames // FRAMES_PER_COLUMN].float().cpu().numpy()
    for figure in ("average", "square"):
        conditions = Conditions(None, tokens, figure_pose(figure))
        made = generate(model, conditions, model.plan(frames), SamplingOptions(steps=8))
        joined = next(joined_poses(made, conditions, model.config, frames))
        sheets.append(contact_sheet(joined.poses, grid=(16 if figure == "average" else 9, 2)))
    width = max(s.shape[1] for s in sheets)
    padded = [np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0))) for s in sheets]
    make_folder(path.parent)
    save_png(np.concatenate(padded), path)


def export_model(
    dit: Network,
    vae: PoseVAE,
    statistics: tuple[Tensor, Tensor],
    recipe: DancerRecipe,
    folder: Path,
    name: str = "hotfoot-small",
    card: str = "",
) -> DiffusionGenerator:
    """Write a model folder that ``hotfoot dance --model`` takes."""
    model = as_generator(dit, vae, statistics, recipe, name)
    save_diffusion(model, folder, card or _default_card(name, recipe))
    return model


def _default_card(name: str, recipe: DancerRecipe) -> str:
    return (
        f"# {name}\n\nTrained by `hotfoot train dancer` with this recipe:\n\n```\n{recipe}\n```\n\n"
        "Say here what it was trained on, whom to credit, and what it cannot do.\n"
    )
