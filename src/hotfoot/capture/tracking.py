"""Who is who from picture to picture, and where a video is cut.

In: people of every picture. Out: tracks; the main one is who is large, seen well and seen long.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.capture.estimators import People
from hotfoot.capture.pictures import Picture
from hotfoot.pose.sequence import VISIBLE_FROM
from hotfoot.pose.skeletons import get_skeleton

_BODY = [i for n, i in get_skeleton("body-18").index.items() if not n.endswith(("eye", "ear"))]
_SAME = 0.5  # body sizes that somebody moves from one picture to the next, at most
_LOST = 8  # pictures after which somebody is gone
_CUT = 12.0  # mean change of the picture that is a cut, of 255 ...
_CUT_RATIO = 3.0  # ... and over that of the pictures around


@dataclass(eq=False)
class Track:
    """One person: pictures in which they are seen, with keypoints [18, 2] and confidence [18]."""

    frames: list[int] = field(default_factory=list)
    keypoints: list[NDArray[np.float32]] = field(default_factory=list)
    confidence: list[NDArray[np.float32]] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How much this is the main person: size times confidence, summed over pictures."""
        return sum(
            body_size(xy, c) ** 2 * float(c[_BODY].mean())
            for xy, c in zip(self.keypoints, self.confidence, strict=True)
        )


def body_size(xy: NDArray[np.float32], confidence: NDArray[np.float32]) -> float:
    """Diagonal of the box around the seen joints, in pixels; 0 for nobody."""
    seen = xy[confidence >= VISIBLE_FROM]
    return float(np.linalg.norm(np.ptp(seen, axis=0))) if len(seen) > 1 else 0.0


class Tracker:
    """Links people of successive pictures."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._alive: list[Track] = []

    def add(self, number: int, people: People) -> None:
        """People of picture ``number``; numbers ascend."""
        self._alive = [t for t in self._alive if number - t.frames[-1] <= _LOST]
        pairs = sorted(
            (distance, i, j)
            for i, track in enumerate(self._alive)
            for j in range(len(people))
            if (distance := _apart(track, people, j, number - track.frames[-1])) < _SAME
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


def _apart(track: Track, people: People, j: int, steps: int) -> float:
    """Mean way of the joints that both show, in body sizes; missed pictures forgive some."""
    xy, confidence = people.keypoints[j], people.confidence[j]
    both = (confidence >= VISIBLE_FROM) & (track.confidence[-1] >= VISIBLE_FROM)
    size = body_size(track.keypoints[-1], track.confidence[-1])
    if both.sum() < 4 or size == 0:
        return np.inf
    way = np.linalg.norm(xy[both] - track.keypoints[-1][both], axis=-1).mean()
    return float(way / size / np.sqrt(steps))


class CutDetector:
    """Cuts by how much a small version of the picture changes at once."""

    def __init__(self) -> None:
        self._last: NDArray[np.int16] | None = None
        self.changes: list[float] = []

    def add(self, picture: Picture) -> None:
        """The next picture."""
        small = cv2.resize(picture, (64, 36), interpolation=cv2.INTER_AREA)
        now = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.int16)
        change = 0.0
        if self._last is not None:
            apart = np.abs(now - self._last)
            apart[..., 0] = np.minimum(apart[..., 0], 180 - apart[..., 0])  # hue is a circle
            change = float(apart.mean())
        self.changes.append(change)
        self._last = now

    def cuts(self) -> list[int]:
        """Numbers of the pictures that begin a new shot."""
        c = np.asarray(self.changes)
        out = []
        for i in range(1, len(c)):
            around = np.concatenate([c[max(1, i - 4) : i], c[i + 1 : i + 5]])
            usual = float(around.mean()) if len(around) else 0.0
            if c[i] > _CUT and c[i] > _CUT_RATIO * max(usual, 1.0):
                out.append(i)
        return out
