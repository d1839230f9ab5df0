"""Join segments: what exists is kept, what follows is led in from it."""

import numpy as np
from numpy.typing import NDArray

from hotfoot.model.generator import Poses, Segment

_LEAD_IN = 24  # frames over which the remaining offset at a seam fades


class Timeline:
    """The dance as far as it is made: poses of all frames of a plan.

    Args:
        plan: the segments.
        variations: dances side by side.
        points: keypoints of the skeleton.
    """

    def __init__(self, plan: tuple[Segment, ...], variations: int, points: int) -> None:
        frames = plan[-1].stop
        self._xy = np.zeros((variations, frames, points, 2), np.float32)
        self._confidence = np.zeros((variations, frames, points), np.float32)
        self._seams: list[int] = []

    def known(self, segment: Segment) -> Poses:
        """The frames that a segment begins with and that are made already."""
        return self.poses.frames(slice(segment.start, segment.start + segment.known))

    def stitch(self, segment: Segment, made: Poses) -> None:
        """Keep what is known and append the rest of a segment, led in from what is known."""
        known = self.known(segment)
        new = slice(segment.start + segment.known, segment.stop)
        for v in range(len(made.xy)):
            self._xy[v, new] = lead_in(
                made.xy[v], made.confidence[v], known.xy[v], known.confidence[v]
            )
        self._confidence[:, new] = made.confidence[:, segment.known :]
        if segment.index:
            self._seams.append(segment.start + segment.known)
        self._seams += [segment.start + s for s in made.seams]

    @property
    def poses(self) -> Poses:
        """Everything that is made."""
        return Poses(self._xy, self._confidence, tuple(self._seams))


def lead_in(
    xy: NDArray[np.float32],
    confidence: NDArray[np.float32],
    known_xy: NDArray[np.float32],
    known_confidence: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Shift the first new frames so that they continue the known ones.

    The network repeats the known frames almost, not exactly. The offset of its last known frame
    is taken off the new frames with a smooth decay, joint by joint where both are seen.

    Args:
        xy: the segment as generated [T, K, 2], known frames included.
        confidence: [T, K].
        known_xy: the true known frames [N, K, 2].
        known_confidence: [N, K].

    Returns:
        The new frames [T - N, K, 2].
    """
    known = len(known_xy)
    if known == 0:
        return xy
    new = xy[known:].copy()
    # Two frames of offset agree on position and velocity; their mean resists jitter.
    pairs = min(2, known)
    seen = (known_confidence[-pairs:] > 0) & (confidence[known - pairs : known] > 0)
    gap = np.where(seen[..., None], known_xy[-pairs:] - xy[known - pairs : known], 0)
    weight = np.maximum(seen.sum(axis=0), 1)[:, None]
    offset = gap.sum(axis=0) / weight
    steps = (np.arange(len(new)) + 1) / (_LEAD_IN + 1)
    fade = np.where(steps < 1, 0.5 * (1 + np.cos(np.pi * np.minimum(steps, 1))), 0)
    return new + (fade[:, None, None] * offset[None]).astype(np.float32)
