"""Clean poses in time."""

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.resample import filled
from hotfoot.pose.sequence import PoseSequence


def smoothed(poses: PoseSequence, sigma_s: float) -> PoseSequence:
    """Gaussian smoothing of each joint over the frames in which it is seen (:func:`running_mean`).

    Visibility does not change. ``sigma_s`` is the standard deviation in seconds; 0 is none.
    """
    if sigma_s <= 0 or len(poses) < 2:
        return poses
    xy = np.empty_like(poses.keypoints)
    for joint in range(xy.shape[1]):  # one by one: an hour of poses is large
        xy[:, joint] = running_mean(
            poses.keypoints[:, joint], poses.confidence[:, joint] > 0, sigma_s * poses.fps
        )
    return replace(poses, keypoints=xy)


def running_mean(
    path: NDArray[np.floating], seen: NDArray[np.bool_], sigma: float
) -> NDArray[np.float64]:
    """Gaussian mean [T, D] of a path [T, D] over the frames in which it is seen [T].

    Frames that are not seen have no weight (Knutsson and Westin, "Normalized and differential
    convolution", 1993). ``sigma`` is the standard deviation in frames.
    """
    weight = seen.astype(np.float64)
    total = gaussian_filter1d(path * weight[:, None], sigma, axis=0, mode="nearest")
    share = np.maximum(gaussian_filter1d(weight, sigma, mode="nearest"), 1e-9)
    return np.asarray(total / share[:, None])


def without_flicker(poses: PoseSequence, gap_s: float = 0.3, blink_s: float = 0.15) -> PoseSequence:
    """Joints that are gone for a moment stay; joints that are there for a moment only go.

    Gaps of at most ``gap_s`` between two sightings are filled along a straight line with the lower
    confidence of both ends; then appearances shorter than ``blink_s`` are removed. Gaps and
    appearances at the ends of the sequence are left alone.
    """
    xy, confidence = poses.keypoints.copy(), poses.confidence.copy()
    for joint in range(xy.shape[1]):
        for start, stop in _intervals(confidence[:, joint] == 0):
            if stop - start <= gap_s * poses.fps:
                around = slice(start - 1, stop + 1)
                known = confidence[around, joint] > 0
                xy[around, joint] = filled(xy[around, joint], known)
                confidence[start:stop, joint] = confidence[[start - 1, stop], joint].min()
        for start, stop in _intervals(confidence[:, joint] > 0):
            if stop - start < blink_s * poses.fps:
                confidence[start:stop, joint] = 0
    return replace(poses, keypoints=xy, confidence=confidence)


def _intervals(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Intervals [start, stop) that are true, but for those at either end."""
    edges = np.flatnonzero(np.diff(where.astype(np.int8))) + 1
    bounds = [0, *edges.tolist(), len(where)]
    return [(a, b) for a, b in list(itertools.pairwise(bounds))[1:-1] if where[a]]
