"""Pose files: which format one is in, reading and writing all of them.

========== ============================================ ==========================================
name       file                                         notes
========== ============================================ ==========================================
hotfoot    ``.npz``                                     ours; everything, no pickle
openpose   ``.json``, list of frames                    POSE_KEYPOINT of ComfyUI, pixels
folder     folder of ``*_keypoints.json``               OpenPose ``--write_json``
coco       ``.json``, list with ``image_id``            COCO keypoint results, COCO-17
mmpose     ``.json``, list of instances or frames       MMPose inferencer
aist       ``.pkl`` with ``keypoints2d``                AIST++, 9 views, COCO-17, 60 fps
========== ============================================ ==========================================

Frame rate, canvas, skeleton and metadata of what we write come back from each of them; see
:mod:`hotfoot.pose.metadata`.
"""

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from hotfoot.errors import PoseError
from hotfoot.files import replacing
from hotfoot.pose import json_files
from hotfoot.pose.aist import RATE, parse_aist, write_aist
from hotfoot.pose.json_files import Parsed, Points
from hotfoot.pose.metadata import EMPTY, DanceMetadata, metadata_from_json
from hotfoot.pose.npz import read_npz, write_npz
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import SKELETONS, ModelSkeleton, get_skeleton

Confidence = Literal["binary", "values"]


class _Format(NamedTuple):
    """Skeleton that a format holds (None is any), how it is written, and how its JSON is read."""

    held: str | None
    write: Callable[[PoseSequence, Path, DanceMetadata], None]
    parse: Callable[[Any, str], Parsed] | None = None


FORMATS = {
    "hotfoot": _Format(None, write_npz),
    "openpose": _Format("body-hands-60", json_files.write_openpose, json_files.parse_openpose),
    "folder": _Format("body-hands-60", json_files.write_folder, json_files.parse_openpose),
    "coco": _Format("coco-17", json_files.write_coco, json_files.parse_coco),
    "mmpose": _Format("coco-17", json_files.write_mmpose, json_files.parse_mmpose),
    "aist": _Format("coco-17", write_aist),
}
_SUFFIXES = {".npz": "hotfoot", ".json": "openpose", ".pkl": "aist", "": "folder"}

_KNOWN = (
    "Known: hotfoot .npz, POSE_KEYPOINT .json, a folder of OpenPose *_keypoints.json, COCO results "
    ".json, MMPose .json, AIST++ keypoints2d .pkl."
)
_BY_COUNT = {len(skeleton): name for name, skeleton in SKELETONS.items()}
_PARTS = {
    "hands": ("_hand_",), "the face": ("face_",), "feet": ("toe", "heel"), "the neck": ("neck",)
}  # fmt: skip
_SIGNS = {
    "people": "openpose", "image_id": "coco", "instances": "mmpose", "keypoint_scores": "mmpose"
}  # fmt: skip
_RESTORED = get_args(ModelSkeleton)  # others would be short of points
_FPS = 30.0
_CANVAS = (512, 512)  # of normalized coordinates without a canvas


def detect_format(path: str | Path) -> str:
    """Name of the format of a pose file or folder; PoseError if it is missing, empty or unknown."""
    return _opened(Path(path))[0]


def _opened(path: Path) -> tuple[str, Any]:
    """Format of a file, and its parsed JSON where it is one."""
    if not path.exists():
        raise PoseError(f"no such file: {path}", _KNOWN)
    if path.is_dir():
        files = sorted(path.glob("*_keypoints.json"))
        if not files:
            raise PoseError(f"the folder {path} holds no *_keypoints.json", _KNOWN)
        return "folder", files
    if path.stat().st_size == 0:
        raise PoseError(f"{path.name} is empty (0 bytes)", _KNOWN)
    if zipfile.is_zipfile(path):
        return "hotfoot", None
    if path.suffix.lower() in (".pkl", ".pickle"):
        return "aist", None
    data = _json(path)
    if isinstance(data, dict):  # one frame, or MMPose's frames beside facts about the model
        data = data.get("instance_info", [data])
    if isinstance(data, list) and data and isinstance(data[0], dict):
        for key, kind in _SIGNS.items():
            if key in data[0]:
                return kind, data
    raise PoseError(f"{path.name} is not a pose file that hotfoot knows", _KNOWN)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise PoseError(f"{path.name} is not valid JSON", _KNOWN) from error


def read_poses(
    path: str | Path, fps: float | None = None, canvas: tuple[int, int] | None = None, view: int = 0
) -> PoseSequence:
    """Poses of one person; see :func:`read_dance`."""
    return read_dance(path, fps, canvas, view)[0]


def read_dance(
    path: str | Path, fps: float | None = None, canvas: tuple[int, int] | None = None, view: int = 0
) -> tuple[PoseSequence, DanceMetadata]:
    """Poses of one person (the most confident one of each frame), and what is known about them.

    Args:
        path: file or folder.
        fps: frames per second where the file does not say (default 30; AIST++ 60).
        canvas: (width, height) where the file does not say; default is a size that holds all.
        view: camera of AIST++ files, 0 to 8.

    The ``warnings`` of the metadata say what had to be assumed.

    Raises:
        PoseError: unreadable, unknown, or nothing usable inside; the message names the file.
    """
    path = Path(path)
    kind, data = _opened(path)
    if kind == "hotfoot":
        return read_npz(path)
    if kind == "folder":
        data = [_json(p) for p in data]
    parse = FORMATS[kind].parse
    parsed = parse(data, path.name) if parse else parse_aist(path, view)
    facts, warnings = parsed.facts, []
    rate = facts.fps if facts else parsed.fps or fps
    if rate is None:
        rate = RATE if kind == "aist" else _FPS
        warnings.append(f"{path.name} does not say its frame rate; {rate:g} fps is assumed")
    points, size = _in_pixels(parsed, canvas, path.name)
    if size is None:
        corner = points[points[..., 2] > 0].max(axis=0)
        size = (max(1, int(corner[0]) + 2), max(1, int(corner[1]) + 2))
        warnings.append(f"{path.name} does not say its canvas; {size[0]}x{size[1]} holds all of it")
    skeleton = _BY_COUNT[points.shape[1]]
    poses = PoseSequence(points[..., :2], points[..., 2], rate, size, skeleton)
    if facts is not None and facts.skeleton in _RESTORED:
        poses = poses.to_skeleton(facts.skeleton)
    metadata = metadata_from_json(facts.metadata, path.name) if facts else EMPTY
    return poses, replace(metadata, warnings=tuple(warnings))


def _in_pixels(
    parsed: Parsed, canvas: tuple[int, int] | None, name: str
) -> tuple[Points, tuple[int, int] | None]:
    """Keypoints in pixels, and the canvas where it is known; PoseError if they are unusable."""
    points = parsed.points
    if points.shape[1] not in _BY_COUNT:
        raise PoseError(
            f"{name} has {points.shape[1]} keypoints per person",
            "Known: 17 (COCO), 18 and 25 (OpenPose), 133 (COCO-WholeBody).",
        )
    seen = points[points[..., 2] > 0]
    if not len(seen):
        raise PoseError(f"{name} holds no visible keypoint", "Check the pose detection.")
    if parsed.facts is not None:
        return points, parsed.facts.canvas
    size = parsed.canvas or canvas
    if np.abs(seen[:, :2]).max() <= 1.0:  # normalized, as some tools write
        size = size or _CANVAS
        points = points * np.array([*size, 1], np.float32)
    return points, size


def write_poses(
    poses: PoseSequence,
    path: str | Path,
    kind: str | None = None,
    metadata: DanceMetadata = EMPTY,
    confidence: Confidence | None = None,
) -> tuple[str, ...]:
    """Write poses to a file or folder; returns sentences about what its format cannot hold.

    Args:
        poses: what to write.
        path: ``.npz`` is ours, ``.json`` POSE_KEYPOINT, ``.pkl`` AIST++, no suffix a folder.
        kind: name of a format, whatever the suffix.
        metadata: what is known about the poses; every format carries it.
        confidence: ``values`` as they are, or ``binary``, 1 for what is drawn and 0 for the rest;
            by default what the format's tools want: 1 and 0 in OpenPose's two formats, where some
            tools drop whatever is below 1, else values.

    Raises:
        PoseError: unknown format or suffix.
        OutputError: the place cannot be written.
    """
    path = Path(path)
    if kind is None:
        kind = _SUFFIXES.get(path.suffix.lower())
    if kind not in FORMATS:
        raise PoseError(
            f"cannot tell the format of {path.name}",
            f"Use .npz, .json, .pkl or a folder, or name one of: {', '.join(FORMATS)}.",
        )
    if confidence == "binary" or (confidence is None and kind in ("openpose", "folder")):
        poses = poses.binary()
    with replacing(path, folder=kind == "folder") as temporary:
        FORMATS[kind].write(poses, temporary, metadata)
    return _lost(poses, kind)


def _lost(poses: PoseSequence, kind: str) -> tuple[str, ...]:
    """What of the poses a format has no keypoints for."""
    held = get_skeleton(FORMATS[kind].held or poses.skeleton).index
    seen = poses.confidence.max(axis=0) > 0
    gone = [n for n, i in poses.layout.index.items() if seen[i] and n not in held]
    parts = [part for part, marks in _PARTS.items() if any(m in n for n in gone for m in marks)]
    if not parts:
        return ()
    return (f"{kind} files have no keypoints for {' and '.join(parts)}, which are left out",)
