"""What is done to 3D bodies: turned, mirrored, given other bones and hands, blended, mixed.

In and out: COCO-17 joints [T, 17, 3] in meters, y up; a body with hands [T, 59, 3] goes on with the
21 points of the left and of the right hand, in the order of ``body-hands-60``.
"""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.camera import turned
from hotfoot.pose.references import BodyShape
from hotfoot.pose.skeletons import get_skeleton

Array = NDArray[np.float64]
Joints = NDArray[np.float32]
"""[T, J, 3]."""

BODY_POINTS, HAND_POINTS = 17, 21
HANDS = (slice(17, 38), slice(38, 59))
"""Left and right."""

_COCO = get_skeleton("coco-17").index
_L = {n[5:]: i for n, i in _COCO.items() if n.startswith("left_")}
_R = {n[6:]: i for n, i in _COCO.items() if n.startswith("right_")}
FACE = [_COCO[n] for n in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
HIPS = [_L["hip"], _R["hip"]]
SHOULDERS = [_L["shoulder"], _R["shoulder"]]
LEGS = tuple([side["hip"], side["knee"], side["ankle"]] for side in (_L, _R))
ARMS = tuple([side["shoulder"], side["elbow"], side["wrist"]] for side in (_L, _R))


def has_hands(skeleton: str) -> bool:
    """Whether a skeleton has fingers."""
    return any("_hand_" in name for name in get_skeleton(skeleton).keypoints)


def unit(vectors: NDArray[Any]) -> NDArray[Any]:
    """Vectors [..., N] of length 1; 0 stays 0."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def mirrored(joints: Joints) -> Joints:
    """Left and right exchanged."""
    order = np.r_[get_skeleton("coco-17").mirror, HANDS[1], HANDS[0]]
    return joints[:, order[: joints.shape[1]]] * np.array([-1, 1, 1], np.float32)


# Bones in the order in which a body is put together: from, to. The pelvis, between the hips, and
# the chest, between the shoulders, are no joints and stand behind all of them.
_PELVIS, _CHEST = -2, -1
_BONES = (
    (_PELVIS, _CHEST),
    *((_PELVIS, j) for j in HIPS),
    *((_CHEST, j) for j in (*SHOULDERS, *FACE)),
    *(bone for limb in (*LEGS, *ARMS) for bone in itertools.pairwise(limb)),
)
_HAND_BONES = (
    *((side["wrist"], hand.start) for side, hand in zip((_L, _R), HANDS, strict=True)),
    # BODY_18 has one point more than COCO-17.
    *((a - 1, b - 1) for a, b in get_skeleton("body-hands-60").limbs if a >= 18),
)
_LOWER = [i for i, (_, end) in enumerate(_BONES) if end in {*LEGS[0], *LEGS[1]}]


def _bones(points: int) -> tuple[tuple[int, int], ...]:
    return (*_BONES, *_HAND_BONES) if points > BODY_POINTS else _BONES


def bone_vectors(joints: Joints) -> Joints:
    """Every bone [T, 18, 3] of a body ([T, 60, 3] with hands), from its inner to its outer end."""
    pelvis, chest = (joints[:, pair].mean(axis=1, keepdims=True) for pair in (HIPS, SHOULDERS))
    ends = np.concatenate([joints, pelvis, chest], axis=1)
    inner, outer = (list(x) for x in zip(*_bones(joints.shape[1]), strict=True))
    return ends[:, outer] - ends[:, inner]


def from_bones(pelvis: NDArray[np.float32], vectors: Joints) -> Joints:
    """Joints [T, 17, 3] ([T, 59, 3]) of bones put together from the pelvis [T, 3] on."""
    points = vectors.shape[1] - 1
    out = np.zeros((len(vectors), points + 2, 3), np.float32)
    out[:, _PELVIS] = pelvis
    for i, (inner, outer) in enumerate(_bones(points)):
        out[:, outer] = out[:, inner] + vectors[:, i]
    return out[:, :points]


def reshape_body(joints: Joints, shape: BodyShape) -> Joints:
    """The same motion by another body; steps scale with its legs, so that planted feet stay."""
    vectors, arms = bone_vectors(joints), 4 + len(_HAND_BONES)
    parts = [shape.torso, shape.hips, shape.shoulders, shape.head, shape.legs, shape.arms]
    factors = np.repeat(np.array(parts, np.float32), [1, 2, 2, 5, 4, arms])[: vectors.shape[1]]
    pelvis = joints[:, HIPS].mean(axis=1) * np.float32(shape.legs)
    return from_bones(pelvis, vectors * factors[:, None])


def bone_lengths(joints: Joints) -> NDArray[np.float32]:
    """Of every bone [T, 18], with hands [T, 60]."""
    return np.linalg.norm(bone_vectors(joints), axis=-1)


def with_lengths(joints: Joints, lengths: NDArray[np.float32]) -> Joints:
    """Bones of these lengths, in the same directions."""
    directions = unit(bone_vectors(joints))
    return from_bones(joints[:, HIPS].mean(axis=1), directions * lengths[..., None])


def blend(first: Joints, second: Joints, share: NDArray[np.floating]) -> Joints:
    """``first`` where ``share`` [T] is 0, ``second`` where it is 1; bones do not shrink between."""
    w = np.asarray(share, np.float32)[:, None]
    between = first * (1 - w[..., None]) + second * w[..., None]
    return with_lengths(between, bone_lengths(first) * (1 - w) + bone_lengths(second) * w)


def mix(lower: Joints, upper: Joints) -> Joints:
    """Legs and hips of ``lower``, all above of ``upper``, which faces where the hips face."""
    hips = [_ahead(j[:, HIPS[0]] - j[:, HIPS[1]]) for j in (lower, upper)]
    out = turned(bone_vectors(upper), yaw_of(hips[0]) - yaw_of(hips[1]))
    out[:, _LOWER] = bone_vectors(lower)[:, _LOWER]
    return from_bones(lower[:, HIPS].mean(axis=1), out)


def facing(joints: Joints) -> NDArray[np.float32]:
    """Unit vector [T, 2] (x, z) that the body faces, from hips and shoulders."""
    left, right = joints[:, [HIPS[0], SHOULDERS[0]]], joints[:, [HIPS[1], SHOULDERS[1]]]
    return _ahead((left - right).sum(axis=1))


def _ahead(across: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vector [T, 2] (x, z) ahead of a body whose left is at ``across`` [T, 3]."""
    return unit(np.stack([-across[:, 2], across[:, 0]], axis=-1))


def yaw_of(ahead: NDArray[np.float32]) -> NDArray[np.float32]:
    """Angles [...] of vectors [..., 2] (x, z) about the vertical, 0 along z."""
    return np.arctan2(ahead[..., 0], ahead[..., 1])


def upright(joints: Joints) -> float:
    """Mean cosine of the trunk to the vertical; handstands and floor work lower it."""
    return float(unit(bone_vectors(joints)[:, 0])[:, 1].mean())


def turned_to_camera(joints: Joints, share: float, fps: float) -> Joints:
    """Turns that take two seconds or more are taken back by ``share``; a spin stays a spin."""
    yaw = np.unwrap(yaw_of(gaussian_filter1d(facing(joints), 1.0 * fps, axis=0, mode="nearest")))
    middle = joints[:, HIPS].mean(axis=(0, 1)) * np.array([1, 0, 1], np.float32)
    return turned(joints - middle, -share * (yaw - yaw.mean())) + middle


# Of a hand of 0.19 m (the average of adults), in meters from the wrist: how far along the forearm
# and towards the thumb each finger begins, and the lengths of its three bones.
_FINGERS = (
    (0.030, 0.028, (0.042, 0.032, 0.027)),
    (0.092, 0.026, (0.044, 0.025, 0.020)),
    (0.095, 0.006, (0.048, 0.029, 0.021)),
    (0.090, -0.013, (0.045, 0.028, 0.021)),
    (0.082, -0.030, (0.036, 0.021, 0.019)),
)
_CURL = 0.3  # radians that each bone bends towards the palm
_THUMB = 0.7  # radians that the thumb stands off


def with_hands(joints: Joints) -> Joints:
    """Joints [T, 17, 3] with hands [T, 59, 3]: relaxed, in line with the forearm, thumbs ahead."""
    across = joints[:, SHOULDERS[0]] - joints[:, SHOULDERS[1]]
    ahead = np.stack([-across[:, 2], np.zeros(len(joints)), across[:, 0]], axis=-1)
    hands = []
    for (_, elbow, end), palm in zip(ARMS, (1.0, -1.0), strict=True):
        wrist = joints[:, end]
        along = unit(wrist - joints[:, elbow])
        # Thumbs ahead; where the arm itself points ahead, up.
        aim = ahead + 0.3 * np.linalg.norm(ahead, axis=-1, keepdims=True) * np.array([0, 1, 0])
        thumb = unit(aim - (aim * along).sum(-1, keepdims=True) * along)
        inwards = np.cross(along, thumb) * palm
        points: list[NDArray[Any]] = [wrist]
        for number, (begin, offset, lengths) in enumerate(_FINGERS):
            at = wrist + begin * along + offset * thumb
            points.append(at)
            away = _THUMB if number == 0 else 0.0
            for bone, length in enumerate(lengths, start=1):
                bent = np.cos(bone * _CURL) * along + np.sin(bone * _CURL) * inwards
                at = at + length * (np.cos(away) * bent + np.sin(away) * thumb)
                points.append(at)
        hands.append(np.stack(points, axis=1))
    return np.concatenate([joints, *hands], axis=1).astype(np.float32)
