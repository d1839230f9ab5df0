"""AIST++'s ``keypoints2d`` pickles: COCO-17 from nine cameras, with timestamps."""

import json
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.files import reading
from hotfoot.pose.json_files import Parsed, floats, stacked, validated
from hotfoot.pose.metadata import KEY, DanceMetadata, Facts, facts_of
from hotfoot.pose.sequence import PoseSequence

CANVAS = (1920, 1080)  # of AIST's videos
RATE = 60.0
"""Frames per second of AIST's videos."""
_UNITS_PER_S = (1.0, 1e3, 1e6)  # of timestamps: seconds, milliseconds or microseconds


class _ArraysOnly(pickle.Unpickler):
    """Unpickles containers and numpy arrays; a file that asks for anything else is refused."""

    _ALLOWED: ClassVar = {
        "numpy.ndarray", "numpy.dtype", "numpy.core.multiarray._reconstruct",
        "numpy.core.multiarray.scalar", "numpy.core.numeric._frombuffer", "_codecs.encode",
    }  # fmt: skip

    def find_class(self, module: str, name: str) -> Any:
        # What numpy 1 called numpy.core is numpy._core since.
        if f"{module}.{name}".replace("numpy._core", "numpy.core") not in self._ALLOWED:
            raise PoseError(
                f"the pickle asks for {module}.{name}", "Only arrays are read from AIST++ files."
            )
        return super().find_class(module, name)


def load_arrays(path: Path) -> Any:
    """A pickle of containers and numpy arrays; PoseError if it is none, or asks for more."""
    again = "Copy or download the file again."
    with reading(path.name, "is not a pickle of arrays", again, PoseError):
        with path.open("rb") as file:
            return _ArraysOnly(file).load()


def parse_aist(path: Path, view: int) -> Parsed:
    """The view of one camera, from 0; PoseError if the file is damaged or has no such view."""
    data = load_arrays(path)
    expected = "Expected a dictionary with keypoints2d [views, frames, 17, 3]."
    with reading(path.name, "is not an AIST++ keypoints2d file", expected, PoseError):
        points = floats(data["keypoints2d"])
        times = np.asarray(data.get("timestamps", ()), np.float64).ravel()
        block = json.loads(data[KEY]) if KEY in data else None
    if points.ndim != 4 or points.shape[2:] != (17, 3):
        raise PoseError(
            f"{path.name}: keypoints2d has shape {points.shape}", "Expected [views, frames, 17, 3]."
        )
    if not 0 <= view < len(points):
        raise PoseError(f"view {view} asked for", f"{path.name} has views 0 to {len(points) - 1}.")
    facts = validated(Facts, block, path.name) if block else None
    return Parsed(stacked(list(points[view]), path.name), CANVAS, rate_of(times), facts)


def rate_of(times: NDArray[np.float64]) -> float | None:
    """Frames per second of timestamps [T] in any unit; None where they do not tell.

    Rates within rounding of a whole number, or of one over 1.001, are taken as that.
    """
    if len(times) < 2 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        return None
    step = float(times[-1] - times[0]) / (len(times) - 1)
    if step == 1.0:  # frame numbers
        return None
    unit = next((u for u in _UNITS_PER_S if 1 < u / step <= 1000), None)
    if unit is None:
        return None
    rate = unit / step
    usual = min((round(rate), round(rate * 1.001) / 1.001), key=lambda r: abs(r - rate))
    return float(usual if abs(usual - rate) < 2e-4 * rate else rate)


def write_aist(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write one view."""
    body = poses.to_skeleton("coco-17")
    data = {
        "keypoints2d": np.dstack([body.keypoints, body.confidence])[None].astype(np.float64),
        "det_scores": body.confidence.mean(axis=1)[None].astype(np.float64),
        "timestamps": np.round(np.arange(len(body)) / body.fps * 1e6).astype(np.int64),
        KEY: json.dumps(facts_of(poses, metadata)),
    }
    with path.open("wb") as file:
        pickle.dump(data, file)
