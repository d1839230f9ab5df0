"""Chance levels and intervals of what is measured."""

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
NAN = float("nan")
T = TypeVar("T")


def known_mean(values: ArrayLike) -> float:
    """Mean of numbers, NaNs left out; NaN where nothing else is left."""
    found = np.asarray(values, float)
    found = found[np.isfinite(found)]
    return float(found.mean()) if found.size else NAN


@dataclass(frozen=True)
class ChanceCorrected:
    """A value beside what chance gives, as far as that is known."""

    value: float
    chance: float = NAN  # mean of what chance gives
    deviation: float = NAN  # standard deviation of what chance gives
    p: float = NAN  # how likely chance gives as much (one-sided permutation test)

    @classmethod
    def of(cls, value: float, by_chance: Array | list[float], lower: bool = False) -> Self:
        """A value with its chance level from values [N] that chance gave; lower may be better."""
        found = np.asarray(by_chance, float)
        sign = -1 if lower else 1
        p = (1 + (sign * found >= sign * value - 1e-12).sum()) / (1 + len(found))
        return cls(float(value), float(found.mean()), float(found.std()), float(p))

    @property
    def corrected(self) -> float:
        """0 at chance, 1 for a perfect score."""
        return (self.value - self.chance) / max(1e-9, 1 - self.chance)


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval; NaN bounds where there is none."""

    value: float
    low: float = NAN
    high: float = NAN

    @classmethod
    def jackknife(cls, value: float, left_out: list[float]) -> "Interval":
        """The interval from values with one of N groups left out each; none for under three."""
        if len(left_out) < 3:
            return Interval(value)
        error = 1.96 * float(jackknife_error(np.array(left_out)))
        return Interval(value, value - error, value + error)


def leave_one_out(groups: list[T]) -> list[list[T]]:
    """All of N groups but one, N times, for :meth:`Interval.jackknife`; none for under three."""
    count = len(groups) if len(groups) > 2 else 0
    return [groups[:i] + groups[i + 1 :] for i in range(count)]


def jackknife_error(left_out: Array) -> Array:
    """Standard errors from values [N, ...] with one of N groups left out each."""
    n = len(left_out)
    return np.asarray(np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)))


def bootstrap(values: ArrayLike, seed: int = 0, rounds: int = 2000) -> Interval:
    """Mean of values [N] with its 95 % interval; NaNs are left out; one value has no interval."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return Interval(known_mean(values))
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(rounds, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))
