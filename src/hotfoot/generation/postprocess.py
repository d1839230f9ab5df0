"""After generation: repairs by name, of which the paper has none, and what else is asked for."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.generation.beat_lock import lock_to_beats
from hotfoot.generation.options import DanceOptions, Keyframes
from hotfoot.generation.stitch import JoinedPoses
from hotfoot.model.config import PostStep
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.pose.framing import kept_inside
from hotfoot.pose.proportions import keep_proportions
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.smoothing import running_mean, smoothed, without_flicker
from hotfoot.timebase import frames_in

_CALM_S = 0.4  # movement shorter than this is scaled; where the dancer goes is not
_BY_LOUDNESS = 0.45
_GAIN_LIMITS = (0.25, 1.6)
_KEYFRAME_REACH_S = 0.6
_LOOP_S = 0.8


@dataclass(frozen=True, eq=False)
class PostContext:
    """What steps know."""

    analysis: SongAnalysis
    reference: PoseSequence  # one frame, on the dance's canvas
    energy: float  # size of movement that is asked for, 1 as learned
    smoothing_s: float  # standard deviation of the smoothing


Step = Callable[[JoinedPoses, PostContext], JoinedPoses]


def _in_place(change: Callable[[PoseSequence, PostContext], PoseSequence]) -> Step:
    """A step that leaves seams where they are."""
    return lambda joined, context: replace(joined, poses=change(joined.poses, context))


def _loudness(poses: PoseSequence, context: PostContext) -> PoseSequence:
    """Movement is larger where the song is loud, and as large as asked for."""
    loudness = context.analysis.features.loudness_db
    gain = movement_gain(loudness, len(poses), poses.fps, context.energy)
    return scaled_movement(poses, gain)


def _energy(poses: PoseSequence, context: PostContext) -> PoseSequence:
    """Movement is as large as asked for."""
    if context.energy == 1:
        return poses
    return scaled_movement(poses, np.full(len(poses), context.energy, np.float32))


def _in_frame(poses: PoseSequence, context: PostContext) -> PoseSequence:
    """Nobody leaves the picture."""
    shown = poses.confidence.any(axis=0) & (context.reference.confidence[0] > 0)
    xy = kept_inside(poses.normalized, shown, poses.fps) * np.asarray(poses.canvas, np.float32)
    return replace(poses, keypoints=xy)


STEPS: dict[PostStep, Step] = {
    "flicker": _in_place(lambda poses, _: without_flicker(poses)),
    "smoothing": _in_place(lambda poses, context: smoothed(poses, context.smoothing_s)),
    "loudness": _in_place(_loudness),
    "energy": _in_place(_energy),
    "proportions": _in_place(lambda poses, context: keep_proportions(poses, context.reference)),
    "in-frame": _in_place(_in_frame),
    "beat-lock": lambda joined, context: JoinedPoses(
        *lock_to_beats(joined.poses, context.analysis.rhythm.beats, joined.seams)
    ),
}
"""All steps."""


def postprocess(
    joined: JoinedPoses, names: tuple[PostStep, ...], context: PostContext
) -> JoinedPoses:
    """Apply named steps in order."""
    for name in names:
        joined = STEPS[name](joined, context)
    return joined


def movement_gain(
    loudness_db: NDArray[np.floating], frames: int, fps: float, energy: float
) -> NDArray[np.float32]:
    """Gain [T] at every frame: ``energy``, more where the song is loud, less where it is quiet."""
    level = loudness_level(loudness_db)
    at = np.minimum((np.arange(frames) / fps * FEATURE_RATE).astype(int), len(level) - 1)
    gain = energy * (1 + _BY_LOUDNESS * level[at])
    return np.clip(gain, *_GAIN_LIMITS).astype(np.float32)


def scaled_movement(poses: PoseSequence, gain: NDArray[np.float32]) -> PoseSequence:
    """Movement of each joint about its running mean where it is seen, times ``gain`` [T]."""
    xy = poses.keypoints.copy()
    for joint in range(xy.shape[1]):  # one by one: an hour of poses is large
        calm = running_mean(xy[:, joint], poses.confidence[:, joint] > 0, _CALM_S * poses.fps)
        xy[:, joint] = calm + gain[:, None] * (xy[:, joint] - calm)
    return replace(poses, keypoints=xy)


def finish(
    joined: JoinedPoses, asked: DanceOptions, keyframes: Keyframes, duration_s: float
) -> JoinedPoses:
    """Everything that is asked for after generation: mirror, frame rate, keyframes, loop."""
    poses, seams = joined.poses, joined.seams
    if asked.mirror:
        poses = poses.mirrored()
    if asked.fps is not None and asked.fps != poses.fps:
        seams = tuple(round(s * asked.fps / poses.fps) for s in seams)
        poses = poses.resampled(asked.fps)
        # The song's length decides, not that of the frames.
        index = np.minimum(np.arange(frames_in(duration_s, asked.fps)), len(poses) - 1)
        poses = replace(poses, keypoints=poses.keypoints[index], confidence=poses.confidence[index])
    poses = pass_through(poses, keyframes)
    return JoinedPoses(looped(poses) if asked.loop else poses, seams)


def pass_through(poses: PoseSequence, keyframes: Keyframes) -> PoseSequence:
    """Bend a dance so that it passes through given poses at given seconds.

    The difference at the keyframe is added around it with a smooth fade of 0.6 s to either side,
    less where another keyframe is near. Joints that the keyframe does not show stay as they are.
    """
    order = sorted(keyframes, key=lambda k: k[0])
    times = [-np.inf, *(t for t, _ in order), np.inf]
    xy, confidence = poses.keypoints.copy(), poses.confidence.copy()
    now = np.arange(len(poses)) / poses.fps
    for (t, key), previous, following in zip(order, times, times[2:], strict=False):
        target = key.to_skeleton(poses.skeleton).with_canvas(poses.canvas)
        at = min(round(t * poses.fps), len(poses) - 1)
        seen = target.confidence[0] > 0
        moved = seen & (confidence[at] > 0)
        gap = np.where(moved[:, None], target.keypoints[0] - xy[at], 0)
        distance = now - now[at]
        room = np.where(distance < 0, t - previous, following - t)
        share = np.abs(distance) / np.minimum(room, _KEYFRAME_REACH_S)
        fade = 0.5 * (1 + np.cos(np.pi * np.minimum(share, 1)))
        xy += (fade[:, None, None] * gap[None]).astype(np.float32)
        xy[at, seen] = target.keypoints[0, seen]
        confidence[at, seen] = target.confidence[0, seen]
    return replace(poses, keypoints=xy, confidence=confidence)


def looped(poses: PoseSequence) -> PoseSequence:
    """Lead the last 0.8 s back to the first frame, so that a player can repeat the dance."""
    count = min(round(_LOOP_S * poses.fps), len(poses) // 2)
    if count < 2:
        return poses
    xy, confidence = poses.keypoints.copy(), poses.confidence
    # The frame after the last one would be the first.
    weight = np.linspace(0, 1, count + 2)[1:-1, None, None]
    weight = (weight * weight * (3 - 2 * weight)).astype(np.float32)
    both = (confidence[-count:] > 0) & (confidence[:1] > 0)
    blended = xy[-count:] * (1 - weight) + xy[:1] * weight
    xy[-count:] = np.where(both[..., None], blended, xy[-count:])
    return replace(poses, keypoints=xy)
