"""Does the dance follow the song: its tempo, its loudness, its sections, its repeats?"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import RATE, Motion, windows
from hotfoot.evaluation.statistics import NAN, Array, ChanceCorrected
from hotfoot.music.features import FEATURE_RATE

_SLOWEST_BPM, _OCTAVES = 15.0, 4  # from a bar of a slow song to twice a fast one's beat
_PER_OCTAVE = 480  # rates to an octave
_WINDOW_S = 4.0
_SHIFTS = 400


def movement_rate(motion: Motion) -> float:
    """Dominant rate of movement, 15 to 240 beats per minute; NaN if nothing repeats.

    From the mean power spectrum of joint velocities and body speed, each divided by its deviation
    so that hands do not outweigh hips. The power of rates that lie octaves apart is added before
    the strongest is sought: a step to the side on one, and back on three, may have its strongest
    line at three quarters of the beat. Of the octaves the strongest is returned.
    """
    velocity = motion.velocity()
    signals = np.column_stack([velocity.reshape(len(velocity), -1), 2 * motion.speed()])
    signals = signals - gaussian_filter1d(signals, 1.5 * RATE, axis=0, mode="nearest")
    deviation = signals.std(axis=0)
    signals = signals[:, deviation > 1e-3] / deviation[deviation > 1e-3]
    if signals.shape[1] == 0 or len(signals) < 3 * RATE:
        return NAN
    window = np.hanning(len(signals))[:, None]
    size = int(2 ** np.ceil(np.log2(8 * len(signals))))
    power = (np.abs(np.fft.rfft(signals * window, size, axis=0)) ** 2).mean(axis=1)
    bpm = np.fft.rfftfreq(size, 1 / RATE) * 60
    octaves = np.arange(_OCTAVES)[:, None] + np.arange(_PER_OCTAVE) / _PER_OCTAVE
    rates = _SLOWEST_BPM * 2**octaves
    # Movement has more power at low rates whatever it does; level the slope.
    leveled = np.interp(rates, bpm, power * bpm)
    strongest = leveled.sum(axis=0).argmax()
    return float(rates[leveled[:, strongest].argmax(), strongest])


def octaves_apart(a: float, b: float) -> float:
    """log2(a / b) folded to -0.5..0.5, so half and double time count as equal."""
    return float((np.log2(a / b) + 0.5) % 1.0 - 0.5)


def tempo_slope(rates_bpm: list[float], tempi_bpm: list[float]) -> float:
    """Slope of log rate over log tempo of dances to one song played faster and slower.

    1 if movement follows the tempo, 0 if it ignores it. Each rate is folded by octaves to the one
    nearest to the middle copy's own rate, not to the tempo, which would make any noise look like
    following. EvaluationError for fewer than two copies, or all of one tempo.
    """
    rates, tempi = np.asarray(rates_bpm, float), np.asarray(tempi_bpm, float)
    keep = np.isfinite(rates) & (tempi > 0)
    rates, octaves = rates[keep], np.log2(tempi[keep])
    if len(rates) < 2 or np.ptp(octaves) < 1e-6:
        raise EvaluationError(
            "a slope needs dances to at least two tempi of one song",
            "Give copies that are played slower and faster.",
        )
    middle = rates[np.argmin(np.abs(octaves - np.median(octaves)))]
    folded = np.array([octaves_apart(r, middle) for r in rates])
    x = octaves - octaves.mean()
    return float((x * (folded - folded.mean())).sum() / (x * x).sum())


def energy_against_loudness(
    motion: Motion, loudness_db: NDArray[np.floating], rng: np.random.Generator
) -> ChanceCorrected:
    """Rank correlation of speed and loudness ([L] at FEATURE_RATE), means over windows of 4 s."""
    speed = _means(motion.speed(), RATE)
    loud = _means(np.maximum(np.asarray(loudness_db, float), -70), FEATURE_RATE)
    count = min(len(speed), len(loud))
    if count < 5:
        return ChanceCorrected(NAN)
    shifts = np.arange(1, count)
    if len(shifts) > _SHIFTS:
        shifts = rng.choice(shifts, _SHIFTS, replace=False)
    speed = speed[:count]
    return _rank_test(speed, loud[:count], (np.roll(speed, s) for s in shifts))


def change_at_sections(
    motion: Motion, sections_s: Array, rng: np.random.Generator
) -> ChanceCorrected:
    """Change of movement (4 s after against 4 s before) at section borders, in seconds.

    In standard deviations, against random moments; NaN without a border or for less than 16 s.
    """
    features, reach = _movement_features(motion), round(_WINDOW_S * RATE)
    n = len(features)
    borders = np.array([s for s in sections_s if _WINDOW_S < s < n / RATE - _WINDOW_S])
    if len(borders) == 0 or n < 4 * reach:
        return ChanceCorrected(NAN)
    sums = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(features, axis=0)])
    after = sums[reach:] - sums[:-reach]  # of the 4 s from each sample on
    change = np.linalg.norm(after[reach:-1] - after[: -reach - 1], axis=1) / reach
    change = (change - change.mean()) / max(float(change.std()), 1e-9)
    span = len(change) / RATE

    def score(by: float) -> float:
        moments = np.mod(borders - _WINDOW_S + by, span) + _WINDOW_S
        index = np.clip((moments * RATE).astype(int) - reach, 0, len(change) - 1)
        return float(change[index].mean())

    return ChanceCorrected.of(score(0.0), [score(by) for by in rng.uniform(0, span, _SHIFTS)])


def repetition(
    motion: Motion, music_features: NDArray[np.floating], rng: np.random.Generator
) -> ChanceCorrected:
    """Rank correlation of the song's self-similarity with the dance's, over windows of 4 s.

    Parts of the song are compared by features [L, F] at FEATURE_RATE. Pairs nearer than two windows
    are left out: neighbors are alike in any dance. NaN for less than 18 s.
    """
    movement = _means(_movement_features(motion), RATE)
    music = _means(np.asarray(music_features, float), FEATURE_RATE)
    count = min(len(movement), len(music))
    if count < 8:
        return ChanceCorrected(NAN)
    a, b = _similarity(movement[:count]), _similarity(music[:count])
    i, j = np.triu_indices(count, 4)
    shifts = rng.integers(1, count, min(_SHIFTS, 4 * count, 40_000 // count))
    moved = (a[(i - by) % count, (j - by) % count] for by in shifts)
    return _rank_test(a[i, j], b[i, j], moved)


def _rank_test(a: Array, b: Array, by_chance: Iterable[Array]) -> ChanceCorrected:
    """Rank correlation of two, beside that of others with the second."""
    if np.ptp(a) < 1e-9 or np.ptp(b) < 1e-9:  # no movement, or silence
        return ChanceCorrected(NAN)
    value, *chance = (float(spearmanr(x, b).statistic) for x in (a, *by_chance))
    return ChanceCorrected.of(value, chance)


def _movement_features(motion: Motion) -> Array:
    """What movement looks like at each instant [N, F]: speeds of limbs and posture."""
    velocity = np.linalg.norm(motion.velocity(), axis=-1)
    posture = motion.about_hips[:, motion.used].reshape(len(velocity), -1)
    return np.concatenate([velocity, posture / np.maximum(posture.std(axis=0), 0.02)], axis=1)


def _means(values: Array, rate: float) -> Array:
    """Means over windows of 4 s, one every 2 s."""
    return windows(values, round(_WINDOW_S * rate), round(_WINDOW_S * rate / 2)).mean(axis=1)


def _similarity(means: Array) -> Array:
    z = (means - means.mean(axis=0)) / np.maximum(means.std(axis=0), 1e-6)
    return np.asarray(-cdist(z, z))
