"""Body proportions in the picture: limbs kept to them, movement put on those of another body.

A limb of fixed length is never longer in the picture than when it lies across the view. Its length
in the reference is a lower bound of that; where the reference shows it foreshortened, the rest of
the body tells how long it must be.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import get_skeleton

BONES = (
    *((1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11)),
    *((11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
"""Pairs of BODY_18 keypoints, parent before child; the neck is the root."""
_SIDES = 1.04  # the outer side of a trunk that bends gets longer than it is upright
_LIMBS = 13  # bones of trunk and limbs come first; the rest is the face
LEGS = [[7, 8], [10, 11]]
"""Bones of the right and of the left leg, as indices into :data:`BONES`."""

TYPICAL = 0.85
"""Trust in the average body where the reference says less."""

F = TypeVar("F", bound=np.floating[Any])
_AVERAGE = figure_pose("average").keypoints
_PARENT, _CHILD = np.array(BONES).T
_MIRROR = get_skeleton("body-18").mirror
_PARTNERS = [BONES.index((_MIRROR[a], _MIRROR[b])) for a, b in BONES]


def bone_lengths(xy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bone lengths [T, 17] of BODY_18 keypoints [T, 18, 2]."""
    return np.linalg.norm(xy[:, _PARENT].astype(np.float64) - xy[:, _CHILD], axis=-1)


def girdle(xy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Lengths [T, 2] of trunk (neck to the middle of the hips) and hips of keypoints [T, 18, 2]."""
    middle = xy[:, [8, 11]].mean(axis=1)
    parts = np.stack([xy[:, 1] - middle, xy[:, 8] - xy[:, 11]], axis=1)
    return np.asarray(np.linalg.norm(parts.astype(np.float64), axis=-1))


def limb_lengths(reference: PoseSequence) -> NDArray[np.float64]:
    """Picture length in pixels of each bone [17], across the view, of a reference's person.

    Left and right limbs are alike; see :func:`body_scale` for limbs that are foreshortened.
    """
    own = seen_lengths(reference)
    own = np.maximum(own, own[_PARTNERS])
    return np.maximum(own, TYPICAL * body_scale(reference) * bone_lengths(_AVERAGE)[0])


def seen_lengths(reference: PoseSequence) -> NDArray[np.float64]:
    """Lengths [17] in pixels of the bones that the first frame shows; 0 for the others."""
    body = reference.frames(0, 1).to_skeleton("body-18")
    seen = body.confidence[0] > 0
    return np.where(seen[_PARENT] & seen[_CHILD], bone_lengths(body.keypoints)[0], 0)


def body_scale(reference: PoseSequence) -> float:
    """How large the person of a reference is, against the average figure's pixels.

    A high quantile over trunk and limbs, so that foreshortened ones do not count.
    """
    ratios = (seen_lengths(reference) / bone_lengths(_AVERAGE)[0])[:_LIMBS]
    return float(np.percentile(ratios[ratios > 0], 80)) if ratios.any() else 1.0


def girdle_lengths(reference: PoseSequence) -> tuple[float, float]:
    """Picture lengths in pixels of trunk and hips, which are no bones; as :func:`limb_lengths`."""
    reference = reference.to_skeleton("body-18")
    scale = float(np.median(limb_lengths(reference) / bone_lengths(_AVERAGE)[0]))
    lengths = TYPICAL * scale * girdle(_AVERAGE)[0]
    if (reference.confidence[0, [1, 8, 11]] > 0).all():
        lengths = np.maximum(lengths, girdle(reference.keypoints[:1])[0])
    return float(lengths[0]), float(lengths[1])


def keep_proportions(poses: PoseSequence, reference: PoseSequence) -> PoseSequence:
    """Shorten limbs that are longer than the reference's; what hangs on them moves along.

    Both are of any skeleton, on the same canvas; fingers go along with their wrists.
    """
    body, reference = poses.to_skeleton("body-18"), reference.to_skeleton("body-18")
    old, seen = body.keypoints, body.confidence > 0
    new = old.copy()
    limits = limb_lengths(reference)
    torso = _all_seen(seen, 1, 8, 11)
    for (a, b), limit in zip(BONES, limits.astype(np.float32), strict=True):
        bone = old[:, b] - old[:, a]
        short = _at_most(bone, limit)
        if b in (8, 11):  # hips keep their distance from each other where both are seen
            short = np.where(torso, bone, short)
        both = (seen[:, a] & seen[:, b])[:, None]
        new[:, b] = np.where(both, new[:, a] + short, old[:, b])
    _keep_girdle(new, seen, reference)
    # Eyes and ears without a nose have no bone; they stay as near to the neck as a nose may be.
    face, neck = [14, 15, 16, 17], old[:, 1:2]
    near = neck + _at_most(old[:, face] - neck, np.float32(limits[BONES.index((1, 0))] * 1.1))
    lone = seen[:, face] & (seen[:, 1] & ~seen[:, 0])[:, None]
    new[:, face] = np.where(lone[..., None], near, new[:, face])
    return poses.with_body(replace(body, keypoints=new))


def _all_seen(seen: NDArray[np.bool_], *points: int) -> NDArray[np.bool_]:
    """Where [T, 1] all of these points are seen."""
    return np.asarray(seen[:, points].all(axis=1, keepdims=True))


def _at_most(vectors: NDArray[F], limit: float | np.float32) -> NDArray[F]:
    """Vectors [..., 2], those longer than the limit shortened to it."""
    length = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return np.asarray(vectors * np.minimum(1, limit / length))


def _keep_girdle(xy: NDArray[np.float32], seen: NDArray[np.bool_], reference: PoseSequence) -> None:
    """Hips no wider and no farther from neck and shoulders than they may; legs move along."""
    trunk, hips = girdle_lengths(reference)
    neck, middle = xy[:, 1], (xy[:, 8] + xy[:, 11]) / 2
    half = _at_most((xy[:, 11] - xy[:, 8]) / 2, hips / 2)
    center = neck + _at_most(middle - neck, trunk)
    sides = _SIDES * _side_length(reference, trunk)
    torso, shoulders = _all_seen(seen, 1, 8, 11), _all_seen(seen, 2, 5)
    for _ in range(3):  # pulling in one side may push out the other
        reach = np.stack([center - half - xy[:, 2], center + half - xy[:, 5]])
        over = _at_most(reach, sides) - reach
        worse = np.linalg.norm(over, axis=-1).argmax(axis=0)
        center += np.where(shoulders, over[worse, np.arange(len(xy))], 0)
    for leg, offset in (([8, 9, 10], -half), ([11, 12, 13], half)):
        moved = np.where(torso, center + offset - xy[:, leg[0]], 0)
        xy[:, leg] += np.where(seen[:, leg, None], moved[:, None], 0)


def _side_length(reference: PoseSequence, trunk: float) -> float:
    """Picture length in pixels of the longer side of a trunk of this length, shoulder to hip."""

    def longer(xy: NDArray[np.float32]) -> float:
        return float(np.linalg.norm(xy[0, [2, 5]] - xy[0, [8, 11]], axis=-1).max())

    length = trunk / float(girdle(_AVERAGE)[0, 0]) * longer(_AVERAGE)
    if (reference.confidence[0, [2, 5, 8, 11]] > 0).all():
        length = max(TYPICAL * length, longer(reference.keypoints))
    return float(length)


@dataclass(frozen=True, eq=False)
class Retarget:
    """How one person's pictures become another's; call it with BODY_18 keypoints [T, 18, 2]."""

    factor: NDArray[np.float64]  # of every bone but those from neck to hips
    trunk: float  # factor from neck to the middle of the hips
    hips: float  # factor of their width
    legs: float  # factor of the path over the ground
    from_hips: NDArray[np.float64]  # where the hips are on average
    to_hips: NDArray[np.float64]  # where they shall be
    down: float = 0.0  # added to y, so that feet stand where the reference's do

    def __call__(self, keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
        """Keypoints of the reference's person."""
        old = keypoints.astype(np.float64)
        middle = old[:, [8, 11]].mean(axis=1)
        new = np.zeros_like(old)
        new[:, 1] = (old[:, 1] - middle) * self.trunk  # the middle of the hips is at 0
        for (a, b), scale in zip(BONES, self.factor, strict=True):
            if b in (8, 11):
                new[:, b] = (old[:, b] - middle) * self.hips
            else:
                new[:, b] = new[:, a] + (old[:, b] - old[:, a]) * scale
        new += (self.to_hips + (middle - self.from_hips) * self.legs)[:, None]
        new[..., 1] += self.down
        return np.asarray(new, np.float32)


def fit_to(keypoints: NDArray[np.float32], reference: PoseSequence) -> Retarget:
    """How the person of BODY_18 keypoints [T, 18, 2] becomes the person of a reference.

    Every bone is scaled by how long it gets in the reference's body over how long it gets in the
    keypoints (95th percentile), so directions and foreshortening stay. Paths scale with the legs.
    The feet stand as low as the reference's do, where it shows them; hips it must show (PoseError).
    """
    reference = reference.to_skeleton("body-18")
    own = np.percentile(bone_lengths(keypoints), 95, axis=0)
    factor = limb_lengths(reference) / np.maximum(own, 1e-6)
    girdles = np.maximum(np.percentile(girdle(keypoints), 95, axis=0), 1e-6)
    trunk, wide = np.array(girdle_lengths(reference)) / girdles
    # A person who is only seen from the side has no width to measure.
    wide = float(np.clip(wide, trunk / 2, trunk * 2))
    seen = reference.confidence[0] > 0
    hips = reference.keypoints[0, [8, 11]][seen[[8, 11]]]
    if not len(hips):
        raise PoseError("the reference shows no hips", "Give a pose with visible hips.")
    legs = float(factor[LEGS].mean())
    # Start at the hips: what dances stands on its legs.
    middle = keypoints[:, [8, 11]].astype(np.float64).mean(axis=(0, 1))
    fit = Retarget(factor, float(trunk), wide, legs, middle, hips.mean(axis=0).astype(np.float64))
    feet = reference.keypoints[0, [10, 13], 1][seen[[10, 13]]]
    if not len(feet):
        return fit
    standing = np.percentile(fit(keypoints)[:, [10, 13], 1].max(axis=1), 75)
    return replace(fit, down=float(feet.max() - standing))


def retargeted(poses: PoseSequence, reference: PoseSequence) -> PoseSequence:
    """Poses of the person of a reference, on the reference's canvas; see :func:`fit_to`.

    Any skeletons; fingers go along with their wrists, and are scaled as the forearms.
    """
    body = poses.to_skeleton("body-18")
    fit = fit_to(body.keypoints, reference)
    forearms = float(fit.factor[[BONES.index((3, 4)), BONES.index((6, 7))]].mean())
    moved = replace(body, keypoints=fit(body.keypoints), canvas=reference.canvas)
    return poses.with_body(moved, forearms)
