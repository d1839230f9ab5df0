"""Clean poses in time."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.sequence import PoseSequence


def smoothed(poses: PoseSequence, sigma_s: float) -> PoseSequence:
    """Gaussian smoothing of each joint over the frames in which it is seen.

    Normalized convolution: frames in which a joint is not seen have no weight, so that it neither
    jumps nor drifts where it comes and goes. Visibility does not change.

    Args:
        poses: what to smooth.
        sigma_s: standard deviation in seconds; 0 changes nothing.
    """
    if sigma_s <= 0 or len(poses) < 2:
        return poses
    sigma = sigma_s * poses.fps
    xy = np.empty_like(poses.keypoints)
    for joint in range(xy.shape[1]):  # one by one: an hour of poses is large
        seen = (poses.confidence[:, joint] > 0).astype(np.float64)
        weight = np.maximum(gaussian_filter1d(seen, sigma, mode="nearest"), 1e-9)
        for axis in (0, 1):
            path = poses.keypoints[:, joint, axis] * seen
            xy[:, joint, axis] = gaussian_filter1d(path, sigma, mode="nearest") / weight
    return replace(poses, keypoints=xy)


def without_flicker(poses: PoseSequence, gap_s: float = 0.3, blink_s: float = 0.15) -> PoseSequence:
    """Joints that are gone for a moment stay; joints that are there for a moment only go.

    Gaps of at most ``gap_s`` between two sightings are filled along a straight line with the lower
    confidence of both ends; then appearances shorter than ``blink_s`` are removed. Gaps and
    appearances at the ends of the sequence are left alone.
    """
    xy, confidence = poses.keypoints.copy(), poses.confidence.copy()
    frames = np.arange(len(poses))
    for joint in range(xy.shape[1]):
        for start, stop in _runs(confidence[:, joint] == 0):
            if stop - start <= gap_s * poses.fps:
                inside, ends = slice(start, stop), [start - 1, stop]
                for axis in (0, 1):
                    xy[inside, joint, axis] = np.interp(frames[inside], ends, xy[ends, joint, axis])
                confidence[inside, joint] = confidence[ends, joint].min()
        for start, stop in _runs(confidence[:, joint] > 0):
            if stop - start < blink_s * poses.fps:
                confidence[start:stop, joint] = 0
    return replace(poses, keypoints=xy, confidence=confidence)


def _runs(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches [start, stop) that are true, but for those at either end."""
    edges = np.flatnonzero(np.diff(where.astype(np.int8))) + 1
    bounds = [0, *edges.tolist(), len(where)]
    inner = list(itertools.pairwise(bounds))[1:-1]
    return [(a, b) for a, b in inner if where[a]]
