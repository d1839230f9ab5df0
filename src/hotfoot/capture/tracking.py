"""Tracks of people from frame to frame, and the cuts of a video."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.capture.estimators import People
from hotfoot.capture.images import Image
from hotfoot.pose.sequence import VISIBLE_FROM
from hotfoot.pose.skeletons import get_skeleton

_BODY = get_skeleton("body-18").body
_K = 18  # keypoints that people are compared by: hands, if any, come after BODY_18
_MAX_MOVE = 0.5  # body sizes that a person moves from one frame to the next
_MAX_LOST = 8  # frames without a person after which their track ends
_MIN_CUT = 12.0  # mean change of the image at a cut, of 255 ...
_MIN_CUT_RATIO = 3.0  # ... and over that of the frames around it


class Sighting(NamedTuple):
    """One person in one frame, with keypoints [K, 2] in pixels and confidence [K]."""

    frame: int
    keypoints: NDArray[np.float32]
    confidence: NDArray[np.float32]

    @property
    def size(self) -> float:
        """Diagonal of the box around the visible joints of the body, in pixels; 0 without any."""
        visible = self.keypoints[:_K][self.confidence[:_K] >= VISIBLE_FROM]
        return float(np.linalg.norm(np.ptp(visible, axis=0))) if len(visible) > 1 else 0.0

    def distance(self, later: "Sighting") -> float:
        """Mean displacement of the joints that both show, in body sizes over the root of frames."""
        both = np.minimum(self.confidence, later.confidence)[:_K] >= VISIBLE_FROM
        if both.sum() < 4 or self.size == 0:
            return np.inf
        way = (later.keypoints[:_K] - self.keypoints[:_K])[both]
        moved = np.linalg.norm(way, axis=-1).mean()
        return float(moved / self.size / np.sqrt(later.frame - self.frame))


Track = list[Sighting]
"""One person in ascending frames."""


def track_weight(track: Track) -> float:
    """How much this is the main person: size squared times confidence, summed over frames."""
    return sum(s.size**2 * float(s.confidence[_BODY].mean()) for s in track)


def sightings(number: int, people: People) -> list[Sighting]:
    """The people of a frame."""
    found = zip(people.keypoints, people.confidence, strict=True)
    return [Sighting(number, xy, confidence) for xy, confidence in found]


class Tracker:
    """Links people of successive frames to tracks, nearest first."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []

    def add(self, number: int, people: People) -> None:
        """Add the people of frame ``number``; numbers ascend."""
        alive = [t for t in self.tracks if number - t[-1].frame <= _MAX_LOST]
        new = [s for s in sightings(number, people) if s.size > 0]
        pairs = sorted(
            (distance, i, j)
            for i, track in enumerate(alive)
            for j, sighting in enumerate(new)
            if (distance := track[-1].distance(sighting)) < _MAX_MOVE
        )
        known: dict[int, int] = {}
        for _, i, j in pairs:
            if i not in known.values() and j not in known:
                known[j] = i
        for j, sighting in enumerate(new):
            if j in known:
                alive[known[j]].append(sighting)
            else:
                self.tracks.append([sighting])


class CutDetector:
    """Finds cuts by how much a small version of the image changes from frame to frame."""

    def __init__(self) -> None:
        self._last: NDArray[np.int16] | None = None
        self.changes: list[float] = []

    def add(self, image: Image) -> None:
        """Add the next frame."""
        small = cv2.resize(image, (64, 36), interpolation=cv2.INTER_AREA)
        now = cv2.cvtColor(small, cv2.COLOR_RGB2HSV).astype(np.int16)
        difference = np.abs(now - (now if self._last is None else self._last))
        hue = difference[..., 0]
        difference[..., 0] = np.minimum(hue, 180 - hue)  # hue is a circle
        self.changes.append(float(difference.mean()))
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
