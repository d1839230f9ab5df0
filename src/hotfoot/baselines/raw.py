"""No VAE at all: coordinates as they are, the ablation of the one-hot image."""

import torch
from torch import Tensor

from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import RawConfig
from hotfoot.model.vae import PoseVAE
from hotfoot.timebase import FRAMES_PER_COLUMN


class RawCoordinates(PoseVAE):
    """Coordinates and visibility, reshaped, behind a VAE's interface; has no weights.

    "Latents" have per channel the eight positions of a column in -1..1 and eight signs of being
    seen.
    """

    config: RawConfig

    def __init__(self, config: RawConfig) -> None:
        codec = CodecConfig(bins=config.bins, profile_sigma=config.profile_sigma)
        super().__init__(config, codec, config.latent_channels, config.rows)

    @property
    def linear(self) -> bool:
        """Coordinates are there as they are."""
        return True

    def coordinates(self, latent: Tensor) -> Tensor:
        """Coordinates in bins [B, C, 8 U]."""
        cells = latent.reshape(len(latent), -1, 2, FRAMES_PER_COLUMN, latent.shape[-1])
        return (cells[:, :, 0].transpose(2, 3).flatten(2) + 1) * (self.config.bins / 2)

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
