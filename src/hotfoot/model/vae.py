"""Our image VAE: one coordinate channel at a time, weights shared by all channels.

In: one-hot images [B, C, 512, T]. Out: latents [B, C * z, R, T / 8], R = 512 / fold rows. Every
channel is an image of one line, so one small network learns them all. The decoder gives, per
frame, a distribution over bins times the probability that the keypoint is seen: a one-hot image
again.
"""

from typing import Protocol

import torch
from torch import Tensor, nn

from hotfoot.errors import OptionError
from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import LineVAEConfig, PublishedVAEConfig, RawConfig
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

    def __init__(self, width: int, rows: bool = True) -> None:
        super().__init__()
        across = 3 if rows else 1
        self.body = nn.Sequential(
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, (1, 3), padding=(0, 1)),
            nn.GroupNorm(8, width),
            nn.SiLU(),
            nn.Conv2d(width, width, (across, 1), padding=(across // 2, 0)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class _ReadOut(nn.Module):
    """What a linear VAE has beside: the read-out, the spread of the posterior, line corrections."""

    def __init__(self, config: LineVAEConfig) -> None:
        super().__init__()
        step, bins = FRAMES_PER_COLUMN, config.bins
        self.unit = bins / _UNITS
        self.out = nn.Conv2d(config.latent_channels, step, 1)
        self.logvar = nn.Parameter(torch.full((config.latent_channels,), -8.0))
        self.shift = nn.Conv2d(config.width, step, 1)
        self.spread = nn.Conv2d(config.width, step, 1)
        for layer in (self.shift, self.spread):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, latent: Tensor) -> Tensor:
        """Coordinates in bins [N, 8, 1, U] of latents [N, z, 1, U]."""
        return self.out(latent) * self.unit

    def waves(self, bins: Tensor, height: int) -> Tensor:
        """Sines and cosines [N, 16 * octaves, 1, U] of coordinates, down to waves of 8 bins."""
        octaves = 2.0 ** torch.arange(_OCTAVES, device=bins.device)
        angle = (2 * torch.pi / height) * (bins[:, :, None] * octaves[:, None, None]).flatten(1, 2)
        return torch.cat([angle.sin(), angle.cos()], dim=1)


_UNITS = 8.0  # a latent that reads one coordinate moves by so much over the image
_OCTAVES = 7
_UNSEEN = 6.0  # how far below the middle of the image, in units, what is not seen comes to lie


class LineVAE(nn.Module):
    """Variational autoencoder of one-hot images, stride 8 in time and ``fold`` in bins."""

    def __init__(self, config: LineVAEConfig) -> None:
        super().__init__()
        self.config = config
        c, width, step = config, config.width, FRAMES_PER_COLUMN
        embedded = c.latent_channels if c.linear else width
        self.patch = nn.Conv2d(1, embedded, (c.fold, step), stride=(c.fold, step))
        self.encoder = nn.Identity() if c.linear else self._deep_encoder()
        self.read = _ReadOut(c) if c.linear else None
        inputs = c.latent_channels + (2 * _OCTAVES * step if c.linear else 0)
        self.decoder = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            *[_Residual(width, rows=not c.linear) for _ in range(c.blocks)],
            nn.GroupNorm(8, width),
            nn.SiLU(),
        )
        self.bins_head = nn.Conv2d(width, c.fold * step, 1)
        self.seen_head = nn.Conv2d(width, step, 1)
        if c.linear:
            self._begin_with_moments()

    def _deep_encoder(self) -> nn.Sequential:
        c = self.config
        return nn.Sequential(
            *[_Residual(c.width) for _ in range(c.blocks)],
            nn.GroupNorm(8, c.width),
            nn.SiLU(),
            nn.Conv2d(c.width, 2 * c.latent_channels, 1),
        )

    @torch.no_grad()
    def _begin_with_moments(self) -> None:
        """Start where latents are the cosine transform of the columns' first moments.

        The first latent is the mean coordinate of the 8 frames, the next ones are ever finer
        movement. What is not seen lies below the image.
        """
        c, step = self.config, FRAMES_PER_COLUMN
        assert self.read is not None
        order = torch.arange(step)
        waves = torch.cos(torch.pi * order[:, None] * (order + 0.5) / step) * (2 / step) ** 0.5
        waves[0] *= 0.5**0.5
        waves = waves[: c.latent_channels]
        moment = (torch.arange(c.bins) - c.bins / 2) / self.read.unit + _UNSEEN
        mass = max(1.0, c.profile_sigma * (2 * torch.pi) ** 0.5)
        nn.init.normal_(self.patch.weight, std=1e-3)
        nn.init.zeros_(self.patch.bias)  # type: ignore[arg-type]
        self.patch.weight[: len(waves), 0] = moment[:, None] / mass * waves[:, None, :]
        self.patch.bias[: len(waves)] = -_UNSEEN * waves.sum(dim=1)  # type: ignore[index]
        nn.init.zeros_(self.read.out.weight)
        self.read.out.weight[:, : len(waves), 0, 0] = waves.T
        nn.init.constant_(self.read.out.bias, c.bins / 2 / self.read.unit)  # type: ignore[arg-type]
        nn.init.zeros_(self.bins_head.weight)
        nn.init.zeros_(self.bins_head.bias)  # type: ignore[arg-type]

    def embed(self, image: Tensor) -> Tensor:
        """Patch embedding of images [N, 512, T] -> [N, width, R, T / 8]."""
        if self.config.linear:  # whether a line is seen counts, not how clearly
            peak = image.amax(dim=1, keepdim=True)
            image = torch.where(peak > 0, image / peak.clamp(min=1e-6), 0)
        return self.patch(image[:, None])

    def embed_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """The same from lines, without drawing them: table look-up of the few bins that are lit.

        Args:
            center: [N, T] in bins.
            value: [N, T] hot values.
        """
        c, step = self.config, FRAMES_PER_COLUMN
        n, frames = center.shape
        width = self.patch.out_channels
        if c.linear:
            value = (value > 0).to(center.dtype)
        sigma = c.profile_sigma
        reach = max(1, int(4 * sigma + 0.5)) if sigma else 0
        nearest = torch.floor(center + 0.5)
        # [width, 1, fold, 8] -> rows of a table indexed by (bin within fold, phase)
        table = self.patch.weight[:, 0].permute(1, 2, 0)
        phase = torch.arange(frames, device=center.device) % step
        column = torch.arange(frames, device=center.device) // step
        out = center.new_zeros(n * c.rows * (frames // step), width)
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
            out.index_add_(0, cell.reshape(-1), vectors.reshape(-1, width).to(out.dtype))
        grid = out.reshape(n, c.rows, frames // step, width).permute(0, 3, 1, 2)
        bias = self.patch.bias
        assert bias is not None
        return grid + bias[None, :, None, None]

    def moments(self, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [N, z, R, T / 8] from a patch embedding."""
        if self.read is not None:
            return embedded, self.read.logvar[None, :, None, None].expand_as(embedded)
        mean, logvar = self.encoder(embedded).chunk(2, dim=1)
        return mean, logvar.clamp(-20, 10)

    def logits(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Decode [N, z, R, T / 8] to bin logits [N, 512, T] and seen logits [N, T]."""
        c, step = self.config, FRAMES_PER_COLUMN
        line = self.read(latent) if self.read is not None else None
        if self.read is not None and line is not None:
            hidden = self.decoder(torch.cat([latent, self.read.waves(line, c.bins)], dim=1))
        else:
            hidden = self.decoder(latent)
        n, _, rows, columns = hidden.shape
        bins = self.bins_head(hidden).reshape(n, c.fold, step, rows, columns)
        bins = bins.permute(0, 3, 1, 4, 2).reshape(n, c.bins, columns * step)
        if line is not None:
            bins = bins + self._drawn(line, hidden)
        seen = self.seen_head(hidden).mean(dim=2).transpose(1, 2).reshape(n, columns * step)
        return bins, seen

    def _drawn(self, line: Tensor, hidden: Tensor) -> Tensor:
        """Logits [N, 512, T] of lines at the read-out [N, 8, 1, U], corrected and blurred."""
        assert self.read is not None
        n = len(line)
        at = (line + self.read.shift(hidden))[:, :, 0].transpose(1, 2).reshape(n, 1, -1)
        spread = self.read.spread(hidden)[:, :, 0].transpose(1, 2).reshape(n, 1, -1)
        rows = torch.arange(self.config.bins, device=line.device)[:, None]
        sigma = max(self.config.profile_sigma, 0.5) * torch.exp(spread.clamp(-2, 4))
        return -0.5 * ((rows - at) / sigma).square()

    def coordinates(self, latent: Tensor) -> Tensor:
        """Coordinates in bins [B, C, T] of latents [B, C * z, 1, U], by the linear read-out.

        Raises:
            OptionError: this VAE has none.
        """
        if self.read is None:
            raise OptionError("this VAE has no linear read-out", "Train one with linear on.")
        b, _, rows, columns = latent.shape
        lines = self.read(latent.reshape(-1, self.config.latent_channels, rows, columns))
        return lines[:, :, 0].transpose(1, 2).reshape(b, -1, columns * FRAMES_PER_COLUMN)

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
