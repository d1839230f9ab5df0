"""The published annotations of AIST++ (60 frames per second, centimeters)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.data.bodies import Array
from hotfoot.errors import InputError, OptionError
from hotfoot.files import reading
from hotfoot.pose.aist import load_arrays

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")
_SURE = 0.5  # score of a detected joint that counts
_GENRES = {
    "BR": "break", "PO": "pop", "LO": "lock", "MH": "middle hip-hop", "LH": "LA hip-hop",
    "HO": "house", "WA": "waack", "KR": "krump", "JS": "street jazz", "JB": "ballet jazz",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Camera:
    """A calibrated camera: centimeters to pixels (OpenCV's model)."""

    matrix: Array
    rotation: Array
    translation: Array
    distortions: Array

    def project(self, points: NDArray[np.floating]) -> Array:
        """Pixels [..., 2] of points [..., 3]."""
        flat = np.ascontiguousarray(points.reshape(-1, 3), np.float64)
        found, _ = cv2.projectPoints(
            flat, self.rotation, self.translation, self.matrix, self.distortions
        )
        return np.asarray(found, np.float64).reshape(*points.shape[:-1], 2)


@dataclass(frozen=True)
class Sequence:
    """One recorded dance: its name says genre, situation, dancer, music and choreography."""

    name: str
    split: Split  # of the cross-modal protocol
    music: str  # name of the song, like mBR0
    genre: str  # street dance in words


class AistFolder:
    """The published annotations on disk; InputError for what is missing or damaged."""

    def __init__(self, folder: Path) -> None:
        for part in ("cameras/mapping.txt", "keypoints3d", "splits"):
            if not (folder / part).exists():
                raise InputError(
                    f"{folder} has no {part}",
                    "Give the folder of the AIST++ annotations (aist_plusplus_final), which has "
                    "cameras, keypoints3d and splits.",
                )
        self._folder = folder
        mapping = folder / "cameras" / "mapping.txt"
        lines = [line.split() for line in mapping.read_text().split("\n") if line.strip()]
        if not all(len(words) == 2 for words in lines):
            raise InputError(f"{mapping} is damaged", "Expected lines 'SEQUENCE SETTING'.")
        self._settings = dict(lines)
        bad = folder / "ignore_list.txt"  # sequences whose reconstruction failed
        self.ignored = set(bad.read_text().split()) if bad.exists() else set()

    def sequences(self, split: Split) -> list[Sequence]:
        """Sequences of a split of the cross-modal protocol that are there and not ignored."""
        path = self._folder / "splits" / f"crossmodal_{split}.txt"
        if not path.exists():
            raise InputError(f"there is no {path}", "Copy the annotations again.")
        there = {p.stem for p in (self._folder / "keypoints3d").glob("*.pkl")} - self.ignored
        return [
            Sequence(name, split, name.split("_")[4], _GENRES.get(name[1:3], name[1:3]))
            for name in path.read_text().split()
            if name in there
        ]

    def camera(self, sequence: Sequence, name: str = "c01") -> Camera:
        """A camera of the setting in which a sequence was recorded."""
        path = self._folder / "cameras" / f"{self._settings.get(sequence.name)}.json"
        if not path.exists():
            raise InputError(
                f"no cameras are known for {sequence.name}", "Copy the annotations again."
            )
        cameras: dict[str, Any] = {c["name"]: c for c in json.loads(path.read_text())}
        if name not in cameras:
            raise OptionError(f"no camera '{name}'", f"There are: {', '.join(cameras)}.")
        parts = ("matrix", "rotation", "translation", "distortions")
        return Camera(*(np.array(cameras[name][part], float) for part in parts))

    def joints(self, sequence: Sequence) -> Array:
        """COCO-17 joints [T, 17, 3] at 60 fps in centimeters; optimized ones where there are."""
        return _read_points(self._folder / "keypoints3d" / f"{sequence.name}.pkl")

    def detected(self, sequence: Sequence, camera: str) -> Array | None:
        """What a detector saw in a camera's picture: x, y, score [T, 17, 3]; None if not copied."""
        path = self._folder / "keypoints2d" / f"{sequence.name}.pkl"
        return _read_points(path, camera) if path.exists() else None


def _read_points(path: Path, camera: str = "") -> Array:
    """[T, 17, 3] of a pickle named after its folder; of one camera where there are several."""
    kind = path.parent.name
    data = load_arrays(path)
    holds_no = f"holds no {kind}" + (f" of {camera}" if camera else "")
    with reading(path.name, holds_no, "Copy or download it again.", InputError):
        found = np.asarray(data[f"{kind}_optim" if f"{kind}_optim" in data else kind], np.float64)
        points = found[int(camera.lstrip("c")) - 1] if camera else found
    if points.ndim != 3 or points.shape[1:] != (17, 3):
        expected = "[cameras, frames, 17, 3]" if camera else "[frames, 17, 3]"
        raise InputError(f"{path.name}: {kind} has shape {found.shape}", f"Expected {expected}.")
    return np.asarray(points)


def reprojection_px(joints: Array, camera: Camera, detected: Array | None) -> float | None:
    """Median distance in pixels of projected joints [T, 17, 3] from detected ones [T, 17, 3].

    Joints that the detector is unsure of do not count; None if it is sure of none.
    """
    if detected is None:
        return None
    frames = min(len(joints), len(detected))
    seen = detected[:frames]
    off = np.linalg.norm(camera.project(joints[:frames]) - seen[..., :2], axis=-1)
    counts = np.isfinite(off) & (seen[..., 2] >= _SURE)
    return round(float(np.median(off[counts])), 2) if counts.any() else None
