"""How fast poses move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from hotfoot.pose.sequence import PoseSequence


def body_speed(poses: PoseSequence) -> NDArray[np.float64]:
    """Mean speed of the seen joints [T] in pixels per second; 0 for a single frame.

    Ears and eyes are left out: they come and go with the turn of the head.
    """
    if len(poses) < 2:
        return np.zeros(len(poses))
    body = [i for i, n in enumerate(poses.layout.keypoints) if not n.endswith(("eye", "ear"))]
    total, count = np.zeros(len(poses) - 1), np.zeros(len(poses) - 1)
    for joint in body:  # one by one: an hour of poses is large
        both = (poses.confidence[1:, joint] > 0) & (poses.confidence[:-1, joint] > 0)
        step = np.linalg.norm(np.diff(poses.keypoints[:, joint], axis=0), axis=-1)
        total += step * both
        count += both
    # A difference belongs to the instant between its frames.
    between = np.arange(len(total)) + 0.5
    return np.interp(np.arange(len(poses)), between, total / np.maximum(count, 1) * poses.fps)


USUAL_SPEED = 0.24
"""Mean speed of real dance, body heights per second."""

_TRUNK = 0.288  # of the height (Drillis and Contini, 1966)


def movement_octaves(poses: PoseSequence) -> float:
    """How much more than usual the poses move: log2 of speed over :data:`USUAL_SPEED`.

    NaN where nothing moves, or where shoulders and hips are not seen.
    """
    index = poses.layout.index
    joints = [index[f"{side}_{name}"] for name in ("shoulder", "hip") for side in ("left", "right")]
    there = (poses.confidence[:, joints] > 0).all(axis=1)
    if not there.any():
        return float("nan")
    ends = poses.keypoints[there][:, joints]
    trunk = np.linalg.norm(ends[:, :2].mean(axis=1) - ends[:, 2:].mean(axis=1), axis=-1)
    height = float(np.percentile(trunk, 90)) / _TRUNK
    speed = float(body_speed(poses).mean())
    if speed <= 0 or height <= 0:
        return float("nan")
    return float(np.log2(speed / height / USUAL_SPEED))


def stops(speed: NDArray[np.float64], depth: float = 0.1) -> NDArray[np.intp]:
    """Frames at which movement comes to rest: dips of the speed [T] that are dips.

    A dip is as deep as ``depth`` of the 90th percentile of the speed; ripples of a body that goes
    on moving are none.
    """
    lows, _ = find_peaks(-speed, prominence=depth * float(np.percentile(speed, 90)) + 1e-9)
    return np.asarray(lows)
