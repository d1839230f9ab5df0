"""Metrics of a set of dances, with intervals, chance, p-values and what real motion has."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import EvaluationError
from hotfoot.evaluation import realism
from hotfoot.evaluation.measures import DanceMeasures, MotionMeasures
from hotfoot.evaluation.metrics import METRICS
from hotfoot.evaluation.published import fid_div
from hotfoot.evaluation.response import tempo_slope
from hotfoot.evaluation.statistics import (
    NAN,
    Interval,
    bootstrap,
    combined_p,
    jackknife,
    known_mean,
)
from hotfoot.evaluation.synchrony import BEAT_MEASURES, against_other_songs

Songs = list[list[DanceMeasures]]
"""The dances to each song."""


@dataclass(frozen=True)
class Summary(Interval):
    """One metric over a set of dances: mean over songs and interval; NaN where it is not known."""

    n: int = 0  # how many dances (or songs) it comes from
    chance: float = NAN  # what chance gives
    p: float = NAN  # how likely chance gives as much
    real: float = NAN  # what real dances have

    @classmethod
    def of(cls, interval: Interval, n: int, by: float = 1.0, **known: float) -> "Summary":
        """An interval, divided by a number, and what else is known."""
        return cls(interval.value / by, interval.low / by, interval.high / by, n, **known)


@dataclass(frozen=True, eq=False)
class ReferenceSet:
    """Real dances to compare with, measured without music."""

    dances: list[MotionMeasures]
    training: NDArray[np.float32] | None = None  # pose windows [N, F] that a model was trained on

    def mean(self, key: str) -> float:
        """Mean of a metric over the dances in which it is known; NaN where it never is."""
        return known_mean([d.values.get(key, NAN) for d in self.dances])


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """A set of dances, measured."""

    name: str  # of its row in tables
    metrics: dict[str, Summary]  # in the order of hotfoot.evaluation.metrics.METRICS
    dances: list[DanceMeasures]
    warnings: tuple[str, ...] = ()  # sentences for the user


def summarize(
    name: str, dances: list[DanceMeasures], real: ReferenceSet | None = None
) -> EvaluationResult:
    """Summaries of a set that is not empty; intervals are over songs, since seeds share theirs."""
    plain = [d for d in dances if d.info.tempo == 1.0]
    songs: dict[str, list[DanceMeasures]] = {}
    for d in plain:
        songs.setdefault(d.song.name, []).append(d)
    groups = list(songs.values())
    out = {
        key: _summary(key, groups, real)
        for key in METRICS
        if any(np.isfinite(d.values.get(key, NAN)) for d in plain)
    }
    if len(groups) > 1:
        out |= _against_other_songs(groups)
    if slopes := _slopes(dances):
        out["tempo_slope"] = Summary.of(bootstrap(slopes), len(slopes))
    out |= _variety(groups, real)
    if real is not None:
        if any(d.info.published for d in plain):
            out |= _published(plain, real)
        out |= _realism(groups, real)
    return EvaluationResult(name, {k: out[k] for k in METRICS if k in out}, dances)


def _summary(key: str, songs: Songs, real: ReferenceSet | None) -> Summary:
    values = [[d.values.get(key, NAN) for d in group] for group in songs]
    interval = bootstrap([known_mean(v) for v in values] if len(songs) > 1 else values[0])
    found = [c for group in songs if (c := [d.chance[key] for d in group if key in d.chance])]
    chance, p = NAN, NAN
    if found:
        p = combined_p(found, lower=METRICS[key].better == "lower")
        chance = 0.0 if key in BEAT_MEASURES else _mean_chance(songs, key)
    elif key in ("alignment_raw", "coherence_raw"):
        chance = _mean_chance(songs, key.removesuffix("_raw"))
    n = int(np.isfinite(np.concatenate(values)).sum())
    return Summary.of(interval, n, chance=chance, p=p, real=real.mean(key) if real else NAN)


def _mean_chance(songs: Songs, key: str) -> float:
    return known_mean([d.chance[key].chance for g in songs for d in g if key in d.chance])


def _against_other_songs(songs: Songs) -> dict[str, Summary]:
    motions = [[d.alone.motion for d in group] for group in songs]
    corrected, p = against_other_songs(motions, [group[0].song.beats for group in songs])
    return {
        f"{key}_own": Summary.of(bootstrap(column), len(songs), chance=0.0, p=float(one))
        for key, column, one in zip(BEAT_MEASURES, corrected.T, p, strict=True)
    }


def _slopes(dances: list[DanceMeasures]) -> list[float]:
    """Mean tempo slope of each song that was danced at several tempi; one slope per seed."""
    groups: dict[tuple[str, int], list[DanceMeasures]] = {}
    for d in dances:
        groups.setdefault((d.song.name, d.info.seed), []).append(d)
    slopes: dict[str, list[float]] = {}
    for (song, _), group in groups.items():
        try:
            slope = tempo_slope([d.rate_bpm for d in group], [d.info.tempo for d in group])
        except EvaluationError:  # of one tempo only, or nothing repeats
            continue
        slopes.setdefault(song, []).append(slope)
    return [float(np.mean(s)) for s in slopes.values()]


def _variety(songs: Songs, real: ReferenceSet | None) -> dict[str, Summary]:
    """Diversity between dances and between seeds."""
    out: dict[str, Summary] = {}
    features = [[d.alone.features for d in group] for group in songs]
    every = [x for group in features for x in group]
    true = [d.features for d in real.dances] if real else []
    diversity = partial(realism.diversity, scale=np.concatenate(true or every).std(axis=0))
    if len(every) > 1:
        out["diversity"] = Summary.of(jackknife(diversity, every), len(every))
    if len(songs) > 1:
        across = realism.repeats_across([group[0].alone.moves for group in songs])
        of_real = realism.repeats_across([d.moves for d in real.dances]) if real else NAN
        out["repeats_across"] = Summary(across, n=len(songs), real=of_real)
    several = [[d.alone.motion for d in group] for group in songs if len(group) > 1]
    if several:
        seeds = bootstrap([diversity(group) for group in features if len(group) > 1])
        out["diversity_seeds"] = Summary.of(seeds, len(several))
        apart = bootstrap([realism.pose_distance(motions) for motions in several])
        out["apd"] = Summary.of(apart, len(several))
        if len(true) > 1:
            out["diversity_of_real"] = Summary.of(seeds, len(several), by=diversity(true))
    return out


def _published(dances: list[DanceMeasures], real: ReferenceSet) -> dict[str, Summary]:
    """FID and DIV as the paper computes them, one feature vector per dance."""
    made, true = [d.alone.kinetic_2d for d in dances], [d.kinetic_2d for d in real.dances]
    if min(len(made), len(true)) < 2:
        return {}
    fid, div, real_div = fid_div(np.array(made), np.array(true))
    n = len(made)
    return {"published_fid": Summary(fid, n=n), "published_div": Summary(div, n=n, real=real_div)}


def _realism(songs: Songs, real: ReferenceSet) -> dict[str, Summary]:
    """Distances to real dances, and to what was trained on."""
    dances = [d for group in songs for d in group]
    jerk = bootstrap([d.values["jerk"] for d in dances])
    out = {"jerk_of_real": Summary.of(jerk, len(dances), by=real.mean("jerk"))}
    features = [[d.alone.features for d in group] for group in songs]
    groups, true = [np.concatenate(x) for x in features], [d.features for d in real.dances]
    windows = sum(map(len, groups))
    if min(windows, sum(map(len, true))) > 1:
        found = realism.measure_realism(groups, true)
        out |= {key: Summary.of(interval, windows) for key, interval in found.items()}
    over = realism.frechet_over_real(features, true)
    if over is not None:
        out["frechet_of_real"] = Summary.of(over, len(dances))
    held = [d.windows for d in real.dances if len(d.windows)]
    own = [d.alone.windows for d in dances if len(d.alone.windows)]
    if real.training is not None and own and held:
        nearest = [realism.nearest_windows(w, real.training) for w in own]
        usual = np.median(realism.nearest_windows(np.concatenate(held), real.training))
        means = bootstrap([x.mean() for x in nearest])
        medians = bootstrap([np.median(x) for x in nearest])
        out["nearest_training"] = Summary.of(means, len(own))
        out["copy_ratio"] = Summary.of(medians, len(own), by=max(float(usual), 1e-9))
    return out
