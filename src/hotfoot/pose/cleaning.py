"""Clean poses in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.sequence import PoseSequence


def smoothed(poses: PoseSequence, sigma_s: float) -> PoseSequence:
    """Gaussian smoothing of each joint over the frames in which it is seen.

    Normalised convolution: frames in which a joint is not seen have no weight, so that it neither
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
