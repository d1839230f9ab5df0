"""What the dance transformer is trained to do: flow matching on standardized latents."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hotfoot.baselines.edge import velocity_error
from hotfoot.model.conditioning import known_mask
from hotfoot.model.flow import interpolate, sample_times, velocity
from hotfoot.model.network_config import DiTConfig, EdgeConfig
from hotfoot.model.vae import LineVAE
from hotfoot.music.encoders import get_encoder
from hotfoot.pose.proportions import BONES
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.recipe_types import DiffusionRecipe
from hotfoot.training.shards import Shard

_VELOCITY_FLOOR = 0.5  # the error of frame differences weighs no more than at this time


def latent_statistics(
    shard: Shard, latent_channels: int, power: float = 1.0, framed: bool = False
) -> tuple[Tensor, Tensor]:
    """Shift and scale of latents: per VAE channel, [z], over lines, rows and columns.

    The finer the movement that a latent of a linear VAE stands for, the smaller its variance: in
    proportion to coordinates at ``power`` 0, as if these were diffused; 1 at ``power`` 1.

    Args:
        shard: latents.
        latent_channels: z.
        power: between the two.
        framed: joints have places of their own in a body's square, so means are per line:
            [lines * z] both.
    """
    z = shard.latent.float().reshape(
        len(shard.latent), -1, latent_channels, *shard.latent.shape[2:]
    )
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
    place's variance, and the beat lives in steps. Each counts in units of the data's own variance.

    Args:
        vae: linear.
        shift: [C, 1, 1] of the latents.
        scale: likewise.
        data: standardized latents of samples.
    """

    def __init__(self, vae: LineVAE, shift: Tensor, scale: Tensor, data: Tensor) -> None:
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


def flow_loss(
    model: Callable[..., Tensor],
    config: DiTConfig | EdgeConfig,
    batch: Shard,
    t: Tensor,
    noise: Tensor,
    drop: Tensor,
    recipe: DiffusionRecipe,
    movement: Movement | None = None,
) -> dict[str, Tensor]:
    """Flow matching: squared error of the velocity.

    Where the network predicts data, the error of the data is divided by t (at least the recipe's
    ``time_floor``), which is the error of the velocity that follows from it.

    Args:
        model: the network.
        config: of the network.
        batch: samples, standardized.
        t: [N] times.
        noise: of the shape of the latents.
        drop: [N] whether the music is dropped.
        recipe: has the weights.
        movement: errors of movement and of bones, if they count.
    """
    x = interpolate(batch.latent, noise, t)
    rows, columns = x.shape[2:]
    mask = torch.stack([known_mask(int(n), rows, columns) for n in batch.known]).to(x.device)
    out = model(x, t, batch.reference, mask, batch.music, drop, batch.style, batch.energy).float()
    if config.prediction == "velocity":
        error = (out - velocity(batch.latent, noise)).square().mean(dim=(1, 2, 3))
        return {"loss": error.mean()}
    error = (out - batch.latent).square().mean(dim=(1, 2, 3))
    if config.kind == "edge":
        error = error + config.velocity_weight * velocity_error(out, batch.latent)
    early = t.clamp(min=recipe.time_floor).square()
    losses = {"loss": (error / early).mean(), "data": error.mean()}
    if movement is not None:
        steps, bones = movement.errors(out, batch.latent)
        late = early.clamp(min=_VELOCITY_FLOOR**2)
        losses["loss"] = losses["loss"] + recipe.velocity_weight * (steps / late).mean()
        losses["loss"] = losses["loss"] + recipe.bone_weight * (bones / early).mean()
        losses |= {"velocity": steps.mean(), "bones": bones.mean()}
    return losses


@dataclass(frozen=True, eq=False)
class Objective:
    """The loss of a step, and of the held-out samples.

    Attributes:
        recipe: of the training.
        config: of the network.
        mean: [z] of the latents per VAE channel.
        std: [z], likewise.
        device: of the network.
        movement: errors of movement and of bones, if they count.
    """

    recipe: DiffusionRecipe
    config: DiTConfig | EdgeConfig
    mean: Tensor
    std: Tensor
    device: str
    movement: Movement | None = None

    @property
    def affine(self) -> tuple[Tensor, Tensor]:
        """Shift and scale [C, 1, 1] of the latents."""
        repeat = self.config.latent_channels // len(self.mean)
        shift, scale = (
            v.repeat(repeat)[:, None, None].to(self.device) for v in (self.mean, self.std)
        )
        return shift, scale

    def standardized(self, batch: Shard) -> Shard:
        """A batch on the device, latents with mean 0 and standard deviation 1."""
        shift, scale = self.affine
        moved = {k: v.to(self.device) for k, v in vars(batch).items() if k != "known"}
        moved |= {k: moved[k].float() for k in ("latent", "reference", "music")}
        moved["latent"] = (moved["latent"] - shift) / scale
        moved["reference"] = (moved["reference"] - shift) / scale
        return Shard(**moved, known=batch.known)

    def losses(self, forward: nn.Module, part: Shard, step: int, rows: slice) -> dict[str, Tensor]:
        """Losses of these rows of a step's batch.

        Chance is drawn for the whole batch, so that it does not depend on the number of processes.
        """
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
        part = self.standardized(part)
        t, noise, drop = (x[rows].to(self.device) for x in (t, noise, drop))
        with self._autocast():
            return flow_loss(forward, self.config, part, t, noise, drop, recipe, self.movement)

    @torch.inference_mode()
    def held_out(self, average: nn.Module, held: Shard) -> dict[str, float]:
        """Losses of held-out samples: with all conditions, without music, without the others."""
        generator = torch.Generator().manual_seed(1)
        count = len(held.known)
        t = torch.linspace(0.05, 0.95, count)[torch.randperm(count, generator=generator)]
        noise = torch.randn(held.latent.shape, generator=generator).to(self.device)
        none = torch.zeros(count, dtype=torch.bool)
        bare = Shard(
            held.latent, held.reference, held.music, held.known, torch.zeros_like(held.style),
            torch.full_like(held.energy, torch.nan),
        )  # fmt: skip
        out = {}
        for name, batch, drop in (
            ("held_out", held, none), ("held_out_no_music", held, ~none),
            ("held_out_no_conditions", bare, none),
        ):  # fmt: skip
            with self._autocast():
                losses = flow_loss(
                    average, self.config, batch, t.to(self.device), noise, drop.to(self.device),
                    self.recipe, self.movement,
                )  # fmt: skip
            out[name] = float(losses.pop("loss"))
            out |= {f"{name}_{part}": float(value) for part, value in losses.items()}
        return out

    def _autocast(self) -> torch.autocast:
        kind = self.device.split(":")[0]
        # Processors that do not multiply bf16 natively take twenty times as long with it.
        native = kind != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
        return torch.autocast(kind, torch.bfloat16, enabled=native)
