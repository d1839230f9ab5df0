"""How much of the movement is locked to the beat, whether or not the body stops on it.

Alignment of speed minima rewards bodies that halt. Coherence does not: it is the share of the power
of joint velocities that repeats with the bar, half bar, beat or its half, as spectral coherence is.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotfoot.evaluation.motion import RATE, Motion, windows
from hotfoot.evaluation.statistics import NAN, Array, ChanceCorrected, known_mean

_CYCLES_PER_BEAT = (0.25, 0.5, 1.0, 2.0)
_WINDOWS_S = (4.0, 8.0, 16.0)
_LEAST_S = 2.0
_STEP = 3  # samples of the motion; 20 Hz hold twice the beat of any song
_DRIFT_S = 1.5  # slower movement is travel, not dance
_STRETCHES = 12  # to either side
_LEAST_STRETCH, _MOST_STRETCH = 0.08, 0.5  # octaves
_PROFILE = 100  # phases of a beat


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
