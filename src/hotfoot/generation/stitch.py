"""Join segments to a dance: what exists is kept, what follows is led in from it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

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
    """The dance so far, and behind it the rest of a segment, led in from what is known.

    The network repeats the known frames almost, not exactly. The offset of its last known frame
    is taken off the new frames with a smooth decay, joint by joint where both are seen.
    """
    count, new = segment.known, made.xy[:, segment.known :]
    seam = (segment.start + count,) if segment.index else ()
    if count:
        # Two frames of offset agree on position and velocity; their mean resists jitter.
        last = slice(max(count - 2, 0), count)
        known = before.frames(slice(segment.start, None)).frames(last)
        seen = (known.confidence > 0) & (made.confidence[:, last] > 0)
        gap = np.where(seen[..., None], known.xy - made.xy[:, last], 0)
        offset = gap.sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[..., None]
        steps = np.minimum((np.arange(new.shape[1]) + 1) / (_LEAD_IN + 1), 1)
        fade = 0.5 * (1 + np.cos(np.pi * steps))
        new = new + (fade[:, None, None] * offset[:, None]).astype(np.float32)
    return Poses(
        np.concatenate([before.xy, new], axis=1, dtype=np.float32),
        np.concatenate([before.confidence, made.confidence[:, count:]], axis=1),
        (*before.seams, *seam, *(segment.start + s for s in made.seams)),
    )


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
