"""A pinhole camera towards +z of COCO-17 joints in meters, y up: which it sees, and where."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.skeletons import get_skeleton

_COCO = get_skeleton("coco-17").index


def turned(points: NDArray[np.float32], yaw: float | NDArray[np.floating]) -> NDArray[np.float32]:
    """Points [T, N, 3] turned to the left about the vertical by ``yaw`` radians (one, or [T])."""
    c, s = (np.asarray(f(yaw), np.float32)[..., None] for f in (np.cos, np.sin))
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([x * c + z * s, y, z * c - x * s], axis=-1)


@dataclass(frozen=True)
class Camera:
    """Where a camera stands."""

    distance_m: float  # from the origin, over the ground
    height_m: float  # over the ground
    roll: float = 0.0  # about the line of sight, in radians

    def project(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Picture [..., 2] of points [..., 3]: x right, y down, 0 straight ahead.

        The unit is the meter at the distance of the origin (pinhole model; Hartley and Zisserman,
        "Multiple View Geometry", 2004, chapter 6).
        """
        scale = self.distance_m / (self.distance_m - points[..., 2])
        x, y = points[..., 0] * scale, (self.height_m - points[..., 1]) * scale
        c, s = math.cos(self.roll), math.sin(self.roll)
        return np.stack([x * c - y * s, x * s + y * c], axis=-1)


def seen_from_ahead(joints: NDArray[np.floating]) -> NDArray[np.float32]:
    """Visibility [T, 17], 0 or 1, of COCO-17 joints [T, 17, 3] for a camera in the direction of +z.

    Only the head hides points of itself; thresholds are where DWPose loses them, roughly.
    """
    nose, left_ear, right_ear = (joints[:, _COCO[n]] for n in ("nose", "left_ear", "right_ear"))

    def towards_camera(way: NDArray[np.floating]) -> NDArray[np.floating]:
        """Cosine [T] of the angle between ways [T, 3] and that to the camera."""
        return np.asarray(way[:, 2] / np.maximum(np.linalg.norm(way, axis=-1), 1e-6))

    look = towards_camera(nose - (left_ear + right_ear) / 2)
    left = towards_camera(left_ear - right_ear)
    visible = np.ones(joints.shape[:2], np.float32)
    visible[:, _COCO["nose"]] = look > -0.25
    visible[:, _COCO["left_eye"]] = 0.8 * look + 0.6 * left > -0.1
    visible[:, _COCO["right_eye"]] = 0.8 * look - 0.6 * left > -0.1
    visible[:, _COCO["left_ear"]] = left > -0.5
    visible[:, _COCO["right_ear"]] = left < 0.5
    return visible


_TRUNK_M = 0.07  # flesh around the line from hips to chest, beyond the joints
_BEHIND_M = 0.06


def hidden_by_trunk(joints: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Where [T, 17] the trunk hides COCO-17 joints [T, 17, 3] from a camera towards +z."""
    sides = [(_COCO[f"left_{n}"], _COCO[f"right_{n}"]) for n in ("hip", "shoulder")]
    low, high = (joints[:, list(pair)].mean(axis=1) for pair in sides)
    half = [np.abs(joints[:, a, 0] - joints[:, b, 0])[:, None] / 2 for a, b in sides]
    axis = (high - low)[:, None]
    away = joints - low[:, None]
    length = np.maximum((axis[..., :2] ** 2).sum(-1), 1e-6)
    along = (away[..., :2] * axis[..., :2]).sum(-1) / length
    share = np.clip(along, 0, 1)
    middle = low[:, None] + share[..., None] * axis
    wide = half[0] * (1 - share) + half[1] * share
    beside = np.abs(joints[..., 0] - middle[..., 0]) < wide + _TRUNK_M
    behind = joints[..., 2] < middle[..., 2] - _BEHIND_M
    limbs = [n.endswith(("elbow", "wrist", "shoulder", "hip")) for n in _COCO]
    return np.asarray(beside & behind & (along > -0.1) & (along < 1.05) & limbs)
