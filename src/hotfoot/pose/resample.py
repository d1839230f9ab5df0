"""Motion at other instants: the one place where frames are interpolated.

Arrays have time on their first axis. An instant is a fractional frame: 2.5 is halfway between
frames 2 and 3. Before the first and after the last frame the ends are held.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hotfoot.pose.sequence import PoseSequence

F = TypeVar("F", bound=np.floating[Any])
_CHUNK = 4096  # frames; a song of an hour is never interpolated at once


def neighbors(
    at: NDArray[np.floating], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Frames before and after instants ``at`` [N] of ``count`` frames, and the latter's weight.

    Returns:
        [N] indices, [N] indices, [N] weights in 0..1.
    """
    inside = np.clip(at, 0, count - 1)
    before = np.minimum(inside.astype(np.intp), max(count - 2, 0))
    after = np.minimum(before + 1, count - 1)
    return before, after, (inside - before).astype(np.float32)


def linear(values: NDArray[F], at: NDArray[np.floating]) -> NDArray[F]:
    """Values [T, ...] at instants [N], on straight lines between frames: [N, ...]."""
    before, after, w = neighbors(at, len(values))
    w = w.reshape(-1, *(1,) * (values.ndim - 1))
    return np.asarray(values[before] * (1 - w) + values[after] * w)


def smooth(values: NDArray[F], at: NDArray[np.floating]) -> NDArray[F]:
    """Values [T, ...] at instants [N], on a cubic spline through all frames: [N, ...].

    For what is differentiated afterwards: velocity and acceleration have no steps at frames.
    """
    from scipy.interpolate import CubicSpline  # large, and only needed for measuring

    inside = np.clip(at, 0, len(values) - 1)
    return np.asarray(CubicSpline(np.arange(len(values)), values, axis=0)(inside))


def filled(values: NDArray[F], known: NDArray[np.bool_]) -> NDArray[F]:
    """Values [T, ...] with unknown frames put on straight lines between known ones.

    The first and the last known value are held outwards; without any, nothing changes.

    Args:
        values: [T, ...].
        known: [T].
    """
    frames, at = np.arange(len(values)), np.flatnonzero(known)
    out = values.copy()
    if len(at):
        for column in out.reshape(len(out), -1).T:
            column[:] = np.interp(frames, at, column[at])
    return out


def retimed(poses: "PoseSequence", at: NDArray[np.floating]) -> "PoseSequence":
    """Poses at instants [N]: a Catmull-Rom spline where a joint is seen in all four frames around.

    Elsewhere the nearer frame is held, as visibility is everywhere.
    """
    count = len(poses)
    xy = np.empty((len(at), *poses.keypoints.shape[1:]), np.float32)
    confidence = np.empty((len(at), poses.keypoints.shape[1]), np.float32)
    for start in range(0, len(at), _CHUNK):
        part = slice(start, start + _CHUNK)
        before, _, weight = neighbors(at[part], count)
        w = weight[:, None, None]
        around = [np.clip(before + d, 0, count - 1) for d in (-1, 0, 1, 2)]
        p0, p1, p2, p3 = (poses.keypoints[k] for k in around)
        seen = [poses.confidence[k] for k in around]
        cubic = p1 + 0.5 * w * (
            p2 - p0 + w * (2 * p0 - 5 * p1 + 4 * p2 - p3 + w * (3 * (p1 - p2) + p3 - p0))
        )
        all_seen = np.minimum.reduce(seen) > 0
        xy[part] = np.where(all_seen[..., None], cubic, np.where(w < 0.5, p1, p2))
        confidence[part] = np.where(w[..., 0] < 0.5, seen[1], seen[2])
    return replace(poses, keypoints=xy, confidence=confidence)


def resampled(poses: "PoseSequence", fps: float) -> "PoseSequence":
    """The same motion at another frame rate, linear between frames.

    A frame between two is as visible as the less visible of both, so that no joint is drawn on the
    way to nowhere.
    """
    if fps == poses.fps:
        return poses
    count = max(1, int(np.floor(len(poses) / poses.fps * fps + 0.5)))
    at = np.arange(count) * (poses.fps / fps)
    before, after, w = neighbors(at, len(poses))
    first, second = poses.confidence[before], poses.confidence[after]
    confidence = np.minimum(first, second)
    confidence = np.where((w < 1e-6)[:, None], first, confidence)
    confidence = np.where((w > 1 - 1e-6)[:, None], second, confidence)
    xy = linear(poses.keypoints, at)
    return replace(poses, keypoints=xy, confidence=confidence, fps=float(fps))
