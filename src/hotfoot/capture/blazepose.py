"""MediaPipe's BlazePose (complexity 1), whose package carries its weights."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np

from hotfoot.capture.images import Image
from hotfoot.capture.interface import People, people_in
from hotfoot.errors import DependencyError

# COCO-17 among the 33 points of BlazePose.
_BLAZE_COCO = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]
# Side of a square crop over the image's short side, and stride over that.
_CROPS = ((1.0, 0.5), (0.55, 0.3))

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


@contextmanager
def _quiet() -> Iterator[None]:
    """Discard what native libraries write to stderr."""
    sys.stderr.flush()
    saved = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


class MediaPipe:
    """BlazePose of MediaPipe 0.10.21 (Bazarevsky et al., 2020), every person of an image.

    Its detector finds people of a third of the image's height or more; smaller ones are looked for
    in crops.
    """

    name = "mediapipe"
    skeleton = "body-18"

    def __init__(self) -> None:
        os.environ.setdefault("GLOG_minloglevel", "2")
        try:
            with _quiet():
                from google.protobuf import text_format
                from mediapipe.framework import calculator_pb2
                from mediapipe.python.solution_base import PacketDataType, SolutionBase
        except ImportError as error:
            raise DependencyError(
                f"poses from photos and videos need mediapipe ({error})",
                "Install it: pip install --no-deps mediapipe==0.10.21, then "
                "pip install 'hotfoot[pose]' (Python 3.11 or 3.12); or give poses.",
            ) from error
        with _quiet():
            self._graph: Any = SolutionBase(
                graph_config=text_format.Parse(_GRAPH, calculator_pb2.CalculatorGraphConfig()),
                outputs=["people"],
                stream_type_hints={
                    "image": PacketDataType.IMAGE_FRAME, "people": PacketDataType.PROTO_LIST
                },
            )  # fmt: skip
            self._graph.process({"image": np.zeros((64, 64, 3), np.uint8)})  # waits until it runs
        self._verbose = True  # the libraries write to stderr until the first person

    def __call__(self, image: Image, thorough: bool = True) -> People:
        """See :class:`~hotfoot.capture.interface.PoseEstimator`."""
        people = self._in_crop(image, (0, 0, image.shape[1], image.shape[0]))
        if thorough and not len(people):
            for crop in _crops(image.shape[1], image.shape[0]):
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
        body = points[:, _BLAZE_COCO]
        return people_in(body[..., :2], body[..., 2], ("coco-17", self.skeleton), image)


def _crops(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """Square crops (left, top, width, height) that cover an image, large ones first."""
    out = []
    for share, stride in _CROPS:
        side = round(share * min(width, height))
        if side >= max(width, height):
            continue
        columns, rows = (
            np.linspace(0, total - side, max(1, int(np.ceil((total - side) / (stride * side))) + 1))
            for total in (width, height)
        )
        middle = ((width - side) / 2, (height - side) / 2)
        corners = [(round(x), round(y)) for x in columns for y in rows]
        corners.sort(key=lambda p: abs(p[0] - middle[0]) + abs(p[1] - middle[1]))
        out += [(x, y, side, side) for x, y in corners]
    return out
