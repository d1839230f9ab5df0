"""3D motion clips on disk: COCO-17 joints in meters, y up.

``NAME.npz`` has ``joints3d`` [T, 17, 3], and ``hands3d`` [T, 42, 3] where hands were recorded;
``NAME.json`` beside it has facts.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hotfoot.data.bodies import BODY_POINTS, HAND_POINTS, with_hands
from hotfoot.errors import InputError
from hotfoot.files import make_folder, reading, replacing, save_text
from hotfoot.pose.resample import linear
from hotfoot.validation import parse_json, read_json, validated

_USUAL_FPS = 30.0
_KIND = (
    "Expected an array 'joints3d' [frames, 17, 3], meters, y up, "
    "and perhaps 'hands3d' [frames, 42, 3]."
)


@dataclass(frozen=True, eq=False)
class MotionClip:
    """One clip of 3D motion: joints [T, 17, 3] in meters, y up; [T, 59, 3] with hands."""

    name: str
    joints: NDArray[np.float32]
    fps: float
    style: str  # in the words of those who recorded it
    is_dance: bool  # or other movement
    credit: str
    upright: float = 1.0  # see bodies.upright()
    license: str = ""


@validated(kw_only=True)
class ClipFacts:
    """What a clip's JSON file may say, beside other facts that nobody asks for here."""

    fps: Annotated[float, Field(ge=10, le=1000)] = _USUAL_FPS
    style: str = ""
    dance: Annotated[int, Field(ge=0, le=1)] = 1  # 0 for other movement
    credit: str = ""
    upright: Annotated[float, Field(ge=-1, le=1)] = 1.0
    license: str = ""


def load_clips(folder: Path, fps: float = _USUAL_FPS, hands: bool = False) -> list[MotionClip]:
    """All clips of a folder, by name, resampled to ``fps``; InputError if none, or one is damaged.

    If ``hands`` are wanted, clips that have none get plausible ones.
    """
    files = sorted(folder.glob("*.npz")) if folder.is_dir() else []
    if not files:
        raise InputError(f"no motion clips in {folder}", f"{_KIND} In files NAME.npz.")
    clips = []
    for path in files:
        joints, facts = _read_joints(path, hands), _read_facts(path.with_suffix(".json"))
        if facts.fps != fps:
            joints = linear(joints, np.arange(0, len(joints) - 1 + 1e-6, facts.fps / fps))
        clip = MotionClip(
            path.stem, joints, fps, facts.style, bool(facts.dance), facts.credit, facts.upright,
            facts.license,
        )  # fmt: skip
        clips.append(clip)
    return clips


def _read_joints(path: Path, hands: bool) -> NDArray[np.float32]:
    with reading(path.name, "is not a motion clip", _KIND, InputError), np.load(path) as archive:
        joints = archive["joints3d"].astype(np.float32)
        recorded = archive["hands3d"].astype(np.float32) if "hands3d" in archive else None
    frames = max((2, *joints.shape[:1]))
    for array, points in ((joints, BODY_POINTS), (recorded, 2 * HAND_POINTS)):
        if array is None:
            continue
        if array.shape != (frames, points, 3) or not np.isfinite(array).all():
            raise InputError(
                f"{path.name}: an array has shape {array.shape}, or values that are not finite",
                f"{_KIND} Two frames or more.",
            )
    if not hands:
        return joints
    return with_hands(joints) if recorded is None else np.concatenate([joints, recorded], axis=1)


def _read_facts(path: Path) -> ClipFacts:
    if not path.exists():
        return ClipFacts()
    found = read_json(dict[str, Any], path, InputError)
    if "licence" in found:
        found.setdefault("license", found["licence"])
    known = {f.name: found[f.name] for f in fields(ClipFacts) if f.name in found}
    return parse_json(ClipFacts, json.dumps(known), path, InputError)


def save_clip(clip: MotionClip, path: Path) -> None:
    """Write a clip and its facts, as :func:`load_clips` reads them."""
    make_folder(path.parent)
    facts = {
        "clip": clip.name, "fps": clip.fps, "style": clip.style, "dance": int(clip.is_dance),
        "credit": clip.credit, "license": clip.license, "upright": round(clip.upright, 3),
    }  # fmt: skip
    save_text(path.with_suffix(".json"), json.dumps(facts, indent=1) + "\n")
    with replacing(path) as temporary, temporary.open("wb") as file:
        body, hands = np.split(clip.joints, [BODY_POINTS], axis=1)
        arrays: dict[str, Any] = {"joints3d": body, **({"hands3d": hands} if hands.size else {})}
        np.savez_compressed(file, **arrays)


def split_clips(clips: list[MotionClip]) -> tuple[list[MotionClip], list[MotionClip]]:
    """Training and held-out clips: every tenth by name is held out, with all of its recording.

    That is both dancers of CMU's salsa couples (60_nn and 61_nn), and all parts ``_p0``, ``_p1``.
    """
    held = sorted({_recording(c.name) for c in clips})[5::10]
    train = [c for c in clips if _recording(c.name) not in held]
    return train, [c for c in clips if _recording(c.name) in held]


def _recording(name: str) -> str:
    stem = name.split("_p")[0] if name[-1].isdigit() and "_p" in name[-4:] else name
    return f"salsa_{stem.rsplit('_', 1)[-1]}" if "salsa_6" in stem else stem
