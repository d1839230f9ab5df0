"""Which stretches of a track are fit for training, and why the others are not.

In: a shot's main person as poses. Out: runs of frames, and a reason for every frame left out.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.body import body_speed, visible_height
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.skeletons import get_skeleton

_INDEX = get_skeleton("body-18").index
_BODY = [i for n, i in _INDEX.items() if not n.endswith(("eye", "ear"))]
_TRUNK = [_INDEX[f"{s}_{n}"] for s in ("left", "right") for n in ("shoulder", "hip")]


@dataclass(frozen=True)
class Limits:
    """What a run must be.

    Attributes:
        seconds: shortest run; 256 frames at 30 fps.
        joints: body joints (of 13) that must be seen in a frame.
        height: of the person, over the picture's.
        gap: frames in a row that may fail.
        jump: mean way of the joints from frame to frame at 30 fps, in body heights: a cut that the
            picture did not show, or a person mistaken for another.
        still: body heights per second under which nobody dances.
        jitter: mean second difference from frame to frame at 30 fps, in body heights, where it is
            larger than the mean first difference, too: noise, not quick movement.
    """

    seconds: float = 256 / 30
    joints: int = 9
    height: float = 0.15
    gap: int = 5
    jump: float = 0.2
    still: float = 0.03
    jitter: float = 0.012


@dataclass(frozen=True)
class Stretch:
    """Frames ``start`` to ``stop`` of a track, kept or left out for a reason."""

    start: int
    stop: int
    why: str = ""


def fit_stretches(poses: PoseSequence, limits: Limits, silent: int = 0) -> list[Stretch]:
    """Cut a track into stretches; those without a reason are fit for training.

    ``poses`` has a frame for every picture; where the person is not found, confidence is 0. During
    the first ``silent`` frames the sound has not begun.
    """
    reasons = _frame_reasons(poses, limits)
    reasons[:silent] = ["before the sound begins"] * min(silent, len(reasons))
    good = np.array([not r for r in reasons])
    ok = _bridged(good, limits.gap)
    jumps = _jumps(poses, good, limits)
    out: list[Stretch] = []
    start = 0
    for i in range(1, len(poses) + 1):
        if i < len(poses) and ok[i] == ok[start] and not (ok[i] and jumps[i]):
            continue
        if ok[start]:
            out.append(_judged(poses, start, i, limits))
        else:
            found = Counter(r for r in reasons[start:i] if r)
            out.append(Stretch(start, i, found.most_common(1)[0][0]))
        start = i
    return out


def _frame_reasons(poses: PoseSequence, limits: Limits) -> list[str]:
    out = []
    for xy, confidence in zip(poses.keypoints, poses.confidence, strict=True):
        seen = confidence >= VISIBLE_FROM
        if not seen.any():
            out.append("nobody found")
        elif not seen[_TRUNK].all():
            out.append("shoulders or hips not seen")
        elif seen[_BODY].sum() < limits.joints:
            out.append("too few joints seen")
        elif visible_height(xy, seen) < limits.height * poses.canvas[1]:
            out.append("the person is too small")
        else:
            out.append("")
    return out


def _bridged(ok: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """Short failures between good frames are forgiven."""
    out = ok.copy()
    good = np.flatnonzero(ok)
    for a, b in itertools.pairwise(good):
        if b - a - 1 <= gap:
            out[a:b] = True
    return out


def _jumps(poses: PoseSequence, good: NDArray[np.bool_], limits: Limits) -> NDArray[np.bool_]:
    """Where [T] the person is suddenly somewhere else, or in another pose.

    Each good frame is compared with the good one before it, however far that is.
    """
    out = np.zeros(len(poses), bool)
    seen = poses.confidence[:, _BODY] >= VISIBLE_FROM
    xy = poses.keypoints[:, _BODY]
    heights = [visible_height(x, s) for x, s in zip(xy[good], seen[good], strict=True)]
    usual = float(np.median(heights or [1.0]))
    for a, b in itertools.pairwise(np.flatnonzero(good)):
        both = seen[a] & seen[b]
        way = float(np.linalg.norm(xy[b] - xy[a], axis=-1)[both].mean()) if both.any() else 0.0
        # Somebody who was out of sight moved on, but not straight on.
        steps = np.sqrt(max(30 / poses.fps, 1.0) * (b - a))
        out[b] = way > limits.jump * usual * steps
    return out


def _judged(poses: PoseSequence, start: int, stop: int, limits: Limits) -> Stretch:
    part = poses.frames(start, stop)
    if part.duration_s < limits.seconds - 1e-6:
        return Stretch(start, stop, f"shorter than {limits.seconds:.1f} s")
    seen = part.confidence >= VISIBLE_FROM
    pairs = [(x, s) for x, s in zip(part.keypoints, seen, strict=True) if s.any()]
    height = float(np.median([visible_height(x, s) for x, s in pairs]))
    if body_speed(part).mean() / max(height, 1e-6) < limits.still:
        return Stretch(start, stop, "the person hardly moves")
    # At 30 frames per second or a little more: noise does not shrink from picture to picture as
    # movement does, so at 60 it would look like more.
    apart = max(1, int(part.fps / 30 + 1e-6))
    xy, seen = part.keypoints[::apart, _BODY], seen[::apart, _BODY]
    both = seen[2:] & seen[1:-1] & seen[:-2]
    bend = np.linalg.norm(np.diff(xy, 2, axis=0), axis=-1)[both].mean()
    step = np.linalg.norm(np.diff(xy, axis=0)[1:], axis=-1)[both].mean()
    if bend > step and bend > limits.jitter * height * (30 * apart / part.fps) ** 2:
        return Stretch(start, stop, "the poses jitter")
    return Stretch(start, stop)
