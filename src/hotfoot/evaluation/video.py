"""Distances between sets of videos with a feature network that the user provides, an ONNX file.

Pictures [N, 3, H, W] give FID-VID, clips [N, 3, T, H, W] FVD. No network ships: I3D's and
Inception's weights have licenses of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hotfoot.errors import EvaluationError, InputError, needing, raising
from hotfoot.evaluation.realism import frechet, kernel_distance
from hotfoot.media import open_media
from hotfoot.validation import validated

VIDEO_SUFFIXES = {".mp4", ".webm", ".mkv", ".mov", ".avi", ".gif"}


@validated
class NetworkInput:
    """How pictures go into a network: squares, ``(value - mean) / scale`` of values in 0..1."""

    size: Annotated[int, Field(ge=8, le=1024)] = 224  # side of the square
    frames: Annotated[int, Field(ge=1, le=512)] = 16  # of a clip; 1 for networks of pictures
    mean: float = 0.5
    scale: float = 0.5


class FeatureNetwork:
    """An ONNX network that turns pictures or clips into feature vectors.

    DependencyError if onnxruntime is not installed; InputError for what is not a network.
    """

    def __init__(self, path: Path, network_input: NetworkInput) -> None:
        if not path.is_file():
            raise InputError(f"no such file: {path}", "Give a feature network as .onnx.")
        hint = "Install it: pip install 'hotfoot[video]'"
        with needing("feature networks need the package onnxruntime", hint):
            import onnxruntime
        self.input = network_input
        message = f"{path.name} cannot be read as a network ({{error}})"
        with raising(InputError, Exception, message, "Give a network exported to ONNX."):
            self._net = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def __call__(self, clip: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Features [F] of a clip [T, H, W, 3]; InputError if the network takes no such input."""
        import cv2

        wanted, size = self.input, (self.input.size, self.input.size)
        resized = np.stack([cv2.resize(f, size, interpolation=cv2.INTER_AREA) for f in clip])
        values = (resized.astype(np.float32) / 255 - wanted.mean) / wanted.scale
        blob = values.transpose(3, 0, 1, 2)[None]
        if wanted.frames == 1:
            blob = blob[:, :, 0]
        message = f"the network does not take input of {'x'.join(map(str, blob.shape))} ({{error}})"
        hint = "Set --network-size and --clip-frames as it was exported (1 frame for pictures)."
        with raising(InputError, Exception, message, hint):  # onnxruntime's have no common class
            name = self._net.get_inputs()[0].name
            out = np.asarray(self._net.run(None, {name: blob})[0], np.float64)
        # Whatever is left of time and space is averaged over.
        return out.reshape(out.shape[1], -1).mean(axis=1) if out.ndim > 2 else out.ravel()


def clips(path: Path, frames: int) -> Iterator[NDArray[np.uint8]]:
    """Successive clips [frames, H, W, 3] of a video, whole ones; EvaluationError if it is none."""
    with open_media(path, "video", EvaluationError) as container:
        kept: list[NDArray[Any]] = []
        for frame in container.decode(video=0):
            kept.append(frame.to_ndarray(format="rgb24"))
            if len(kept) == frames:
                yield np.stack(kept)
                kept = []


def video_features(paths: list[Path], network: FeatureNetwork) -> NDArray[np.float64]:
    """Features [N, F] of all clips of some videos; EvaluationError for fewer than two clips."""
    found = [network(clip) for path in paths for clip in clips(path, network.input.frames)]
    if len(found) < 2:
        raise EvaluationError(
            f"{len(found)} clips of {network.input.frames} frames in {len(paths)} videos",
            "Give longer or more videos: at least two clips.",
        )
    return np.stack(found)


@validated
class VideoRequest:
    """Videos to compare with real ones."""

    videos: tuple[Path, ...]
    real: Path  # folder of real videos
    network: Path  # feature network (.onnx)
    network_input: NetworkInput = field(default_factory=NetworkInput)

    def __post_init__(self) -> None:
        if not self.videos:
            raise ValueError("videos: there is nothing to measure")
        if not self.real.is_dir():
            raise ValueError(f"real: {self.real} is no folder of videos to compare with")


@dataclass(frozen=True)
class VideoDistance:
    """Distance between two sets of videos."""

    metric: str  # FID-VID for a network of pictures, FVD for one of clips
    frechet: float
    kernel: float  # without bias
    clips: tuple[int, int]  # how many of the videos, and of the real ones


def evaluate_videos(request: VideoRequest) -> VideoDistance:
    """Distance of videos to a folder of real ones; only values of one network can be compared.

    DependencyError without onnxruntime; InputError for files that cannot be read, or a network that
    does not take such input; EvaluationError for fewer than two clips on either side.
    """
    network = FeatureNetwork(request.network, request.network_input)
    found = sorted(p for p in request.real.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES)
    made, real = video_features(list(request.videos), network), video_features(found, network)
    metric = "FID-VID" if request.network_input.frames == 1 else "FVD"
    kernel = kernel_distance(list(made[:, None]), list(real[:, None]))
    return VideoDistance(metric, frechet(made, real), kernel, (len(made), len(real)))
