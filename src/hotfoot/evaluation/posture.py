"""How a body is held in the picture: which way it faces, how head and knees are held.

Each is the mean over a dance, with real dancers' value to compare with: none has a right value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.evaluation.statistics import NAN
from hotfoot.pose.body import body_height
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence

_TURNED = 0.5  # of the width between shoulders or hips: turned by 60 degrees
_SHOULDERS, _HIPS = 0.16, 0.09  # least true width, in body heights

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Posture:
    """Means over the frames in which they can be measured; NaN without any.

    Attributes:
        profile: share of frames turned by more than 60 degrees to a side.
        behind: share of frames seen from behind.
        head_tilt: size of the angle between head and trunk, in degrees, in frontal frames.
        knees_sideways: distance of the knee that is farther from the line between hip and ankle,
            over the length of the leg, in frontal frames: a knee that bends forward stays near it.
    """

    profile: float
    behind: float
    head_tilt: float
    knees_sideways: float


def measure_posture(poses: PoseSequence) -> Posture:
    """Posture of a dance."""
    facing = frontality(poses)
    frontal = facing > _TURNED
    return Posture(
        profile=_mean(np.abs(facing) <= _TURNED, np.isfinite(facing)),
        behind=_mean(facing < -_TURNED, np.isfinite(facing)),
        head_tilt=_mean(np.abs(head_tilt(poses)), frontal),
        knees_sideways=_mean(knees_sideways(poses), frontal),
    )


def frontality(poses: PoseSequence) -> Array:
    """Which way the trunk faces [T]: 1 the camera, 0 a side, -1 away; NaN where it is not seen.

    The signed width between left and right shoulder, and hip, over the largest that the dance shows
    (the 95th percentile, and no less than a narrow body's); the mean of both.
    """
    height = body_height(poses)
    found = []
    for joint, least in (("shoulder", _SHOULDERS), ("hip", _HIPS)):
        left, right = _joint(poses, f"left_{joint}"), _joint(poses, f"right_{joint}")
        width = left[:, 0] - right[:, 0]
        known = np.isfinite(width)
        if known.any():
            largest = max(float(np.percentile(np.abs(width[known]), 95)), least * height)
            found.append(np.clip(width / largest, -1, 1))
    if not found:
        return np.full(len(poses), NAN)
    return np.asarray(np.mean(found, axis=0))


def head_tilt(poses: PoseSequence) -> Array:
    """Angle [T] from the trunk's axis to the head's, in degrees, positive to the picture's right.

    The trunk's axis goes from the middle of the hips to that of the shoulders, the head's from
    there to the middle of the ears; NaN where one of them is not seen.
    """
    shoulders, hips, ears = (_middle(poses, name) for name in ("shoulder", "hip", "ear"))
    trunk, head = shoulders - hips, ears - shoulders
    cross = trunk[:, 0] * head[:, 1] - trunk[:, 1] * head[:, 0]
    return np.asarray(np.degrees(np.arctan2(cross, (trunk * head).sum(axis=1))))


def knees_sideways(poses: PoseSequence) -> Array:
    """Distance [T] of the knee that is farther from its line hip-ankle, over the leg's length.

    The leg's length is the 95th percentile of thigh plus shin; NaN where no leg is seen.
    """
    found = []
    for side in ("left", "right"):
        hip, knee, ankle = (_joint(poses, f"{side}_{name}") for name in ("hip", "knee", "ankle"))
        lengths = np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
        known = np.isfinite(lengths)
        if known.any():
            line, down = ankle - hip, knee - hip
            across = np.abs(line[:, 0] * down[:, 1] - line[:, 1] * down[:, 0])
            distance = across / np.maximum(np.linalg.norm(line, axis=1), 1e-9)
            found.append(distance / float(np.percentile(lengths[known], 95)))
    return np.asarray(np.fmax.reduce(found)) if found else np.full(len(poses), NAN)


def _joint(poses: PoseSequence, name: str) -> Array:
    """Places [T, 2] of a joint; NaN where it is not seen, or in no skeleton of this kind."""
    index = poses.layout.index
    if name not in index:
        return np.full((len(poses), 2), NAN)
    seen = poses.confidence[:, index[name], None] >= VISIBLE_FROM
    return np.where(seen, poses.keypoints[:, index[name]].astype(np.float64), NAN)


def _middle(poses: PoseSequence, name: str) -> Array:
    return np.asarray((_joint(poses, f"left_{name}") + _joint(poses, f"right_{name}")) / 2)


def _mean(values: NDArray[np.bool_] | Array, where: NDArray[np.bool_]) -> float:
    known = np.asarray(values, np.float64)[where]
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else NAN
