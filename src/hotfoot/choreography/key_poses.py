"""What a move is: key poses on counts, which may be mirrored and turned."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.body import CHANNELS, INDEX, neutral

Array = NDArray[np.float64]
Place = tuple[float, float, float]

FAMILIES = ("groove", "step", "arms", "torso", "turn", "kick", "floor", "pose")
TRAVELING = ("step", "turn", "kick")
"""Families that step, and so can go elsewhere."""
UPPER = tuple(
    INDEX[n]
    for n in ("lx", "ly", "lz", "le", "rx", "ry", "rz", "re", "ls", "rs", "nod", "look", "tilt")
)
"""Channels that an arm pattern takes over."""


@dataclass(frozen=True, eq=False)
class Move:
    """One move.

    Attributes:
        name: of the move.
        family: one of :data:`FAMILIES`.
        counts: length of one cycle.
        at: [N] counts of the keys, ascending from 0.
        keys: [N, C] key poses.
        bounce: meters that the knees give on every beat.
        sharp: 0 flows from key to key, 1 hits and holds.
        energy: how lively, 0..1; loud music takes lively moves.
        slides: feet glide over the floor instead of being lifted.
        alternates: every other cycle is danced to the other side.
    """

    name: str
    family: str
    counts: float
    at: Array
    keys: Array
    bounce: float = 0.03
    sharp: float = 0.3
    energy: float = 0.5
    slides: bool = False
    alternates: bool = False


def key(
    at: float,
    *,
    arms: Place | None = None,
    left: Place | None = None,
    right: Place | None = None,
    lf: Place | None = None,
    rf: Place | None = None,
    **channels: float,
) -> tuple[float, Array]:
    """A key pose: the count on which it is reached, and its controls [C].

    Args:
        at: count.
        arms: both wrists: out, up and ahead of the shoulder, in arm lengths.
        left: the left wrist, over ``arms``.
        right: the right wrist, over ``arms``.
        lf: the left ankle off the neutral stance: out, up, ahead, in meters.
        rf: the right ankle.
        **channels: others of :data:`~hotfoot.choreography.body.CHANNELS`.
    """
    out = neutral()
    for prefix, place in (("l", left or arms), ("r", right or arms), ("lf", lf), ("rf", rf)):
        if place is not None:
            for axis, value in zip("xyz", place, strict=True):
                out[INDEX[prefix + axis]] = value
    for name, value in channels.items():
        out[INDEX[name]] = value
    return at, out


def make_move(
    name: str,
    family: str,
    counts: float,
    *keys: tuple[float, Array],
    angle: float = 0.0,
    **how: Any,
) -> Move:
    """A :class:`Move` of keys, turned by ``angle`` radians to show what moves in depth."""
    at, poses = np.array([a for a, _ in keys]), np.stack([k for _, k in keys])
    poses[:, INDEX["yaw"]] += angle
    path = [INDEX["sx"], INDEX["sz"]]
    c, s = np.cos(angle), np.sin(angle)
    poses[:, path] = poses[:, path] @ np.array([[c, -s], [s, c]])
    return Move(name, family, counts, at, poses, **how)


_SWAP = np.array(
    [
        INDEX[("r" if n[0] == "l" else "l") + n[1:]]
        if n[0] in "lr" and n not in ("lean", "look")
        else i
        for i, n in enumerate(CHANNELS)
    ]
)
_SIGN = np.array(
    [-1.0 if n in ("sx", "yaw", "px", "pyaw", "proll", "side", "twist", "look", "tilt") else 1.0
     for n in CHANNELS]
)  # fmt: skip


def mirrored(keys: Array) -> Array:
    """Keys [..., C] to the other side."""
    return keys[..., _SWAP] * _SIGN
