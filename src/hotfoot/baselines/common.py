"""What baselines share: their configuration and films of one person as numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.model.config import Sampling


@dataclass(frozen=True)
class BaselineConfig:
    """Facts of a baseline.

    Attributes:
        kind: ``retrieval`` or ``codes``.
        name: shown in results.
        fields: what the kind needs besides.
    """

    kind: str
    name: str
    fields: dict[str, Any]
    skeleton: str = "body-18"
    fps: float = 30.0
    frames: int = 256
    overlap: int = 16
    music: str = "spectral-1"
    sampling: Sampling = field(default_factory=lambda: Sampling(steps=1))
    license: str = "Apache-2.0"

    def to_dict(self) -> dict[str, Any]:
        """For ``config.json``."""
        return asdict(self)


def crossfade(
    before: NDArray[np.float32], after: NDArray[np.float32], frames: int
) -> NDArray[np.float32]:
    """The end of one [>= frames, ...] going over into the start of another, smoothly."""
    w = (0.5 - 0.5 * np.cos(np.pi * (np.arange(frames) + 0.5) / frames)).astype(np.float32)
    w = w.reshape(-1, *[1] * (before.ndim - 1))
    return before[-frames:] * (1 - w) + after[:frames] * w
