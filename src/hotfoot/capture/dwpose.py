"""DWPose or RTMPose from the user's own ONNX files, through rtmlib."""

import io
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotfoot.capture.images import Image
from hotfoot.capture.interface import People, people_in
from hotfoot.errors import DependencyError, InputError

_WHOLE_BODY = 133  # points of COCO-WholeBody, hands among them
_DETECTOR_SCORE = 0.3


class DWPose:
    """YOLOX finds people, DWPose or RTMPose their joints (Yang et al., 2023), through rtmlib."""

    name = "dwpose"

    def __init__(
        self, weights: Path | None, device: str = "cpu", skeleton: str = "body-18"
    ) -> None:
        self.skeleton = skeleton
        detector, pose = find_weights(weights)
        try:
            from rtmlib import YOLOX, RTMPose
        except ImportError as error:
            raise DependencyError(
                f"dwpose needs rtmlib ({error})",
                "Install it: pip install --no-deps rtmlib, then pip install 'hotfoot[pose]'.",
            ) from error
        with redirect_stdout(io.StringIO()):  # it prints what it loads
            # "multiclass", because "human" takes every class for a person.
            self._detector = YOLOX(
                str(detector.path), detector.size, "multiclass", 0.45, _DETECTOR_SCORE,
                device=device,
            )  # fmt: skip
            self._pose = RTMPose(str(pose.path), pose.size, device=device)

    def __call__(self, image: Image, thorough: bool = True) -> People:
        """See :class:`~hotfoot.capture.interface.PoseEstimator`; small people are found anyway."""
        boxes, classes = self._detector(np.ascontiguousarray(image[:, :, ::-1]))
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)[np.asarray(classes).reshape(-1) == 0]
        if not len(boxes):  # without boxes it would take the whole image for a person
            return people_in(
                np.zeros((0, 17, 2)), np.zeros((0, 17)), ("coco-17", self.skeleton), image
            )
        points, scores = self._pose(image, bboxes=boxes)
        scores = np.clip(scores, 0, 1)
        if self.skeleton == "body-18":  # COCO's 17 points come first in all these networks
            return people_in(points[:, :17], scores[:, :17], ("coco-17", self.skeleton), image)
        if points.shape[1] != _WHOLE_BODY:
            raise InputError(
                f"the pose network gives {points.shape[1]} points, without hands",
                "Use DWPose's whole-body network (133 points), or leave hands out.",
            )
        return people_in(points, scores, ("wholebody-133", self.skeleton), image)


@dataclass(frozen=True)
class Weights:
    """An ONNX file and the (width, height) of its input image."""

    path: Path
    size: tuple[int, int]


def find_weights(folder: Path | None) -> tuple[Weights, Weights]:
    """The detector and the pose network in a folder of ONNX files.

    Raises:
        InputError: not one of each.
    """
    advice = (
        "Give --weights FOLDER with yolox_l.onnx (or another YOLOX) and dw-ll_ucoco_384.onnx "
        "(or another DWPose or RTMPose); DWPose's own repository says where they are."
    )
    if folder is None or not folder.is_dir():
        raise InputError("dwpose needs its weights", advice)
    files = sorted(folder.glob("*.onnx"))
    detectors = [f for f in files if "yolox" in f.name.lower()]
    poses = [f for f in files if any(w in f.name.lower() for w in ("dw-", "dwpose", "rtm"))]
    if len(detectors) != 1 or len(poses) != 1:
        raise InputError(
            f"{folder} holds {len(detectors)} YOLOX and {len(poses)} pose files", advice
        )
    return _weights(detectors[0], advice), _weights(poses[0], advice)


def _weights(path: Path, advice: str) -> Weights:
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        height, width = (int(v) for v in session.get_inputs()[0].shape[2:])
    except Exception as error:  # onnxruntime has no common base of its errors
        raise InputError(f"{path.name} cannot be loaded ({error})", advice) from error
    return Weights(path, (width, height))
