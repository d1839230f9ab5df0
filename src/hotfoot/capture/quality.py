"""Which segments of a track are fit for training, and why the others are not."""

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.body import body_speed, visible_heights
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.skeletons import get_skeleton

_BODY = get_skeleton("body-18").body
_TORSO = [i for n, i in get_skeleton("body-18").index.items() if n.endswith(("shoulder", "hip"))]


@dataclass(frozen=True)
class Limits:
    """What a segment must fulfill."""

    seconds: float = 256 / 30  # minimum length
    joints: int = 9  # of 13 of the body that must be visible in a frame
    height: float = 0.15  # minimum of the person, as a share of the image's
    gap: int = 5  # frames in a row that may fail
    # Maximum mean displacement of joints from frame to frame at 30 fps, in body heights; more is a
    # cut that the images did not show, or another person.
    jump: float = 0.2
    still: float = 0.03  # minimum mean speed in body heights per second; less is not dancing
    # Maximum mean second difference, likewise, where it exceeds the first, too: noise.
    jitter: float = 0.012


@dataclass(frozen=True)
class Segment:
    """Frames ``start`` to ``stop`` (exclusive) of a track, kept or left out for a reason."""

    start: int
    stop: int
    reason: str = ""


def split_track(poses: PoseSequence, limits: Limits, silent: int = 0) -> list[Segment]:
    """Split a track into segments; those without a reason are fit for training.

    Poses begin with BODY_18. The first ``silent`` frames come before the audio.
    """
    reasons = _frame_reasons(poses, limits, silent)
    good = reasons == ""
    ok, jumps = good.copy(), _jumps(poses, good, limits)
    for a, b in itertools.pairwise(np.flatnonzero(good)):
        if b - a - 1 <= limits.gap:  # short failures between good frames are forgiven
            ok[a:b] = True
    begins = np.flatnonzero((ok[1:] != ok[:-1]) | (ok[1:] & jumps[1:])) + 1
    segments = []
    for start, stop in itertools.pairwise([0, *begins.tolist(), len(poses)]):
        if ok[start]:
            why = _segment_reason(poses.frames(start, stop), limits)
        else:
            why = Counter(filter(None, reasons[start:stop].tolist())).most_common(1)[0][0]
        segments.append(Segment(start, stop, why))
    return segments


def _frame_reasons(poses: PoseSequence, limits: Limits, silent: int) -> NDArray[np.str_]:
    """Why each frame [T] is unfit; empty where it is fit."""
    visible = poses.confidence >= VISIBLE_FROM
    heights = visible_heights(poses.keypoints, visible)
    failures = {
        "before the sound begins": np.arange(len(poses)) < silent,
        "nobody found": ~visible.any(axis=1),
        "shoulders or hips not seen": ~visible[:, _TORSO].all(axis=1),
        "too few joints seen": visible[:, _BODY].sum(axis=1) < limits.joints,
        "the person is too small": heights < limits.height * poses.canvas[1],
    }
    return np.select(list(failures.values()), list(failures), "")


def _jumps(poses: PoseSequence, good: NDArray[np.bool_], limits: Limits) -> NDArray[np.bool_]:
    """Frames [T] at which the person is suddenly elsewhere, against the last good frame."""
    out = np.zeros(len(poses), bool)
    visible = poses.confidence[:, _BODY] >= VISIBLE_FROM
    xy = poses.keypoints[:, _BODY]
    usual = float(np.median(visible_heights(xy[good], visible[good]))) if good.any() else 1.0
    for a, b in itertools.pairwise(np.flatnonzero(good)):
        both = visible[a] & visible[b]
        moved = float(np.linalg.norm(xy[b] - xy[a], axis=-1)[both].mean()) if both.any() else 0.0
        # A person who was out of sight moved on, but not straight on.
        steps = np.sqrt(max(30 / poses.fps, 1.0) * (b - a))
        out[b] = moved > limits.jump * usual * steps
    return out


def _segment_reason(segment: PoseSequence, limits: Limits) -> str:
    """Why a segment of good frames is unfit as a whole; empty if it is fit."""
    if segment.duration_s < limits.seconds - 1e-6:
        return f"shorter than {limits.seconds:.1f} s"
    visible = segment.confidence >= VISIBLE_FROM
    heights = visible_heights(segment.keypoints, visible)
    height = float(np.median(heights[visible.any(axis=1)]))
    if body_speed(segment).mean() / max(height, 1e-6) < limits.still:
        return "the person hardly moves"
    # At 30 frames per second or a little more: noise does not shrink from frame to frame as
    # movement does, so at 60 it would look like more.
    step = max(1, int(segment.fps / 30 + 1e-6))
    xy, visible = segment.keypoints[::step, _BODY], visible[::step, _BODY]
    both = visible[2:] & visible[1:-1] & visible[:-2]
    second = np.linalg.norm(np.diff(xy, 2, axis=0), axis=-1)[both].mean()
    first = np.linalg.norm(np.diff(xy, axis=0)[1:], axis=-1)[both].mean()
    if second > first and second > limits.jitter * height * (30 * step / segment.fps) ** 2:
        return "the poses jitter"
    return ""
