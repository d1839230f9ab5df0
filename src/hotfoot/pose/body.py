"""How tall a body is in the picture, how fast it moves, and when it comes to rest."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from hotfoot.pose.sequence import PoseSequence

USUAL_SPEED = 0.24
"""Mean speed of real dance, body heights per second."""

# Shares of the stature (Drillis and Contini, 1966): shoulders at 0.818, hips at 0.530.
SHOULDER_HEIGHT, _TRUNK = 0.818, 0.288
_SEEN_FROM, _LEAST_SEEN = 0.05, 0.05  # confidence; share of the frames


def body_height(poses: PoseSequence) -> float:
    """Standing height in pixels, from the longest views of legs and trunk; NaN if never seen.

    The 90th percentile over frames undoes foreshortening; without legs, the trunk alone tells.
    """
    index = poses.layout.index

    def length(upper: str, lower: str) -> float:
        found = []
        for side in ("left", "right"):
            a, b = index[f"{side}_{upper}"], index[f"{side}_{lower}"]
            both = poses.confidence[:, [a, b]].min(axis=1) > _SEEN_FROM
            if both.sum() >= max(1, _LEAST_SEEN * len(both)):
                ends = poses.keypoints[both][:, [a, b]].astype(np.float64)
                lengths = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1)
                found.append(float(np.percentile(lengths, 90)))
        return max(found, default=float("nan"))

    trunk, thigh, shin = length("shoulder", "hip"), length("hip", "knee"), length("knee", "ankle")
    whole = (trunk + thigh + shin) / SHOULDER_HEIGHT
    height = whole if np.isfinite(whole) else trunk / _TRUNK
    return height if height > 0 else float("nan")


def visible_heights(
    keypoints: NDArray[np.floating], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Heights [T] in the picture of what is seen [T, K] of poses [T, K, 2]; 0 if nothing is."""
    top, bottom = (np.where(seen, keypoints[..., 1], end) for end in (np.inf, -np.inf))
    return np.maximum(bottom.max(axis=1) - top.min(axis=1), 0).astype(np.float64)


def body_speed(poses: PoseSequence, smoothing_s: float = 0.0) -> NDArray[np.float64]:
    """Mean speed of the seen joints [T] in pixels per second; 0 for a single frame.

    Ears and eyes are left out, which come and go with the turn of the head, and fingers.
    ``smoothing_s`` is the standard deviation of a Gaussian over the speed, in seconds.
    """
    if len(poses) < 2:
        return np.zeros(len(poses))
    total, count = np.zeros(len(poses) - 1), np.zeros(len(poses) - 1)
    for joint in poses.layout.body:  # one by one: an hour of poses is large
        both = (poses.confidence[1:, joint] > 0) & (poses.confidence[:-1, joint] > 0)
        step = np.linalg.norm(np.diff(poses.keypoints[:, joint], axis=0), axis=-1)
        total += step * both
        count += both
    # A difference belongs to the instant between its frames.
    between = np.arange(len(total)) + 0.5
    speed = np.interp(np.arange(len(poses)), between, total / np.maximum(count, 1) * poses.fps)
    if smoothing_s <= 0:
        return speed
    return np.asarray(gaussian_filter1d(speed, smoothing_s * poses.fps, mode="nearest"))


def mean_speed(joints: NDArray[np.floating], fps: float) -> NDArray[np.float64]:
    """Mean speed [T] of joints [T, J, D] without holes, in their unit per second."""
    velocity = np.gradient(np.asarray(joints, np.float64), 1 / fps, axis=0)
    return np.asarray(np.linalg.norm(velocity, axis=-1).mean(axis=1))


def relative_speed(poses: PoseSequence) -> NDArray[np.float64]:
    """Mean speed of the body [T] in body heights per second; NaN where the height is not known."""
    return body_speed(poses) / body_height(poses)


def movement_octaves(poses: PoseSequence) -> float:
    """Log2 of the speed over :data:`USUAL_SPEED`; NaN if nothing moves or no height is known."""
    speed = float(relative_speed(poses).mean())
    return float(np.log2(speed / USUAL_SPEED)) if speed > 0 else float("nan")


def speed_minima(speed: NDArray[np.floating], depth: float = 0.1) -> NDArray[np.intp]:
    """Kinematic beats: frames at which movement comes to rest, minima of the speed [T].

    Ripples of a body that goes on moving are none: a minimum's prominence is at least ``depth``, as
    a share of the speed's 90th percentile.
    """
    lows, _ = find_peaks(-speed, prominence=depth * float(np.percentile(speed, 90)) + 1e-9)
    return np.asarray(lows)


def between_frames(speed: NDArray[np.floating], lows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Fractional frames of minima [N]: the lowest points of parabolas through their neighbors."""
    a, b, c = speed[lows - 1], speed[lows], speed[lows + 1]
    bend = a - 2 * b + c
    offset = np.where(bend > 0, 0.5 * (a - c) / np.maximum(bend, 1e-12), 0)
    return np.asarray(lows + np.clip(offset, -0.5, 0.5))
