"""Does the dance follow the song: its tempo, its loudness, its sections, its repeats?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import RATE, Motion
from hotfoot.evaluation.statistics import NAN, ChanceCorrected

_SLOWEST_BPM, _OCTAVES = 15.0, 4  # from a bar of a slow song to twice a fast one's beat
_PER_OCTAVE = 480  # rates to an octave
_WINDOW_S = 4.0
_SHIFTS = 400


@dataclass(frozen=True)
class MusicResponse:
    """How a dance answers one song.

    Attributes:
        rate_bpm: dominant movement rate; NaN if nothing repeats.
        rate_octaves: log2 of rate over tempo, folded to the nearest octave (-0.5..0.5).
        energy: movement energy against loudness over 4 s windows.
        sections: how much more the movement changes at section borders than elsewhere, in
            standard deviations.
        repetition: do similar parts of the song get similar movement; rank correlation of both
            self-similarities.
    """

    rate_bpm: float
    rate_octaves: float
    energy: ChanceCorrected
    sections: ChanceCorrected
    repetition: ChanceCorrected


def movement_rate(motion: Motion) -> float:
    """Dominant rate of movement in beats per minute, octave not known; NaN if nothing repeats.

    From the mean power spectrum of joint velocities and body speed, 15 to 240 BPM, each joint
    divided by its deviation so that hands do not outweigh hips. Rates that lie octaves apart are
    one rate here, so their power is added before the strongest is sought: a step to the side on
    one, and back on three, has its power at a quarter, a half and three quarters of the beat, and
    the last of these alone may be the strongest line. Of the octaves the strongest is returned.
    """
    velocity = motion.velocity()
    signals = np.concatenate(
        [velocity.reshape(len(velocity), -1), 2 * motion.speed()[:, None]], axis=1
    )
    signals = signals - gaussian_filter1d(signals, 1.5 * RATE, axis=0, mode="nearest")
    deviation = signals.std(axis=0)
    signals = signals[:, deviation > 1e-3] / deviation[deviation > 1e-3]
    if signals.shape[1] == 0 or len(signals) < 3 * RATE:
        return NAN
    window = np.hanning(len(signals))[:, None]
    size = int(2 ** np.ceil(np.log2(8 * len(signals))))
    power = (np.abs(np.fft.rfft(signals * window, size, axis=0)) ** 2).mean(axis=1)
    bpm = np.fft.rfftfreq(size, 1 / RATE) * 60
    rates = _SLOWEST_BPM * 2 ** (
        np.arange(_OCTAVES)[:, None] + np.arange(_PER_OCTAVE) / _PER_OCTAVE
    )
    # Movement has more power at low rates whatever it does; level the slope.
    leveled = np.interp(rates, bpm, power * bpm)
    strongest = leveled.sum(axis=0).argmax()
    return float(rates[leveled[:, strongest].argmax(), strongest])


def octaves_apart(a: float, b: float) -> float:
    """log2(a / b) folded to -0.5..0.5, so half and double time count as equal."""
    return float((np.log2(a / b) + 0.5) % 1.0 - 0.5)


def tempo_slope(rates_bpm: list[float], tempi_bpm: list[float]) -> float:
    """How movement follows tempo over copies of one song played faster and slower.

    The slope of log rate over log tempo: 1 if it follows, 0 if it ignores the tempo. Each rate is
    folded by octaves to the one nearest to the middle copy's own rate, not to the tempo, which
    would make any noise look like following.

    Raises:
        EvaluationError: fewer than two copies, or all of one tempo.
    """
    rates, tempi = np.asarray(rates_bpm, float), np.asarray(tempi_bpm, float)
    keep = np.isfinite(rates) & (tempi > 0)
    if keep.sum() < 2 or np.ptp(np.log2(tempi[keep])) < 1e-6:
        raise EvaluationError(
            "a slope needs dances to at least two tempi of one song",
            "Give copies that are played slower and faster.",
        )
    rates, tempi = rates[keep], tempi[keep]
    middle = int(np.argmin(np.abs(np.log2(tempi) - np.median(np.log2(tempi)))))
    folded = np.array([octaves_apart(r, rates[middle]) for r in rates])
    x = np.log2(tempi) - np.log2(tempi).mean()
    return float((x * (folded - folded.mean())).sum() / (x * x).sum())


def measure_response(
    motion: Motion,
    tempo_bpm: float,
    loudness_db: NDArray[np.floating],
    loudness_rate: float,
    sections_s: NDArray[np.float64],
    music_features: NDArray[np.floating],
    seed: int = 0,
) -> MusicResponse:
    """How the dance answers the song.

    Args:
        motion: the dance.
        tempo_bpm: of the song; 0 if it has none.
        loudness_db: [L] at ``loudness_rate`` per second, from the dance's first frame on.
        loudness_rate: per second.
        sections_s: section borders.
        music_features: [L, F] at the same rate, what parts of the song are compared by.
        seed: of the shifts.
    """
    rng = np.random.default_rng(seed)
    rate = movement_rate(motion)
    return MusicResponse(
        rate_bpm=rate,
        rate_octaves=octaves_apart(rate, tempo_bpm) if tempo_bpm > 0 else NAN,
        energy=energy_against_loudness(motion, loudness_db, loudness_rate, rng),
        sections=change_at_sections(motion, sections_s, rng),
        repetition=repetition(motion, music_features, loudness_rate, rng),
    )


def energy_against_loudness(
    motion: Motion,
    loudness_db: NDArray[np.floating],
    loudness_rate: float,
    rng: np.random.Generator,
) -> ChanceCorrected:
    """Rank correlation of mean speed and mean loudness over windows of 4 s, half overlapping."""
    speed = _windows(motion.speed(), RATE)
    loud = _windows(np.maximum(np.asarray(loudness_db, float), -70), loudness_rate)
    count = min(len(speed), len(loud))
    return _shift_test(speed[:count], loud[:count], rng)


def change_at_sections(
    motion: Motion, sections_s: NDArray[np.float64], rng: np.random.Generator
) -> ChanceCorrected:
    """Change of movement (4 s after against 4 s before) at borders, against random moments."""
    features = _movement_features(motion)
    reach = round(_WINDOW_S * RATE)
    n = len(features)
    borders = np.array([s for s in sections_s if _WINDOW_S < s < n / RATE - _WINDOW_S])
    if len(borders) == 0 or n < 4 * reach:
        return ChanceCorrected(NAN)
    sums = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(features, axis=0)])
    at = np.arange(reach, n - reach)
    change = (
        np.linalg.norm((sums[at + reach] - sums[at]) - (sums[at] - sums[at - reach]), axis=1)
        / reach
    )
    change = (change - change.mean()) / max(float(change.std()), 1e-9)

    def score(moments: NDArray[np.float64]) -> float:
        index = np.clip((moments * RATE).astype(int) - reach, 0, len(change) - 1)
        return float(change[index].mean())

    span = len(change) / RATE
    chance = [
        score(np.mod(borders - _WINDOW_S + by, span) + _WINDOW_S)
        for by in rng.uniform(0, span, _SHIFTS)
    ]
    return ChanceCorrected.of(score(borders), chance)


def repetition(
    motion: Motion,
    music_features: NDArray[np.floating],
    rate: float,
    rng: np.random.Generator,
) -> ChanceCorrected:
    """Rank correlation of the song's self-similarity with the dance's, over windows of 4 s.

    Pairs nearer than two windows are left out: neighbors are alike in any dance.
    """
    movement = _windows(_movement_features(motion), RATE)
    music = _windows(np.asarray(music_features, float), rate)
    count = min(len(movement), len(music))
    if count < 8:
        return ChanceCorrected(NAN)
    a, b = _similarity(movement[:count]), _similarity(music[:count])
    i, j = np.triu_indices(count, 4)
    if np.ptp(a[i, j]) < 1e-9 or np.ptp(b[i, j]) < 1e-9:  # no movement, or silence
        return ChanceCorrected(NAN)
    actual = float(spearmanr(a[i, j], b[i, j]).statistic)
    chance = []
    for by in rng.integers(1, count, min(_SHIFTS, 4 * count, 40_000 // count)):
        order = np.roll(np.arange(count), by)
        chance.append(float(spearmanr(a[order][:, order][i, j], b[i, j]).statistic))
    return ChanceCorrected.of(actual, chance)


def _movement_features(motion: Motion) -> NDArray[np.float64]:
    """What movement looks like at each instant [N, F]: speeds of limbs and posture."""
    velocity = np.linalg.norm(motion.velocity(), axis=-1)
    posture = (motion.joints - motion.root[:, None])[:, motion.used].reshape(len(velocity), -1)
    deviation = np.maximum(posture.std(axis=0), 0.02)
    return np.concatenate([velocity, posture / deviation], axis=1)


def _windows(values: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Means over windows of 4 s, one every 2 s."""
    size, hop = round(_WINDOW_S * rate), round(_WINDOW_S * rate / 2)
    starts = range(0, len(values) - size + 1, hop)
    return np.array([values[s : s + size].mean(axis=0) for s in starts])


def _similarity(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    z = (windows - windows.mean(axis=0)) / np.maximum(windows.std(axis=0), 1e-6)
    return np.asarray(-cdist(z, z))


def _shift_test(
    a: NDArray[np.float64], b: NDArray[np.float64], rng: np.random.Generator
) -> ChanceCorrected:
    if len(a) < 5 or np.ptp(a) < 1e-9 or np.ptp(b) < 1e-9:
        return ChanceCorrected(NAN)
    actual = float(spearmanr(a, b).statistic)
    shifts = np.arange(1, len(a))
    if len(shifts) > _SHIFTS:
        shifts = rng.choice(shifts, _SHIFTS, replace=False)
    chance = [float(spearmanr(np.roll(a, s), b).statistic) for s in shifts]
    return ChanceCorrected.of(actual, chance)
