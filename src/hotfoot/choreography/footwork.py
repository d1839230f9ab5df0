"""Feet that stand or step, and a pelvis in balance over them."""

import numpy as np

from hotfoot.choreography.body import FEET, INDEX, Array, center_of_mass, pose_body
from hotfoot.choreography.key_track import KeyTrack

# Shares of the way to a count in which a foot moves: alone, both one after the other, in a jump.
_STEP, _FIRST, _SECOND, _IN_AIR = (0.3, 1.0), (0.05, 0.6), (0.45, 1.0), (0.4, 0.85)
_AIR = (0.25, 1.0)  # in which a jump lasts
_STILL_M = 0.02
_LIFT = 0.2  # height of a step over its length
_MOST_LIFT = 0.11
_STANDS_M = 0.06  # of an ankle: below it the toes stand still
_FOOT_M = (0.05, 0.17)  # from the ankle to the heel, to the ball
_SIDE_M = 0.05  # half of a foot's width
_MOST_SHIFT_M = 0.15


def footprints(track: KeyTrack, stance: float) -> Array:
    """Ankles [N, 2, 3] in the world at every key: left, right; x, height over the floor, z."""
    keys = track.keys
    yaw = keys[:, INDEX["yaw"]]
    cos, sin = np.cos(yaw), np.sin(yaw)
    out = np.zeros((len(keys), 2, 3))
    for i, (foot, sign) in enumerate(zip(FEET, (1.0, -1.0), strict=True)):
        x, y, z = keys[:, foot].T
        x = sign * (stance + x)
        out[:, i, 0] = keys[:, INDEX["sx"]] + cos * x + sin * z
        out[:, i, 1] = np.maximum(y, 0)
        out[:, i, 2] = keys[:, INDEX["sz"]] - sin * x + cos * z
    return out


def feet(track: KeyTrack, places: Array, beat: Array) -> tuple[Array, Array]:
    """Ankles [T, 2, 3] and height of jumps [T]: feet stand still, or step from key to key."""
    i, u = track.between(beat)
    step = np.diff(places, axis=0)
    far, down = np.linalg.norm(step[:, :, [0, 2]], axis=-1), step[:, :, 1]
    hop = track.keys[:, INDEX["hop"]]
    jumps, slides = hop[1:] > 0, track.slides[1:]
    both = (np.linalg.norm(step, axis=-1) > _STILL_M).all(axis=1) & ~jumps & ~slides
    # A foot in the air lands before the other leaves; else the longer way is gone first.
    level = np.abs(down[:, 0] - down[:, 1]) < _STILL_M
    left_first = np.where(level, far[:, 0] >= far[:, 1], down[:, 0] < down[:, 1])
    lift = np.where(far > _STILL_M, np.minimum(0.015 + _LIFT * far, _MOST_LIFT), 0)
    lift[jumps | slides] = 0
    out = np.zeros((len(beat), 2, 3))
    for side, first in enumerate((left_first, ~left_first)):
        cases = [case[:, None] for case in (jumps, both & first, both)]
        windows = np.select(cases, [_IN_AIR, _FIRST, _SECOND], _STEP)[i]
        w = _share(u, *windows.T)[:, None]
        w = w * w * (3 - 2 * w)
        out[:, side] = places[i, side] * (1 - w) + places[i + 1, side] * w
        out[:, side, 1] += lift[i, side] * (4 * w * (1 - w))[:, 0]
    w = _share(u, *_AIR)
    return out, hop[i + 1] * 4 * w * (1 - w)


def pelvis(track: KeyTrack, places: Array, beat: Array, controls: Array) -> Array:
    """Where the pelvis is over the floor [T, 2]: between the feet, over the one that stands."""
    left, right = (places[:, :, 1] > _STANDS_M).T
    weight = np.select([left & ~right, right & ~left], [0.15, 0.85], 0.5)[:, None]
    over = places[:, 0, [0, 2]] * weight + places[:, 1, [0, 2]] * (1 - weight)
    # What the keys add to that, in their own directions.
    own = _to_world(track.keys)
    over = _into_balance(track, places, over + own) - own
    return track.through(over, beat) + _to_world(controls)


def _into_balance(track: KeyTrack, places: Array, over: Array) -> Array:
    """Where the pelvis is over the floor at every key [N, 2], moved into balance from ``over``.

    The center of mass is brought over the feet that stand. On keys, not on frames: between them
    the body is under way, and its easing stays what it is.
    """
    air = np.zeros(len(over))
    center = center_of_mass(pose_body(track.keys, over, places, air))[:, [0, 2]]
    aside, ahead = _directions(track.keys)
    stands = places[:, :, 1] < _STANDS_M
    stands |= ~stands.any(axis=1, keepdims=True)
    shift = np.zeros_like(over)
    for axis, before, after in ((aside, _SIDE_M, _SIDE_M), (ahead, *_FOOT_M)):
        along = (places[:, :, [0, 2]] * axis[:, None]).sum(axis=-1)
        low = np.where(stands, along - before, np.inf).min(axis=1)
        high = np.where(stands, along + after, -np.inf).max(axis=1)
        at = (center * axis).sum(axis=1)
        back = np.clip(np.clip(at, low, high) - at, -_MOST_SHIFT_M, _MOST_SHIFT_M)
        shift += back[:, None] * axis
    return over + shift


def _directions(controls: Array) -> tuple[Array, Array]:
    """Where the dancer's left and ahead are on the floor, [T, 2] both."""
    cos, sin = np.cos(controls[:, INDEX["yaw"]]), np.sin(controls[:, INDEX["yaw"]])
    return np.stack([cos, -sin], axis=1), np.stack([sin, cos], axis=1)


def _to_world(controls: Array) -> Array:
    """The pelvis' own place [T, 2], as the floor sees it."""
    aside, ahead = _directions(controls)
    return aside * controls[:, [INDEX["px"]]] + ahead * controls[:, [INDEX["pz"]]]


def _share(u: Array, begin: float | Array, end: float | Array) -> Array:
    """How far ``u`` is on its way from ``begin`` to ``end``, 0 to 1."""
    return np.clip((u - begin) / (end - begin), 0, 1)
