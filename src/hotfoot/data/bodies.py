"""What is done to 3D bodies: turned, mirrored, given other bones, blended, mixed.

In and out: COCO-17 joints [T, 17, 3] in meters, y up, or those of a body with hands [T, 59, 3]
(:mod:`~hotfoot.data.hands`).
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.data.hands import LEFT_HAND, POINTS_WITH_HANDS, RIGHT_HAND
from hotfoot.pose.skeletons import get_skeleton

_COCO = get_skeleton("coco-17").index
_L = {n[5:]: i for n, i in _COCO.items() if n.startswith("left_")}
_R = {n[6:]: i for n, i in _COCO.items() if n.startswith("right_")}
FACE = [_COCO[n] for n in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
HIPS = [_L["hip"], _R["hip"]]
SHOULDERS = [_L["shoulder"], _R["shoulder"]]
LEGS = tuple((side["hip"], side["knee"], side["ankle"]) for side in (_L, _R))
ARMS = tuple((side["shoulder"], side["elbow"], side["wrist"]) for side in (_L, _R))


def mirrored(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Left and right exchanged."""
    hands = (*range(*_span(RIGHT_HAND)), *range(*_span(LEFT_HAND)))
    order = [*get_skeleton("coco-17").mirror, *hands][: joints.shape[1]]
    return joints[:, order] * np.array([-1, 1, 1], np.float32)


def _span(points: slice) -> tuple[int, int]:
    return points.start, points.stop


@dataclass(frozen=True)
class BodyShape:
    """Factors on bone lengths; directions of bones are kept."""

    legs: float = 1.0
    arms: float = 1.0
    torso: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0
    head: float = 1.0


# Bones in the order in which a body is put together: from, to. The pelvis, between the hips, and
# the chest, between the shoulders, are no joints and stand behind all of them.
_PELVIS, _CHEST = -2, -1
_TRUNK = ((_PELVIS, _CHEST),)
_BONES = (
    *_TRUNK,
    *((_PELVIS, j) for j in HIPS),
    *((_CHEST, j) for j in SHOULDERS),
    *((_CHEST, j) for j in FACE),
    *(bone for limb in LEGS for bone in itertools.pairwise(limb)),
    *(bone for limb in ARMS for bone in itertools.pairwise(limb)),
)
_HAND_BONES = (
    (_L["wrist"], LEFT_HAND.start),
    (_R["wrist"], RIGHT_HAND.start),
    # BODY_18 has one point more than COCO-17.
    *((a - 1, b - 1) for a, b in get_skeleton("body-hands-60").limbs if a >= 18),
)
_LOWER = [i for i, (a, b) in enumerate(_BONES) if b in {j for limb in LEGS for j in limb}]


def _bones(points: int) -> tuple[tuple[int, int], ...]:
    return (*_BONES, *_HAND_BONES) if points == POINTS_WITH_HANDS else _BONES


def bone_vectors(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every bone [T, 18, 3] of a body ([T, 60, 3] with hands), from its inner to its outer end."""
    pelvis, chest = (joints[:, pair].mean(axis=1, keepdims=True) for pair in (HIPS, SHOULDERS))
    ends = np.concatenate([joints, pelvis, chest], axis=1)
    inner, outer = (list(x) for x in zip(*_bones(joints.shape[1]), strict=True))
    return ends[:, outer] - ends[:, inner]


def from_bones(pelvis: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Joints [T, 17, 3] ([T, 59, 3]) of bones put together from the pelvis [T, 3] on."""
    points = vectors.shape[1] - 1
    out = np.zeros((len(vectors), points + 2, 3), np.float32)
    out[:, _PELVIS] = pelvis
    for i, (inner, outer) in enumerate(_bones(points)):
        out[:, outer] = out[:, inner] + vectors[:, i]
    return out[:, :points]


def reshape_body(joints: NDArray[np.float32], shape: BodyShape) -> NDArray[np.float32]:
    """The same motion by another body: bone lengths scaled along the skeleton, feet on the floor.

    The height of the pelvis scales with the legs, and so do steps, so that planted feet stay.
    """
    parts = (
        [shape.torso], [shape.hips] * 2, [shape.shoulders] * 2, [shape.head] * 5,
        [shape.legs] * 4, [shape.arms] * (4 + len(_HAND_BONES)),
    )  # fmt: skip
    vectors = bone_vectors(joints)
    factors = np.concatenate(parts).astype(np.float32)[: vectors.shape[1], None]
    pelvis = joints[:, HIPS].mean(axis=1) * np.float32(shape.legs)
    return from_bones(pelvis, vectors * factors)


def with_bones_of(wanted: NDArray[np.float32], model: NDArray[np.float32]) -> NDArray[np.float32]:
    """Directions of ``wanted``, bone lengths of ``model``."""
    return _scaled(wanted, np.linalg.norm(bone_vectors(model), axis=-1))


def _scaled(joints: NDArray[np.float32], lengths: NDArray[np.float32]) -> NDArray[np.float32]:
    vectors = bone_vectors(joints)
    own = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return from_bones(joints[:, HIPS].mean(axis=1), vectors / own * lengths[..., None])


def blend(
    first: NDArray[np.float32], second: NDArray[np.float32], share: NDArray[np.floating]
) -> NDArray[np.float32]:
    """``first`` where ``share`` [T] is 0, ``second`` where it is 1; bones do not shrink between."""
    w = np.asarray(share, np.float32)[:, None]
    lengths = [np.linalg.norm(bone_vectors(j), axis=-1) for j in (first, second)]
    between = first * (1 - w[..., None]) + second * w[..., None]
    return _scaled(between, lengths[0] * (1 - w) + lengths[1] * w)


def mix(lower: NDArray[np.float32], upper: NDArray[np.float32]) -> NDArray[np.float32]:
    """Legs and hips of ``lower``, all above of ``upper``, which faces where the hips face."""
    out = bone_vectors(lower)
    hips = [facing_of(j[:, HIPS[0]] - j[:, HIPS[1]]) for j in (lower, upper)]
    angle = np.subtract(*(np.arctan2(ahead[:, 0], ahead[:, 1]) for ahead in hips))
    above = [i for i in range(out.shape[1]) if i not in _LOWER]
    out[:, above] = rotated(bone_vectors(upper), angle)[:, above]
    return from_bones(lower[:, HIPS].mean(axis=1), out)


def rotated(
    vectors: NDArray[np.float32], angle: float | NDArray[np.floating]
) -> NDArray[np.float32]:
    """Vectors [T, N, 3] turned to the left about the vertical by ``angle`` (one, or [T])."""
    c, s = (np.asarray(f(angle), np.float32).reshape(-1, 1) for f in (np.cos, np.sin))
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.stack([x * c + z * s, y, z * c - x * s], axis=-1)


def facing(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vector [T, 2] (x, z) that the body faces, from hips and shoulders."""
    left, right = joints[:, [HIPS[0], SHOULDERS[0]]], joints[:, [HIPS[1], SHOULDERS[1]]]
    return facing_of((left - right).sum(axis=1))


def facing_of(across: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vector [T, 2] (x, z) ahead of a body whose left is at ``across`` [T, 3]."""
    forward = np.stack([-across[:, 2], across[:, 0]], axis=-1)
    return forward / np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-6)


def upright(joints: NDArray[np.float32]) -> float:
    """Mean cosine of the trunk to the vertical; handstands and floor work lower it."""
    trunk = bone_vectors(joints)[:, 0]
    return float((trunk[:, 1] / np.maximum(np.linalg.norm(trunk, axis=-1), 1e-6)).mean())


def turned_to_camera(joints: NDArray[np.float32], share: float, fps: float) -> NDArray[np.float32]:
    """Slow turns taken back by ``share``, as if the camera went round the dancer.

    Only turns over more than about two seconds; a spin stays a spin.
    """
    ahead = gaussian_filter1d(facing(joints), 1.0 * fps, axis=0, mode="nearest")
    yaw = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 1]))
    middle = joints[:, HIPS].mean(axis=(0, 1)) * np.array([1, 0, 1], np.float32)
    return rotated(joints - middle, -share * (yaw - yaw.mean())) + middle
