"""Chance levels and intervals of what is measured."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

Array = NDArray[np.float64]
NAN = float("nan")
T = TypeVar("T")


def known_mean(values: ArrayLike) -> float:
    """Mean of numbers, NaNs left out; NaN where nothing else is left."""
    found = np.asarray(values, np.float64)
    known = found[np.isfinite(found)]
    return float(known.mean()) if known.size else NAN


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


def jackknife(measure: Callable[[list[T]], float], groups: list[T]) -> Interval:
    """A measure of N groups, its interval by leaving out one at a time; none for under three."""
    value = measure(groups)
    if len(groups) < 3:
        return Interval(value)
    left_out = [measure(groups[:i] + groups[i + 1 :]) for i in range(len(groups))]
    error = 1.96 * float(jackknife_error(np.array(left_out)))
    return Interval(value, value - error, value + error)


def combined_p(groups: list[list[ChanceCorrected]], lower: bool) -> float:
    """p over groups (songs): one difference each, since a song's dances share the beats.

    By chance the sum of independent differences is normal.
    """
    total = sum(float(np.mean([c.value - c.chance for c in group])) for group in groups)
    variance = sum(max(1e-6, *(c.deviation for c in group)) ** 2 for group in groups)
    return float(norm.sf((-total if lower else total) / np.sqrt(variance)))


def jackknife_error(left_out: Array) -> Array:
    """Standard errors from values [N, ...] with one of N groups left out each."""
    n = len(left_out)
    return np.asarray(np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)))


def bootstrap(values: ArrayLike, rounds: int = 2000) -> Interval:
    """Mean of values [N] with its 95 % interval; NaNs are left out; one value has no interval."""
    found = np.asarray(values, np.float64)
    known = found[np.isfinite(found)]
    if len(known) < 2:
        return Interval(known_mean(known))
    drawn = np.random.default_rng(0).integers(len(known), size=(rounds, len(known)))
    low, high = np.percentile(known[drawn].mean(axis=1), [2.5, 97.5])
    return Interval(known_mean(known), float(low), float(high))
