"""Join segments to a dance: what exists is kept, what follows is led in from it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.model.config import GeneratorConfig
from hotfoot.model.generator import Conditions, Poses, Segment
from hotfoot.pose.sequence import PoseSequence

_LEAD_IN = 24  # frames over which the remaining offset at a seam fades


@dataclass(frozen=True, eq=False)
class JoinedPoses:
    """Poses of a whole dance, and the frames at which segments join."""

    poses: PoseSequence
    seams: tuple[int, ...]


def stitch(before: Poses, segment: Segment, made: Poses) -> Poses:
    """The dance so far, and behind it the rest of a segment, led in from what is known."""
    known = before.frames(slice(segment.start, None))
    seam = (segment.start + segment.known,) if segment.index else ()
    return Poses(
        np.concatenate([before.xy, lead_in(made, known)], axis=1, dtype=np.float32),
        np.concatenate([before.confidence, made.confidence[:, segment.known :]], axis=1),
        (*before.seams, *seam, *(segment.start + s for s in made.seams)),
    )


def lead_in(made: Poses, known: Poses) -> NDArray[np.float32]:
    """The new frames [V, T, K, 2] of a segment, the first ones shifted to continue the known ones.

    The network repeats the known frames almost, not exactly. The offset of its last known frame
    is taken off the new frames with a smooth decay, joint by joint where both are seen.
    """
    count = known.xy.shape[1]
    new = made.xy[:, count:]
    if not count:
        return new
    # Two frames of offset agree on position and velocity; their mean resists jitter.
    pairs = slice(max(count - 2, 0), count)
    seen = (known.confidence[:, pairs] > 0) & (made.confidence[:, pairs] > 0)
    gap = np.where(seen[..., None], known.xy[:, pairs] - made.xy[:, pairs], 0)
    offset = gap.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[..., None]
    steps = np.minimum((np.arange(new.shape[1]) + 1) / (_LEAD_IN + 1), 1)
    fade = 0.5 * (1 + np.cos(np.pi * steps))
    return new + (fade[:, None, None] * offset[:, None]).astype(np.float32)


def joined_poses(
    made: Poses, conditions: Conditions, config: GeneratorConfig, frames: int
) -> Iterator[JoinedPoses]:
    """Each variation in pixels of the reference's canvas, as long as the song."""
    canvas = conditions.reference.canvas
    seams = tuple(s for s in made.seams if s < frames)
    for xy, confidence in zip(made.xy, made.confidence, strict=True):
        pixels = xy[:frames] * np.asarray(canvas, np.float32)
        poses = PoseSequence(pixels, confidence[:frames], config.fps, canvas, config.skeleton)
        yield JoinedPoses(poses, seams)
