"""Tracks of people from frame to frame, and the cuts of a video.

In: people of every frame. Out: tracks; the main person's is the largest, most visible and longest.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.capture.images import Image
from hotfoot.capture.interface import People
from hotfoot.pose.sequence import VISIBLE_FROM
from hotfoot.pose.skeletons import get_skeleton

_BODY = [i for n, i in get_skeleton("body-18").index.items() if not n.endswith(("eye", "ear"))]
_K = 18  # keypoints that people are compared by: hands, if any, come after BODY_18
_MAX_MOVE = 0.5  # body sizes that a person moves from one frame to the next
_MAX_LOST = 8  # frames without a person after which their track ends
_MIN_CUT = 12.0  # mean change of the image at a cut, of 255 ...
_MIN_CUT_RATIO = 3.0  # ... and over that of the frames around it


@dataclass(eq=False)
class Track:
    """One person: frames in which they are seen, with keypoints [K, 2] and confidence [K]."""

    frames: list[int] = field(default_factory=list)
    keypoints: list[NDArray[np.float32]] = field(default_factory=list)
    confidence: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How much this is the main person: squared size times confidence, summed over frames."""
        return sum(
            body_size(xy, c) ** 2 * float(c[_BODY].mean())
            for xy, c in zip(self.keypoints, self.confidence, strict=True)
        )


def body_size(xy: NDArray[np.float32], confidence: NDArray[np.float32]) -> float:
    """Diagonal of the box around the visible joints of the body, in pixels; 0 if there are none.

    Args:
        xy: [K, 2] in pixels.
        confidence: [K].
    """
    visible = xy[:_K][confidence[:_K] >= VISIBLE_FROM]
    return float(np.linalg.norm(np.ptp(visible, axis=0))) if len(visible) > 1 else 0.0


class Tracker:
    """Links people of successive frames to tracks, nearest first."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._alive: list[Track] = []

    def add(self, number: int, people: People) -> None:
        """Add the people of frame ``number``; numbers ascend."""
        self._alive = [t for t in self._alive if number - t.frames[-1] <= _MAX_LOST]
        pairs = sorted(
            (distance, i, j)
            for i, track in enumerate(self._alive)
            for j in range(len(people))
            if (distance := _distance(track, people, j, number - track.frames[-1])) < _MAX_MOVE
        )
        known: dict[int, Track] = {}
        taken: set[int] = set()
        for _, i, j in pairs:
            if i not in taken and j not in known:
                known[j] = self._alive[i]
                taken.add(i)
        for j in range(len(people)):
            if body_size(people.keypoints[j], people.confidence[j]) == 0:
                continue
            track = known.get(j)
            if track is None:
                track = Track()
                self.tracks.append(track)
                self._alive.append(track)
            track.frames.append(number)
            track.keypoints.append(people.keypoints[j])
            track.confidence.append(people.confidence[j])


def _distance(track: Track, people: People, j: int, steps: int) -> float:
    """Mean displacement of the joints that both show, in body sizes over the root of ``steps``."""
    xy, confidence = people.keypoints[j][:_K], people.confidence[j][:_K]
    both = (confidence >= VISIBLE_FROM) & (track.confidence[-1][:_K] >= VISIBLE_FROM)
    size = body_size(track.keypoints[-1], track.confidence[-1])
    if both.sum() < 4 or size == 0:
        return np.inf
    moved = np.linalg.norm(xy[both] - track.keypoints[-1][:_K][both], axis=-1).mean()
    return float(moved / size / np.sqrt(steps))


class CutDetector:
    """Finds cuts by how much a small version of the image changes from frame to frame."""

    def __init__(self) -> None:
        self._last: NDArray[np.int16] | None = None
        self.changes: list[float] = []

    def add(self, image: Image) -> None:
        """Add the next frame."""
        small = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA)
        now = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.int16)
        change = 0.0
        if self._last is not None:
            difference = np.abs(now - self._last)
            hue = difference[..., 0]
            difference[..., 0] = np.minimum(hue, 180 - hue)  # hue is a circle
            change = float(difference.mean())
        self.changes.append(change)
        self._last = now

    def cuts(self) -> list[int]:
        """Numbers of the frames that begin a new shot."""
        c = np.asarray(self.changes)
        out = []
        for i in range(1, len(c)):
            around = np.concatenate([c[max(1, i - 4) : i], c[i + 1 : i + 5]])
            usual = float(around.mean()) if len(around) else 0.0
            if c[i] > _MIN_CUT and c[i] > _MIN_CUT_RATIO * max(usual, 1.0):
                out.append(i)
        return out
