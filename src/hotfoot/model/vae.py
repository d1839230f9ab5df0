"""Our image VAE: one coordinate channel at a time, weights shared by all channels.

Every channel is an image of one line, so one small network learns them all. The decoder gives, per
frame, a distribution over bins times the probability that the keypoint is seen: a one-hot image.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from hotfoot.errors import OptionError
from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import LineVAEConfig, VAEConfig
from hotfoot.model.dit import zeroed
from hotfoot.timebase import FRAMES_PER_COLUMN

_UNITS = 8.0  # a latent that reads one coordinate moves by so much over the image
_OCTAVES = 7
_UNSEEN = 6.0  # how far below the middle of the image, in units, what is not seen comes to lie


class PoseVAE(nn.Module, ABC):
    """Lines to latents, latents to one-hot images; ``codec`` says how those are drawn and decoded.

    There are ``depth`` latent channels for each group of ``together`` channels of an image, on a
    grid of ``rows``.
    """

    def __init__(
        self, config: VAEConfig, codec: CodecConfig, depth: int, rows: int, together: int = 1
    ) -> None:
        super().__init__()
        self.config, self.codec, self.rows = config, codec, rows
        self._depth, self._together = depth, together

    def latent_channels(self, channels: int) -> int:
        """Latent channels of a one-hot image with so many channels."""
        return -(-channels // self._together) * self._depth

    @property
    def linear(self) -> bool:
        """Whether :meth:`coordinates` can read them out of latents, by a linear map."""
        return False

    def coordinates(self, latent: Tensor) -> Tensor:
        """Coordinates in bins [B, C, T] of latents [B, C', R, U]; OptionError if not linear."""
        raise OptionError(
            "this VAE has no linear read-out", "Train one: hotfoot train vae default."
        )

    @abstractmethod
    def encode_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """Lines [B, C, T] (bins, hot values) to latents [B, C', R, T / 8]."""

    @abstractmethod
    def decode(self, latent: Tensor, channels: int) -> Tensor:
        """Latents [B, C', R, U] to canonical one-hot images [B, channels, W, 8 U]."""


def compose_reference(known: Tensor, static: Tensor, frames: int) -> Tensor:
    """Lines of the reference image (paper, supplement): centers or hot values [..., frames].

    It shows ``known`` frames [..., N], which the dance continues, and then one ``static`` pose
    [...], for the body's shape.
    """
    held = static[..., None].expand(*static.shape, frames)
    return torch.cat([known, held], dim=-1)[..., :frames]


def known_mask(known: int, rows: int, columns: int) -> Tensor:
    """Mask [8, rows, columns]: channel p of column u is 1 if frame ``8 u + p`` is known."""
    frame = torch.arange(columns * FRAMES_PER_COLUMN).reshape(columns, FRAMES_PER_COLUMN).T
    return (frame < known).float()[:, None].repeat(1, rows, 1)


class _Residual(nn.Module):
    """Convolution along time, then across rows: a third of the cost of two 3 x 3 convolutions."""

    def __init__(self, width: int, across: int) -> None:
        super().__init__()
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


def _trunk(config: LineVAEConfig) -> list[nn.Module]:
    across = 1 if config.linear else 3
    blocks = [_Residual(config.width, across) for _ in range(config.blocks)]
    return [*blocks, nn.GroupNorm(8, config.width), nn.SiLU()]


def _in_time(cells: Tensor) -> Tensor:
    """Frames [N, 8 U] of cells [N, 8, 1, U]."""
    return cells[:, :, 0].transpose(1, 2).flatten(1)


class _ReadOut(nn.Module):
    """What a linear VAE has beside: the read-out, the spread of the posterior, line corrections."""

    def __init__(self, config: LineVAEConfig) -> None:
        super().__init__()
        self.bins, self.sigma = config.bins, max(config.profile_sigma, 0.5)
        self.unit = config.bins / _UNITS
        self.out = nn.Conv2d(config.latent_channels, FRAMES_PER_COLUMN, 1)
        self.logvar = nn.Parameter(torch.full((config.latent_channels,), -8.0))
        self.shift = zeroed(nn.Conv2d(config.width, FRAMES_PER_COLUMN, 1))
        self.spread = zeroed(nn.Conv2d(config.width, FRAMES_PER_COLUMN, 1))

    def forward(self, latent: Tensor) -> Tensor:
        """Coordinates in bins [N, 8, 1, U] of latents [N, z, 1, U]."""
        return self.out(latent) * self.unit

    def waves(self, line: Tensor) -> Tensor:
        """Sines and cosines [N, 16 * octaves, 1, U] of coordinates, down to waves of 8 bins."""
        octaves = 2.0 ** torch.arange(_OCTAVES, device=line.device)
        angle = line[:, :, None] * octaves[:, None, None]
        angle = (2 * torch.pi / self.bins) * angle.flatten(1, 2)
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    def drawn(self, line: Tensor, hidden: Tensor) -> Tensor:
        """Logits [N, 512, T] of lines at the read-out [N, 8, 1, U], corrected and blurred."""
        at, spread = _in_time(line + self.shift(hidden)), _in_time(self.spread(hidden))
        rows = torch.arange(self.bins, device=line.device)[:, None]
        sigma = self.sigma * torch.exp(spread.clamp(-2, 4))
        return -0.5 * ((rows - at[:, None]) / sigma[:, None]).square()


class LineVAE(PoseVAE):
    """Variational autoencoder of one-hot images, stride 8 in time and ``fold`` in bins."""

    config: LineVAEConfig

    def __init__(self, config: LineVAEConfig) -> None:
        codec = CodecConfig(bins=config.bins, profile_sigma=config.profile_sigma)
        super().__init__(config, codec, config.latent_channels, config.rows)
        c, width, step = config, config.width, FRAMES_PER_COLUMN
        self._mass = max(1.0, c.profile_sigma * (2 * torch.pi) ** 0.5)  # of a line of peak 1
        embedded = c.latent_channels if c.linear else width
        self.patch = nn.Conv2d(1, embedded, (c.fold, step), stride=(c.fold, step))
        deep = [] if c.linear else [*_trunk(c), nn.Conv2d(width, 2 * c.latent_channels, 1)]
        self.encoder = nn.Sequential(*deep)
        self.read = _ReadOut(c) if c.linear else None
        inputs = c.latent_channels + (2 * _OCTAVES * step if c.linear else 0)
        self.decoder = nn.Sequential(nn.Conv2d(inputs, width, 1), *_trunk(c))
        self.bins_head = nn.Conv2d(width, c.fold * step, 1)
        self.seen_head = nn.Conv2d(width, step, 1)
        if self.read is not None:
            self._begin_with_moments(self.read)

    @torch.no_grad()
    def _begin_with_moments(self, read: _ReadOut) -> None:
        """Start where latents are the cosine transform of the columns' first moments.

        The first latent is the mean coordinate of the 8 frames, the next ones are ever finer
        movement. What is not seen lies below the image.
        """
        c, step = self.config, FRAMES_PER_COLUMN
        order = torch.arange(step)
        waves = torch.cos(torch.pi * order[:, None] * (order + 0.5) / step) * (2 / step) ** 0.5
        waves[0] *= 0.5**0.5
        waves = waves[: c.latent_channels]
        moment = (torch.arange(c.bins) - c.bins / 2) / read.unit + _UNSEEN
        zeroed(self.patch)
        nn.init.normal_(self.patch.weight, std=1e-3)
        self.patch.weight[: len(waves), 0] = moment[:, None] / self._mass * waves[:, None, :]
        self.patch.bias[: len(waves)] = -_UNSEEN * waves.sum(dim=1)  # type: ignore[index]
        zeroed(read.out).weight[:, : len(waves), 0, 0] = waves.T
        nn.init.constant_(read.out.bias, c.bins / 2 / read.unit)  # type: ignore[arg-type]
        zeroed(self.bins_head)

    def embed_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """Patch embedding [N, width, R, T / 8] of lines [N, T] (bins, hot values).

        Without drawing them: a table look-up of the few bins that are lit.
        """
        c, step = self.config, FRAMES_PER_COLUMN
        n, frames = center.shape
        columns, width, sigma = frames // step, self.patch.out_channels, c.profile_sigma
        if c.linear:  # whether a line is seen counts, not how clearly
            value = (value > 0).to(center.dtype)
        reach = max(1, int(4 * sigma + 0.5)) if sigma else 0
        nearest = torch.floor(center + 0.5)
        # [width, 1, fold, 8] -> rows of a table indexed by (bin within fold, phase)
        table = self.patch.weight[:, 0].permute(1, 2, 0)
        frame = torch.arange(frames, device=center.device)
        lane = torch.arange(n, device=center.device)[:, None]
        out = center.new_zeros(n * c.rows * columns, width)
        for k in range(-reach, reach + 1):
            at = nearest + k
            weight = value * ((at >= 0) & (at < c.bins))
            if sigma:
                distance = (at - center) / sigma
                weight = weight * torch.exp(-0.5 * distance * distance) * (distance.abs() <= 4)
            index = at.clamp(0, c.bins - 1).long()
            cell = (lane * c.rows + index // c.fold) * columns + frame // step
            vectors = table[index % c.fold, (frame % step).expand_as(index)] * weight[..., None]
            out.index_add_(0, cell.reshape(-1), vectors.reshape(-1, width).to(out.dtype))
        grid = out.reshape(n, c.rows, columns, width).permute(0, 3, 1, 2)
        return grid + self.patch.bias.view(-1, 1, 1)  # type: ignore[union-attr]

    def moments(self, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [N, z, R, T / 8] from a patch embedding."""
        if self.read is not None:
            return embedded, self.read.logvar[None, :, None, None].expand_as(embedded)
        mean, logvar = self.encoder(embedded).chunk(2, dim=1)
        return mean, logvar.clamp(-20, 10)

    def logits(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Decode [N, z, R, T / 8] to bin logits [N, 512, T] and seen logits [N, T]."""
        c, step, read = self.config, FRAMES_PER_COLUMN, self.read
        line = inputs = latent
        if read is not None:
            line = read(latent)
            inputs = torch.cat([latent, read.waves(line)], dim=1)
        hidden = self.decoder(inputs)
        n, _, rows, columns = hidden.shape
        bins = self.bins_head(hidden).reshape(n, c.fold, step, rows, columns)
        bins = bins.permute(0, 3, 1, 4, 2).reshape(n, c.bins, columns * step)
        if read is not None:
            bins = bins + read.drawn(line, hidden)
        return bins, _in_time(self.seen_head(hidden).mean(dim=2, keepdim=True))

    @property
    def linear(self) -> bool:
        """Whether it was trained with a linear read-out."""
        return self.read is not None

    def coordinates(self, latent: Tensor) -> Tensor:
        """Coordinates in bins [B, C, T] of latents [B, C * z, 1, U], by the linear read-out."""
        if self.read is None:
            return super().coordinates(latent)
        each = latent.reshape(-1, self.config.latent_channels, *latent.shape[2:])
        lines = _in_time(self.read(each))
        return lines.reshape(len(latent), -1, lines.shape[1])

    def encode_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """Latents [B, C * z, R, T / 8] of lines [B, C, T]; the posterior mean."""
        mean, _ = self.moments(self.embed_lines(center.flatten(0, 1), value.flatten(0, 1)))
        return mean.reshape(len(center), -1, *mean.shape[2:])

    def decode(self, latent: Tensor, channels: int) -> Tensor:
        """Images [B, channels, 512, T] of latents [B, channels * z, R, T / 8].

        The distribution over bins is scaled so that a perfect line of the trained profile comes
        back with its hot value at the peak.
        """
        each = latent.reshape(len(latent) * channels, -1, *latent.shape[2:])
        bins, seen = self.logits(each)
        image = bins.float().softmax(dim=1) * (seen.float().sigmoid() * self._mass)[:, None]
        return image.reshape(len(latent), channels, *image.shape[1:])
