"""A 3D body: controls per frame in, COCO-17 joints out.

The trunk and head follow angles; legs and arms reach for ankle and wrist targets by two-bone
inverse kinematics, so feet stay exactly where they stand. Meters, radians, y up; at yaw 0 the
dancer faces +z with the left hand at +x.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.skeletons import get_skeleton

Array = NDArray[np.float64]
Floats = NDArray[np.floating[Any]]

CHANNELS = (
    "sx", "sz", "yaw",  # place and direction on the stage
    "px", "pz", "py", "pyaw", "proll",  # pelvis: to the left, ahead, up; turned, tilted to the left
    "lean", "side", "twist", "chest",  # trunk: ahead, to the left, turned left; chest pushed ahead
    "nod", "look", "tilt",  # head: down, to the left, tilted to the left
    "lx", "ly", "lz", "le", "rx", "ry", "rz", "re",  # wrists: out, up, ahead; elbows
    "ls", "rs",  # shoulders raised
    "lfx", "lfy", "lfz", "rfx", "rfy", "rfz",  # ankles off the neutral stance: out, up, ahead
    "hop",  # height of the jump that lands on this key
)  # fmt: skip
"""What a key pose says, in this order."""

INDEX = {name: i for i, name in enumerate(CHANNELS)}
FEET = [[INDEX[f"{side}f{axis}"] for axis in "xyz"] for side in "lr"]
"""Channels of the left ankle and of the right one."""

# Average bones of the mocap corpus after it was normalized, meters.
THIGH, SHIN, HIP_WIDTH, TRUNK = 0.42, 0.40, 0.20, 0.50
SHOULDER_WIDTH, UPPER_ARM, FOREARM = 0.36, 0.285, 0.255
ANKLE_HEIGHT = 0.085
STANCE = 0.12
"""Ankle to the middle of the body when standing."""

_LEG, _ARM = THIGH + SHIN, UPPER_ARM + FOREARM
_STANDING = 0.985  # share of the leg's length that standing takes: knees are never locked
_SIGN = {"left": 1.0, "right": -1.0}
_SOCKETS = [np.array([sign * HIP_WIDTH / 2, 0, 0]) for sign in _SIGN.values()]
# From the middle of the shoulders: left, up, ahead.
_FACE = {
    "nose": np.array([0, 0.214, 0.129]),
    "left_eye": np.array([0.032, 0.248, 0.097]),
    "right_eye": np.array([-0.032, 0.248, 0.097]),
    "left_ear": np.array([0.075, 0.228, 0.037]),
    "right_ear": np.array([-0.075, 0.228, 0.037]),
}
_COCO = get_skeleton("coco-17").index
_TURN_OUT = 0.25


def by_channel(values: Mapping[str, float]) -> Array:
    """Values [C] in the order of :data:`CHANNELS`, 0 for those that have none."""
    return np.array([values.get(name, 0.0) for name in CHANNELS])


def neutral() -> Array:
    """Controls [C] of a person who stands, arms hanging, elbows a little bent."""
    return by_channel({"lx": 0.18, "ly": -0.9, "lz": 0.14, "rx": 0.18, "ry": -0.9, "rz": 0.14})


def pose_body(controls: Array, pelvis_xz: Array, feet: Array, air: Array) -> NDArray[np.float32]:
    """Joints [T, 17, 3] of controls [T, C], the pelvis over the floor at ``pelvis_xz`` [T, 2].

    ``feet`` [T, 2, 3] are ankles in the world, left then right, their height that over a standing
    one; ``air`` [T] is the height of a jump.
    """
    c = dict(zip(CHANNELS, controls.T, strict=True))
    joints: dict[str, Floats] = {}
    ankles = feet + np.array([0, ANKLE_HEIGHT, 0])
    ankles[..., 1] += air[:, None]
    hips = _turns(c["yaw"] + c["pyaw"], np.zeros(len(controls)), np.clip(c["proll"], -0.35, 0.35))
    wanted = ANKLE_HEIGHT + _STANDING * _LEG + c["py"] + air
    pelvis = np.stack([pelvis_xz[:, 0], wanted, pelvis_xz[:, 1]], axis=1)
    pelvis[:, 1] = np.minimum(wanted, _highest(pelvis, hips, ankles))
    lean = np.clip(c["lean"], -0.5, 1.25)  # here and below, the limits of the joints, radians
    trunk = _turns(c["yaw"] + 0.4 * c["pyaw"] + np.clip(c["twist"], -0.9, 0.9), lean,
                   np.clip(c["side"], -0.6, 0.6))  # fmt: skip
    chest = pelvis + trunk @ np.array([0, TRUNK, 0]) + trunk[:, :, 2] * c["chest"][:, None]
    joints |= _head(c, lean, trunk, chest)
    for i, side in enumerate(_SIGN):
        joints |= _leg(c, side, pelvis + hips @ _SOCKETS[i], ankles[:, i])
        joints |= _arm(c, side, trunk, chest)
    return np.stack([joints[name] for name in _COCO], axis=1).astype(np.float32)


def _head(c: dict[str, Array], lean: Array, trunk: Array, chest: Array) -> dict[str, Floats]:
    """The trunk turns under a head that goes on looking ahead."""
    head = _turns(
        c["yaw"] + 0.2 * c["pyaw"] + 0.3 * c["twist"] + np.clip(c["look"], -1.2, 1.2),
        0.35 * lean + np.clip(c["nod"], -0.5, 0.7),
        0.45 * c["side"] + np.clip(c["tilt"], -0.5, 0.5),
    )
    neck = chest + 0.6 * (trunk @ np.array([0, 0.09, 0])) - head @ np.array([0, 0.054, 0])
    return {name: neck + head @ offset for name, offset in _FACE.items()}


def _leg(c: dict[str, Array], side: str, hip: Floats, ankle: Floats) -> dict[str, Floats]:
    """The knee bends where the toes point."""
    sign = _SIGN[side]
    toes = c["yaw"] + 0.5 * c["pyaw"] + sign * _TURN_OUT
    ahead = np.stack([np.sin(toes), np.zeros(len(toes)), np.cos(toes)], axis=1)
    knee, ankle = reach(hip, ankle, THIGH, SHIN, ahead)
    return {f"{side}_hip": hip, f"{side}_knee": knee, f"{side}_ankle": ankle}


def _arm(c: dict[str, Array], side: str, trunk: Array, chest: Array) -> dict[str, Floats]:
    s, sign = side[0], _SIGN[side]
    shoulder = chest + trunk @ np.array([sign * SHOULDER_WIDTH / 2, 0, 0])
    shoulder += trunk[:, :, 1] * np.clip(c[f"{s}s"], -0.03, 0.08)[:, None]
    local = np.stack([sign * c[f"{s}x"], c[f"{s}y"], c[f"{s}z"]], axis=1) * _ARM
    wrist = shoulder + np.einsum("tij,tj->ti", trunk, local)
    # Elbows hang behind; with raised hands, or where a move says so, they point outwards.
    up = np.clip(np.maximum(c[f"{s}e"], (c[f"{s}y"] + 0.1) / 0.7), 0, 1)[:, None]
    pole = (1 - up) * np.array([0.45 * sign, -0.7, -0.6]) + up * np.array([sign, 0.15, -0.35])
    elbow, wrist = reach(shoulder, wrist, UPPER_ARM, FOREARM, np.einsum("tij,tj->ti", trunk, pole))
    return {f"{side}_shoulder": shoulder, f"{side}_elbow": elbow, f"{side}_wrist": wrist}


# Masses of an adult's segments over the body's (Winter, "Biomechanics and Motor Control of Human
# Movement", 2009, table 4.1), shared between the joints that they hang from.
_MASS = {
    "nose": 0.081,
    "shoulder": 0.497 / 4 + 0.028 * 0.564,
    "elbow": 0.028 * 0.436 + 0.022 * 0.318,
    "wrist": 0.022 * 0.682,
    "hip": 0.497 / 4 + 0.1 * 0.567,
    "knee": 0.1 * 0.433 + 0.061 * 0.394,
    "ankle": 0.061 * 0.606,
}


def center_of_mass(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Center of mass [T, 3] of joints [T, 17, 3], from average masses of the segments."""
    weight = np.array([_MASS.get(name.split("_")[-1], 0.0) for name in _COCO], np.float32)
    return np.einsum("tjc,j->tc", joints, weight / weight.sum())


def _highest(pelvis: Array, hips: Array, ankles: Array) -> Array:
    """Height [T] of the pelvis at which both legs just reach their ankles."""
    limits = []
    for i, socket in enumerate(_SOCKETS):
        offset = hips @ socket
        flat = (pelvis + offset - ankles[:, i])[:, [0, 2]]
        over = np.sqrt(np.maximum((0.998 * _LEG) ** 2 - (flat**2).sum(axis=1), 0.04))
        limits.append(ankles[:, i, 1] + over - offset[:, 1])
    # A soft minimum, so that the height has no corners where the other leg takes over.
    sharp = 120.0
    return -np.logaddexp(-sharp * limits[0], -sharp * limits[1]) / sharp


def _turns(yaw: Array, pitch: Array, roll: Array) -> Array:
    """Rotations [T, 3, 3]: roll to the left, then pitch ahead, then yaw to the left."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(-roll), np.sin(-roll)
    zero, one = np.zeros_like(yaw), np.ones_like(yaw)
    ry = (cy, zero, sy), (zero, one, zero), (-sy, zero, cy)
    rx = (one, zero, zero), (zero, cp, -sp), (zero, sp, cp)
    rz = (cr, -sr, zero), (sr, cr, zero), (zero, zero, one)
    y, x, z = (np.ascontiguousarray(np.transpose(rows, (2, 0, 1))) for rows in (ry, rx, rz))
    return y @ x @ z


def reach(
    root: Floats, target: Floats, first: float | Floats, second: float | Floats, pole: Floats,
    stretch: float = 0.9985,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Two-bone inverse kinematics: the middle joint [T, 3], bent towards ``pole``, and the end.

    ``first`` and ``second`` are the bones' lengths, one or [T]; the limb is stretched to at most
    ``stretch`` of their sum, so the end may stay short of its target.
    """
    line = target - root
    distance = np.linalg.norm(line, axis=1)
    span = np.clip(distance, np.abs(first - second) + 0.05, stretch * (first + second))
    line = line / np.maximum(distance, 1e-6)[:, None]
    aside = pole - (pole * line).sum(axis=1, keepdims=True) * line
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-6)
    along = (first**2 - second**2 + span**2) / (2 * span)
    out = np.sqrt(np.maximum(first**2 - along**2, 0))
    middle = root + line * along[:, None] + aside * out[:, None]
    return middle, root + line * span[:, None]
