"""Our own file: arrays in a ``.npz`` that plain ``numpy.load`` reads, without pickle.

``keypoints``, ``confidence``, ``fps``, ``canvas`` and ``skeleton`` are always there. A dance adds
``beats``, ``seams``, ``seed``, ``variation``, ``model``, ``hotfoot_version``, and all else that it
knows about itself as the JSON text ``metadata``.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from hotfoot.errors import PoseError
from hotfoot.files import reading
from hotfoot.pose.metadata import DanceMetadata, metadata_from_json
from hotfoot.pose.sequence import PoseSequence

_OWN_ARRAYS = ("beats", "seams", "seed", "variation", "model", "hotfoot_version")


def write_npz(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write poses and what is known about them; the bytes depend on nothing else."""
    arrays: dict[str, Any] = {
        "keypoints": poses.keypoints,
        "confidence": poses.confidence,
        "fps": np.float64(poses.fps),
        "canvas": np.asarray(poses.canvas, np.int64),
        "skeleton": np.str_(poses.skeleton),
    }
    if metadata.seed is not None:
        arrays["seed"] = np.int64(metadata.seed)
    if metadata.to_json():
        arrays |= {
            "beats": np.asarray(metadata.beats, np.float64),
            "seams": np.asarray(metadata.seams, np.int64),
            "variation": np.int64(metadata.variation),
            "model": np.str_(metadata.model),
            "hotfoot_version": np.str_(metadata.hotfoot_version),
            "metadata": np.str_(json.dumps(metadata.to_json(without=_OWN_ARRAYS))),
        }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(value), allow_pickle=False)
            # np.savez stamps the time of writing.
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue())


def read_npz(path: Path) -> tuple[PoseSequence, DanceMetadata]:
    """Poses and what is known about them; PoseError if the file is none of ours, or damaged."""
    needed = "It needs the arrays keypoints, confidence, fps, canvas and skeleton."
    with (
        reading(path.name, "is not a hotfoot .npz, or damaged", needed, PoseError),
        path.open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        poses = PoseSequence(
            arrays["keypoints"], arrays["confidence"], float(arrays["fps"]),
            (int(arrays["canvas"][0]), int(arrays["canvas"][1])), str(arrays["skeleton"]),
        )  # fmt: skip
        facts = json.loads(str(arrays["metadata"])) if "metadata" in arrays else {}
        facts |= {name: arrays[name].tolist() for name in _OWN_ARRAYS if name in arrays}
    return poses, metadata_from_json(facts, path.name)
