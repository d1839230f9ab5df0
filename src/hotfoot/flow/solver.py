"""Solvers of ``dx/dt = velocity(x, t)`` along a schedule of times."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Literal

from torch import Tensor

from hotfoot.errors import OptionError
from hotfoot.flow.guidance import VelocityFn

Method = Literal["euler", "midpoint", "heun"]
METHODS: tuple[Method, ...] = ("euler", "midpoint", "heun")


def solve(
    velocity: VelocityFn,
    x: Tensor,
    times: Sequence[float],
    method: Method = "euler",
    on_step: Callable[[int], None] | None = None,
) -> Tensor:
    """Integrate ``x`` from ``times[0]`` to ``times[-1]``.

    Euler is of first order and takes one evaluation a step; midpoint and Heun are of second order
    and take two, except that Heun's last step to t = 0 falls back to Euler, where a velocity
    derived from predicted data is not defined (Karras et al., 2022).

    Args:
        velocity: ``velocity(x, t)``.
        x: the start.
        times: monotone times.
        method: ``euler``, ``midpoint`` or ``heun``.
        on_step: called with the number of steps done.
    """
    if method not in METHODS:
        raise OptionError(f"unknown solver '{method}'", f"Allowed: {', '.join(METHODS)}.")
    for i, (a, b) in enumerate(itertools.pairwise(times)):
        h = b - a
        first = velocity(x, a)
        if method == "midpoint":
            x = x + h * velocity(x + 0.5 * h * first, a + 0.5 * h)
        elif method == "heun" and b > 0:
            x = x + 0.5 * h * (first + velocity(x + h * first, b))
        else:
            x = x + h * first
        if on_step is not None:
            on_step(i + 1)
    return x
