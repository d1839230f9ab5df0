"""The beats that dances are measured by: never those that they were made from.

A tracker that misses the beat makes dances that miss it, and would find them perfect. So beats come
from an annotation beside the song, else from a second tracker that shares nothing with
:mod:`hotfoot.music.beats` but the sound (Ellis, "Beat tracking by dynamic programming", 2007).
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.errors import InputError, raising
from hotfoot.evaluation.statistics import Array
from hotfoot.music.features import FEATURE_RATE, Features

_BPM = np.geomspace(50.0, 200.0, 240)
_PRIOR_BPM, _PRIOR_OCTAVES = 120.0, 0.7
_TIGHTNESS = 200.0
_RISE, _HARMONY = 2, 5  # frames to either side
_BASS = 4  # mel bands below about 200 Hz
_LATENCY_S = 0.008  # measured on composed songs: levels begin to rise this much before an onset


def annotated_beats(song: Path) -> Array | None:
    """Beats in seconds of the file ``song.beats`` that stands beside a song; None without one.

    Each of its lines begins with the second of a beat, ``#`` begins a comment; else InputError.
    """
    path = song.with_suffix(".beats")
    if not path.is_file():
        return None
    hint = "Expected a line with a second for each beat."
    with raising(
        InputError, (OSError, ValueError), f"{path} does not hold beats ({{error}})", hint
    ):
        lines = (line.split("#")[0].split() for line in path.read_text("utf-8").splitlines())
        beats = np.sort(np.array([float(words[0]) for words in lines if words], np.float64))
    if not (np.isfinite(beats).all() and (beats >= 0).all()):
        raise InputError(f"{path} has beats that are no seconds", "Allowed: 0 and more.")
    return beats


def beats_text(beats: Array) -> str:
    """Text of a ``.beats`` file."""
    return "".join(f"{t:.4f}\n" for t in beats)


def independent_beats(features: Features) -> Array:
    """Beats in seconds by the second tracker; none in silence."""
    envelope = _accents(features)
    if features.is_silent or len(envelope) < FEATURE_RATE or envelope.max(initial=0) <= 0:
        return np.zeros(0)
    return _chain(envelope, _period(envelope)) / FEATURE_RATE + _LATENCY_S


def _accents(features: Features) -> Array:
    """Accents [N] at 100 Hz: rise of loudness and of bass, change of harmony, of equal power."""
    bass = 10 * np.log10((10 ** (features.mel[:, :_BASS].astype(np.float64) / 10)).mean(axis=1))
    chroma = gaussian_filter1d(features.chroma.astype(np.float64), 2.0, axis=0)
    change = np.abs(_difference(chroma, _HARMONY)).sum(axis=1)
    sudden = np.maximum(change - gaussian_filter1d(change, 0.5 * FEATURE_RATE), 0)
    parts = [_rise(features.loudness_db), _rise(bass), sudden]
    return np.asarray(sum(x / max(float(np.sqrt((x**2).mean())), 1e-9) for x in parts))


def _rise(level_db: NDArray[np.floating]) -> Array:
    """Rise of the loudness [N] over 40 ms, as it is heard: power to the 0.3 (Stevens, 1957)."""
    loudness = 10.0 ** (0.03 * level_db.astype(np.float64))
    return np.maximum(_difference(gaussian_filter1d(loudness, 1.0), _RISE), 0)


def _difference(values: Array, reach: int) -> Array:
    """Value ``reach`` frames later minus that ``reach`` frames earlier."""
    at = np.arange(len(values))
    return values[np.minimum(at + reach, at[-1])] - values[np.maximum(at - reach, 0)]


def _period(envelope: Array) -> float:
    """Frames per beat: the strongest tempo of the whole song, near 120 where several are strong."""
    centered = envelope - envelope.mean()
    power = np.abs(np.fft.rfft(centered, 2 * len(centered))) ** 2
    correlation = np.fft.irfft(power)[: len(centered)]
    lags = 60.0 * FEATURE_RATE / _BPM
    multiples = lags * np.array([[1], [2], [3], [4]])
    found = np.interp(multiples, np.arange(len(correlation)), correlation)
    score = np.array([1.0, 0.5, 0.25, 0.5]) @ found
    prior = np.exp(-0.5 * (np.log2(_BPM / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2)
    return float(lags[(np.maximum(score, 0) * prior).argmax()])


def _chain(envelope: Array, period: float) -> Array:
    """Frames of the best chain of accents about ``period`` apart, by dynamic programming."""
    strength = gaussian_filter1d(envelope, period / 32)
    strength = strength / max(float(strength.std()), 1e-9)
    steps = np.arange(round(period / 2), round(2 * period) + 1)
    cost = _TIGHTNESS * np.log(steps / period) ** 2
    score, before = strength.copy(), np.full(len(strength), -1)
    for t in range(steps[0], len(strength)):
        reach = steps[steps <= t]
        options = score[t - reach] - cost[: len(reach)]
        best = int(options.argmax())
        if options[best] > 0:
            score[t] += options[best]
            before[t] = t - reach[best]
    last = max(0, len(score) - round(1.5 * period))
    frames = [last + int(score[last:].argmax())]
    while (earlier := int(before[frames[-1]])) >= 0:
        frames.append(earlier)
    return np.array(frames[::-1], np.float64)
