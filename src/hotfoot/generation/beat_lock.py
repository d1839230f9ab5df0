"""Beat lock: the smallest smooth retiming of a dance that puts its accents on beats.

A dance has accents, instants at which the body slows down. For every beat of the song a shift in
time is chosen, at most 0.3 s, so that an accent falls on the beat and neighboring shifts are
alike: a path through shifts x beats, found by Viterbi. Shifts of neighboring beats differ by at
most 0.3 of a beat, and between beats time runs smoothly. The first and the last frame stay.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.body import body_speed
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
    shifts = np.arange(-round(_REACH_S / _STEP_S), round(_REACH_S / _STEP_S) + 1) * _STEP_S
    at = (beats[None] + shifts[:, None]) * poses.fps
    value = np.interp(at, np.arange(len(strength)), strength)
    value = np.where((at < 0) | (at > len(strength) - 1), 0, value)
    gap = float(np.median(np.diff(beats)))
    band = max(1, int(_RATE_CHANGE * gap / _STEP_S))
    score = _GAIN * value - _PRIOR * (shifts[:, None] / _REACH_S) ** 2
    path = viterbi(score[None].astype(np.float32), _STIFFNESS, band)[0]
    return shifts[path]


def locked_frames(poses: PoseSequence, beats: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The (fractional) frame of the dance to be shown at each frame [T], never going back.

    None where there are fewer than 4 beats.
    """
    last = (len(poses) - 1) / poses.fps
    inside = beats[(beats > 0.1) & (beats < last - 0.1)]
    if len(inside) < 4 or len(poses) < 16:
        return None
    # Near the ends there is less room: time starts and stops with the song.
    room = _RATE_CHANGE * np.minimum(inside, last - inside)
    shifts = np.clip(beat_shifts(poses, inside), -room, room)
    knots = np.concatenate([[0.0], inside, [last]])
    warp = PchipInterpolator(knots, np.concatenate([[0.0], shifts, [0.0]]))
    now = np.arange(len(poses)) / poses.fps
    source = np.clip(now + warp(now), 0, last) * poses.fps
    return np.asarray(np.maximum.accumulate(source), np.float64)


def lock_to_beats(
    poses: PoseSequence, beats: NDArray[np.float64], seams: tuple[int, ...] = ()
) -> tuple[PoseSequence, tuple[int, ...]]:
    """Retimed poses, and where given frames (seams) have gone."""
    source = locked_frames(poses, beats)
    if source is None:
        return poses, seams
    moved = tuple(int(i) for i in np.searchsorted(source, np.asarray(seams, float)))
    return poses.retimed(source), moved
