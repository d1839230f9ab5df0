"""Metrics of a set of dances, with intervals, chance, p-values and what real motion has."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.measures import DanceMeasures, MotionMeasures
from hotfoot.evaluation.metrics import METRICS
from hotfoot.evaluation.published import fid_div
from hotfoot.evaluation.realism import (
    diversity,
    frechet_over_real,
    measure_realism,
    nearest_windows,
    pose_distance,
)
from hotfoot.evaluation.repetition import repeats_across
from hotfoot.evaluation.response import tempo_slope
from hotfoot.evaluation.statistics import NAN, Array, ChanceCorrected, Interval, bootstrap
from hotfoot.evaluation.synchrony import BEAT_MEASURES, against_other_songs


@dataclass(frozen=True)
class Summary:
    """One metric over a set of dances.

    Attributes:
        value: mean over songs.
        low: of its 95 % interval, like ``high``; NaN where there is none.
        n: how many dances (or songs) it comes from.
        chance: what chance gives; NaN where that is not known.
        p: how likely chance gives as much.
        real: what real dances have; NaN where that is not known.
    """

    value: float
    low: float
    high: float
    n: int
    chance: float = NAN
    p: float = NAN
    real: float = NAN

    @classmethod
    def of(cls, interval: Interval, n: int, by: float = 1.0) -> "Summary":
        """An interval, divided by a number."""
        return cls(interval.value / by, interval.low / by, interval.high / by, n)


@dataclass(frozen=True, eq=False)
class ReferenceSet:
    """Real dances to compare with.

    Attributes:
        dances: each of them, measured without music.
        training: pose windows [N, F] of what a model was trained on, to find copies.
    """

    dances: list[MotionMeasures]
    training: NDArray[np.float32] | None = None

    @property
    def features(self) -> list[Array]:
        """Kinetic windows [W, F] of each dance."""
        return [d.features for d in self.dances]

    def mean(self, key: str) -> float:
        """Mean of a metric over the dances in which it is known; NaN where it never is."""
        return bootstrap([d.values.get(key, NAN) for d in self.dances], rounds=1).value


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """A set of dances, measured.

    Attributes:
        name: of its row in tables.
        metrics: in the order of :data:`~hotfoot.evaluation.metrics.METRICS`.
        dances: each of them.
        warnings: sentences for the user.
    """

    name: str
    metrics: "dict[str, Summary]"
    dances: list[DanceMeasures]
    warnings: tuple[str, ...] = ()


def summarize(
    name: str, dances: list[DanceMeasures], real: ReferenceSet | None = None
) -> EvaluationResult:
    """Summaries of a set; intervals are bootstrapped over songs, since seeds share theirs.

    Raises:
        EvaluationError: no dance.
    """
    plain = [d for d in dances if d.info.tempo == 1.0]
    if not plain:
        raise EvaluationError("there is no dance to summarize", "Give at least one.")
    songs: dict[str, list[DanceMeasures]] = {}
    for d in plain:
        songs.setdefault(d.song.name, []).append(d)
    groups = list(songs.values())
    out: "dict[str, Summary]" = {}
    for key in METRICS:
        if any(np.isfinite(d.values.get(key, NAN)) for d in plain):
            out[key] = _summary(key, groups, real)
    if len(groups) > 1:
        out |= _against_other_songs(groups)
    slopes = _slopes(dances)
    if slopes:
        out["tempo_slope"] = Summary.of(bootstrap(slopes), len(slopes))
    out |= _variety(groups, real)
    if any(d.info.published for d in plain) and real is not None:
        out |= _published(plain, real)
    if real is not None:
        out |= _realism(groups, real)
    return EvaluationResult(name, {k: out[k] for k in METRICS if k in out}, dances)


def _summary(key: str, songs: list[list[DanceMeasures]], real: ReferenceSet | None) -> "Summary":
    values = [np.array([d.values.get(key, NAN) for d in group]) for group in songs]
    means = [float(np.nanmean(v)) if np.isfinite(v).any() else NAN for v in values]
    interval = bootstrap(means if len(songs) > 1 else values[0])
    found = [[d.chance[key] for d in group if key in d.chance] for group in songs]
    chance, p = NAN, NAN
    if any(found):
        p = _probability([g for g in found if g], lower=METRICS[key].better == "lower")
        chance = 0.0 if key in BEAT_MEASURES else _mean_chance(songs, key)
    elif key in ("alignment_raw", "coherence_raw"):
        chance = _mean_chance(songs, key.removesuffix("_raw"))
    n = int(sum(np.isfinite(v).sum() for v in values))
    real_value = NAN if real is None else real.mean(key)
    return Summary(interval.value, interval.low, interval.high, n, chance, p, real_value)


def _mean_chance(songs: list[list[DanceMeasures]], key: str) -> float:
    levels = [d.chance[key].chance for g in songs for d in g if key in d.chance]
    return float(np.mean(levels)) if levels else NAN


def _probability(songs: list[list[ChanceCorrected]], lower: bool) -> float:
    """p over songs: one difference each, since a song's dances share the beats.

    By chance the sum of independent differences is normal.
    """
    total = sum(float(np.mean([c.value - c.chance for c in group])) for group in songs)
    variance = sum(max(1e-6, *(c.deviation for c in group)) ** 2 for group in songs)
    return float(norm.sf((-total if lower else total) / np.sqrt(variance)))


def _against_other_songs(songs: list[list[DanceMeasures]]) -> "dict[str, Summary]":
    found = against_other_songs(
        [[d.alone.motion for d in group] for group in songs],
        [group[0].song.beats for group in songs],
    )
    out = {}
    for i, key in enumerate(BEAT_MEASURES):
        at = bootstrap(found.corrected[:, i])
        out[f"{key}_own"] = Summary(at.value, at.low, at.high, len(songs), 0.0, float(found.p[i]))
    return out


def _slopes(dances: list[DanceMeasures]) -> list[float]:
    """Mean tempo slope of each song that was danced at several tempi; one slope per seed."""
    groups: dict[tuple[str, int], list[DanceMeasures]] = {}
    for d in dances:
        groups.setdefault((d.song.name, d.info.seed), []).append(d)
    slopes: dict[str, list[float]] = {}
    for (song, _), group in groups.items():
        if len({d.info.tempo for d in group}) > 1:
            try:
                slope = tempo_slope([d.rate_bpm for d in group], [d.info.tempo for d in group])
            except EvaluationError:
                continue
            slopes.setdefault(song, []).append(slope)
    return [float(np.mean(s)) for s in slopes.values()]


def _variety(songs: list[list[DanceMeasures]], real: ReferenceSet | None) -> "dict[str, Summary]":
    """Diversity between dances and between seeds."""
    out: "dict[str, Summary]" = {}
    features = [d.alone.features for group in songs for d in group]
    scale = np.concatenate(real.features if real else features).std(axis=0)
    if len(features) > 1:
        parts = [features[:i] + features[i + 1 :] for i in range(len(features))]
        left_out = [diversity(p, scale) for p in parts if len(p) > 1]
        whole = Interval.jackknife(diversity(features, scale), left_out)
        out["diversity"] = Summary.of(whole, len(features))
    if len(songs) > 1:
        across = repeats_across([group[0].alone.moves for group in songs])
        real_value = NAN if real is None else repeats_across([d.moves for d in real.dances])
        out["repeats_across"] = Summary(across, NAN, NAN, len(songs), real=real_value)
    several = [group for group in songs if len(group) > 1]
    if several:
        seeds = bootstrap([diversity([d.alone.features for d in g], scale) for g in several])
        out["diversity_seeds"] = Summary.of(seeds, len(several))
        apart = bootstrap([pose_distance([d.alone.motion for d in g]) for g in several])
        out["apd"] = Summary.of(apart, len(several))
        if real is not None and len(real.features) > 1:
            between = diversity(real.features, scale)
            out["diversity_of_real"] = Summary.of(seeds, len(several), by=between)
    return out


def _published(dances: list[DanceMeasures], real: ReferenceSet) -> "dict[str, Summary]":
    """FID and DIV as the paper computes them, one feature vector per dance."""
    made = np.array([d.alone.kinetic_2d for d in dances])
    true = np.array([d.kinetic_2d for d in real.dances])
    if min(len(made), len(true)) < 2:
        return {}
    distance, div, real_div = fid_div(made, true)
    return {
        "published_fid": Summary(distance, NAN, NAN, len(made)),
        "published_div": Summary(div, NAN, NAN, len(made), real=real_div),
    }


def _realism(songs: list[list[DanceMeasures]], real: ReferenceSet) -> "dict[str, Summary]":
    """Distances to real dances, and to what was trained on."""
    dances = [d for group in songs for d in group]
    jerk = bootstrap([d.values["jerk"] for d in dances])
    out = {"jerk_of_real": Summary.of(jerk, len(dances), by=real.mean("jerk"))}
    windows = sum(len(d.alone.features) for d in dances)
    if min(windows, sum(len(x) for x in real.features)) > 1:
        groups = [np.concatenate([d.alone.features for d in g]) for g in songs]
        for key, interval in measure_realism(groups, real.features).items():
            out[key] = Summary.of(interval, windows)
    over = frechet_over_real([[d.alone.features for d in g] for g in songs], real.features)
    if over is not None:
        out["frechet_of_real"] = Summary.of(over, len(dances))
    held = [d.windows for d in real.dances if len(d.windows)]
    own = [d.alone.windows for d in dances if len(d.alone.windows)]
    if real.training is not None and own and held:
        found = [nearest_windows(w, real.training) for w in own]
        usual = float(np.median(nearest_windows(np.concatenate(held), real.training)))
        means = bootstrap([float(f.mean()) for f in found])
        medians = bootstrap([float(np.median(f)) for f in found])
        out["nearest_training"] = Summary.of(means, len(found))
        out["copy_ratio"] = Summary.of(medians, len(found), by=max(usual, 1e-9))
    return out
