"""Does the dance fall on the music's beats, more than by chance?

Kinematic beats are minima of the body's mean speed. Every score stands beside its chance level, the
mean over circular shifts of the dance against the music; corrected by it, it is 0 for anything that
does not follow the music, however many minima it has. Beats are seconds, sorted.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotfoot.evaluation.coherence import locked_share, varying_velocity
from hotfoot.evaluation.motion import RATE, Motion
from hotfoot.evaluation.statistics import NAN, Array, ChanceCorrected
from hotfoot.pose.body import between_frames, speed_minima

_SIGMA_S, _TOLERANCE_S = 0.05, 0.1
_SMOOTHING_S = 0.05
_PROMINENCE = 0.1  # of the 90th percentile of the speed
_SHIFTS = 400
_LAGS_S, _AS_HIGH = 0.5, 0.95

SYNCHRONY = ("alignment", "precision", "recall", "f1")
BEAT_MEASURES = (*SYNCHRONY, "coherence")
"""What is measured of a dance and beats; each lies in 0..1."""


@dataclass(frozen=True, eq=False)
class Synchrony:
    """How dance and beats go together: :func:`scores` beside chance, and the lag."""

    alignment: ChanceCorrected
    precision: ChanceCorrected
    recall: ChanceCorrected
    f1: ChanceCorrected
    lag_s: float  # where the alignment peaks; positive where the dance comes late
    curve: Array  # alignment [101] if the dance were moved earlier by -0.5 to 0.5 s


def kinematic_beats(motion: Motion) -> Array:
    """Seconds at which the body comes to rest, between samples where the minimum is."""
    speed = gaussian_filter1d(motion.speed(), _SMOOTHING_S * RATE, mode="nearest")
    if float(np.percentile(speed, 90)) < 1e-4:  # no movement
        return np.zeros(0)
    return between_frames(speed, speed_minima(speed, _PROMINENCE)) / RATE


def nearness(at: Array, among: Array, sigma: float) -> float:
    """Mean of ``exp(-d^2 / 2 sigma^2)``, d from each of ``at`` to the nearest of ``among``."""
    i = np.searchsorted(among, at)
    before, after = among[np.maximum(i - 1, 0)], among[np.minimum(i, len(among) - 1)]
    distance = np.minimum(np.abs(at - before), np.abs(after - at))
    return float(np.exp(-0.5 * (distance / sigma) ** 2).mean())


def alignment(motion_beats: Array, music_beats: Array) -> float:
    """Harmonic mean of nearness (sigma 50 ms) in both directions; 0 where either has no beat."""
    if len(motion_beats) == 0 or len(music_beats) == 0:
        return 0.0
    forth = nearness(motion_beats, music_beats, _SIGMA_S)
    back = nearness(music_beats, motion_beats, _SIGMA_S)
    return 2 * forth * back / max(forth + back, 1e-12)


def matches(a: Array, b: Array, tolerance_s: float = _TOLERANCE_S) -> int:
    """Pairs of a largest one-to-one matching within a tolerance; both sorted."""
    i = j = count = 0  # on a line it is optimal to take in order the first that fits
    while i < len(a) and j < len(b):
        d = a[i] - b[j]
        if abs(d) <= tolerance_s + 1e-9:
            count, i, j = count + 1, i + 1, j + 1
        elif d < 0:
            i += 1
        else:
            j += 1
    return count


def scores(motion_beats: Array, music_beats: Array) -> tuple[float, float, float, float]:
    """:data:`SYNCHRONY`: alignment; precision, recall and F1 of one-to-one matching within 0.1 s.

    Precision is the share of kinematic beats with a musical beat of their own.
    """
    hit, n, m = matches(motion_beats, music_beats), len(motion_beats), len(music_beats)
    rates = (hit / max(n, 1), hit / max(m, 1), 2 * hit / max(n + m, 1))
    return (alignment(motion_beats, music_beats), *rates)


def beats_within(beats: Array, duration_s: float) -> Array:
    """Sorted beats in 0..duration."""
    beats = np.sort(np.asarray(beats, np.float64))
    return beats[(beats >= 0) & (beats <= duration_s)]


def shifted(beats: Array, by_s: float, duration_s: float) -> Array:
    """Beats moved on by ``by_s``, those past the end coming in again at the start."""
    return np.sort(np.mod(beats + by_s, duration_s))


def measure_synchrony(
    motion: Motion, music_beats: Array, seed: int = 0, shifts: int = _SHIFTS
) -> Synchrony:
    """Synchrony of a dance with beats in seconds, some within the dance."""
    duration, own = motion.duration_s, kinematic_beats(motion)
    music = beats_within(music_beats, duration)
    moved = np.random.default_rng(seed).uniform(0, duration, shifts)
    by_chance = np.array([scores(shifted(own, by, duration), music) for by in moved])
    lags = np.arange(-_LAGS_S, _LAGS_S + 1e-9, 0.01)
    curve = np.array([alignment(own - lag, music) for lag in lags])
    first, precision, recall, f1 = map(ChanceCorrected.of, scores(own, music), by_chance.T)
    return Synchrony(first, precision, recall, f1, _peak(lags, curve), curve)


def _peak(lags: Array, curve: Array) -> float:
    """Lag of the highest peak; of several nearly as high, a beat apart, the nearest to zero."""
    if curve.max() <= 0:
        return NAN
    padded = np.pad(curve, 1)
    peaks = np.flatnonzero((padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:]))
    peaks = peaks[curve[peaks] >= _AS_HIGH * curve.max()]
    return float(lags[peaks[np.argmin(np.abs(lags[peaks]))]])


def against_other_songs(
    motions: list[list[Motion]], songs: list[Array], rounds: int = 2000
) -> tuple[Array, Array]:
    """Do dances (some to each of N > 1 songs) go better with their song's beats than with others'?

    :data:`BEAT_MEASURES` [N, 5], corrected by what the other songs' beats give: 0 for dances that
    go as well with any song, 1 for a perfect score; and p [5], the share of random pairings of
    dances and songs that score as high on average.
    """
    count = len(songs)
    lengths = [max(m.duration_s for m in group) for group in motions]
    table = np.zeros((count, count, len(BEAT_MEASURES)))
    for i, group in enumerate(motions):
        for motion in group:
            own, velocity = kinematic_beats(motion), varying_velocity(motion)
            for j, beats in enumerate(songs):  # as long as both last
                both = min(motion.duration_s, lengths[j])
                dance, music = beats_within(own, both), beats_within(beats, both)
                locked = np.nan_to_num(locked_share(velocity, music))
                table[i, j] += np.array([*scores(dance, music), locked]) / len(group)
    rows = np.arange(count)
    own = table[rows, rows]
    rng = np.random.default_rng(0)
    by_chance = np.array([table[rows, rng.permutation(count)].mean(axis=0) for _ in range(rounds)])
    p = (1 + (by_chance >= own.mean(axis=0) - 1e-12).sum(axis=0)) / (1 + rounds)
    others = (table.sum(axis=1) - own) / (count - 1)
    return (own - others) / np.maximum(1e-9, 1 - others), p
