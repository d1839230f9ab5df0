"""What every pose estimator does: an image in, people out."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hotfoot.capture.images import Image
from hotfoot.pose.skeletons import convert_keypoints


@dataclass(frozen=True, eq=False)
class People:
    """All people of an image, of the estimator's skeleton."""

    keypoints: NDArray[np.float32]  # [N, K, 2] in pixels
    confidence: NDArray[np.float32]  # [N, K] in 0..1; 0 outside of the image

    def __len__(self) -> int:
        return len(self.keypoints)


class PoseEstimator(Protocol):
    """Finds people in an image; its skeleton is BODY_18, or one that begins with it."""

    name: str
    skeleton: str

    def __call__(self, image: Image, thorough: bool = True) -> People:
        """All people found; ``thorough`` looks for small people too, which takes longer."""


def people_in(points: NDArray[Any], source: str, skeleton: str, image: Image) -> People:
    """People of a skeleton from x, y and confidence [N, K, 3] of another; none outside an image."""
    points = np.asarray(points, np.float32)
    xy, confidence = convert_keypoints(points[..., :2], points[..., 2], source, skeleton)
    height, width = image.shape[:2]
    inside = ((xy >= 0) & (xy < np.array([width, height]))).all(axis=-1)
    return People(xy, (confidence * inside).astype(np.float32))
