"""What a move is: key poses on counts, which may be mirrored and turned."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hotfoot.choreography.body import CHANNELS, INDEX, Array, neutral

Place = tuple[float, float, float]

FAMILIES = ("groove", "step", "arms", "torso", "turn", "kick", "floor", "pose")
TRAVELING = ("step", "turn", "kick")
"""Families that step, and so can go elsewhere."""
UPPER = [INDEX[n] for n in ("lx", "ly", "lz", "le", "ls", "rx", "ry", "rz", "re", "rs",
                            "nod", "look", "tilt")]  # fmt: skip
"""Channels that an arm pattern takes over."""


@dataclass(frozen=True, eq=False)
class Move:
    """Key poses on counts, danced over and over."""

    name: str
    family: str  # one of FAMILIES
    counts: float  # length of one cycle
    at: Array  # [N] counts of the keys, ascending from 0
    keys: Array  # [N, C] key poses
    bounce: float = 0.03  # meters that the knees give on every beat
    sharp: float = 0.3  # 0 flows from key to key, 1 hits and holds
    energy: float = 0.5  # how lively, 0..1; loud music takes lively moves
    slides: bool = False  # feet glide over the floor instead of being lifted
    alternates: bool = False  # every other cycle is danced to the other side


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

    ``arms`` is where both wrists are: out, up and ahead of the shoulder, in arm lengths; ``left``
    and ``right`` go before it. ``lf`` and ``rf`` are the ankles off the neutral stance: out, up,
    ahead, in meters. Others are by name of :data:`~hotfoot.choreography.body.CHANNELS`.
    """
    out = neutral()
    for prefix, place in (("l", left or arms), ("r", right or arms), ("lf", lf), ("rf", rf)):
        if place is not None:
            out[[INDEX[prefix + axis] for axis in "xyz"]] = place
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


_OTHER = {"l": "r", "r": "l"}
_SWAP = [INDEX.get(_OTHER.get(n[0], n[0]) + n[1:], i) for i, n in enumerate(CHANNELS)]
_SIDEWAYS = ("sx", "yaw", "px", "pyaw", "proll", "side", "twist", "look", "tilt")
_SIGN = np.where(np.isin(CHANNELS, _SIDEWAYS), -1.0, 1.0)


def mirrored(keys: Array) -> Array:
    """Keys [..., C] to the other side."""
    return keys[..., _SWAP] * _SIGN
