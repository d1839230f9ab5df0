"""How a body is held in the picture: which way it faces, how head and knees are held.

Each is the mean over a dance, with real dancers' value to compare with: none has a right value.
"""

import numpy as np

from hotfoot.evaluation.motion import seen_joint
from hotfoot.evaluation.statistics import NAN, Array, known_mean
from hotfoot.pose.body import body_height
from hotfoot.pose.sequence import PoseSequence

_TURNED = 0.5  # of the width between shoulders or hips: turned by 60 degrees
_SHOULDERS, _HIPS = 0.16, 0.09  # least true width, in body heights


def measure_posture(poses: PoseSequence) -> dict[str, float]:
    """Means over the frames in which they can be measured; NaN without any.

    ``profile`` and ``behind`` are shares of frames: turned by more than 60 degrees to a side, seen
    from behind. Of frontal frames are ``head_tilt``, the size of :func:`head_tilt`, and
    ``knees_sideways``, that of :func:`knees_sideways`: a knee that bends forward has little.
    """
    facing = frontality(poses)
    known, frontal = facing[np.isfinite(facing)], facing > _TURNED
    return {
        "profile": known_mean(np.abs(known) <= _TURNED),
        "behind": known_mean(known < -_TURNED),
        "head_tilt": known_mean(np.abs(head_tilt(poses)[frontal])),
        "knees_sideways": known_mean(knees_sideways(poses)[frontal]),
    }


def frontality(poses: PoseSequence) -> Array:
    """Which way the trunk faces [T]: 1 the camera, 0 a side, -1 away; NaN where it is not seen.

    The signed width between left and right shoulder, and hip, over the largest that the dance shows
    (the 95th percentile, and no less than a narrow body's); the mean of both.
    """
    height = body_height(poses)
    found = []
    for joint, least in (("shoulder", _SHOULDERS), ("hip", _HIPS)):
        width = (seen_joint(poses, f"left_{joint}") - seen_joint(poses, f"right_{joint}"))[:, 0]
        known = np.isfinite(width)
        if known.any():
            largest = max(float(np.percentile(np.abs(width[known]), 95)), least * height)
            found.append(np.clip(width / largest, -1, 1))
    return np.asarray(np.mean(found, axis=0)) if found else np.full(len(poses), NAN)


def head_tilt(poses: PoseSequence) -> Array:
    """Angle [T] from the trunk's axis to the head's, in degrees, positive to the picture's right.

    The trunk's axis goes from the middle of the hips to that of the shoulders, the head's from
    there to the middle of the ears; NaN where one of them is not seen.
    """
    shoulders, hips, ears = (
        (seen_joint(poses, f"left_{name}") + seen_joint(poses, f"right_{name}")) / 2
        for name in ("shoulder", "hip", "ear")
    )
    trunk, head = shoulders - hips, ears - shoulders
    return np.asarray(np.degrees(np.arctan2(_cross(trunk, head), (trunk * head).sum(axis=1))))


def knees_sideways(poses: PoseSequence) -> Array:
    """Distance [T] of the knee that is farther from its line hip-ankle, over the leg's length.

    The leg's length is the 95th percentile of thigh plus shin; NaN where no leg is seen.
    """
    found = [np.full(len(poses), NAN)]
    for side in ("left", "right"):
        hip, knee, ankle = (seen_joint(poses, f"{side}_{n}") for n in ("hip", "knee", "ankle"))
        lengths = np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
        known = lengths[np.isfinite(lengths)]
        if len(known):
            line = ankle - hip
            across = np.abs(_cross(line, knee - hip))
            distance = across / np.maximum(np.linalg.norm(line, axis=1), 1e-9)
            found.append(distance / float(np.percentile(known, 95)))
    return np.asarray(np.fmax.reduce(found))


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
