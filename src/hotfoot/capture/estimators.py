"""Images in, people out: MediaPipe's BlazePose, and DWPose or RTMPose through rtmlib."""

import io
import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hotfoot.capture.images import Image
from hotfoot.errors import InputError, OptionError, needing
from hotfoot.files import reading
from hotfoot.pose.skeletons import convert_keypoints

ESTIMATORS = ("mediapipe", "dwpose")
CAPTURED_SKELETONS = ("body-18", "body-hands-60")

# COCO-17 among the 33 points of BlazePose.
_BLAZE_COCO = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
# Side of a square crop over the image's short side, and stride over that.
_CROPS = ((1.0, 0.5), (0.55, 0.3))
_WHOLE_BODY = 133  # points of COCO-WholeBody, hands among them
_DETECTOR_SCORE, _DETECTOR_OVERLAP = 0.3, 0.45

# The package's own subgraphs, once for every person in the image: "solutions.pose" finds one.
_GRAPH = """
input_stream: "image" output_stream: "people"
node { calculator: "ConstantSidePacketCalculator" output_side_packet: "PACKET:complexity"
  node_options: { [type.googleapis.com/mediapipe.ConstantSidePacketCalculatorOptions]:
    { packet { int_value: 1 } } } }
node { calculator: "PoseDetectionCpu" input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:detections" }
node { calculator: "ImagePropertiesCalculator" input_stream: "IMAGE:image"
  output_stream: "SIZE:size" }
node { calculator: "BeginLoopDetectionCalculator" input_stream: "ITERABLE:detections"
  input_stream: "CLONE:0:image" input_stream: "CLONE:1:size" output_stream: "ITEM:detection"
  output_stream: "CLONE:0:image_i" output_stream: "CLONE:1:size_i"
  output_stream: "BATCH_END:batch_end" }
node { calculator: "PoseDetectionToRoi" input_stream: "DETECTION:detection"
  input_stream: "IMAGE_SIZE:size_i" output_stream: "ROI:roi" }
node { calculator: "PoseLandmarkByRoiCpu" input_side_packet: "MODEL_COMPLEXITY:complexity"
  input_stream: "IMAGE:image_i" input_stream: "ROI:roi" output_stream: "LANDMARKS:landmarks" }
node { calculator: "EndLoopNormalizedLandmarkListVectorCalculator"
  input_stream: "ITEM:landmarks" input_stream: "BATCH_END:batch_end"
  output_stream: "ITERABLE:people" }
"""


@dataclass(frozen=True, eq=False)
class People:
    """All people of an image, of the estimator's skeleton."""

    keypoints: NDArray[np.float32]  # [N, K, 2] in pixels
    confidence: NDArray[np.float32]  # [N, K] in 0..1; 0 outside of the image

    def __len__(self) -> int:
        return len(self.keypoints)


class PoseEstimator(Protocol):
    """Finds people in an image; its skeleton is BODY_18, or one that begins with it."""

    name: str
    skeleton: str

    def __call__(self, image: Image, thorough: bool = True) -> People:
        """All people found; ``thorough`` looks for small people too, which takes longer."""


def people_in(points: NDArray[Any], source: str, skeleton: str, image: Image) -> People:
    """People of a skeleton from x, y and confidence [N, K, 3] of another; none outside an image."""
    points = np.asarray(points, np.float32)
    xy, confidence = convert_keypoints(points[..., :2], points[..., 2], source, skeleton)
    height, width = image.shape[:2]
    inside = ((xy >= 0) & (xy < np.array([width, height]))).all(axis=-1)
    return People(xy, (confidence * inside).astype(np.float32))


def make_estimator(
    name: str, weights: Path | None = None, device: str = "cpu", skeleton: str = "body-18"
) -> PoseEstimator:
    """An estimator by name, of :data:`ESTIMATORS`, and its skeleton, of :data:`CAPTURED_SKELETONS`.

    ``weights`` are a folder with a YOLOX and a DWPose (or RTMPose) ``.onnx`` file for dwpose, which
    ``device`` (cpu or cuda) is for, too; hands need its whole-body network. OptionError for an
    unknown name or skeleton, or an estimator without hands; DependencyError where its library is
    missing, InputError for missing weights or a network without hands.
    """
    if name not in ESTIMATORS:
        raise OptionError(f"unknown estimator '{name}'", f"Known: {', '.join(ESTIMATORS)}.")
    if skeleton not in CAPTURED_SKELETONS:
        raise OptionError(f"skeleton '{skeleton}'", f"Allowed: {', '.join(CAPTURED_SKELETONS)}.")
    if name == "dwpose":
        return DWPose(weights, device, skeleton)
    if device == "cuda":
        raise OptionError(f"--device {device} with {name}", "Allowed: cpu.")
    if skeleton != "body-18":
        raise OptionError("mediapipe does not find hands", "Use the estimator dwpose.")
    return MediaPipe()


class MediaPipe:
    """BlazePose of MediaPipe 0.10.21 (Bazarevsky et al., 2020), whose package has its weights.

    It finds people of a third of the image's height or more; smaller ones are found in crops.
    """

    name = "mediapipe"
    skeleton = "body-18"

    def __init__(self) -> None:
        os.environ.setdefault("GLOG_minloglevel", "2")
        hint = (
            "Install it: pip install --no-deps mediapipe==0.10.21, then "
            "pip install 'hotfoot[pose]' (Python 3.11 or 3.12); or give poses."
        )
        with needing("poses from photos and videos need mediapipe ({error})", hint), _quiet():
            from google.protobuf import text_format
            from mediapipe.framework import calculator_pb2
            from mediapipe.python.solution_base import PacketDataType, SolutionBase
        types = {"image": PacketDataType.IMAGE_FRAME, "people": PacketDataType.PROTO_LIST}
        with _quiet():
            config = text_format.Parse(_GRAPH, calculator_pb2.CalculatorGraphConfig())
            self._graph: Any = SolutionBase(
                graph_config=config, outputs=["people"], stream_type_hints=types
            )
            self._graph.process({"image": np.zeros((64, 64, 3), np.uint8)})  # waits until it runs
        self._verbose = True  # the libraries write to stderr until the first person

    def __call__(self, image: Image, thorough: bool = True) -> People:
        """See :class:`PoseEstimator`."""
        height, width = image.shape[:2]
        crops = _crops(width, height) if thorough else []
        for crop in [(0, 0, width, height), *crops]:
            people = self._in_crop(image, crop)
            if len(people):
                break
        return people

    def _in_crop(self, image: Image, crop: tuple[int, int, int, int]) -> People:
        left, top, width, height = crop
        part = np.ascontiguousarray(image[top : top + height, left : left + width])
        with _quiet() if self._verbose else nullcontext():
            people = self._graph.process({"image": part}).people or []
        self._verbose = self._verbose and not people
        points = np.array(
            [[(p.x * width + left, p.y * height + top, p.visibility) for p in person.landmark]
             for person in people],
            np.float32,
        ).reshape(-1, 33, 3)  # fmt: skip
        return people_in(points[:, _BLAZE_COCO], "coco-17", self.skeleton, image)


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what native libraries write to stderr."""
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with open(os.devnull, "w") as null:
            os.dup2(null.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _crops(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Square crops (left, top, width, height) that cover an image, large ones first."""
    out = []
    for share, stride in _CROPS:
        side = round(share * min(width, height))
        if side >= max(width, height):
            continue
        columns, rows = (
            np.linspace(0, room, max(1, int(np.ceil(room / (stride * side))) + 1))
            for room in (width - side, height - side)
        )
        corners = [(round(x), round(y)) for x, y in itertools.product(columns, rows)]
        corners.sort(key=lambda p: abs(p[0] - (width - side) / 2) + abs(p[1] - (height - side) / 2))
        out += [(x, y, side, side) for x, y in corners]
    return out


class DWPose:
    """YOLOX and DWPose or RTMPose (Yang et al., 2023) through rtmlib: ONNX files of the user's."""

    name = "dwpose"

    def __init__(self, weights: Path | None, device: str, skeleton: str) -> None:
        self.skeleton = skeleton
        (detector, seen), (pose, size) = find_weights(weights)
        hint = "Install it: pip install --no-deps rtmlib, then pip install 'hotfoot[pose]'."
        with needing("dwpose needs rtmlib ({error})", hint):
            from rtmlib import YOLOX, RTMPose
        # "multiclass", because "human" takes every class for a person.
        options = ("multiclass", _DETECTOR_OVERLAP, _DETECTOR_SCORE)
        with redirect_stdout(io.StringIO()):  # it prints what it loads
            self._detector = YOLOX(str(detector), seen, *options, device=device)
            self._pose = RTMPose(str(pose), size, device=device)

    def __call__(self, image: Image, thorough: bool = True) -> People:
        """See :class:`PoseEstimator`; small people are found anyway."""
        boxes, classes = self._detector(np.ascontiguousarray(image[:, :, ::-1]))
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)[np.asarray(classes).reshape(-1) == 0]
        if not len(boxes):  # without boxes it would take the whole image for a person
            return people_in(np.zeros((0, 17, 3)), "coco-17", self.skeleton, image)
        xy, scores = self._pose(image, bboxes=boxes)
        points = np.dstack([xy, np.clip(scores, 0, 1)])
        if self.skeleton == "body-18":  # COCO's 17 points come first in all these networks
            return people_in(points[:, :17], "coco-17", self.skeleton, image)
        if points.shape[1] != _WHOLE_BODY:
            raise InputError(
                f"the pose network gives {points.shape[1]} points, without hands",
                "Use DWPose's whole-body network (133 points), or leave hands out.",
            )
        return people_in(points, "wholebody-133", self.skeleton, image)


def find_weights(folder: Path | None) -> list[tuple[Path, tuple[int, int]]]:
    """Detector and pose network in a folder, each with its (width, height); InputError without."""
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
    import onnxruntime

    found = []
    for path in (detectors[0], poses[0]):
        with reading(path.name, "cannot be loaded", advice, InputError):
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            height, width = (int(v) for v in session.get_inputs()[0].shape[2:])
        found.append((path, (width, height)))
    return found
