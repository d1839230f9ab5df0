"""Repairs after generation, each a named step: joined poses in, joined poses out.

None of them is in the paper. A request names the steps that it wants, in order; without any, the
result is exactly what the generator made.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from hotfoot.generation.beat_lock import lock_to_beats
from hotfoot.generation.energy import movement_gain, scaled_movement
from hotfoot.model.config import PostStep
from hotfoot.music.analysis import SongAnalysis
from hotfoot.pose.framing import kept_inside
from hotfoot.pose.proportions import keep_proportions
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.smoothing import smoothed, without_flicker


@dataclass(frozen=True, eq=False)
class JoinedPoses:
    """Poses of a whole dance, and the frames at which segments join."""

    poses: PoseSequence
    seams: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class PostContext:
    """What steps know.

    Attributes:
        analysis: of the song.
        reference: one frame, on the dance's canvas.
        energy: size of movement that is asked for, 1 as learned.
        smoothing_s: standard deviation of the smoothing.
    """

    analysis: SongAnalysis
    reference: PoseSequence
    energy: float
    smoothing_s: float


Step = Callable[[JoinedPoses, PostContext], JoinedPoses]


def _flicker(joined: JoinedPoses, context: PostContext) -> JoinedPoses:
    """Joints that are gone, or there, for a moment only."""
    return replace(joined, poses=without_flicker(joined.poses))


def _smoothing(joined: JoinedPoses, context: PostContext) -> JoinedPoses:
    """A Gaussian over time, as wide as the model needs."""
    return replace(joined, poses=smoothed(joined.poses, context.smoothing_s))


def _loudness(joined: JoinedPoses, context: PostContext) -> JoinedPoses:
    """Movement is larger where the song is loud, and as large as asked for."""
    poses = joined.poses
    loudness = context.analysis.features.loudness_db
    gain = movement_gain(loudness, len(poses), poses.fps, context.energy)
    return replace(joined, poses=scaled_movement(poses, gain))


def _energy(joined: JoinedPoses, context: PostContext) -> JoinedPoses:
    """Movement is as large as asked for."""
    if context.energy == 1:
        return joined
    gain = np.full(len(joined.poses), context.energy, np.float32)
    return replace(joined, poses=scaled_movement(joined.poses, gain))


def _proportions(joined: JoinedPoses, context: PostContext) -> JoinedPoses:
    """Limbs no longer than the reference's."""
    return replace(joined, poses=keep_proportions(joined.poses, context.reference))


def _in_frame(joined: JoinedPoses, context: PostContext) -> JoinedPoses:
    """Nobody leaves the picture."""
    poses = joined.poses
    shown = poses.confidence.any(axis=0) & (context.reference.confidence[0] > 0)
    xy = kept_inside(poses.normalized, shown, poses.fps) * np.asarray(poses.canvas, np.float32)
    return replace(joined, poses=replace(poses, keypoints=xy))


def _beat_lock(joined: JoinedPoses, context: PostContext) -> JoinedPoses:
    """Retimed by at most 0.3 s, so that accents fall on beats."""
    beats = context.analysis.rhythm.beats
    return JoinedPoses(*lock_to_beats(joined.poses, beats, joined.seams))


STEPS: dict[PostStep, Step] = {
    "flicker": _flicker,
    "smoothing": _smoothing,
    "loudness": _loudness,
    "energy": _energy,
    "proportions": _proportions,
    "in-frame": _in_frame,
    "beat-lock": _beat_lock,
}
"""All steps."""


def postprocess(
    joined: JoinedPoses, names: tuple[PostStep, ...], context: PostContext
) -> JoinedPoses:
    """Apply named steps in order."""
    for name in names:
        joined = STEPS[name](joined, context)
    return joined
