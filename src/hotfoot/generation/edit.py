"""Edits of a finished dance: keyframes, loops, and choosing the best of several."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import OptionError
from hotfoot.generation.beat_lock import movement
from hotfoot.pose.body import stops
from hotfoot.pose.sequence import PoseSequence

_KEYFRAME_REACH_S = 0.6
_LOOP_S = 0.8


def pass_through(poses: PoseSequence, keyframes: list[tuple[float, PoseSequence]]) -> PoseSequence:
    """Bend a dance so that it passes through given poses at given seconds.

    The difference at the keyframe is added around it with a smooth fade of 0.6 s to either side,
    less where another keyframe is near. Joints that the keyframe does not show stay as they are.

    Raises:
        OptionError: a time outside the dance, or two keyframes within a tenth of a second.
    """
    if not keyframes:
        return poses
    order = sorted(keyframes, key=lambda k: k[0])
    times = [t for t, _ in order]
    for t in times:
        if not 0 <= t <= poses.duration_s:
            raise OptionError(
                f"--keyframe at {t:g} s", f"The dance lasts from 0 to {poses.duration_s:.2f} s."
            )
    if any(b - a < 0.1 for a, b in itertools.pairwise(times)):
        raise OptionError("two keyframes within 0.1 s", "Leave at least 0.1 s between them.")
    xy = poses.keypoints.copy()
    confidence = poses.confidence.copy()
    now = np.arange(len(poses)) / poses.fps
    for i, (t, key) in enumerate(order):
        target = key.frames(0, 1).to_skeleton(poses.skeleton).with_canvas(poses.canvas)
        at = min(round(t * poses.fps), len(poses) - 1)
        seen = target.confidence[0] > 0
        gap = np.where(seen[:, None], target.keypoints[0] - xy[at], 0)
        hidden = seen & (confidence[at] == 0)
        gap[hidden] = 0
        before = min(_KEYFRAME_REACH_S, t - times[i - 1] if i else np.inf)
        after = min(_KEYFRAME_REACH_S, times[i + 1] - t if i + 1 < len(times) else np.inf)
        distance = now - now[at]
        reach = np.where(distance < 0, before, after)
        fade = 0.5 * (1 + np.cos(np.pi * np.clip(np.abs(distance) / reach, 0, 1)))
        xy += (fade[:, None, None] * gap[None]).astype(np.float32)
        xy[at, seen] = target.keypoints[0, seen]
        confidence[at, seen] = target.confidence[0, seen]
    return replace(poses, keypoints=xy, confidence=confidence)


def looped(poses: PoseSequence) -> PoseSequence:
    """Lead the last 0.8 s back to the first frame, so that a player can repeat the dance."""
    count = min(round(_LOOP_S * poses.fps), len(poses) // 2)
    if count < 2:
        return poses
    xy, confidence = poses.keypoints.copy(), poses.confidence.copy()
    # The frame after the last one would be the first.
    weight = np.linspace(0, 1, count + 2)[1:-1]
    weight = (weight * weight * (3 - 2 * weight)).astype(np.float32)
    both = (confidence[-count:] > 0) & (confidence[:1] > 0)
    blended = xy[-count:] * (1 - weight[:, None, None]) + xy[:1] * weight[:, None, None]
    xy[-count:] = np.where(both[..., None], blended, xy[-count:])
    return replace(poses, keypoints=xy, confidence=confidence)


def sync_score(poses: PoseSequence, beats: NDArray[np.float64]) -> float:
    """How well low points of movement fall on beats: 1 on, 0 by chance, -1 half a beat off.

    Mean over movement accents of the cosine of the beat phase.
    """
    if len(beats) < 4 or len(poses) < 30:
        return 0.0
    speed = movement(poses)
    lows = stops(speed)
    lows = lows[(lows / poses.fps >= beats[0]) & (lows / poses.fps <= beats[-1])]
    if not len(lows):
        return 0.0
    phase = np.interp(lows / poses.fps, beats, np.arange(len(beats)))
    return float(np.cos(2 * np.pi * phase).mean())
