"""Our image VAE: one coordinate channel at a time, weights shared by all channels.

In: one-hot images [B, C, 512, T]. Out: latents [B, C * z, R, T / 8], R = 512 / fold rows. Every
channel is an image of one line, so one small network learns them all. The decoder gives, per
frame, a distribution over bins times the probability that the keypoint is seen: a one-hot image
again.
"""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.model.config import CodecConfig, LineVAEConfig, PublishedVAEConfig, RawConfig
from hotfoot.timebase import FRAMES_PER_COLUMN


class PoseVAE(Protocol):
    """Lines to latents, latents to one-hot images."""

    @property
    def config(self) -> LineVAEConfig | RawConfig | PublishedVAEConfig:
        """What a model's configuration says of it."""
        ...

    @property
    def codec(self) -> CodecConfig:
        """How its images are drawn and decoded."""
        ...

    def latent_channels(self, channels: int) -> int:
        """Latent channels of a one-hot image with so many channels."""
        ...

    def latent_rows(self) -> int:
        """Height of the latent grid."""
        ...

    def encode_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """Lines [B, C, T] (bins, hot values) to latents [B, C', R, T / 8]."""
        ...

    def decode(self, latent: Tensor, channels: int) -> Tensor:
        """Latents [B, C', R, U] to canonical one-hot images [B, channels, W, 8 U]."""
        ...


class _Residual(nn.Module):
    """Convolution along time, then across rows: a third of the cost of two 3 x 3 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, (1, 3), padding=(0, 1)),
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, (3, 1), padding=(1, 0)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class LineVAE(nn.Module):
    """Variational autoencoder of one-hot images, stride 8 in time and ``fold`` in bins."""

    def __init__(self, config: LineVAEConfig) -> None:
        super().__init__()
        self.config = config
        c, width, step = config, config.width, FRAMES_PER_COLUMN
        self.patch = nn.Conv2d(1, width, (c.fold, step), stride=(c.fold, step))
        self.encoder = nn.Sequential(
            *[_Residual(width) for _ in range(c.blocks)],
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, 2 * c.latent_channels, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(c.latent_channels, width, 1),
            *[_Residual(width) for _ in range(c.blocks)],
            nn.GroupNorm(8, width),
            nn.SiLU(),
        )
        self.bins_head = nn.Conv2d(width, c.fold * step, 1)
        self.seen_head = nn.Conv2d(width, step, 1)

    def embed(self, image: Tensor) -> Tensor:
        """Patch embedding of images [N, 512, T] -> [N, width, R, T / 8]."""
        return self.patch(image[:, None])

    def embed_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """The same from lines, without drawing them: table look-up of the few bins that are lit.

        Args:
            center: [N, T] in bins.
            value: [N, T] hot values.
        """
        c, step = self.config, FRAMES_PER_COLUMN
        n, frames = center.shape
        sigma = c.profile_sigma
        reach = max(1, int(4 * sigma + 0.5)) if sigma else 0
        nearest = torch.floor(center + 0.5)
        # [width, 1, fold, 8] -> rows of a table indexed by (bin within fold, phase)
        table = self.patch.weight[:, 0].permute(1, 2, 0)
        phase = torch.arange(frames, device=center.device) % step
        column = torch.arange(frames, device=center.device) // step
        out = center.new_zeros(n * c.rows * (frames // step), self.config.width)
        lane = torch.arange(n, device=center.device)[:, None]
        for k in range(-reach, reach + 1):
            at = nearest + k
            weight = value
            if sigma:
                distance = (at - center) / sigma
                weight = value * torch.exp(-0.5 * distance * distance) * (distance.abs() <= 4)
            weight = weight * ((at >= 0) & (at < c.bins))
            index = at.clamp(0, c.bins - 1).long()
            cell = (lane * c.rows + index // c.fold) * (frames // step) + column
            vectors = table[index % c.fold, phase.expand_as(index)] * weight[..., None]
            out.index_add_(0, cell.reshape(-1), vectors.reshape(-1, c.width).to(out.dtype))
        grid = out.reshape(n, c.rows, frames // step, c.width).permute(0, 3, 1, 2)
        bias = self.patch.bias
        assert bias is not None
        return grid + bias[None, :, None, None]

    def moments(self, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [N, z, R, T / 8] from a patch embedding."""
        mean, logvar = self.encoder(embedded).chunk(2, dim=1)
        return mean, logvar.clamp(-20, 10)

    def logits(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Decode [N, z, R, T / 8] to bin logits [N, 512, T] and seen logits [N, T]."""
        hidden = self.decoder(latent)
        n, _, rows, columns = hidden.shape
        c, step = self.config, FRAMES_PER_COLUMN
        bins = self.bins_head(hidden).reshape(n, c.fold, step, rows, columns)
        bins = bins.permute(0, 3, 1, 4, 2).reshape(n, c.bins, columns * step)
        seen = self.seen_head(hidden).mean(dim=2).transpose(1, 2).reshape(n, columns * step)
        return bins, seen

    def encode_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """Latents [B, C * z, R, T / 8] of lines [B, C, T]; the posterior mean."""
        b, _, frames = center.shape
        embedded = self.embed_lines(center.reshape(-1, frames), value.reshape(-1, frames))
        mean, _ = self.moments(embedded)
        return mean.reshape(b, -1, *mean.shape[2:])

    def encode(self, image: Tensor) -> Tensor:
        """Latents [B, C * z, R, T / 8] of one-hot images [B, C, 512, T]; the posterior mean."""
        b = image.shape[0]
        mean, _ = self.moments(self.embed(image.flatten(0, 1)))
        return mean.reshape(b, -1, *mean.shape[2:])

    @property
    def codec(self) -> CodecConfig:
        """See :class:`~hotfoot.model.vae.PoseVAE`."""
        return CodecConfig(bins=self.config.bins, profile_sigma=self.config.profile_sigma)

    def latent_channels(self, channels: int) -> int:
        """Latent channels of an image with so many channels."""
        return channels * self.config.latent_channels

    def latent_rows(self) -> int:
        """Height of the latent grid."""
        return self.config.rows

    def decode(self, latent: Tensor, channels: int) -> Tensor:
        """Images [B, channels, 512, T] of latents [B, channels * z, R, T / 8].

        The distribution over bins is scaled so that a perfect line of the trained profile comes
        back with its hot value at the peak.
        """
        z = self.config.latent_channels
        b = latent.shape[0]
        bins, seen = self.logits(latent.reshape(b * channels, z, *latent.shape[2:]))
        mass = max(1.0, self.config.profile_sigma * (2 * torch.pi) ** 0.5)
        image = bins.float().softmax(dim=1) * (seen.float().sigmoid() * mass)[:, None]
        return image.reshape(b, channels, *image.shape[1:])


def vae_loss(
    model: LineVAE, center: Tensor, value: Tensor, kl_weight: float, noise: Tensor
) -> dict[str, Tensor]:
    """Cross-entropy over bins + visibility + KL, for single-channel lines [N, T].

    Args:
        center: bins [N, T].
        value: hot values [N, T]; bins count only where the line is seen.
        kl_weight: weight of the KL to a standard normal, per latent element.
        noise: standard normal, shape of the latent.

    Returns:
        ``loss`` and its parts.
    """
    mean, logvar = model.moments(model.embed_lines(center, value))
    latent = mean + noise * torch.exp(0.5 * logvar)
    bins, seen = model.logits(latent)
    c = model.config
    logp = bins.float().log_softmax(dim=1)
    reach = int(4 * c.profile_sigma + 0.5) if c.profile_sigma else 0
    nearest = torch.floor(center + 0.5)
    offsets = torch.arange(-reach, reach + 1, device=center.device)[None, :, None]
    at = nearest[:, None] + offsets
    inside = (at >= 0) & (at < c.bins)
    weight = inside.float()
    if c.profile_sigma:
        weight = weight * torch.exp(-0.5 * ((at - center[:, None]) / c.profile_sigma) ** 2)
    weight = weight / weight.sum(dim=1, keepdim=True)
    picked = logp.gather(1, at.clamp(0, c.bins - 1).long())
    lit = (value > 0).float()
    line = -((weight * picked).sum(dim=1) * lit).sum() / lit.sum().clamp(min=1)
    visible = F.binary_cross_entropy_with_logits(seen.float(), value)
    kl = -0.5 * (1 + logvar - mean**2 - logvar.exp()).mean()
    return {"loss": line + visible + kl_weight * kl, "line": line, "seen": visible, "kl": kl}
