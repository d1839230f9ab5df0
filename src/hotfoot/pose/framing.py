"""Where a pose is drawn: on the whole canvas, or in a square around the reference's body.

In the square of a body its hips are in the middle and trunk and leg, put end to end, are the unit.
A network that sees poses so need not learn where people stand in pictures and how large they are.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.proportions import LEGS, TYPICAL, body_scale, girdle, seen_lengths
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence

SPAN = 3.2
"""Side of the square, in units of the body."""
_MARGIN, _RETURN_S = 0.01, 0.4  # from the edges; how soon who nears them comes back


@dataclass(frozen=True)
class Framing:
    """A rectangle of the canvas, in shares of its sides, that poses are drawn in."""

    center: tuple[float, float] = (0.5, 0.5)
    size: tuple[float, float] | None = None  # None is the whole canvas

    def into(self, xy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Coordinates [..., 2] normalized by the canvas, in 0..1 of the rectangle; clipped."""
        if self.size is None:
            return xy
        inside = (xy - np.asarray(self.center)) / np.asarray(self.size) + 0.5
        return np.clip(inside, 0, 1).astype(np.float32)

    def out_of(self, xy: NDArray[np.float32]) -> NDArray[np.float32]:
        """The inverse of :meth:`into`."""
        if self.size is None:
            return xy
        outside = (xy - 0.5) * np.asarray(self.size) + np.asarray(self.center)
        return np.asarray(outside, np.float32)


def body_framing(reference: PoseSequence) -> Framing:
    """The square around the first frame of a BODY_18 reference."""
    hips, size = _measure(reference)
    canvas = np.asarray(reference.canvas, np.float64)
    x, y = hips / canvas
    width, height = SPAN * size / canvas
    return Framing((float(x), float(y)), (float(width), float(height)))


def completed(reference: PoseSequence) -> PoseSequence:
    """One BODY_18 frame whose unseen joints are where the average figure has them."""
    figure = figure_pose("average")
    (hips, size), (own_hips, own_size) = _measure(reference), _measure(figure)
    typical = (figure.keypoints[:1] - own_hips) / own_size * size + hips
    seen = reference.confidence[:1] > 0
    xy = np.where(seen[..., None], reference.keypoints[:1], typical).astype(np.float32)
    return replace(reference, keypoints=xy, confidence=np.ones_like(reference.confidence[:1]))


def kept_inside(
    xy: NDArray[np.float32], shown: NDArray[np.bool_], fps: float
) -> NDArray[np.float32]:
    """The dancer comes back before leaving the picture at its sides; hands stop at its edges.

    In and out: [T, K, 2], normalized by the canvas sides; only the joints ``shown`` [K] count.
    """
    x = xy[:, shown, 0]
    back = np.maximum(_MARGIN - x.min(axis=1), 0) - np.maximum(x.max(axis=1) - (1 - _MARGIN), 0)
    if back.any():
        # Somewhat further than needed: smoothing takes from the peaks.
        way = 1.2 * gaussian_filter1d(back, _RETURN_S * fps, mode="nearest")
        xy = xy + way[:, None, None] * np.array([1, 0], np.float32)
    held = np.clip(xy, _MARGIN / 2, 1 - _MARGIN)
    return np.where(shown[None, :, None], held, xy).astype(np.float32)


def _measure(reference: PoseSequence) -> tuple[NDArray[np.float64], float]:
    """Middle of the hips, and trunk and leg together, in pixels.

    A body that bends or is cut off counts with the size that its other limbs let expect.
    """
    typical = TYPICAL * body_scale(reference) * _trunk_and_leg(figure_pose("average"))
    size = float(np.maximum(_trunk_and_leg(reference), typical).sum())
    return reference.keypoints[0, [8, 11]].astype(np.float64).mean(axis=0), max(size, 1e-6)


def _trunk_and_leg(pose: PoseSequence) -> NDArray[np.float64]:
    """Lengths [2] in pixels, as the first frame shows them; 0 for what it does not."""
    trunk = girdle(pose.keypoints[:1])[0, 0] * (pose.confidence[0, [1, 8, 11]] > 0).all()
    legs = seen_lengths(pose)[LEGS]
    return np.array([trunk, (legs.sum(axis=1) * (legs > 0).all(axis=1)).max()])
