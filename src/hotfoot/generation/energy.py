"""Size of movement: as asked for, and by the loudness of the song."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.smoothing import running_mean

_CALM_S = 0.4  # movement shorter than this is scaled; where the dancer goes is not
_BY_LOUDNESS = 0.45
_GAIN_LIMITS = (0.25, 1.6)


def movement_gain(
    loudness_db: NDArray[np.floating], frames: int, fps: float, energy: float
) -> NDArray[np.float32]:
    """Gain [T] at every frame: ``energy``, more where the song is loud, less where it is quiet."""
    level = loudness_level(loudness_db, FEATURE_RATE)
    at = np.minimum((np.arange(frames) / fps * FEATURE_RATE).astype(int), len(level) - 1)
    gain = energy * (1 + _BY_LOUDNESS * level[at])
    return np.clip(gain, *_GAIN_LIMITS).astype(np.float32)


def scaled_movement(poses: PoseSequence, gain: NDArray[np.float32]) -> PoseSequence:
    """Movement of each joint about its running mean, times ``gain`` [T]; what is unseen stays so.

    The running mean is taken over the frames in which a joint is seen.
    """
    sigma = _CALM_S * poses.fps
    xy = poses.keypoints.copy()
    for joint in range(xy.shape[1]):  # one by one: an hour of poses is large
        calm = running_mean(xy[:, joint], poses.confidence[:, joint] > 0, sigma)
        xy[:, joint] = calm + gain[:, None] * (xy[:, joint] - calm)
    return replace(poses, keypoints=xy)
