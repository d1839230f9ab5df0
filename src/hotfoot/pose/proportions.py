"""Body proportions in the picture: how long a limb may get, and keeping it to that.

A limb of fixed length is never longer in the picture than when it lies across the view. Its length
in the reference is a lower bound of that; where the reference shows it foreshortened, the rest of
the body tells how long it must be.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import get_skeleton

BONES = (
    *((1, 2), (2, 3), (3, 4), (1, 5), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11)),
    *((11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
"""Pairs of BODY_18 keypoints, parent before child; the neck is the root."""
_SIDES = 1.04  # the outer side of a trunk that bends gets longer than it is upright
_LIMBS = 13  # bones of trunk and limbs come first; the rest is the face

TYPICAL = 0.85
"""Trust in the average body where the reference says less."""


@cache
def _average_lengths() -> NDArray[np.float64]:
    from hotfoot.pose.references import figure_pose

    return bone_lengths(figure_pose("average").keypoints)[0]


def bone_lengths(xy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bone lengths [T, 17] of BODY_18 keypoints [T, 18, 2]."""
    a, b = np.array(BONES).T
    return np.linalg.norm(xy[:, a].astype(np.float64) - xy[:, b], axis=-1)


def limb_lengths(reference: PoseSequence) -> NDArray[np.float64]:
    """Picture length in pixels of each bone [17], across the view, of a reference's person.

    Left and right limbs are alike; see :func:`body_scale` for limbs that are foreshortened.
    """
    own = seen_lengths(reference)
    own = np.maximum(own, own[list(_partners())])
    return np.maximum(own, TYPICAL * body_scale(reference) * _average_lengths())


def seen_lengths(reference: PoseSequence) -> NDArray[np.float64]:
    """Lengths [17] in pixels of the bones that the first frame shows; 0 for the others."""
    body = reference.frames(0, 1).to_skeleton("body-18")
    a, b = np.array(BONES).T
    shown = (body.confidence[0, a] > 0) & (body.confidence[0, b] > 0)
    return np.where(shown, bone_lengths(body.keypoints)[0], 0)


def body_scale(reference: PoseSequence) -> float:
    """How large the person of a reference is, against the average figure's pixels.

    A high quantile of the ratio of trunk and limbs to the average body's, so that foreshortened
    limbs do not count.
    """
    lengths = seen_lengths(reference)[:_LIMBS]
    shown = lengths > 0
    ratios = lengths[shown] / _average_lengths()[:_LIMBS][shown]
    return float(np.percentile(ratios, 80)) if shown.any() else 1.0


@cache
def _partners() -> tuple[int, ...]:
    mirror = get_skeleton("body-18").mirror
    places = {bone: i for i, bone in enumerate(BONES)}
    return tuple(places.get((mirror[a], mirror[b]), i) for i, (a, b) in enumerate(BONES))


def girdle_lengths(reference: PoseSequence) -> tuple[float, float]:
    """Picture length in pixels of the trunk (neck to the middle of the hips) and of the hips.

    As :func:`limb_lengths`, for what is not a bone of BODY_18.
    """
    from hotfoot.pose.references import figure_pose

    reference = reference.to_skeleton("body-18")
    scale = float(np.median(limb_lengths(reference) / _average_lengths()))
    lengths = TYPICAL * scale * girdle(figure_pose("average").keypoints)[0]
    if (reference.confidence[0, [1, 8, 11]] > 0).all():
        lengths = np.maximum(lengths, girdle(reference.keypoints[:1])[0])
    return float(lengths[0]), float(lengths[1])


def girdle(xy: NDArray[np.float32]) -> NDArray[np.float64]:
    """Lengths [T, 2] of trunk and hips of BODY_18 keypoints [T, 18, 2]."""
    middle = xy[:, [8, 11]].mean(axis=1)
    parts = np.stack([xy[:, 1] - middle, xy[:, 8] - xy[:, 11]], axis=1)
    return np.asarray(np.linalg.norm(parts.astype(np.float64), axis=-1))


def keep_proportions(poses: PoseSequence, reference: PoseSequence) -> PoseSequence:
    """Shorten limbs that are longer than the reference's; what hangs on them moves along.

    Args:
        poses: of any skeleton; fingers go along with their wrists.
        reference: of any skeleton, on the same canvas.
    """
    body, reference = poses.to_skeleton("body-18"), reference.to_skeleton("body-18")
    return poses.with_body(_shortened(body, reference))


def _shortened(poses: PoseSequence, reference: PoseSequence) -> PoseSequence:
    """:func:`keep_proportions` of BODY_18."""
    limits = limb_lengths(reference)
    old = poses.keypoints
    new = old.copy()
    torso = _torso_seen(poses.confidence)
    for (a, b), limit in zip(BONES, limits.astype(np.float32), strict=True):
        bone = old[:, b] - old[:, a]
        length = np.linalg.norm(bone, axis=-1, keepdims=True)
        factor = np.minimum(np.float32(1), limit / np.maximum(length, 1e-6))
        if b in (8, 11):  # hips keep their distance from each other where both are seen
            factor = np.where(torso[:, None], np.float32(1), factor)
        both = (poses.confidence[:, a] > 0) & (poses.confidence[:, b] > 0)
        shortened = new[:, a] + bone * factor
        new[:, b] = np.where(both[:, None], shortened, old[:, b])
    _keep_girdle(new, poses.confidence, reference)
    _keep_heads(poses, new, limits)
    return replace(poses, keypoints=new)


def _torso_seen(confidence: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where [T] neck and both hips are seen."""
    return np.asarray((confidence[:, [1, 8, 11]] > 0).all(axis=1), dtype=np.bool_)


def _keep_girdle(
    xy: NDArray[np.float32], confidence: NDArray[np.float32], reference: PoseSequence
) -> None:
    """Hips no wider and no farther from neck and shoulders than they may; legs move along."""
    trunk, hips = girdle_lengths(reference)

    def at_most(vector: NDArray[np.floating], limit: float) -> NDArray[np.floating]:
        length = np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-6)
        return np.asarray(vector * np.minimum(1, limit / length))

    neck, middle = xy[:, 1], (xy[:, 8] + xy[:, 11]) / 2
    half = at_most((xy[:, 11] - xy[:, 8]) / 2, hips / 2)
    center = neck + at_most(middle - neck, trunk)
    sides = _SIDES * _side_length(reference, trunk)
    shoulders = np.asarray((confidence[:, [2, 5]] > 0).all(axis=1))[:, None]
    for _ in range(3):  # pulling in one side may push out the other
        reach = np.stack([center - half - xy[:, 2], center + half - xy[:, 5]])
        over = at_most(reach, sides) - reach
        worse = np.linalg.norm(over, axis=-1).argmax(axis=0)
        center += np.where(shoulders, over[worse, np.arange(len(xy))], 0)
    torso = _torso_seen(confidence)[:, None]
    for hip, knee, ankle, offset in ((8, 9, 10, -half), (11, 12, 13, half)):
        moved = np.where(torso, center + offset - xy[:, hip], 0)
        for point in (hip, knee, ankle):
            there = confidence[:, point, None] > 0
            xy[:, point] += np.where(there, moved, 0)


def _side_length(reference: PoseSequence, trunk: float) -> float:
    """Picture length in pixels of the longer side of a trunk of this length, shoulder to hip."""
    from hotfoot.pose.references import figure_pose

    def longer(xy: NDArray[np.float32]) -> float:
        return float(np.linalg.norm(xy[0, [2, 5]] - xy[0, [8, 11]], axis=-1).max())

    average = figure_pose("average").keypoints
    length = trunk / float(girdle(average)[0, 0]) * longer(average)
    if (reference.confidence[0, [2, 5, 8, 11]] > 0).all():
        length = max(TYPICAL * length, longer(reference.keypoints))
    return float(length)


def _keep_heads(poses: PoseSequence, new: NDArray[np.float32], limits: NDArray[np.float64]) -> None:
    """Eyes and ears without a nose have no bone; they stay as near to the neck as a nose may be."""
    reach = np.float32(limits[BONES.index((1, 0))] * 1.1)
    lone = (poses.confidence[:, 0] == 0) & (poses.confidence[:, 1] > 0)
    moved = new[:, 1] - poses.keypoints[:, 1]
    for point in (14, 15, 16, 17):
        away = poses.keypoints[:, point] - poses.keypoints[:, 1]
        length = np.linalg.norm(away, axis=-1, keepdims=True)
        near = (
            poses.keypoints[:, 1] + moved + away * np.minimum(1, reach / np.maximum(length, 1e-6))
        )
        shown = lone & (poses.confidence[:, point] > 0)
        new[:, point] = np.where(shown[:, None], near, new[:, point])
