"""Metrics of a set of dances, with intervals, chance and p-values."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.body import pose_distance
from hotfoot.evaluation.realism import (
    Interval,
    bootstrap,
    diversity,
    frechet_over_real,
    jackknife_error,
    measure_realism,
    nearest_windows,
)
from hotfoot.evaluation.response import tempo_slope
from hotfoot.evaluation.scores import METRICS, NAN, DanceScores
from hotfoot.evaluation.synchrony import SCORES, shuffled_chance


@dataclass(frozen=True)
class Summary:
    """One metric over a set of dances: value, 95 % interval, chance level, p-value, how many."""

    value: float
    low: float
    high: float
    n: int
    chance: float = NAN
    p: float = NAN


@dataclass(frozen=True, eq=False)
class RealMotion:
    """Real dances to compare with: kinetic features and pose windows, one array per dance.

    ``jerk`` is the mean jerk over speed of each; ``training`` holds pose windows of what a model
    was trained on.
    """

    features: list[NDArray[np.float64]]
    windows: list[NDArray[np.float32]]
    jerk: list[float]
    training: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """A set of dances, measured."""

    name: str
    summaries: dict[str, Summary]
    dances: list[DanceScores] = field(default_factory=list)


def summarize(name: str, dances: list[DanceScores], real: RealMotion | None = None) -> Result:
    """Summaries of a set; intervals are bootstrapped over songs, since seeds share theirs.

    Raises:
        EvaluationError: no dance.
    """
    plain = [d for d in dances if d.tempo == 1.0]
    if not plain:
        raise EvaluationError("there is no dance to summarize", "Give at least one.")
    out: dict[str, Summary] = {}
    for key in METRICS:
        values = np.array([d.values.get(key, NAN) for d in plain])
        if np.isfinite(values).any():
            out[key] = _summary(key, values, plain)
    out |= _against_other_songs(plain)
    slopes = _slopes(dances)
    if slopes:
        out["tempo_slope"] = _of(bootstrap(np.array(slopes)), len(slopes))
    out |= _set_metrics(plain, real)
    return Result(name, {k: out[k] for k in METRICS if k in out}, dances)


def _summary(key: str, values: NDArray[np.float64], dances: list[DanceScores]) -> Summary:
    songs = sorted({d.song for d in dances})
    means = np.array(
        [np.nanmean(v) if np.isfinite(v).any() else NAN
         for v in (values[[d.song == s for d in dances]] for s in songs)]
    )  # fmt: skip
    interval = bootstrap(means if len(songs) > 1 else values)
    chance, p = NAN, NAN
    found = {
        song: [d.chanced[key] for d in dances if d.song == song and key in d.chanced]
        for song in songs
    }
    pairs = [c for group in found.values() for c in group]
    if pairs:
        # One difference per song, since its dances share the beats; by chance their sum is normal.
        groups = [g for g in found.values() if g]
        sign = -1 if METRICS[key].better == "lower" else 1
        differences = sign * sum(float(np.mean([c.value - c.chance for c in g])) for g in groups)
        spreads = [max(1e-6, *(c.spread for c in g)) for g in groups]
        p = float(norm.sf(differences / np.sqrt(sum(v**2 for v in spreads))))
        corrected = key in SCORES
        chance = 0.0 if corrected else float(np.mean([c.chance for c in pairs]))
    elif key == "alignment_raw":
        levels = [d.chanced["alignment"].chance for d in dances if "alignment" in d.chanced]
        chance = float(np.mean(levels)) if levels else NAN
    return Summary(
        interval.value, interval.low, interval.high, int(np.isfinite(values).sum()), chance, p
    )


def _against_other_songs(dances: list[DanceScores]) -> dict[str, Summary]:
    by_song: dict[str, list[DanceScores]] = {}
    for d in dances:
        by_song.setdefault(d.song, []).append(d)
    if len(by_song) < 2:
        return {}
    groups = list(by_song.values())
    found = shuffled_chance(
        [[d.motion for d in g] for g in groups], [g[0].music.beats for g in groups]
    )
    out = {}
    for i, key in enumerate(SCORES):
        interval = bootstrap(found.corrected[:, i])
        out[f"{key}_own"] = Summary(
            interval.value, interval.low, interval.high, len(groups), 0.0, float(found.p[i])
        )
    return out


def _of(interval: Interval, n: int) -> Summary:
    return Summary(interval.value, interval.low, interval.high, n)


def _slopes(dances: list[DanceScores]) -> list[float]:
    """Mean tempo slope of each song that was danced at several tempi; one slope per seed."""
    groups: dict[tuple[str, int], list[DanceScores]] = {}
    for d in dances:
        groups.setdefault((d.song, d.seed), []).append(d)
    slopes: dict[str, list[float]] = {}
    for (song, _), group in groups.items():
        if len({d.tempo for d in group}) > 1:
            try:
                slope = tempo_slope([d.motion_rate_bpm for d in group], [d.tempo for d in group])
            except EvaluationError:
                continue
            slopes.setdefault(song, []).append(slope)
    return [float(np.mean(s)) for s in slopes.values()]


def _set_metrics(dances: list[DanceScores], real: RealMotion | None) -> dict[str, Summary]:
    out: dict[str, Summary] = {}
    features = [d.features for d in dances]
    scale = np.concatenate(real.features if real else features).std(axis=0)
    by_song: dict[str, list[DanceScores]] = {}
    for d in dances:
        by_song.setdefault(d.song, []).append(d)
    several = [g for g in by_song.values() if len(g) > 1]
    if len(dances) > 1:
        out["diversity"] = _diversity(features, scale)
    if several:
        seeds = np.array([diversity([d.features for d in g], scale) for g in several])
        out["diversity_seeds"] = _of(bootstrap(seeds), len(several))
        apart = np.array([pose_distance([d.motion for d in g]) for g in several])
        out["apd"] = _of(bootstrap(apart), len(several))
    if real is None:
        return out
    if several and len(real.features) > 1:
        between = diversity(real.features, scale)
        out["diversity_of_real"] = _scaled(out["diversity_seeds"], between)
    jerk = np.array([d.values["jerk"] for d in dances]) / float(np.mean(real.jerk))
    out["jerk_of_real"] = _of(bootstrap(jerk), len(dances))
    groups = [np.concatenate([d.features for d in g]) for g in by_song.values()]
    try:
        distances = measure_realism(groups, real.features)
    except EvaluationError:
        distances = None
    if distances is not None:
        for key in ("frechet", "frechet_unbiased", "kernel"):
            out[key] = _of(getattr(distances, key), distances.windows[0])
    over = frechet_over_real([[d.features for d in g] for g in by_song.values()], real.features)
    if over is not None:
        out["frechet_of_real"] = _of(over, len(dances))
    held = [w for w in real.windows if len(w)]
    own = [d.windows for d in dances if len(d.windows)]
    if real.training is not None and own and held:
        bank = real.training
        found = [nearest_windows(w, bank) for w in own]
        out["nearest_training"] = _of(bootstrap(np.array([f.mean() for f in found])), len(found))
        usual = float(np.median(nearest_windows(np.concatenate(held), bank)))
        medians = np.array([np.median(f) for f in found])
        out["copy_ratio"] = _scaled(_of(bootstrap(medians), len(medians)), max(usual, 1e-9))
    return out


def _scaled(summary: Summary, by: float) -> Summary:
    return Summary(summary.value / by, summary.low / by, summary.high / by, summary.n)


def _diversity(features: list[NDArray[np.float64]], scale: NDArray[np.float64]) -> Summary:
    whole = diversity(features, scale)
    if len(features) < 3:
        return Summary(whole, NAN, NAN, len(features))
    left_out = [diversity(features[:i] + features[i + 1 :], scale) for i in range(len(features))]
    error = float(jackknife_error(np.array(left_out)))
    return Summary(whole, whole - 1.96 * error, whole + 1.96 * error, len(features))
