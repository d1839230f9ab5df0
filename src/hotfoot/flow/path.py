"""Rectified flow: the straight path from data to noise, and what a network may predict on it.

Convention: ``t = 0`` is data, ``t = 1`` is noise; ``x_t = (1 - t) * data + t * noise`` and the
velocity is ``dx/dt = noise - data`` (Liu et al., "Flow Straight and Fast", 2022).
"""

from __future__ import annotations

import torch
from torch import Tensor

T_FLOOR = 0.05
"""Smallest t by which a prediction of the data is divided to give a velocity."""


def _expand(t: Tensor, like: Tensor) -> Tensor:
    return t.reshape(-1, *[1] * (like.ndim - 1))


def interpolate(data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """``x_t`` for t [B]."""
    w = _expand(t, data)
    return (1 - w) * data + w * noise


def velocity(data: Tensor, noise: Tensor) -> Tensor:
    """The constant velocity of the path."""
    return noise - data


def velocity_from_data(x: Tensor, data: Tensor, t: Tensor) -> Tensor:
    """Velocity at ``x`` when the data is predicted: ``(x - data) / t``."""
    return (x - data) / _expand(t, x).clamp(min=T_FLOOR)


def sample_times(
    count: int, generator: torch.Generator, mean: float = 0.4, std: float = 1.0
) -> Tensor:
    """Logit-normal training times in (0, 1), leaning to noise for ``mean > 0`` (Esser 2024)."""
    return torch.sigmoid(torch.randn(count, generator=generator) * std + mean)
