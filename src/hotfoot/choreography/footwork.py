"""Feet that stand or step, and a pelvis in balance over them."""

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.body import INDEX, center_of_mass, pose_body
from hotfoot.choreography.key_track import FEET, KeyTrack

Array = NDArray[np.float64]

_STEP_WINDOW = (0.3, 1.0)  # of the way to a count, in which a foot moves
_FIRST, _SECOND = (0.05, 0.6), (0.45, 1.0)  # where both move, one after the other
_AIR = (0.25, 1.0)
_IN_AIR = (0.4, 0.85)  # where feet change places in a jump
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
        x, y, z = (keys[:, c] for c in foot)
        x = sign * (stance + x)
        out[:, i, 0] = keys[:, INDEX["sx"]] + cos * x + sin * z
        out[:, i, 1] = np.maximum(y, 0)
        out[:, i, 2] = keys[:, INDEX["sz"]] - sin * x + cos * z
    return out


def feet(track: KeyTrack, places: Array, beat: Array) -> tuple[Array, Array]:
    """Ankles [T, 2, 3] and height of jumps [T]: feet stand still, or step from key to key."""
    i, u = track.between(beat)
    far = np.linalg.norm(np.diff(places, axis=0)[:, :, [0, 2]], axis=-1)
    hop = track.keys[:, INDEX["hop"]]
    jumps = hop[1:] > 0
    moves = np.linalg.norm(np.diff(places, axis=0), axis=-1) > _STILL_M
    both = moves.all(axis=1) & ~jumps & ~track.slides[1:]
    # A foot in the air lands before the other leaves; else the longer way is gone first.
    down = places[1:, :, 1] - places[:-1, :, 1]
    level = np.abs(down[:, 0] - down[:, 1]) < _STILL_M
    left_first = np.where(level, far[:, 0] >= far[:, 1], down[:, 0] < down[:, 1])
    out = np.zeros((len(beat), 2, 3))
    for side in range(2):
        first = left_first if side == 0 else ~left_first
        windows = np.where(
            (both & first)[:, None], _FIRST, np.where(both[:, None], _SECOND, _STEP_WINDOW)
        )
        windows = np.where(jumps[:, None], _IN_AIR, windows)
        w = _window(u, windows[i, 0], windows[i, 1])[:, None]
        out[:, side] = places[i, side] * (1 - w) + places[i + 1, side] * w
        length = far[:, side]
        lift = np.where(length > _STILL_M, np.minimum(0.015 + _LIFT * length, _MOST_LIFT), 0)
        lift = np.where(jumps | track.slides[1:], 0, lift)
        out[:, side, 1] += lift[i] * (4 * w * (1 - w))[:, 0]
    w = np.clip((u - _AIR[0]) / (_AIR[1] - _AIR[0]), 0, 1)
    return out, hop[i + 1] * 4 * w * (1 - w)


def pelvis(track: KeyTrack, places: Array, beat: Array, controls: Array) -> Array:
    """Where the pelvis is over the floor [T, 2]: between the feet, over the one that stands."""
    raised = places[:, :, 1] > _STANDS_M
    weight = np.where(raised[:, 0] & ~raised[:, 1], 0.15, 0.5)
    weight = np.where(raised[:, 1] & ~raised[:, 0], 0.85, weight)[:, None]
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
    yaw = track.keys[:, INDEX["yaw"]]
    aside = np.stack([np.cos(yaw), -np.sin(yaw)], axis=1)
    ahead = np.stack([np.sin(yaw), np.cos(yaw)], axis=1)
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


def _to_world(controls: Array) -> Array:
    """The pelvis' own place [T, 2], as the floor sees it."""
    yaw, px, pz = (controls[:, INDEX[name]] for name in ("yaw", "px", "pz"))
    return np.stack(
        [np.cos(yaw) * px + np.sin(yaw) * pz, -np.sin(yaw) * px + np.cos(yaw) * pz], axis=1
    )


def _window(u: Array, low: Array, high: Array) -> Array:
    """From 0 to 1 between ``low`` and ``high``."""
    w = np.clip((u - low) / (high - low), 0, 1)
    return w * w * (3 - 2 * w)
