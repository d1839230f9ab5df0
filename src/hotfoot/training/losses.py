"""What the dance transformer is trained to do: flow matching on standardized latents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hotfoot.baselines.edge import velocity_error
from hotfoot.model.conditioning import known_mask
from hotfoot.model.flow import T_FLOOR, interpolate, sample_times, velocity
from hotfoot.model.network_config import DiTConfig, EdgeConfig
from hotfoot.music.encoders import get_encoder
from hotfoot.training.recipe_types import DiffusionRecipe
from hotfoot.training.shards import Shard


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

    Args:
        model: the network.
        config: of the network.
        batch: samples, standardized.
        t: [N] times.
        noise: of the shape of the latents.
        drop: [N] whether the music is dropped.
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
    return {"loss": (error / t.clamp(min=2 * T_FLOOR).square()).mean(), "data": error.mean()}


@dataclass(frozen=True, eq=False)
class Objective:
    """The loss of a step, and of the held-out samples.

    Attributes:
        recipe: of the training.
        config: of the network.
        mean: [z] of the latents per VAE channel.
        std: [z], likewise.
        device: of the network.
    """

    recipe: DiffusionRecipe
    config: DiTConfig | EdgeConfig
    mean: Tensor
    std: Tensor
    device: str

    def standardized(self, batch: Shard) -> Shard:
        """A batch on the device, latents with mean 0 and standard deviation 1."""
        repeat = self.config.latent_channels // len(self.mean)
        shift, scale = (
            v.repeat(repeat)[:, None, None].to(self.device) for v in (self.mean, self.std)
        )
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
        t = sample_times(batch, generator, recipe.time_mean)
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
            return flow_loss(forward, self.config, part, t, noise, drop)

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
                    average, self.config, batch, t.to(self.device), noise, drop.to(self.device)
                )
            out[name] = float(losses["loss"])
            if "data" in losses:
                out[f"{name}_data"] = float(losses["data"])
        return out

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.split(":")[0], torch.bfloat16)
