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
from hotfoot.pose.metadata import EMPTY, DanceMetadata, metadata_from_json
from hotfoot.pose.sequence import PoseSequence

_OWN_ARRAYS = ("beats", "seams", "seed", "variation", "model", "hotfoot_version")


def npz_arrays(poses: PoseSequence, metadata: DanceMetadata = EMPTY) -> dict[str, Any]:
    """Arrays of the file, by name."""
    arrays = {
        "keypoints": poses.keypoints,
        "confidence": poses.confidence,
        "fps": np.float64(poses.fps),
        "canvas": np.asarray(poses.canvas, np.int64),
        "skeleton": np.str_(poses.skeleton),
    }
    if not metadata.to_json():
        return arrays
    if metadata.seed is not None:
        arrays["seed"] = np.int64(metadata.seed)
    return arrays | {
        "beats": np.asarray(metadata.beats, np.float64),
        "seams": np.asarray(metadata.seams, np.int64),
        "variation": np.int64(metadata.variation),
        "model": np.str_(metadata.model),
        "hotfoot_version": np.str_(metadata.hotfoot_version),
        "metadata": np.str_(json.dumps(metadata.to_json(without=_OWN_ARRAYS))),
    }


def save_npz(arrays: dict[str, Any], path: Path) -> None:
    """Write an ``.npz`` whose bytes depend on the arrays alone (numpy stamps the time)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(value), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, buffer.getvalue())


def read_npz(path: Path) -> tuple[PoseSequence, DanceMetadata]:
    """Poses and what is known about them.

    Raises:
        PoseError: not such a file, or damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            poses = PoseSequence(
                arrays["keypoints"], arrays["confidence"], float(arrays["fps"]),
                (int(arrays["canvas"][0]), int(arrays["canvas"][1])), str(arrays["skeleton"]),
            )  # fmt: skip
            facts = json.loads(str(arrays["metadata"])) if "metadata" in arrays else {}
            facts |= {name: arrays[name].tolist() for name in _OWN_ARRAYS if name in arrays}
    except PoseError as error:
        raise PoseError(f"{path.name}: {error.message}", error.hint) from error
    except Exception as error:  # a damaged archive raises whatever its bytes happen to mean
        raise PoseError(
            f"{path.name} is not a hotfoot .npz, or damaged ({error})",
            "It needs the arrays keypoints, confidence, fps, canvas and skeleton.",
        ) from error
    return poses, metadata_from_json(facts, path.name)
