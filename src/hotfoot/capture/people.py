"""People in photos and videos: tracks, cuts, poses of the main person, reference poses."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.capture.estimators import People, PoseEstimator, make_estimator
from hotfoot.capture.images import Image, VideoInfo, video_frames, video_info
from hotfoot.errors import PoseError
from hotfoot.media import read_image
from hotfoot.pose import references
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.skeletons import get_skeleton

Progress = Callable[[int, int], None]
"""``progress(done, total)`` in frames; the total is an estimate."""

_SEARCH_EVERY = 15  # frames without anybody between two searches for small people
_LONGEST_SIDE, _SEARCHED_S = 1280, 5.0
_MIN_OTHER = 0.2  # weight of another person that counts, over the main person's
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


def is_photo(path: Path) -> bool:
    """Whether a file is a photo by its name."""
    return path.suffix.lower() in references.PHOTO_SUFFIXES


def photo_pose(path: Path, estimator: PoseEstimator) -> PoseSequence:
    """The largest person of a photo, on its canvas; PoseError for no image, or nobody in it."""
    image = read_image(path, PoseError)
    people = sightings(0, estimator(image))
    if not people:
        raise PoseError(
            f"nobody is found in {path.name}",
            "Use a photo that shows one person from the head to the feet, well lit.",
        )
    _, xy, confidence = max(people, key=lambda p: p.size * float(p.confidence.mean()))
    height, width = image.shape[:2]
    return PoseSequence(xy[None], confidence[None], 30.0, (width, height), estimator.skeleton)


@dataclass(frozen=True, eq=False)
class Shot:
    """A part of a video without a cut."""

    start: int  # its first frame in the video
    poses: PoseSequence  # of its main person; confidence is 0 where they are not found
    others: int  # how many other people are there for long enough


def video_shots(
    path: Path, estimator: PoseEstimator, progress: Progress | None = None,
    start_s: float = 0.0, end_s: float | None = None,
) -> list[Shot]:  # fmt: skip
    """The main person of every shot of a video, or of a part of it; PoseError for no video."""
    info = video_info(path)
    tracker, cuts = Tracker(), CutDetector()
    missed, count = _SEARCH_EVERY, 0
    total = round((min(info.seconds, end_s or info.seconds) - start_s) * info.fps)
    for image in video_frames(path, start_s, end_s):
        cuts.add(image)
        people = estimator(image, thorough=missed % _SEARCH_EVERY == 0)
        missed = 0 if len(people) else missed + 1
        tracker.add(count, people)
        count += 1
        if progress and count % 10 == 0:
            progress(count, max(total, count))
    if not count:
        raise PoseError(f"{path.name} has no frames there", "Give another part of the video.")
    if progress:
        progress(count, count)
    return [
        _shot(tracker.tracks, first, last, info, estimator.skeleton)
        for first, last in itertools.pairwise([0, *cuts.cuts(), count])
    ]


def _shot(tracks: list[Track], first: int, last: int, info: VideoInfo, skeleton: str) -> Shot:
    parts = [[s for s in track if first <= s.frame < last] for track in tracks]
    parts = sorted(filter(None, parts), key=track_weight, reverse=True)
    xy = np.zeros((last - first, len(get_skeleton(skeleton)), 2), np.float32)
    confidence = np.zeros(xy.shape[:2], np.float32)
    taken = np.zeros(last - first, bool)
    others = 0
    for track in parts:
        at = np.array([s.frame for s in track]) - first
        # A person who was lost for a while is a new track that does not overlap the first.
        if taken[at].any():
            others += track_weight(track) > _MIN_OTHER * track_weight(parts[0])
            continue
        taken[at[0] : at[-1] + 1] = True
        for i, sighting in zip(at, track, strict=True):
            xy[i], confidence[i] = sighting.keypoints, sighting.confidence
    return Shot(first, PoseSequence(xy, confidence, info.fps, info.size, skeleton), others)


def joined(shots: list[Shot]) -> PoseSequence:
    """All shots as one sequence, a frame for every frame of the video."""
    poses = [s.poses for s in shots]
    return PoseSequence(
        np.concatenate([p.keypoints for p in poses]),
        np.concatenate([p.confidence for p in poses]),
        poses[0].fps, poses[0].canvas, poses[0].skeleton,
    )  # fmt: skip


def open_reference(
    source: str | Path, estimator: PoseEstimator | None = None, skeleton: str = "body-18"
) -> PoseSequence:
    """One frame of a built-in figure, a pose file, a photo or a video.

    Of a video, the first frame of its first 5 seconds in which shoulders and hips are visible.
    Canvases of photos and videos are scaled down to at most 1280 pixels, with even sides. The
    ``estimator`` is for them, MediaPipe by default; points that the source lacks stay empty.
    PoseError where it is unknown or unreadable, or no body that can be danced by; DependencyError
    where no estimator is installed.
    """
    path = Path(source)
    video = path.suffix.lower() in references.VIDEO_SUFFIXES
    if (str(source) in references.FIGURES and not path.exists()) or not (is_photo(path) or video):
        return references.load_reference(source, skeleton=skeleton)
    if not path.is_file():
        raise PoseError(f"no reference '{source}'", "Give the path of a photo or a pose file.")
    estimator = estimator or make_estimator("mediapipe")
    pose = _video_pose(path, estimator) if video else photo_pose(path, estimator)
    references.check_reference(pose, path.name)
    pose = pose.to_skeleton(skeleton)
    scale = min(1.0, _LONGEST_SIDE / max(pose.canvas))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in pose.canvas)
    return pose.with_canvas((width, height))


def _video_pose(path: Path, estimator: PoseEstimator) -> PoseSequence:
    reason = PoseError(f"nobody is found in {path.name}", "Give a photo or a pose file.")
    for shot in video_shots(path, estimator, end_s=_SEARCHED_S):
        for i in range(len(shot.poses)):
            pose = shot.poses.frames(i, i + 1)
            try:
                references.check_reference(pose, path.name)
            except PoseError as error:
                reason = error
            else:
                return pose
    raise reason
