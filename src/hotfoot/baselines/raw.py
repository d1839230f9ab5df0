"""No VAE at all: coordinates as they are, the ablation of the one-hot image."""

import torch
from torch import Tensor, nn

from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import RawConfig
from hotfoot.timebase import FRAMES_PER_COLUMN


class RawCoordinates(nn.Module):
    """Coordinates and visibility, reshaped, behind a VAE's interface; has no weights.

    "Latents" have per channel the eight positions of a column in -1..1 and eight signs of being
    seen.
    """

    def __init__(self, config: RawConfig) -> None:
        super().__init__()
        self.config = config

    @property
    def codec(self) -> CodecConfig:
        """See :class:`~hotfoot.model.vae.PoseVAE`."""
        return CodecConfig(bins=self.config.bins, profile_sigma=self.config.profile_sigma)

    def latent_channels(self, channels: int) -> int:
        """Latent channels of an image with so many channels."""
        return channels * self.config.latent_channels

    def latent_rows(self) -> int:
        """Height of the latent grid: 1."""
        return 1

    def encode_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """Lines [B, C, T] to [B, 16 C, 1, T / 8]; where nothing is seen the middle stands."""
        b, c, frames = center.shape
        seen = value > 0
        position = torch.where(seen, center * (2 / self.config.bins) - 1, 0.0)
        both = torch.stack([position, seen.float() * 2 - 1], dim=2)
        cells = both.reshape(b, c, 2, frames // FRAMES_PER_COLUMN, FRAMES_PER_COLUMN)
        return cells.permute(0, 1, 2, 4, 3).reshape(b, -1, 1, frames // FRAMES_PER_COLUMN)

    def decode(self, latent: Tensor, channels: int) -> Tensor:
        """Images [B, channels, W, 8 U] with a Gaussian line at each position that is seen."""
        b, _, _, columns = latent.shape
        cells = latent.reshape(b, channels, 2, FRAMES_PER_COLUMN, columns).permute(0, 1, 2, 4, 3)
        position, seen = cells.reshape(b, channels, 2, -1).unbind(dim=2)
        center = ((position + 1) * (self.config.bins / 2)).clamp(0, self.config.bins - 1)
        rows = torch.arange(self.config.bins, device=latent.device)[:, None]
        distance = (rows - center[:, :, None]) / self.config.profile_sigma
        return torch.exp(-0.5 * distance.square()) * (seen > 0)[:, :, None]
