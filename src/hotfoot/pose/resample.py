"""Arrays [T, ...] at other instants: fractional frames, beyond the ends of which all is held."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

F = TypeVar("F", bound=np.floating[Any])


def neighbors(
    at: NDArray[np.floating], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Frames before and after instants ``at`` of ``count`` frames, the latter's weight; all [N]."""
    inside = np.clip(at, 0, count - 1)
    before = np.minimum(inside.astype(np.intp), max(count - 2, 0))
    after = np.minimum(before + 1, count - 1)
    return before, after, (inside - before).astype(np.float32)


def linear(values: NDArray[F], at: NDArray[np.floating]) -> NDArray[F]:
    """Values [T, ...] at instants [N], on straight lines between frames: [N, ...]."""
    before, after, w = neighbors(at, len(values))
    w = w.reshape(-1, *(1,) * (values.ndim - 1))
    return np.asarray(values[before] * (1 - w) + values[after] * w)


def smooth(values: NDArray[F], at: NDArray[np.floating]) -> NDArray[F]:
    """Values [T, ...] at instants [N] on a cubic spline, whose velocity has no steps: [N, ...]."""
    from scipy.interpolate import CubicSpline  # large

    inside = np.clip(at, 0, len(values) - 1)
    return np.asarray(CubicSpline(np.arange(len(values)), values, axis=0)(inside))


def filled(values: NDArray[F], known: NDArray[np.bool_]) -> NDArray[F]:
    """Values [T, ...] with frames that are not known [T] on straight lines between those that are.

    The first and the last known value are held outwards; without any, nothing changes.
    """
    frames, at = np.arange(len(values)), np.flatnonzero(known)
    out = values.copy()
    if len(at):
        for column in out.reshape(len(out), -1).T:
            column[:] = np.interp(frames, at, column[at])
    return out
