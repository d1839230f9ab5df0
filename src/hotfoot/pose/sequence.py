"""The one pose type of the project: 2D keypoints of one person over time."""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.pose.resample import linear, neighbors
from hotfoot.pose.skeletons import Skeleton, anchor_of, convert_keypoints, get_skeleton

VISIBLE_FROM = 0.3
"""Confidence from which a keypoint is seen: drawn, exported, danced from (DWPose's threshold)."""
_CHUNK = 4096  # frames; a song of an hour is never interpolated at once


@dataclass(frozen=True, eq=False)
class PoseSequence:
    """Keypoints of one person, frame by frame.

    Attributes:
        keypoints: float32 [T, K, 2], pixels of the canvas, x right, y down. A keypoint of
            confidence 0 has position 0.
        confidence: float32 [T, K] in 0..1; 0 means not seen.
        fps: frames per second.
        canvas: (width, height) in pixels.
        skeleton: name in :data:`hotfoot.pose.skeletons.SKELETONS`.

    Raises:
        PoseError: shapes do not fit, values are not finite, no frame, or fps/canvas not positive.
    """

    keypoints: NDArray[np.float32]
    confidence: NDArray[np.float32]
    fps: float
    canvas: tuple[int, int]
    skeleton: str = "body-18"

    def __post_init__(self) -> None:
        skeleton = get_skeleton(self.skeleton)
        xy = np.asarray(self.keypoints, np.float32)
        conf = np.asarray(self.confidence, np.float32)
        if xy.ndim != 3 or xy.shape[2] != 2:
            raise PoseError(
                f"keypoints have shape {xy.shape}", "Expected [frames, keypoints, 2] in pixels."
            )
        if xy.shape[1] != len(skeleton):
            raise PoseError(
                f"{xy.shape[1]} keypoints given for skeleton {skeleton.name}",
                f"{skeleton.name} has {len(skeleton)}.",
            )
        if conf.shape != xy.shape[:2]:
            raise PoseError(
                f"confidence has shape {conf.shape}", f"Expected {xy.shape[:2]} like the keypoints."
            )
        if len(xy) == 0:
            raise PoseError("the pose sequence has no frame", "At least one frame is needed.")
        if not np.isfinite(conf).all():
            raise PoseError("confidence holds NaN or infinity", "Use 0 for keypoints not seen.")
        if not np.isfinite(xy[conf > 0]).all():
            raise PoseError(
                "a visible keypoint is NaN or infinite",
                "Give keypoints that are not seen confidence 0.",
            )
        if not (np.isfinite(self.fps) and 0 < self.fps <= 1000):
            raise PoseError(f"fps is {self.fps}", "Frames per second must lie in 0..1000.")
        if len(self.canvas) != 2 or min(self.canvas) < 1:
            raise PoseError(f"canvas is {self.canvas}", "Expected (width, height) in pixels.")
        conf = np.clip(conf, 0, 1)
        xy = np.where((conf > 0)[..., None], xy, np.float32(0))
        xy.flags.writeable = conf.flags.writeable = False
        canvas = (int(self.canvas[0]), int(self.canvas[1]))
        for field, value in zip(fields(self), (xy, conf, float(self.fps), canvas, skeleton.name)):
            object.__setattr__(self, field.name, value)

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def duration_s(self) -> float:
        """Seconds: frames / fps."""
        return len(self) / self.fps

    @property
    def layout(self) -> Skeleton:
        """The skeleton itself."""
        return get_skeleton(self.skeleton)

    @property
    def normalized(self) -> NDArray[np.float32]:
        """Keypoints divided by the canvas sides, [T, K, 2]; inside the canvas they lie in 0..1."""
        return np.asarray(self.keypoints / np.asarray(self.canvas, np.float32), np.float32)

    def frames(self, start: int, stop: int | None = None) -> "PoseSequence":
        """Frames ``start`` to ``stop`` (python slicing rules)."""
        part = slice(start, stop)
        return replace(self, keypoints=self.keypoints[part], confidence=self.confidence[part])

    def binary(self) -> "PoseSequence":
        """The same poses with confidence 1 from :data:`VISIBLE_FROM` on, else 0."""
        return replace(self, confidence=(self.confidence >= VISIBLE_FROM).astype(np.float32))

    def to_skeleton(self, name: str) -> "PoseSequence":
        """The same poses in another keypoint order; missing points are left empty."""
        if get_skeleton(name).name == self.skeleton:
            return self
        xy, conf = convert_keypoints(self.keypoints, self.confidence, self.skeleton, name)
        return replace(self, keypoints=xy, confidence=conf, skeleton=get_skeleton(name).name)

    def with_body(self, body: "PoseSequence", scale: float = 1.0) -> "PoseSequence":
        """These poses with the body of as many of BODY_18; what BODY_18 lacks goes along with it.

        Fingers hang on wrists, toes on ankles, and the face on the nose, wherever those are seen.
        Their distances from there are multiplied by ``scale``.
        """
        moved, index = body.to_skeleton(self.skeleton), self.layout.index
        hanging = [(i, index[anchor]) for n, i in index.items() if (anchor := anchor_of(n))]
        if not hanging:
            return moved
        xy, confidence = moved.keypoints.copy(), moved.confidence.copy()
        for i, j in hanging:
            there = (self.confidence[:, j] > 0)[:, None]
            hung = xy[:, j] + (self.keypoints[:, i] - self.keypoints[:, j]) * np.float32(scale)
            xy[:, i] = np.where(there, hung, self.keypoints[:, i])
            confidence[:, i] = self.confidence[:, i]
        return replace(moved, keypoints=xy, confidence=confidence)

    def mirrored(self) -> "PoseSequence":
        """Left and right exchanged, picture flipped."""
        order = list(self.layout.mirror)
        xy = self.keypoints[:, order].copy()
        xy[..., 0] = self.canvas[0] - xy[..., 0]
        return replace(self, keypoints=xy, confidence=self.confidence[:, order])

    def with_canvas(self, canvas: tuple[int, int]) -> "PoseSequence":
        """Fit into another canvas: scaled by one factor, centered, nothing cut off."""
        scale = min(canvas[0] / self.canvas[0], canvas[1] / self.canvas[1])
        offset = (np.asarray(canvas) - np.asarray(self.canvas) * scale) / 2
        xy = self.keypoints * np.float32(scale) + offset.astype(np.float32)
        return replace(self, keypoints=xy, canvas=canvas)

    def resampled(self, fps: float) -> "PoseSequence":
        """The same motion at another frame rate, linear between frames.

        A frame between two is as visible as the less visible of both, so that no joint is drawn on
        the way to nowhere.
        """
        if fps == self.fps:
            return self
        count = max(1, int(np.floor(len(self) / self.fps * fps + 0.5)))
        at = np.arange(count) * (self.fps / fps)
        before, after, weight = neighbors(at, len(self))
        first, second, w = self.confidence[before], self.confidence[after], weight[:, None]
        between = np.where(w > 1 - 1e-6, second, np.minimum(first, second))
        confidence = np.where(w < 1e-6, first, between)
        return replace(self, keypoints=linear(self.keypoints, at), confidence=confidence, fps=fps)

    def retimed(self, at: NDArray[np.floating]) -> "PoseSequence":
        """Poses at instants [N]: a Catmull-Rom spline where a joint is seen in all 4 frames around.

        Elsewhere the nearer frame is held, as visibility is everywhere.
        """
        xy = np.empty((len(at), *self.keypoints.shape[1:]), np.float32)
        confidence = np.empty(xy.shape[:2], np.float32)
        for start in range(0, len(at), _CHUNK):
            part = slice(start, start + _CHUNK)
            before, _, weight = neighbors(at[part], len(self))
            w = weight[:, None, None]
            around = [np.clip(before + d, 0, len(self) - 1) for d in (-1, 0, 1, 2)]
            p0, p1, p2, p3 = (self.keypoints[k] for k in around)
            seen = [self.confidence[k] for k in around]
            cubic = p1 + 0.5 * w * (
                p2 - p0 + w * (2 * p0 - 5 * p1 + 4 * p2 - p3 + w * (3 * (p1 - p2) + p3 - p0))
            )
            all_seen = np.minimum.reduce(seen) > 0
            xy[part] = np.where(all_seen[..., None], cubic, np.where(w < 0.5, p1, p2))
            confidence[part] = np.where(w[..., 0] < 0.5, seen[1], seen[2])
        return replace(self, keypoints=xy, confidence=confidence)
