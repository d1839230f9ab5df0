"""3D motion clips on disk: COCO-17 joints in meters, y up.

In: a folder of ``NAME.npz`` (``joints3d`` [T, 17, 3]) with a ``NAME.json`` of facts beside each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import InputError
from hotfoot.files import make_folder, replacing, save_text
from hotfoot.pose.resample import linear

FPS = 30.0
"""Of clips in memory; others are resampled when they are read."""


@dataclass(frozen=True, eq=False)
class MotionClip:
    """One clip of 3D motion.

    ``joints`` is float32 [T, 17, 3] in meters, y up; ``upright`` is the mean cosine of the trunk to
    the vertical (handstands and floor work lower it).
    """

    name: str
    joints: NDArray[np.float32]
    fps: float
    style: str
    is_dance: bool
    credit: str
    upright: float = 1.0
    license: str = ""


def load_clips(folder: Path) -> list[MotionClip]:
    """All clips of a folder, by name.

    Raises:
        InputError: no folder, no clip in it, or a damaged clip.
    """
    files = sorted(folder.glob("*.npz")) if folder.is_dir() else []
    if not files:
        raise InputError(
            f"no motion clips in {folder}",
            "Expected NAME.npz files with an array 'joints3d' [frames, 17, 3], meters, y up.",
        )
    return [_load(path) for path in files]


def _load(path: Path) -> MotionClip:
    try:
        with np.load(path, allow_pickle=False) as archive:
            joints = archive["joints3d"].astype(np.float32)
    except (KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise InputError(
            f"{path.name} is not a motion clip ({error})",
            "Expected an array 'joints3d' [frames, 17, 3], meters, y up.",
        ) from error
    shape = joints.shape
    if len(shape) != 3 or shape[1:] != (17, 3) or len(joints) < 2 or not np.isfinite(joints).all():
        raise InputError(
            f"{path.name}: joints3d has shape {shape}, or values that are not finite",
            "Expected finite values [frames, 17, 3], two frames or more.",
        )
    sidecar = path.with_suffix(".json")
    try:
        facts = json.loads(sidecar.read_text()) if sidecar.exists() else {}
        fps = float(facts.get("fps", FPS))
        clip = MotionClip(
            name=path.stem,
            joints=joints,
            fps=fps,
            style=str(facts.get("style", "")),
            is_dance=bool(facts.get("dance", 1)),
            credit=str(facts.get("credit", "")),
            upright=float(facts.get("upright", 1.0)),
            license=str(facts.get("license", "")),
        )
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{sidecar.name} does not tell of a motion clip ({error})",
            'Expected an object with "fps", "style" and the like; it may be left out.',
        ) from error
    if not 10 <= fps <= 1000:
        raise InputError(f"{sidecar.name}: fps is {fps:g}", "Allowed: 10 to 1000.")
    if fps != FPS:
        at = np.arange(0, len(joints) - 1 + 1e-6, fps / FPS)
        clip = replace(clip, joints=linear(joints, at), fps=FPS)
    return clip


def save_clip(clip: MotionClip, path: Path) -> None:
    """Write a clip and its facts, as :func:`load_clips` reads them."""
    make_folder(path.parent)
    facts = {
        "clip": clip.name, "fps": clip.fps, "style": clip.style, "dance": int(clip.is_dance),
        "credit": clip.credit, "license": clip.license, "upright": round(clip.upright, 3),
    }  # fmt: skip
    save_text(path.with_suffix(".json"), json.dumps(facts, indent=1) + "\n")
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, joints3d=clip.joints)


def split_clips(clips: list[MotionClip]) -> tuple[list[MotionClip], list[MotionClip]]:
    """Training and held-out clips: every tenth by name is held out, partners of a couple together.

    The two dancers of CMU's salsa couples (60_nn and 61_nn) were recorded at once, so a take is
    held out whole. Parts ``_p0``, ``_p1`` of one take go together too.
    """
    takes = sorted({_take(c.name) for c in clips})
    held = {t for i, t in enumerate(takes) if i % 10 == 5}
    train = [c for c in clips if _take(c.name) not in held]
    return train, [c for c in clips if _take(c.name) in held]


def _take(name: str) -> str:
    stem = name.split("_p")[0] if name[-1].isdigit() and "_p" in name[-4:] else name
    if "salsa_6" in stem:
        return "salsa_" + stem.rsplit("_", 1)[-1]
    return stem
