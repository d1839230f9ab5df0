"""What networks are trained to do: a dance transformer to match a flow, a VAE to keep lines."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.baselines.edge import velocity_error
from hotfoot.generation.diffusion import use_bf16
from hotfoot.model.flow import interpolate, sample_times
from hotfoot.model.network_config import DiTConfig, EdgeConfig
from hotfoot.model.vae import LineVAE, PoseVAE, known_mask
from hotfoot.music.encoders import get_encoder
from hotfoot.pose.proportions import BONES
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.recipe_types import DiffusionRecipe
from hotfoot.training.shards import Shard

_VELOCITY_FLOOR = 0.5  # the error of frame differences weighs no more than at this time


def vae_loss(
    model: LineVAE,
    center: Tensor,
    value: Tensor,
    kl_weight: float,
    noise: Tensor,
    read_weight: float = 30.0,
    robust: Tensor | None = None,
) -> dict[str, Tensor]:
    """Cross-entropy over bins + visibility + KL, for single-channel lines; ``loss`` and its parts.

    Lines have bins ``center`` [N, T], which count only where they are seen, and hot values
    ``value`` [N, T]. The KL is that to a standard normal, per latent element; a linear read-out's
    error is added where there is one. ``noise`` is standard normal, of the shape of the latent;
    ``robust`` [N] the standard deviation of noise that the decoder must withstand besides.
    """
    mean, logvar = model.moments(model.embed_lines(center, value))
    sigma = torch.exp(0.5 * logvar)
    if robust is not None:
        sigma = (sigma.square() + robust.square().reshape(-1, 1, 1, 1)).sqrt()
    bins, seen = model.logits(mean + noise * sigma)
    c = model.config
    reach = int(4 * c.profile_sigma + 0.5) if c.profile_sigma else 0
    offsets = torch.arange(-reach, reach + 1, device=center.device)[None, :, None]
    at = torch.floor(center + 0.5)[:, None] + offsets
    weight = ((at >= 0) & (at < c.bins)).float()
    if c.profile_sigma:
        weight = weight * torch.exp(-0.5 * ((at - center[:, None]) / c.profile_sigma) ** 2)
    weight = weight / weight.sum(dim=1, keepdim=True)
    picked = bins.float().log_softmax(dim=1).gather(1, at.clamp(0, c.bins - 1).long())
    lit = (value > 0).float()
    parts = {
        "line": -((weight * picked).sum(dim=1) * lit).sum() / lit.sum().clamp(min=1),
        "seen": F.binary_cross_entropy_with_logits(seen.float(), lit if c.linear else value),
        "kl": -0.5 * (1 + logvar - mean**2 - logvar.exp()).mean(),
    }
    loss = parts["line"] + parts["seen"] + kl_weight * parts["kl"]
    if c.linear:
        parts["read"] = _read_error(model, mean, center, lit)
        loss = loss + read_weight * parts["read"]
    return {"loss": loss, **parts}


def _read_error(model: LineVAE, latent: Tensor, center: Tensor, lit: Tensor) -> Tensor:
    """Squared error of the read-out in units squared, and of its frame differences, where seen."""
    assert model.read is not None
    miss = (model.coordinates(latent)[:, 0] - center) / model.read.unit
    both = lit[:, 1:] * lit[:, :-1]
    place = (miss.square() * lit).sum() / lit.sum().clamp(min=1)
    steps = (miss.diff(dim=1).square() * both).sum() / both.sum().clamp(min=1)
    return place + 4 * steps


def latent_statistics(
    shard: Shard, latent_channels: int, power: float = 1.0, framed: bool = False
) -> tuple[Tensor, Tensor]:
    """Shift and scale of latents: per VAE channel, [z], over lines, rows and columns.

    The finer the movement that a latent of a linear VAE stands for, the smaller its variance: in
    proportion to coordinates at ``power`` 0, as if these were diffused; 1 at ``power`` 1. Joints
    have places of their own in a body's square (``framed``): means are per line, [lines * z] both.
    """
    latent = shard.latent.float()
    z = latent.reshape(len(latent), -1, latent_channels, *latent.shape[2:])
    # What never changes must not blow up.
    if framed:
        mean = z.mean(dim=(0, 3, 4))
        own = (z - mean[:, :, None, None]).std(dim=(0, 1, 3, 4)).clamp(min=1e-4)
    else:
        mean, own = z.mean(dim=(0, 1, 3, 4)), z.std(dim=(0, 1, 3, 4)).clamp(min=0.05)
    base = own[0] / FRAMES_PER_COLUMN**0.5  # the first latent is the sum of 8 frames over root 8
    std = base ** (1 - power) * own**power
    return mean.flatten(), std.repeat(mean.numel() // latent_channels)


def velocity_power(lines: Tensor) -> Tensor:
    """Mean square [B] of the frame differences of lines [B, C, T]."""
    return lines.diff(dim=2).square().mean(dim=(1, 2))


def bone_vectors(lines: Tensor) -> Tensor:
    """Bones [B, 17, 2, T] of the lines [B, 36, T] of BODY_18; linear, so of errors too."""
    inner, outer = (torch.tensor(ends, device=lines.device) for ends in np.array(BONES).T)
    points = lines.reshape(len(lines), -1, 2, lines.shape[-1])
    return points[:, outer] - points[:, inner]


class Movement:
    """Errors of frame differences and of bones, which a linear VAE reads out of latents.

    The error of latents hardly sees either: a step from frame to frame has a hundredth of a
    place's variance, and the beat lives in steps. Each counts in units of the variance of ``data``,
    standardized latents of samples. ``shift`` and ``scale`` of the latents are [C, 1, 1].
    """

    def __init__(self, vae: PoseVAE, shift: Tensor, scale: Tensor, data: Tensor) -> None:
        self._vae = copy.deepcopy(vae).to(data.device).requires_grad_(False)
        self._shift, self._scale = shift, scale
        with torch.no_grad():
            lines = self._lines(data)
            bones = bone_vectors(lines)
            self._step = float(velocity_power(lines).mean().clamp(min=1e-8))
            spread = bones - bones.mean(dim=(0, -1), keepdim=True)
            self._bone = float(spread.square().mean().clamp(min=1e-8))

    def _lines(self, latent: Tensor) -> Tensor:
        """Bins [B, C, T]."""
        return self._vae.coordinates(latent * self._scale + self._shift)

    def errors(self, out: Tensor, data: Tensor) -> tuple[Tensor, Tensor]:
        """Errors [B] of frame differences and of bones."""
        with torch.autocast(out.device.type, enabled=False):  # differences need the digits
            miss = self._lines(out.float()) - self._lines(data.float())
            bones = bone_vectors(miss).square().mean(dim=(1, 2, 3))
            return velocity_power(miss) / self._step, bones / self._bone


@dataclass(frozen=True, eq=False)
class Objective:
    """The loss of a step, and of the held-out samples."""

    recipe: DiffusionRecipe
    config: DiTConfig | EdgeConfig
    shift: Tensor  # of the latents, [C, 1, 1], on the network's device
    scale: Tensor  # likewise
    movement: Movement | None = None  # errors of movement and of bones, if they count

    def standardized(self, batch: Shard) -> Shard:
        """A batch on the device, latents with mean 0 and standard deviation 1."""
        device = self.shift.device
        moved = {k: v.to(device) for k, v in vars(batch).items() if k != "known"}
        for name in ("latent", "reference"):
            moved[name] = (moved[name].float() - self.shift) / self.scale
        return Shard(**moved | {"music": moved["music"].float()}, known=batch.known)

    def losses(self, forward: nn.Module, part: Shard, step: int, rows: slice) -> dict[str, Tensor]:
        """Losses of these rows of a step's batch; chance is drawn for the whole batch."""
        recipe, batch = self.recipe, self.recipe.batch
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        t = sample_times(batch, generator, recipe.time_mean, recipe.time_std)
        noise = torch.randn((batch, *part.latent.shape[1:]), generator=generator)
        drop = torch.rand(batch, generator=generator) < recipe.music_dropout
        spectrum = part.music[..., -get_encoder(recipe.music).bands :]
        jitter = torch.randn((batch, *spectrum.shape[1:]), generator=generator)
        spectrum += recipe.music_noise * jitter[rows]
        dropped = torch.rand(2, batch, generator=generator) < recipe.condition_dropout
        part.style[dropped[0, rows]] = 0
        part.energy[dropped[1, rows]] = torch.nan
        return self.flow_loss(forward, self.standardized(part), t[rows], noise[rows], drop[rows])

    @torch.inference_mode()
    def held_out(self, average: nn.Module, held: Shard) -> dict[str, float]:
        """Losses of held-out samples: with all conditions, without music, without the others."""
        generator = torch.Generator().manual_seed(1)
        count = len(held.known)
        t = torch.linspace(0.05, 0.95, count)[torch.randperm(count, generator=generator)]
        noise = torch.randn(held.latent.shape, generator=generator)
        none = torch.zeros(count, dtype=torch.bool)
        bare = replace(
            held, style=torch.zeros_like(held.style), energy=torch.full_like(held.energy, torch.nan)
        )
        out = {}
        for name, batch, drop in (
            ("held_out", held, none),
            ("held_out_no_music", held, ~none),
            ("held_out_no_conditions", bare, none),
        ):
            losses = self.flow_loss(average, batch, t, noise, drop)
            out[name] = float(losses.pop("loss"))
            out |= {f"{name}_{part}": float(value) for part, value in losses.items()}
        return out

    def flow_loss(
        self, model: Callable[..., Tensor], batch: Shard, t: Tensor, noise: Tensor, drop: Tensor
    ) -> dict[str, Tensor]:
        """Flow matching: squared error of the velocity, for standardized samples.

        Where the network predicts data, the error of the data is divided by t (at least the
        recipe's ``time_floor``), which is the error of the velocity that follows from it. Times
        ``t`` are [N], and so is ``drop``, whose music is dropped.
        """
        recipe = self.recipe
        t, noise, drop = (x.to(self.shift.device) for x in (t, noise, drop))
        x = interpolate(batch.latent, noise, t)
        rows, columns = x.shape[2:]
        mask = torch.stack([known_mask(int(n), rows, columns) for n in batch.known]).to(x.device)
        labels = batch.style, batch.energy
        with torch.autocast(t.device.type, torch.bfloat16, enabled=use_bf16(t)):
            out = model(x, t, batch.reference, mask, batch.music, drop, labels).float()
        if self.config.prediction == "velocity":
            error = (out - (noise - batch.latent)).square().mean(dim=(1, 2, 3))
            return {"loss": error.mean()}
        error = (out - batch.latent).square().mean(dim=(1, 2, 3))
        if self.config.kind == "edge":
            error = error + self.config.velocity_weight * velocity_error(out, batch.latent)
        early = t.clamp(min=recipe.time_floor).square()
        losses = {"loss": (error / early).mean(), "data": error.mean()}
        if self.movement is not None:
            steps, bones = self.movement.errors(out, batch.latent)
            late = early.clamp(min=_VELOCITY_FLOOR**2)
            losses["loss"] = losses["loss"] + recipe.velocity_weight * (steps / late).mean()
            losses["loss"] = losses["loss"] + recipe.bone_weight * (bones / early).mean()
            losses |= {"velocity": steps.mean(), "bones": bones.mean()}
        return losses
