"""Poses of the main person in a photo or a video."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotfoot.capture.estimators import PoseEstimator
from hotfoot.capture.pictures import load_photo, video_facts, video_pictures
from hotfoot.capture.tracking import CutDetector, Track, Tracker, body_size
from hotfoot.errors import InputError
from hotfoot.pose.references import PHOTO_SUFFIXES
from hotfoot.pose.sequence import PoseSequence

Progress = Callable[[int, int], None]
"""``progress(done, total)`` in pictures; the total is an estimate."""

_LOOK_AGAIN = 15  # pictures without anybody after which small people are looked for


def is_photo(path: Path) -> bool:
    """Whether a file is a photo by its name."""
    return path.suffix.lower() in PHOTO_SUFFIXES


def photo_pose(path: Path, estimator: PoseEstimator) -> PoseSequence:
    """The largest person of a photo, one BODY_18 frame on the photo's canvas.

    Raises:
        InputError: not a picture, or nobody in it.
    """
    picture = load_photo(path)
    found = estimator(picture)
    if not len(found):
        raise InputError(
            f"nobody is found in {path.name}",
            "Use a photo that shows one person from the head to the feet, well lit.",
        )
    sizes = [
        body_size(xy, c) * float(c.mean())
        for xy, c in zip(found.keypoints, found.confidence, strict=True)
    ]
    best = int(np.argmax(sizes))
    height, width = picture.shape[:2]
    return PoseSequence(
        found.keypoints[best : best + 1], found.confidence[best : best + 1], 30.0, (width, height)
    )


@dataclass(frozen=True, eq=False)
class Shot:
    """A video between two cuts: its main person, one frame per picture, and how many others."""

    start: int
    poses: PoseSequence
    others: int


def video_shots(
    path: Path, estimator: PoseEstimator, progress: Progress | None = None,
    start_s: float = 0.0, end_s: float | None = None,
) -> list[Shot]:  # fmt: skip
    """The main person of every shot of a video.

    Raises:
        InputError: no video, or none that can be decoded.
    """
    facts = video_facts(path)
    tracker, cuts = Tracker(), CutDetector()
    nobody = _LOOK_AGAIN
    number = 0
    total = round((min(facts.seconds, end_s or facts.seconds) - start_s) * facts.fps)
    for picture in video_pictures(path, start_s, end_s):
        cuts.add(picture)
        found = estimator(picture, thorough=nobody % _LOOK_AGAIN == 0)
        nobody = 0 if len(found) else nobody + 1
        tracker.add(number, found)
        number += 1
        if progress and number % 10 == 0:
            progress(number, max(total, number))
    if not number:
        raise InputError(f"{path.name} has no pictures there", "Give another part of the video.")
    if progress:
        progress(number, number)
    borders = [0, *cuts.cuts(), number]
    return [
        _shot(tracker.tracks, first, last, facts.fps, facts.size)
        for first, last in itertools.pairwise(borders)
    ]


def _shot(tracks: list[Track], first: int, last: int, fps: float, canvas: tuple[int, int]) -> Shot:
    parts = [part for part in (_part(t, first, last) for t in tracks) if part.frames]
    parts.sort(key=lambda t: t.weight, reverse=True)
    xy = np.zeros((last - first, 18, 2), np.float32)
    confidence = np.zeros((last - first, 18), np.float32)
    taken = np.zeros(last - first, bool)
    main = parts[0].weight if parts else 0.0
    others = 0
    for track in parts:
        at = np.array(track.frames) - first
        # Somebody who was lost for a while is a new track that does not overlap the first.
        if taken[at].any():
            others += track.weight > 0.2 * main
            continue
        taken[at[0] : at[-1] + 1] = True
        xy[at], confidence[at] = np.stack(track.keypoints), np.stack(track.confidence)
    return Shot(first, PoseSequence(xy, confidence, fps, canvas), others)


def _part(track: Track, first: int, last: int) -> Track:
    chosen = [i for i, n in enumerate(track.frames) if first <= n < last]
    return Track(
        [track.frames[i] for i in chosen],
        [track.keypoints[i] for i in chosen],
        [track.confidence[i] for i in chosen],
    )


def joined(shots: list[Shot]) -> PoseSequence:
    """All shots as one sequence, a frame for every picture of the video."""
    poses = [s.poses for s in shots]
    return PoseSequence(
        np.concatenate([p.keypoints for p in poses]),
        np.concatenate([p.confidence for p in poses]),
        poses[0].fps,
        poses[0].canvas,
    )
