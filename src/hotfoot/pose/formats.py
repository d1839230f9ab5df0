"""Readers and writers of pose files, and telling which is which.

========== ============================================ ==========================================
name       file                                         notes
========== ============================================ ==========================================
hotfoot    ``.npz``                                     ours; everything, no pickle
openpose   ``.json``, list of frames                    POSE_KEYPOINT of ComfyUI, pixels, c = 1
folder     folder of ``*_keypoints.json``               OpenPose ``--write_json``
coco       ``.json``, list with ``image_id``            COCO keypoint results, COCO-17
mmpose     ``.json``, list of instances or frames       MMPose inferencer
aist       ``.pkl`` with ``keypoints2d``                AIST++, 9 views, COCO-17, 60 fps
========== ============================================ ==========================================
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.files import replacing
from hotfoot.pose.metadata import EMPTY, DanceMetadata
from hotfoot.pose.npz import npz_arrays, read_npz, save_npz
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence

FORMATS = ("hotfoot", "openpose", "folder", "coco", "mmpose", "aist")
_KNOWN = (
    "Known: hotfoot .npz, POSE_KEYPOINT .json, a folder of OpenPose *_keypoints.json, COCO results "
    ".json, MMPose .json, AIST++ keypoints2d .pkl."
)
_BY_COUNT = {17: "coco-17", 18: "body-18", 25: "body-25", 133: "wholebody-133"}


def detect_format(path: str | Path) -> str:
    """Name of the format of a pose file or folder.

    Raises:
        PoseError: missing, empty, or none of those known.
    """
    path = Path(path)
    if not path.exists():
        raise PoseError(f"no such file: {path}", _KNOWN)
    if path.is_dir():
        if any(path.glob("*_keypoints.json")):
            return "folder"
        raise PoseError(f"the folder {path} holds no *_keypoints.json", _KNOWN)
    if path.stat().st_size == 0:
        raise PoseError(f"{path.name} is empty (0 bytes)", _KNOWN)
    if zipfile.is_zipfile(path):
        return "hotfoot"
    if path.suffix.lower() in (".pkl", ".pickle"):
        return "aist"
    data = _json(path)
    if isinstance(data, dict) and ("people" in data or "instance_info" in data):
        return "openpose" if "people" in data else "mmpose"
    if isinstance(data, list) and data and isinstance(data[0], dict):
        first = data[0]
        if "people" in first:
            return "openpose"
        if "image_id" in first:
            return "coco"
        if "instances" in first or "keypoint_scores" in first:
            return "mmpose"
    raise PoseError(f"{path.name} is not a pose file that hotfoot knows", _KNOWN)


def read_poses(
    path: str | Path,
    fps: float | None = None,
    canvas: tuple[int, int] | None = None,
    view: int = 0,
) -> PoseSequence:
    """Read poses of one person (the most confident one of each frame).

    Args:
        path: file or folder.
        fps: frames per second where the file does not say (default 30; AIST++ 60).
        canvas: (width, height) where the file does not say; default is a size that holds all.
        view: camera of AIST++ files, 0 to 8.

    Raises:
        PoseError: unreadable, unknown, or nothing usable inside.
    """
    return read_dance(path, fps, canvas, view)[0]


def read_dance(
    path: str | Path,
    fps: float | None = None,
    canvas: tuple[int, int] | None = None,
    view: int = 0,
) -> tuple[PoseSequence, DanceMetadata]:
    """Poses as :func:`read_poses` reads them, and what the file knows about them."""
    path = Path(path)
    kind = detect_format(path)
    if kind == "hotfoot":
        return read_npz(path)
    try:
        if kind == "openpose":
            data = _json(path)
            parsed = _people(data if isinstance(data, list) else [data])
        elif kind == "folder":
            files = sorted(path.glob("*_keypoints.json"))
            parsed = _people([_json(p) for p in files])
        elif kind == "coco":
            parsed = _coco(_json(path))
        elif kind == "mmpose":
            parsed = _mmpose(_json(path))
        else:
            parsed = _aist(path, view)
            fps = 60.0 if fps is None else fps
            canvas = canvas or (1920, 1080)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise PoseError(f"{path.name} is damaged or incomplete ({error})", _KNOWN) from error
    xy, conf, found = parsed
    skeleton = _BY_COUNT.get(xy.shape[1])
    if skeleton is None:
        raise PoseError(
            f"{path.name} has {xy.shape[1]} keypoints per person",
            "Known: 17 (COCO), 18 and 25 (OpenPose), 133 (COCO-WholeBody).",
        )
    conf = np.where(np.isfinite(xy).all(axis=-1), conf, 0)
    if not (conf > 0).any():
        raise PoseError(f"{path.name} holds no visible keypoint", "Check the pose detection.")
    canvas = found or canvas
    if (conf > 0).any() and np.abs(xy[conf > 0]).max() <= 1.0:  # normalized, as some tools write
        canvas = canvas or (512, 512)
        xy = xy * np.asarray(canvas, np.float32)
    if canvas is None:
        top = xy[conf > 0].max(axis=0)
        canvas = (max(1, int(np.ceil(top[0])) + 1), max(1, int(np.ceil(top[1])) + 1))
    return PoseSequence(xy, conf, 30.0 if fps is None else fps, canvas, skeleton), EMPTY


def write_poses(
    poses: PoseSequence,
    path: str | Path,
    kind: str | None = None,
    metadata: DanceMetadata = EMPTY,
) -> tuple[str, ...]:
    """Write poses; the format follows from the suffix unless given.

    ``.npz`` is ours, ``.json`` POSE_KEYPOINT, ``.pkl`` AIST++, no suffix an OpenPose folder.

    Returns:
        Sentences about what the format could not hold.

    Raises:
        PoseError: unknown format or suffix.
        OutputError: the place cannot be written.
    """
    path = Path(path)
    if kind is None:
        suffixes = {".npz": "hotfoot", ".json": "openpose", ".pkl": "aist", "": "folder"}
        kind = suffixes.get(path.suffix.lower())
    writers: dict[str | None, Callable[[PoseSequence, Path], None]] = {
        "hotfoot": lambda poses, path: save_npz(npz_arrays(poses, metadata), path),
        "openpose": _write_openpose,
        "folder": _write_folder,
        "coco": _write_coco,
        "mmpose": _write_mmpose,
        "aist": _write_aist,
    }
    if kind not in writers:
        raise PoseError(
            f"cannot tell the format of {path.name}",
            f"Use .npz, .json, .pkl or a folder, or name one of: {', '.join(FORMATS)}.",
        )
    with replacing(path, folder=kind == "folder") as temporary:
        writers[kind](poses, temporary)
    return ()


_Parsed = tuple[NDArray[np.float32], NDArray[np.float32], tuple[int, int] | None]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise PoseError(f"{path.name} is not valid JSON", _KNOWN) from error


def _people(frames: list[dict[str, Any]]) -> _Parsed:
    """POSE_KEYPOINT or OpenPose frames. A frame without people is a frame of empty joints."""
    rows: list[NDArray[np.float32] | None] = []
    for frame in frames:
        flats = [p.get("pose_keypoints_2d") or [] for p in frame["people"]]
        people = [np.asarray(f, np.float32).reshape(-1, 3) for f in flats if len(f) >= 51]
        best = max(people, key=lambda p: np.nan_to_num(p[:, 2]).sum(), default=None)
        rows.append(best)
    first = next((r for r in rows if r is not None), None)
    if first is None:
        raise PoseError("no frame holds a person", "Check the pose detection.")
    stacked = np.stack([r if r is not None else np.zeros_like(first) for r in rows])
    size = frames[0].get("canvas_width"), frames[0].get("canvas_height")
    canvas = (int(size[0]), int(size[1])) if size[0] and size[1] else None
    conf = np.nan_to_num(np.clip(stacked[..., 2], 0, 1))
    xy = stacked[..., :2]
    if canvas and (conf > 0).any() and np.abs(xy[conf > 0]).max() <= 1.0:
        xy = xy * np.asarray(canvas, np.float32)
    return xy, conf, canvas


def _coco(results: list[dict[str, Any]]) -> _Parsed:
    best: dict[Any, dict[str, Any]] = {}
    for result in results:
        key = result["image_id"]
        if key not in best or result.get("score", 0) > best[key].get("score", 0):
            best[key] = result
    order = sorted(best, key=lambda k: (isinstance(k, str), k))
    points = np.stack([np.asarray(best[k]["keypoints"], np.float32).reshape(-1, 3) for k in order])
    return points[..., :2], np.clip(points[..., 2], 0, 1), None


def _mmpose(data: Any) -> _Parsed:
    frames = data["instance_info"] if isinstance(data, dict) else data
    if "instances" not in frames[0]:  # an image: a list of people
        frames = [{"instances": frames}]
    rows: list[tuple[NDArray[np.float32], NDArray[np.float32]] | None] = []
    for frame in frames:
        people = [
            (np.asarray(p["keypoints"], np.float32), np.asarray(p["keypoint_scores"], np.float32))
            for p in frame["instances"]
        ]
        rows.append(max(people, key=lambda p: float(p[1].mean()), default=None))
    first = next((r for r in rows if r is not None), None)
    if first is None:
        raise PoseError("no frame holds a person", "Check the pose detection.")
    empty = tuple(np.zeros_like(a) for a in first)
    filled = [r or empty for r in rows]
    return np.stack([r[0] for r in filled]), np.clip(np.stack([r[1] for r in filled]), 0, 1), None


class _ArraysOnly(pickle.Unpickler):
    """Unpickles containers and numpy arrays, nothing that could run code."""

    _ALLOWED: ClassVar = {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.numeric", "_frombuffer"),
        ("_codecs", "encode"),
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self._ALLOWED:
            raise PoseError(
                f"the pickle asks for {module}.{name}", "Only arrays are read from AIST++ files."
            )
        return super().find_class(module, name)


def load_arrays(path: Path) -> Any:
    """A pickle of containers and numpy arrays; whatever could run code is refused.

    Raises:
        PoseError: not a pickle, or one that asks for more.
    """
    try:
        with path.open("rb") as file:
            return _ArraysOnly(file).load()
    except (pickle.UnpicklingError, EOFError, ImportError, OSError) as error:
        raise PoseError(f"{path.name} is not a pickle of arrays", _KNOWN) from error


def _aist(path: Path, view: int) -> _Parsed:
    data = load_arrays(path)
    if not isinstance(data, dict) or "keypoints2d" not in data:
        raise PoseError(f"{path.name} is not an AIST++ keypoints2d file", _KNOWN)
    points = np.asarray(data["keypoints2d"], np.float32)
    if points.ndim != 4 or points.shape[2:] != (17, 3):
        raise PoseError(
            f"{path.name}: keypoints2d has shape {points.shape}", "Expected [views, frames, 17, 3]."
        )
    if not 0 <= view < len(points):
        raise PoseError(f"view {view} asked for", f"{path.name} has views 0 to {len(points) - 1}.")
    points = points[view]
    conf = np.nan_to_num(np.clip(points[..., 2], 0, 1))
    return points[..., :2], conf, None


def pose_keypoint_frames(poses: PoseSequence) -> Iterator[dict[str, Any]]:
    """POSE_KEYPOINT frames that every known consumer accepts, one after the other.

    Pixels; c is 1 or 0 (some drop points below 1); face and hands as zeros of full length.
    """
    body = poses.to_skeleton("body-18")
    hands = {"hand_left_keypoints_2d": [0.0] * 63, "hand_right_keypoints_2d": [0.0] * 63}
    with_hands = poses.to_skeleton("body-hands-60") if len(poses.layout) >= 60 else None
    for t in range(len(body)):
        flat = _flat(body.keypoints[t], body.confidence[t])
        person: dict[str, Any] = {
            "pose_keypoints_2d": flat,
            "face_keypoints_2d": [0.0] * 210,
            **hands,
        }
        if with_hands is not None:
            k, c = with_hands.keypoints[t], with_hands.confidence[t]
            person["hand_left_keypoints_2d"] = _flat(k[18:39], c[18:39])
            person["hand_right_keypoints_2d"] = _flat(k[39:60], c[39:60])
        yield {
            "people": [person],
            "canvas_width": poses.canvas[0],
            "canvas_height": poses.canvas[1],
        }


def _flat(xy: NDArray[np.float32], conf: NDArray[np.float32]) -> list[float]:
    seen = conf >= VISIBLE_FROM
    table = np.concatenate([xy * seen[:, None], seen[:, None]], axis=1)
    return [round(float(v), 2) for v in table.ravel()]


def _write_openpose(poses: PoseSequence, path: Path) -> None:
    with path.open("w") as file:
        for t, frame in enumerate(pose_keypoint_frames(poses)):
            file.write(("[" if t == 0 else ",\n") + json.dumps(frame))
        file.write("]\n")


def _write_folder(poses: PoseSequence, folder: Path) -> None:
    for t, frame in enumerate(pose_keypoint_frames(poses)):
        people = [
            {
                **person,
                "person_id": [-1],
                "pose_keypoints_3d": [],
                "face_keypoints_3d": [],
                "hand_left_keypoints_3d": [],
                "hand_right_keypoints_3d": [],
            }
            for person in frame["people"]
        ]
        name = f"dance_{t:012d}_keypoints.json"
        size = {k: frame[k] for k in ("canvas_width", "canvas_height")}
        (folder / name).write_text(json.dumps({"version": 1.3, "people": people, **size}))


def _write_coco(poses: PoseSequence, path: Path) -> None:
    body = poses.to_skeleton("coco-17")
    results = []
    for t in range(len(body)):
        points = np.concatenate([body.keypoints[t], body.confidence[t][:, None]], axis=1)
        results.append(
            {
                "image_id": t,
                "category_id": 1,
                "keypoints": [round(float(v), 3) for v in points.ravel()],
                "score": round(float(body.confidence[t].mean()), 4),
            }
        )
    path.write_text(json.dumps(results))


def _write_mmpose(poses: PoseSequence, path: Path) -> None:
    body = poses.to_skeleton("coco-17")
    frames = [
        {
            "frame_id": t,
            "instances": [
                {
                    "keypoints": np.round(body.keypoints[t], 3).astype(float).tolist(),
                    "keypoint_scores": np.round(body.confidence[t], 4).astype(float).tolist(),
                }
            ],
        }
        for t in range(len(body))
    ]
    path.write_text(json.dumps(frames))


def _write_aist(poses: PoseSequence, path: Path) -> None:
    body = poses.to_skeleton("coco-17")
    points = np.concatenate([body.keypoints, body.confidence[..., None]], axis=-1)[None]
    data = {
        "keypoints2d": points.astype(np.float64),
        "det_scores": body.confidence.mean(axis=1)[None].astype(np.float64),
        "timestamps": (np.arange(len(body)) / body.fps * 1e6).astype(np.int64),
    }
    with path.open("wb") as file:
        pickle.dump(data, file)
