"""Beat lock: the smallest smooth retiming of a dance that puts its accents on beats.

Accents are instants at which the body slows down. For every beat a shift in time is chosen, at most
0.3 s, so that an accent falls on it and neighboring shifts are alike, within 0.3 of a beat: a path
through shifts x beats, found by Viterbi. Time runs smoothly; the first and the last frame stay.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.body import body_speed, speed_minima
from hotfoot.pose.sequence import PoseSequence
from hotfoot.viterbi import viterbi

SMOOTHING_S = 0.06
"""Of the speed whose dips are accents."""
_REACH_S = 0.3
_STEP_S = 1 / 60
_RATE_CHANGE = 0.3
_GAIN, _PRIOR = 2.0, 0.2  # of an accent on the beat; of a shift by all of the reach
_STIFFNESS = 0.002  # cost of a change of shift, per squared step


def accents(poses: PoseSequence) -> NDArray[np.float64]:
    """Strength of accents [T]: how far the speed dips below its surroundings, 0 to 1."""
    speed = body_speed(poses, SMOOTHING_S)
    wide = gaussian_filter1d(speed, 0.35 * poses.fps, mode="nearest")
    return np.clip((wide - speed) / (wide + 1e-6), 0, 1)


def beat_shifts(poses: PoseSequence, beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift in seconds for each beat: the accent for beat ``b`` is at ``b + shift``."""
    strength = accents(poses)
    steps = round(_REACH_S / _STEP_S)
    shifts = np.arange(-steps, steps + 1) * _STEP_S
    at = (beats[None] + shifts[:, None]) * poses.fps
    value = np.interp(at, np.arange(len(strength)), strength, left=0, right=0)
    band = max(1, int(_RATE_CHANGE * float(np.median(np.diff(beats))) / _STEP_S))
    score = _GAIN * value - _PRIOR * (shifts[:, None] / _REACH_S) ** 2
    return shifts[viterbi(score[None].astype(np.float32), _STIFFNESS, band)[0]]


def lock_to_beats(
    poses: PoseSequence, beats: NDArray[np.float64], seams: tuple[int, ...] = ()
) -> tuple[PoseSequence, tuple[int, ...]]:
    """Retimed poses, and where seams have gone; fewer than 4 beats change nothing."""
    last = (len(poses) - 1) / poses.fps
    inside = beats[(beats > 0.1) & (beats < last - 0.1)]
    if len(inside) < 4 or len(poses) < 16:
        return poses, seams
    # Near the ends there is less room: time starts and stops with the song.
    room = _RATE_CHANGE * np.minimum(inside, last - inside)
    shifts = np.clip(beat_shifts(poses, inside), -room, room)
    warp = PchipInterpolator([0.0, *inside, last], [0.0, *shifts, 0.0])
    now = np.arange(len(poses)) / poses.fps
    source = np.maximum.accumulate(np.clip(now + warp(now), 0, last) * poses.fps)
    moved = np.searchsorted(source, np.asarray(seams, float))
    return poses.retimed(source), tuple(moved.tolist())


def sync_score(poses: PoseSequence, beats: NDArray[np.float64]) -> float:
    """How well movement accents fall on beats: mean cosine of the phase, 1 on, -1 between."""
    if len(beats) < 4 or len(poses) < 30:
        return 0.0
    lows = speed_minima(body_speed(poses, SMOOTHING_S)) / poses.fps
    lows = lows[(lows >= beats[0]) & (lows <= beats[-1])]
    if not len(lows):
        return 0.0
    phase = np.interp(lows, beats, np.arange(len(beats)))
    return float(np.cos(2 * np.pi * phase).mean())
