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
    seen = (poses.confidence > 0).astype(np.float64)
    weight = gaussian_filter1d(seen, sigma, axis=0, mode="nearest")
    total = gaussian_filter1d(poses.keypoints * seen[..., None], sigma, axis=0, mode="nearest")
    return replace(
        poses, keypoints=(total / np.maximum(weight, 1e-9)[..., None]).astype(np.float32)
    )
