"""Rectified flow: the straight path from data to noise, and what a network may predict on it.

Convention: ``t = 0`` is data, ``t = 1`` is noise; ``x_t = (1 - t) * data + t * noise`` and the
velocity is ``dx/dt = noise - data`` (Liu et al., "Flow Straight and Fast", 2022).
"""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hotfoot.model.config import Solver

VelocityFn = Callable[[Tensor, float], Tensor]  # of x of any shape and t in 0..1
_T_FLOOR = 0.05  # smallest t by which a prediction of the data is divided to give a velocity


def _expand(t: Tensor, like: Tensor) -> Tensor:
    return t.reshape(-1, *[1] * (like.ndim - 1))


def interpolate(data: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """``x_t`` for t [B]."""
    w = _expand(t, data)
    return (1 - w) * data + w * noise


def velocity_from_data(x: Tensor, data: Tensor, t: Tensor) -> Tensor:
    """Velocity at ``x`` when the data is predicted: ``(x - data) / t``."""
    return (x - data) / _expand(t, x).clamp(min=_T_FLOOR)


def sample_times(count: int, generator: torch.Generator, mean: float, std: float = 1.0) -> Tensor:
    """Logit-normal training times in (0, 1), leaning to noise for ``mean > 0`` (Esser 2024)."""
    return torch.sigmoid(torch.randn(count, generator=generator) * std + mean)


def schedule(steps: int, shift: float = 1.0) -> tuple[float, ...]:
    """``steps + 1`` times from 1 to 0; ``shift > 1`` spends more of them near noise.

    ``t' = shift * t / (1 + (shift - 1) * t)`` (Esser et al., 2024).
    """
    even = (1 - i / steps for i in range(steps + 1))
    return tuple(shift * t / (1 + (shift - 1) * t) for t in even)


def solve(
    velocity: VelocityFn,
    x: Tensor,
    times: Sequence[float],
    method: Solver = "euler",
    on_step: Callable[[int], None] | None = None,
) -> Tensor:
    """Integrate ``x`` from ``times[0]`` to ``times[-1]``.

    Euler is of first order and takes one evaluation a step; midpoint and Heun are of second order
    and take two, except that Heun's last step to t = 0 falls back to Euler, where a velocity
    derived from predicted data is not defined (Karras et al., 2022). ``on_step`` is called with the
    number of steps done.
    """
    for done, (a, b) in enumerate(itertools.pairwise(times), 1):
        h = b - a
        first = velocity(x, a)
        if method == "midpoint":
            x = x + h * velocity(x + 0.5 * h * first, a + 0.5 * h)
        elif method == "heun" and b > 0:
            x = x + 0.5 * h * (first + velocity(x + h * first, b))
        else:
            x = x + h * first
        if on_step is not None:
            on_step(done)
    return x
