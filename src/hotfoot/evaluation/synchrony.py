"""Does the dance fall on the music's beats, more than by chance?

Kinematic beats are the moments at which the body comes to rest: minima of its mean speed. Every
score stands beside its chance level, the mean over circular shifts of the dance against the music;
``corrected = (score - chance) / (1 - chance)`` is 0 for anything that does not follow the music,
however many minima it has, and 1 for a perfect score. A set of dances is also compared with the
same dances to other songs, by random pairings.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.coherence import locked_share, varying_velocity
from hotfoot.evaluation.motion import RATE, Motion
from hotfoot.evaluation.statistics import NAN, ChanceCorrected
from hotfoot.pose.body import between_frames, speed_minima

SIGMA_S = 0.05
TOLERANCE_S = 0.1
_SMOOTHING_S = 0.05
_PROMINENCE = 0.1  # of the 90th percentile of the speed
_SHIFTS = 400
_LAGS_S, _AS_HIGH = 0.5, 0.95

Times = NDArray[np.float64]

SYNCHRONY = ("alignment", "precision", "recall", "f1")
BEAT_MEASURES = (*SYNCHRONY, "coherence")
"""What is measured of a dance and beats; each lies in 0..1."""


@dataclass(frozen=True, eq=False)
class Synchrony:
    """How dance and beats go together.

    Attributes:
        alignment: mean over kinematic and musical beats, each against the nearest of the other
            kind, of ``exp(-d^2 / 2 sigma^2)``; harmonic mean of both directions.
        precision: share of kinematic beats with a musical beat of their own within the tolerance.
        recall: share of musical beats with a kinematic beat of their own.
        f1: of both.
        lag_s: where the alignment peaks; positive where the dance comes late.
        curve: alignment [101] if the dance were moved earlier by -0.5 to 0.5 s.
        motion_beats: seconds.
    """

    alignment: ChanceCorrected
    precision: ChanceCorrected
    recall: ChanceCorrected
    f1: ChanceCorrected
    lag_s: float
    curve: NDArray[np.float64]
    motion_beats: Times


def kinematic_beats(motion: Motion) -> Times:
    """Seconds at which the body comes to rest, between samples where the minimum is."""
    speed = gaussian_filter1d(motion.speed(), _SMOOTHING_S * RATE, mode="nearest")
    if float(np.percentile(speed, 90)) < 1e-4:  # no movement
        return np.zeros(0)
    return between_frames(speed, speed_minima(speed, _PROMINENCE)) / RATE


def alignment(motion_beats: Times, music_beats: Times, sigma_s: float = SIGMA_S) -> float:
    """Beat alignment in both directions, harmonic mean; 0 where either has no beat."""
    if len(motion_beats) == 0 or len(music_beats) == 0:
        return 0.0

    def one_way(a: Times, b: Times) -> float:
        distance = np.abs(nearest(a, b) - a)
        return float(np.exp(-0.5 * (distance / sigma_s) ** 2).mean())

    forth, back = one_way(motion_beats, music_beats), one_way(music_beats, motion_beats)
    return 2 * forth * back / max(forth + back, 1e-12)


def nearest(at: Times, among: Times) -> Times:
    """For each time the nearest of ``among`` (sorted, not empty)."""
    i = np.clip(np.searchsorted(among, at), 1, max(len(among) - 1, 1))
    left = among[np.minimum(i, len(among)) - 1]
    right = among[np.minimum(i, len(among) - 1)]
    return np.where(np.abs(at - left) <= np.abs(right - at), left, right)


def matches(a: Times, b: Times, tolerance_s: float = TOLERANCE_S) -> int:
    """Pairs of a largest one-to-one matching within a tolerance; both sorted.

    Going through both in order and taking the first that fits is optimal on a line.
    """
    i = j = count = 0
    while i < len(a) and j < len(b):
        d = a[i] - b[j]
        if abs(d) <= tolerance_s + 1e-9:
            count, i, j = count + 1, i + 1, j + 1
        elif d < 0:
            i += 1
        else:
            j += 1
    return count


def rates(motion_beats: Times, music_beats: Times) -> tuple[float, float, float]:
    """Precision, recall and F1 of one-to-one matching."""
    hit = matches(motion_beats, music_beats)
    precision = hit / len(motion_beats) if len(motion_beats) else 0.0
    recall = hit / len(music_beats) if len(music_beats) else 0.0
    total = len(motion_beats) + len(music_beats)
    return precision, recall, 2 * hit / total if total else 0.0


def _synchrony(motion_beats: Times, music_beats: Times) -> tuple[float, float, float, float]:
    """What :data:`SYNCHRONY` names."""
    return (alignment(motion_beats, music_beats), *rates(motion_beats, music_beats))


def beats_within(beats: Times, duration_s: float) -> Times:
    """Sorted beats in 0..duration."""
    beats = np.sort(np.asarray(beats, np.float64))
    return beats[(beats >= 0) & (beats <= duration_s)]


def shifted(beats: Times, by_s: float, duration_s: float) -> Times:
    """Beats moved on by ``by_s``, those past the end coming in again at the start."""
    return np.sort(np.mod(beats + by_s, duration_s))


def measure_synchrony(
    motion: Motion, music_beats: Times, seed: int = 0, shifts: int = _SHIFTS
) -> Synchrony:
    """Synchrony of a dance with beats (in seconds of the dance).

    Raises:
        EvaluationError: fewer than four beats within the dance.
    """
    duration = motion.duration_s
    music = beats_within(music_beats, duration)
    if len(music) < 4:
        raise EvaluationError(
            f"{len(music)} beats of music within the dance", "At least 4 are needed."
        )
    own = kinematic_beats(motion)
    rng = np.random.default_rng(seed)
    by_chance = np.array(
        [_synchrony(shifted(own, by, duration), music) for by in rng.uniform(0, duration, shifts)]
    )
    alignment_, precision, recall, f1 = (
        ChanceCorrected.of(value, chance)
        for value, chance in zip(_synchrony(own, music), by_chance.T, strict=True)
    )
    lags = np.arange(-_LAGS_S, _LAGS_S + 1e-9, 0.01)
    curve = np.array([alignment(own - lag, music) for lag in lags])
    return Synchrony(alignment_, precision, recall, f1, _peak(lags, curve), curve, own)


def _peak(lags: Times, curve: NDArray[np.float64]) -> float:
    """Lag of the highest peak; of several nearly as high, a beat apart, the nearest to zero."""
    if curve.max() <= 0:
        return NAN
    padded = np.pad(curve, 1)
    peaks = np.flatnonzero((padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:]))
    peaks = peaks[curve[peaks] >= _AS_HIGH * curve.max()]
    return float(lags[peaks[np.argmin(np.abs(lags[peaks]))]])


@dataclass(frozen=True, eq=False)
class OtherSongs:
    """Synchrony of every song's dances with its own beats and with the other songs'.

    Attributes:
        own: [N, 5], a row per song, in the order of :data:`BEAT_MEASURES`.
        others: [N, 5] mean over the other songs: the chance level.
        p: [5] share of random pairings of dances and songs that score as high on average.
    """

    own: NDArray[np.float64]
    others: NDArray[np.float64]
    p: NDArray[np.float64]

    @property
    def corrected(self) -> NDArray[np.float64]:
        """[N, 5]: 0 for dances that go as well with any song, 1 for a perfect score."""
        return (self.own - self.others) / np.maximum(1e-9, 1 - self.others)


def against_other_songs(
    motions: list[list[Motion]], songs: list[Times], seed: int = 0, rounds: int = 2000
) -> OtherSongs:
    """Do dances go with their own song better than with the others? A permutation test.

    Args:
        motions: dances to each song, at least one each.
        songs: beats of each song, seconds.
        seed: of the random pairings.
        rounds: how many of them.

    Raises:
        EvaluationError: fewer than two songs, or a song without a dance.
    """
    count = len(songs)
    if len(motions) != count or count < 2 or not all(motions):
        raise EvaluationError(
            f"{len(motions)} sets of dances and {count} songs cannot be shuffled",
            "Give at least two songs, with a dance each.",
        )
    lengths = [max(m.duration_s for m in group) for group in motions]
    table = np.zeros((count, count, len(BEAT_MEASURES)))
    for i, group in enumerate(motions):
        for motion in group:
            own, velocity = kinematic_beats(motion), varying_velocity(motion)
            for j, beats in enumerate(songs):  # as long as both last
                both = min(motion.duration_s, lengths[j])
                dance, music = beats_within(own, both), beats_within(beats, both)
                locked = np.nan_to_num(locked_share(velocity, music))
                table[i, j] += np.array([*_synchrony(dance, music), locked]) / len(group)
    rows = np.arange(count)
    own = table[rows, rows]
    rng = np.random.default_rng(seed)
    by_chance = np.array([table[rows, rng.permutation(count)].mean(axis=0) for _ in range(rounds)])
    p = (1 + (by_chance >= own.mean(axis=0) - 1e-12).sum(axis=0)) / (1 + rounds)
    return OtherSongs(own, (table.sum(axis=1) - own) / (count - 1), p)
