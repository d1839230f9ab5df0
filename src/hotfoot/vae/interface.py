"""What the dancer needs of a VAE; ours and published ones provide it."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor

from hotfoot.onehot.codec import CodecConfig


class PoseVAE(Protocol):
    """Lines to latents, latents to one-hot images."""

    @property
    def codec(self) -> CodecConfig:
        """How its images are drawn and decoded."""
        ...

    def description(self) -> dict[str, Any]:
        """What a model's configuration says of it: ``kind`` and what that needs."""
        ...

    def latent_channels(self, channels: int) -> int:
        """Latent channels of a one-hot image with so many channels."""
        ...

    def latent_rows(self) -> int:
        """Height of the latent grid."""
        ...

    def encode_lines(self, centre: Tensor, value: Tensor) -> Tensor:
        """Lines [B, C, T] (bins, hot values) to latents [B, C', R, T / 8]."""
        ...

    def decode(self, latent: Tensor, channels: int) -> Tensor:
        """Latents [B, C', R, U] to canonical one-hot images [B, channels, W, 8 U]."""
        ...
