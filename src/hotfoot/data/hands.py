"""Plausible hands for 3D bodies that have none: relaxed, in line with the forearm, thumbs ahead.

A body with hands is COCO-17 followed by the 21 points of the left and of the right hand, in the
order of ``body-hands-60``: [T, 59, 3].
"""

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.skeletons import get_skeleton

BODY_POINTS, HAND_POINTS = 17, 21
LEFT_HAND = slice(BODY_POINTS, BODY_POINTS + HAND_POINTS)
RIGHT_HAND = slice(LEFT_HAND.stop, LEFT_HAND.stop + HAND_POINTS)
POINTS_WITH_HANDS = RIGHT_HAND.stop

_COCO = get_skeleton("coco-17").index
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


def has_hands(skeleton: str) -> bool:
    """Whether a skeleton has fingers."""
    return any("_hand_" in name for name in get_skeleton(skeleton).keypoints)


def with_hands(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Joints [T, 17, 3] with two hands of 21 points each: [T, 59, 3]."""
    across = joints[:, _COCO["left_shoulder"]] - joints[:, _COCO["right_shoulder"]]
    ahead = np.stack([-across[:, 2], np.zeros(len(joints)), across[:, 0]], axis=-1)
    hands = []
    for side, palm in (("left", 1.0), ("right", -1.0)):
        wrist, elbow = joints[:, _COCO[f"{side}_wrist"]], joints[:, _COCO[f"{side}_elbow"]]
        along = _unit(wrist - elbow)
        # Thumbs ahead; where the arm itself points ahead, up.
        aim = ahead + 0.3 * np.linalg.norm(ahead, axis=-1, keepdims=True) * np.array([0, 1, 0])
        thumb = _unit(aim - (aim * along).sum(-1, keepdims=True) * along)
        inwards = np.cross(along, thumb) * palm
        points = [wrist]
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


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.floating]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
