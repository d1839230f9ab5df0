"""Classifier-free guidance as a wrapper of a velocity function."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

VelocityFn = Callable[[Tensor, float], Tensor]
"""``velocity(x, t)``: x of any shape, t a number in 0..1."""


def guided(
    conditional: VelocityFn,
    unconditional: VelocityFn,
    scale: float,
    interval: tuple[float, float] = (0.0, 1.0),
) -> VelocityFn:
    """``u + scale * (c - u)`` while t lies in the interval, the conditional one elsewhere.

    Scale 1 is the conditional velocity, 0 the unconditional one (Ho and Salimans, 2022); the
    interval is Kynkäänniemi et al., 2024. A call that needs one side only evaluates that side.
    """

    def velocity(x: Tensor, t: float) -> Tensor:
        if scale == 1 or not interval[0] <= t <= interval[1]:
            return conditional(x, t)
        if scale == 0:
            return unconditional(x, t)
        base = unconditional(x, t)
        return base + scale * (conditional(x, t) - base)

    return velocity
