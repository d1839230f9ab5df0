"""Poses made comparable: twelve common joints, body heights, one sampling rate, no holes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.statistics import NAN, Array
from hotfoot.pose.body import body_height
from hotfoot.pose.resample import filled, smooth
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence

RATE = 60.0
"""Samples per second of every motion; poses of any frame rate are brought to it."""

JOINTS = tuple(
    f"{side}_{joint}"
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
)
"""What every supported skeleton has."""

INDEX = {name: i for i, name in enumerate(JOINTS)}
_SEEN_FROM = 0.05
_SMOOTHING_S = 0.03
_MIN_SECONDS = 1.0


@dataclass(frozen=True, eq=False)
class Motion:
    """The movement of a dance, ready to be measured."""

    joints: Array  # [N, 12, 2] at RATE, in body heights, y down; holes are filled
    used: NDArray[np.bool_]  # [12] seen for at least half of the time; the rest is ignored
    seen: float  # share of joints and frames that were seen at all
    duration_s: float  # of the poses (frames / fps), not of the samples

    @property
    def about_hips(self) -> Array:
        """Joints [N, 12, 2] from the middle of the hips, or of all where hips are missing."""
        hips = [INDEX["left_hip"], INDEX["right_hip"]]
        middle = hips if self.used[hips].all() else self.used
        return self.joints - self.joints[:, middle].mean(axis=1, keepdims=True)

    def velocity(self) -> Array:
        """Smoothed velocity [N, J, 2] of the used joints, body heights per second."""
        used = self.joints[:, self.used]
        return per_second(gaussian_filter1d(used, _SMOOTHING_S * RATE, axis=0, mode="nearest"))

    def speed(self) -> Array:
        """Mean speed of the used joints [N], body heights per second."""
        return np.linalg.norm(self.velocity(), axis=-1).mean(axis=1)


def per_second(values: Array) -> Array:
    """Change per second of values [N, ...] at :data:`RATE`."""
    return np.asarray(np.gradient(values, 1 / RATE, axis=0))


def windows(values: Array, size: int, hop: int) -> Array:
    """Windows [W, size, ...] of values [N, ...], one every ``hop``; none for under ``size``."""
    starts = np.arange(0, len(values) - size + 1, hop)
    return values[starts[:, None] + np.arange(size)]


def prepare(poses: PoseSequence) -> Motion:
    """Bring poses of any skeleton, frame rate and canvas to body heights and to :data:`RATE`.

    Holes are filled along straight lines and what is missing at the ends is held; joints that are
    missing for more than half of the time are not used. EvaluationError for less than a second, or
    if too little of a body is seen.
    """
    if poses.duration_s < _MIN_SECONDS or len(poses) < 4:
        raise EvaluationError(
            f"the poses last {poses.duration_s:.2f} s ({len(poses)} frames)",
            f"At least {_MIN_SECONDS:g} s and 4 frames are needed to measure movement.",
        )
    pick = [poses.layout.index[name] for name in JOINTS]
    xy, seen = poses.keypoints[:, pick].astype(np.float64), poses.confidence[:, pick] > _SEEN_FROM
    used = seen.mean(axis=0) >= 0.5
    if used.sum() < 4:
        raise EvaluationError(
            f"only {int(used.sum())} of 12 body joints are seen for half of the time",
            "At least 4 are needed.",
        )
    height = body_height(poses)
    if not np.isfinite(height):
        raise EvaluationError(
            "no trunk is seen in the poses, so their size is unknown",
            "Shoulders and hips must be seen in some frames.",
        )
    joints = np.zeros_like(xy)
    for j in np.flatnonzero(used):
        joints[:, j] = filled(xy[:, j], seen[:, j])
    joints[:, used] -= joints[:, used].mean(axis=(0, 1))
    if abs(poses.fps - RATE) >= 1e-9:
        count = max(2, round((len(poses) - 1) / poses.fps * RATE) + 1)
        joints = smooth(joints, np.arange(count) * (poses.fps / RATE))
    return Motion(joints / height, used, float(seen.mean()), poses.duration_s)


def seen_joint(poses: PoseSequence, name: str) -> Array:
    """Pixels [T, 2] of a joint; NaN where it is not seen, or in no skeleton of this kind."""
    index = poses.layout.index.get(name)
    if index is None:
        return np.full((len(poses), 2), NAN)
    seen = poses.confidence[:, index, None] >= VISIBLE_FROM
    return np.where(seen, poses.keypoints[:, index].astype(np.float64), NAN)
