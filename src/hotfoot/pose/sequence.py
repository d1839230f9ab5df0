"""The one pose type of the project: 2D keypoints of one person over time."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.pose.resample import resampled
from hotfoot.pose.skeletons import Skeleton, anchor_of, convert_keypoints, get_skeleton

VISIBLE_FROM = 0.3
"""Confidence from which a keypoint is seen: drawn, exported, danced from (DWPose's threshold)."""


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
        xy.flags.writeable = False
        conf.flags.writeable = False
        object.__setattr__(self, "keypoints", xy)
        object.__setattr__(self, "confidence", conf)
        object.__setattr__(self, "fps", float(self.fps))
        object.__setattr__(self, "canvas", (int(self.canvas[0]), int(self.canvas[1])))
        object.__setattr__(self, "skeleton", skeleton.name)

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
        return replace(
            self, keypoints=self.keypoints[start:stop], confidence=self.confidence[start:stop]
        )

    def binary(self) -> "PoseSequence":
        """The same poses with confidence 1 from :data:`VISIBLE_FROM` on, else 0."""
        seen = self.confidence >= VISIBLE_FROM
        return replace(self, confidence=seen.astype(np.float32))

    def to_skeleton(self, name: str) -> "PoseSequence":
        """The same poses in another keypoint order; missing points are left empty."""
        if get_skeleton(name).name == self.skeleton:
            return self
        xy, conf = convert_keypoints(self.keypoints, self.confidence, self.skeleton, name)
        return replace(self, keypoints=xy, confidence=conf, skeleton=get_skeleton(name).name)

    def with_body(self, body: "PoseSequence", scale: float = 1.0) -> "PoseSequence":
        """These poses with the body of BODY_18 poses; what BODY_18 lacks goes along with it.

        Fingers hang on wrists, toes on ankles, and the face on the nose, wherever those are seen.

        Args:
            body: as many frames.
            scale: factor on what hangs on the body.
        """
        moved = body.to_skeleton(self.skeleton)
        names = self.layout.keypoints
        extra = [(i, a) for i, n in enumerate(names) if (a := anchor_of(n)) is not None]
        if not extra:
            return moved
        xy, confidence = moved.keypoints.copy(), moved.confidence.copy()
        index = self.layout.index
        for i, anchor in extra:
            j = index[anchor]
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
        """The same motion at another frame rate; see :func:`hotfoot.pose.resample.resampled`."""
        return resampled(self, fps)
