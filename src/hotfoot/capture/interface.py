"""What every pose estimator does: an image in, people out."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hotfoot.capture.images import Image
from hotfoot.pose.skeletons import convert_keypoints


@dataclass(frozen=True, eq=False)
class People:
    """All people of an image.

    Attributes:
        keypoints: [N, K, 2] in pixels, of the estimator's skeleton.
        confidence: [N, K] in 0..1; 0 outside of the image.
    """

    keypoints: NDArray[np.float32]
    confidence: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.keypoints)


class PoseEstimator(Protocol):
    """Finds people in an image.

    Attributes:
        name: of the estimator.
        skeleton: of the people; BODY_18, or one that begins with it.
    """

    name: str
    skeleton: str

    def __call__(self, image: Image, thorough: bool = True) -> People:
        """All people found; ``thorough`` looks for small people too, which takes longer."""


def people_in(
    xy: NDArray[Any], confidence: NDArray[Any], skeletons: tuple[str, str], image: Image
) -> People:
    """People of a skeleton, with confidence 0 outside of the image.

    Args:
        xy: [N, K, 2] in pixels.
        confidence: [N, K] in 0..1.
        skeletons: of ``xy``, and of the people.
        image: that they were found in.
    """
    points, scores = convert_keypoints(
        np.asarray(xy, np.float32), np.asarray(confidence, np.float32), *skeletons
    )
    height, width = image.shape[:2]
    inside = ((points >= 0) & (points < np.array([width, height]))).all(axis=-1)
    return People(points, (scores * inside).astype(np.float32))
