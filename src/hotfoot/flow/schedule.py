"""Sampling times from noise (1) to data (0)."""

from __future__ import annotations

from hotfoot.errors import OptionError


def schedule(steps: int, shift: float = 1.0) -> tuple[float, ...]:
    """``steps + 1`` times from 1 to 0; ``shift > 1`` spends more of them near noise.

    ``t' = shift * t / (1 + (shift - 1) * t)`` (Esser et al., 2024).

    Raises:
        OptionError: fewer than 1 or more than 1000 steps, or a shift that is not positive.
    """
    if not 1 <= steps <= 1000:
        raise OptionError(f"--steps is {steps}", "Allowed: 1 to 1000.")
    if not shift > 0:
        raise OptionError(f"shift is {shift}", "The shift must be positive.")
    even = (1 - i / steps for i in range(steps + 1))
    return tuple(shift * t / (1 + (shift - 1) * t) for t in even)
