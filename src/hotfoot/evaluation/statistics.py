"""Chance levels and intervals of what is measured."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True)
class ChanceCorrected:
    """A value beside what chance gives.

    Attributes:
        value: what was measured.
        chance: mean of what chance gives.
        deviation: standard deviation of what chance gives.
        p: how likely chance gives as much (one-sided permutation test).
    """

    value: float
    chance: float = NAN
    deviation: float = NAN
    p: float = NAN

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
    def jackknife(cls, value: float, left_out: list[float]) -> Self:
        """The interval from values with one of N groups left out each; none for under three."""
        if len(left_out) < 3:
            return cls(value)
        error = float(jackknife_error(np.array(left_out)))
        return cls(value, value - 1.96 * error, value + 1.96 * error)


def jackknife_error(left_out: Array) -> Array:
    """Standard errors from values [N, ...] with one of N groups left out each."""
    n = len(left_out)
    return np.asarray(np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)))


def bootstrap(values: Array | list[float], seed: int = 0, rounds: int = 2000) -> Interval:
    """Mean of values [N] with its 95 % interval; NaNs are left out; one value has no interval."""
    values = np.asarray(values, float)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return Interval(float(values[0]) if len(values) else NAN)
    rng = np.random.default_rng(seed)
    means = values[rng.integers(len(values), size=(rounds, len(values)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(values.mean()), float(low), float(high))
