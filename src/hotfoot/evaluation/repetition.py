"""Are the same moves danced again, within a dance and from song to song?

A move is four beats of a dance, as poses about the hips at 16 instants. Two moves are the same if
their poses differ by less than half of what unrelated ones of their size would (their correlation
is above 0.75), as they are or mirrored.
"""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from hotfoot.evaluation.motion import JOINTS, RATE, Motion
from hotfoot.evaluation.response import movement_rate
from hotfoot.evaluation.statistics import NAN, Array, known_mean

_BEATS, _INSTANTS = 4, 16
_SAME = 0.5
_SLOWEST_BPM = 80.0
_MIRROR = np.arange(len(JOINTS)) ^ 1  # left and right take turns in JOINTS


def own_beats(motion: Motion) -> Array:
    """Beats of the dominant rate of a motion, 80 to 160 per minute: for motion without music."""
    rate = movement_rate(motion)
    if not np.isfinite(rate):
        return np.zeros(0)
    rate = _SLOWEST_BPM * 2 ** (np.log2(rate / _SLOWEST_BPM) % 1.0)
    return np.arange(0.0, motion.duration_s, 60.0 / rate)


def moves(motion: Motion, beats: Array) -> NDArray[np.float32]:
    """Moves [M, 16, 12, 2] that begin on each beat, in body heights about the hips."""
    relative = np.where(motion.used[:, None], motion.about_hips, 0)
    last = (len(relative) - 1) / RATE
    inside = beats[(beats >= 0) & (beats <= last)]
    count = max(0, len(inside) - _BEATS)
    phases = np.arange(count)[:, None] + _BEATS * np.arange(_INSTANTS) / _INSTANTS
    frames = np.interp(phases, np.arange(len(inside)), inside) * RATE if count else phases
    return relative[np.round(frames).astype(int)].astype(np.float32)


def repeats_within(found: NDArray[np.float32]) -> float:
    """Share of a dance's moves that are danced again in it, without overlap; NaN for under nine."""
    if len(found) <= 2 * _BEATS:
        return NAN
    i = np.arange(len(found))
    apart = np.abs(i[:, None] - i) >= _BEATS
    return float((_same(found, found) & apart).any(axis=1).mean())


def repeats_across(dances: list[NDArray[np.float32]]) -> float:
    """Share of a dance's moves that are in another, too: mean over pairs of dances; else NaN."""
    pairs = permutations([d for d in dances if len(d)], 2)
    return known_mean([_same(a, b).any(axis=1).mean() for a, b in pairs])


def _same(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which moves of [M, ...] are which of [N, ...], as they are or mirrored: [M, N]."""
    mirrored = b[:, :, _MIRROR] * np.array([-1, 1], np.float32)
    rows, *others = (x.reshape(len(x), -1) for x in (a, b, mirrored))
    distance = np.minimum.reduce([cdist(rows, x) for x in others]) / np.sqrt(rows.shape[1])
    # Mean square of each move about its mean pose.
    power, other = (x.var(axis=1).mean(axis=(1, 2)) for x in (a, b))
    size = np.sqrt((power[:, None] + other) / 2)
    return np.asarray((distance < _SAME * np.sqrt(2) * size) & (size > 1e-4))
