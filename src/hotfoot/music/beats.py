"""Onsets, tempo and beats from frame-wise features.

Tempo is a path through a tempogram (autocorrelation with a comb over multiples, log-normal prior),
so it may drift or change; beats are the best chain of onsets at that tempo by dynamic programming
(Ellis, "Beat tracking by dynamic programming", 2007).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from hotfoot.music.features import FEATURE_RATE, Features
from hotfoot.viterbi import viterbi

Array = NDArray[np.float64]

_BPM = np.geomspace(48.0, 216.0, 140)
_PRIOR_BPM, _PRIOR_OCTAVES = 120.0, 0.6
_TEMPO_WINDOW_S, _TEMPO_HOP_S = 10.0, 1.0
_COMB = 2.0
_TIGHTNESS = 100.0
_PHASE_COST = 100.0  # eighths of contrary evidence before the beat changes its phase


def level_flux(features: Features) -> NDArray[np.float32]:
    """Spectral flux [N, 3] at 100 Hz, each band levelled over seconds: about 1 at clear onsets."""
    flux = features.flux
    level = np.sqrt(gaussian_filter1d(flux**2, 3.0 * FEATURE_RATE, axis=0, mode="nearest"))
    floor = 0.2 * level.max(axis=0, initial=0) + 1e-3
    return flux / (np.maximum(level, floor) * 4)


def onset_strength(features: Features) -> NDArray[np.float32]:
    """One onset envelope [N] of the three bands of :func:`level_flux`.

    Drums in the low band mark beats more often than hats do, so it weighs more.
    """
    weights = np.array([1.4, 1.0, 0.6], np.float32)
    return np.minimum(level_flux(features) @ (weights / weights.sum()), 3.0).astype(np.float32)


def track_beats(strength: NDArray[np.float32], rate: float) -> Array:
    """Beat times in seconds of an onset envelope [N] sampled at ``rate`` Hz.

    Works on any envelope whose peaks mark accents, of music or of movement.
    """
    envelope = np.asarray(strength, np.float64)
    if len(envelope) < rate or envelope.max(initial=0) <= 1e-6:
        return np.zeros(0)
    period = tempo_path(envelope, rate)
    smooth = gaussian_filter1d(envelope, 0.012 * rate)
    smooth = smooth / (np.std(smooth) + 1e-9)
    return _refine(smooth, _on_beats(smooth, _chain(smooth, period / 2)), rate)


def tempo_path(envelope: Array, rate: float) -> Array:
    """Beat period in samples at every sample of the envelope."""
    n = len(envelope)
    window = int(min(_TEMPO_WINDOW_S * rate, n))
    centers = np.arange(0, n, int(_TEMPO_HOP_S * rate))
    smooth = gaussian_filter1d(envelope, 0.02 * rate)
    padded = np.pad(smooth - smooth.mean(), window // 2)
    taper = np.hanning(window)
    lags = 60.0 * rate / _BPM
    prior = -0.5 * (np.log2(_BPM / _PRIOR_BPM) / _PRIOR_OCTAVES) ** 2
    scores = np.empty((len(_BPM), len(centers)), np.float32)
    size = 1 << int(np.ceil(np.log2(2 * window)))
    reach = np.arange(window)
    unbias = np.correlate(taper, taper, "full")[window - 1 :] + 0.05 * (taper**2).sum()
    for i, center in enumerate(centers):
        part = padded[center : center + window]
        spectrum = np.fft.rfft((part - part.mean()) * taper, size)
        acf = np.fft.irfft(np.abs(spectrum) ** 2)[:window] / unbias
        acf = acf / (acf[0] + 1e-9)
        comb = np.zeros(len(_BPM))
        for multiple, weight in ((0.5, 0.25), (1, 1.0), (2, 0.7), (3, 0.3), (4, 0.5)):
            at = lags * multiple
            comb += weight * np.where(at < window - 1, np.interp(at, reach, acf), 0)
        scores[:, i] = _COMB * comb + prior
    path = viterbi(scores[None], penalty=0.005, band=len(_BPM) - 1)[0]
    return np.interp(np.arange(n), centers, lags[path])


def _chain(strength: Array, period: Array) -> NDArray[np.intp]:
    """Ellis' dynamic program: onsets + closeness of each interval to the local period.

    It runs on eighth notes: at beat level it would slip to the off-beat wherever that is louder.
    """
    n = len(strength)
    score = strength.copy()
    before = np.full(n, -1)
    periods = np.round(period).astype(int)
    intervals = {p: np.arange(2 * p, p // 2 - 1, -1) for p in np.unique(periods)}
    costs = {p: _TIGHTNESS * np.log(steps / p) ** 2 for p, steps in intervals.items()}
    for t, p in enumerate(periods):
        first, end = max(0, t - 2 * p), t - p // 2 + 1
        if first >= end:
            continue
        options = score[first:end] - costs[p][first - end :]
        k = int(options.argmax())
        if options[k] > 0:
            score[t] += options[k]
            before[t] = first + k
    last = int(max(0, n - 1 - 1.5 * period[-1]))
    chain = [last + int(score[last:].argmax())]
    while before[chain[-1]] >= 0:
        chain.append(int(before[chain[-1]]))
    return np.array(chain[::-1], np.intp)


def _on_beats(strength: Array, eighths: NDArray[np.intp]) -> NDArray[np.intp]:
    """Every second eighth: the louder phase, which changes only for overwhelming evidence."""
    if len(eighths) < 4:
        return eighths[::2]
    loud = maximum_filter1d(strength, 5)[eighths]
    loud = np.clip(loud, 0, np.percentile(loud, 95))
    side = np.where(np.arange(len(loud)) % 2 == 0, loud, -loud)
    cost = _PHASE_COST * float(np.abs(loud).mean())
    phase = viterbi(np.stack([side, -side])[None], cost, band=1)[0]
    return eighths[np.arange(len(eighths)) % 2 == phase]


def _refine(strength: Array, beats: NDArray[np.intp], rate: float) -> Array:
    """Seconds of beats, between samples: the center of mass of each onset's peak."""
    reach = np.arange(-3, 4)
    around = np.clip(beats[:, None] + reach, 0, len(strength) - 1)
    weight = np.maximum(strength[around], 0) ** 2 + 1e-9
    offset = (weight * reach).sum(axis=1) / weight.sum(axis=1)
    return (beats + np.clip(offset, -1, 1)) / rate


def beat_phase(beats: Array, times: Array) -> Array:
    """Beats elapsed at each time (integer on a beat); 0 where there are none.

    Beyond the first and last beat the nearest interval goes on.
    """
    if len(beats) < 2:
        return np.zeros(len(times))
    first, last = beats[1] - beats[0], beats[-1] - beats[-2]
    phase = np.interp(times, beats, np.arange(len(beats)))
    phase = np.where(times < beats[0], (times - beats[0]) / first, phase)
    return np.where(times > beats[-1], len(beats) - 1 + (times - beats[-1]) / last, phase)


def beat_period(beats: Array, times: Array) -> Array:
    """Smoothed seconds per beat at each time; half a second without beats."""
    if len(beats) < 2:
        return np.full(len(times), 0.5)
    i = np.clip(np.searchsorted(beats, times, side="right") - 1, 0, len(beats) - 2)
    return gaussian_filter1d(np.diff(beats), 2, mode="nearest")[i]
