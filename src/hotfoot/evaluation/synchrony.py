"""Does the dance fall on the music's beats, more than by chance?

Kinematic beats are minima of the body's mean speed. Every score stands beside its chance level, the
mean over circular shifts of the dance against the music; corrected by it, it is 0 for anything that
does not follow the music, however many minima it has. Beats are seconds, sorted.

Alignment of minima rewards bodies that halt. Coherence does not: it is the share of the power of
joint velocities that repeats with the bar, half bar, beat or its half, as spectral coherence is.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotfoot.evaluation.motion import RATE, Motion, windows
from hotfoot.evaluation.statistics import NAN, Array, ChanceCorrected, known_mean
from hotfoot.pose.body import between_frames, speed_minima

_SIGMA_S, _TOLERANCE_S = 0.05, 0.1
_SMOOTHING_S = 0.05
_PROMINENCE = 0.1  # of the 90th percentile of the speed
_SHIFTS = 400
_LAGS_S, _AS_HIGH = 0.5, 0.95
# Of coherence:
_CYCLES_PER_BEAT = (0.25, 0.5, 1.0, 2.0)
_WINDOWS_S = (4.0, 8.0, 16.0)
_LEAST_S = 2.0
_STEP = 3  # samples of the motion; 20 Hz hold twice the beat of any song
_DRIFT_S = 1.5  # slower movement is travel, not dance
_STRETCHES = 12  # to either side
_LEAST_STRETCH, _MOST_STRETCH = 0.08, 0.5  # octaves
_PROFILE = 100  # phases of a beat

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


def measure_coherence(motion: Motion, beats: Array, seed: int = 0) -> ChanceCorrected:
    """Coherence beside that with the same beats at other tempi, as if made for another song.

    They are stretched by 6 to 41 % to either side about the middle of the dance.
    """
    velocity, middle = varying_velocity(motion), 0.5 * motion.duration_s
    value = locked_share(velocity, beats)
    if not np.isfinite(value):
        return ChanceCorrected(NAN)
    octaves = np.random.default_rng(seed).uniform(_LEAST_STRETCH, _MOST_STRETCH, _STRETCHES)
    factors = 2.0 ** np.concatenate([-octaves, octaves])
    stretched = (_covering(middle + (beats - middle) * f, motion.duration_s) for f in factors)
    return ChanceCorrected.of(value, [locked_share(velocity, b) for b in stretched])


def speed_lag(motion: Motion, beats: Array) -> float:
    """How late the body is slowest, in seconds after the beat (within half a beat).

    The speed is averaged over the phase of the beat; its first two harmonics are kept. 0 means that
    movement turns on the beat. NaN for fewer than four beats, or no movement.
    """
    speed = motion.speed()
    phase = _phase(np.arange(len(speed)) / RATE, beats)
    inside = np.isfinite(phase)
    if len(beats) < 4 or inside.sum() < _LEAST_S * RATE or speed[inside].std() < 1e-6:
        return NAN
    deviation = speed[inside] - speed[inside].mean()
    at = np.arange(-_PROFILE // 2, _PROFILE // 2) / _PROFILE
    profile = np.zeros(_PROFILE)
    for k in (1, 2):
        amplitude = (deviation * np.exp(-2j * np.pi * k * phase[inside])).mean()
        profile += 2 * (amplitude * np.exp(2j * np.pi * k * at)).real
    return float(at[profile.argmin()] * np.median(np.diff(beats)))


def varying_velocity(motion: Motion) -> Array:
    """Velocities [N, C] of all joints' coordinates at 20 Hz, without slow travel."""
    velocity = motion.velocity().reshape(len(motion.joints), -1)
    slow = gaussian_filter1d(velocity, _DRIFT_S * RATE, axis=0, mode="nearest")
    return np.asarray((velocity - slow)[::_STEP])


def _phase(times: Array, beats: Array) -> Array:
    """Beats elapsed at each time; NaN before the first and after the last."""
    if len(beats) < 2:
        return np.full(len(times), NAN)
    return np.interp(times, beats, np.arange(len(beats)), left=NAN, right=NAN)


def _covering(beats: Array, duration_s: float) -> Array:
    """Beats that go on at their first and last interval until they cover 0 to ``duration_s``."""
    first, last = beats[1] - beats[0], beats[-1] - beats[-2]
    before = np.arange(beats[0] - first, -first, -first)[::-1]
    return np.concatenate([before, beats, np.arange(beats[-1] + last, duration_s + last, last)])


def locked_share(velocity: Array, beats: Array) -> float:
    """Share (0..1) of velocity power that is locked to 1/4, 1/2, 1 and 2 times the beat.

    Of what velocities [N, C] of :func:`varying_velocity` have in windows of 4, 8 and 16 s (half
    overlapping), a projection onto sines and cosines of multiples of the phase of the beats
    (seconds, sorted) holds that share; the mean over the lengths: long windows ask for a steady
    relation, short ones let moves change. NaN with beats for less than 2 s, or no movement.
    """
    rate = RATE / _STEP
    phase = _phase(np.arange(len(velocity)) / rate, beats)
    inside = np.isfinite(phase)
    if inside.sum() < _LEAST_S * rate:
        return NAN
    velocity, phase = velocity[inside], phase[inside]
    angles = 2 * np.pi * phase[:, None] * np.array(_CYCLES_PER_BEAT)
    waves = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    shares = []
    for size in sorted({min(round(s * rate), len(velocity)) for s in _WINDOWS_S}):
        both = (windows(x, size, max(1, size // 2)) for x in (velocity, waves))
        moved, basis = (x - x.mean(axis=1, keepdims=True) for x in both)
        power = float((moved**2).sum())
        if power > 1e-9:
            locked = np.linalg.qr(basis).Q.transpose(0, 2, 1) @ moved
            shares.append(float((locked**2).sum()) / power)
    return known_mean(shares)


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
