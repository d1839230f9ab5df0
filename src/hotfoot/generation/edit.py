"""What is done to a finished dance: its canvas, frame rate, keyframes, loop; how good it is."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.generation.beat_lock import SMOOTHING_S
from hotfoot.generation.options import DanceOptions
from hotfoot.generation.postprocess import JoinedPoses
from hotfoot.model.config import GeneratorConfig
from hotfoot.model.generator import Conditions, Poses
from hotfoot.pose.body import body_speed, speed_minima
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import frames_in

_KEYFRAME_REACH_S = 0.6
_LOOP_S = 0.8
Keyframes = list[tuple[float, PoseSequence]]
"""Seconds, and the pose that the dance passes through there."""


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


def sync_score(poses: PoseSequence, beats: NDArray[np.float64]) -> float:
    """How well low points of movement fall on beats: 1 on, 0 by chance, -1 half a beat off.

    Mean over movement accents of the cosine of the beat phase.
    """
    if len(beats) < 4 or len(poses) < 30:
        return 0.0
    lows = speed_minima(body_speed(poses, SMOOTHING_S)) / poses.fps
    lows = lows[(lows >= beats[0]) & (lows <= beats[-1])]
    if not len(lows):
        return 0.0
    phase = np.interp(lows, beats, np.arange(len(beats)))
    return float(np.cos(2 * np.pi * phase).mean())
