"""3D motion clips: COCO-17 joints in metres, y up, and what is done to them before filming.

In: a folder of ``NAME.npz`` (``joints3d`` [T, 17, 3]) with a ``NAME.json`` of facts beside each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.errors import InputError
from hotfoot.files import replacing, save_text
from hotfoot.pose.skeletons import get_skeleton

_COCO = get_skeleton("coco-17").index
_L = {n[5:]: i for n, i in _COCO.items() if n.startswith("left_")}
_R = {n[6:]: i for n, i in _COCO.items() if n.startswith("right_")}
_FACE = [_COCO[n] for n in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]


@dataclass(frozen=True, eq=False)
class MotionClip:
    """One clip of 3D motion.

    ``joints`` is float32 [T, 17, 3] in metres, y up; ``upright`` is the mean cosine of the trunk to
    the vertical (handstands and floor work lower it).
    """

    name: str
    joints: NDArray[np.float32]
    fps: float
    style: str
    is_dance: bool
    credit: str
    upright: float = 1.0


def load_clips(folder: Path) -> list[MotionClip]:
    """All clips of a folder, by name.

    Raises:
        InputError: no folder, no clip in it, or a clip with the wrong shape.
    """
    files = sorted(folder.glob("*.npz")) if folder.is_dir() else []
    if not files:
        raise InputError(
            f"no motion clips in {folder}",
            "Expected NAME.npz files with an array 'joints3d' [frames, 17, 3], metres, y up.",
        )
    return [_load(path) for path in files]


def _load(path: Path) -> MotionClip:
    try:
        with np.load(path, allow_pickle=False) as archive:
            joints = archive["joints3d"].astype(np.float32)
    except (KeyError, ValueError, OSError) as error:
        raise InputError(
            f"{path.name} is not a motion clip ({error})",
            "Expected an array 'joints3d' [frames, 17, 3], metres, y up.",
        ) from error
    if joints.ndim != 3 or joints.shape[1:] != (17, 3) or not np.isfinite(joints).all():
        raise InputError(
            f"{path.name}: joints3d has shape {joints.shape}",
            "Expected finite values [frames, 17, 3].",
        )
    sidecar = path.with_suffix(".json")
    facts = json.loads(sidecar.read_text()) if sidecar.exists() else {}
    return MotionClip(
        name=path.stem,
        joints=joints,
        fps=float(facts.get("fps", 30)),
        style=str(facts.get("style", "")),
        is_dance=bool(facts.get("dance", 1)),
        credit=str(facts.get("credit", "")),
        upright=float(facts.get("upright", 1.0)),
    )


def save_clip(clip: MotionClip, path: Path) -> None:
    """Write a clip and its facts, as :func:`load_clips` reads them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "clip": clip.name, "fps": clip.fps, "style": clip.style, "dance": int(clip.is_dance),
        "credit": clip.credit, "upright": round(clip.upright, 3),
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


def mirrored(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Left and right exchanged."""
    order = list(get_skeleton("coco-17").mirror)
    return joints[:, order] * np.array([-1, 1, 1], np.float32)


def resample(joints: NDArray[np.float32], at: NDArray[np.floating]) -> NDArray[np.float32]:
    """Joints at fractional frames ``at`` [N], linear; outside the clip the ends are held."""
    at = np.clip(at, 0, len(joints) - 1)
    i = np.minimum(at.astype(int), max(len(joints) - 2, 0))
    w = (at - i).astype(np.float32)[:, None, None]
    return joints[i] * (1 - w) + joints[np.minimum(i + 1, len(joints) - 1)] * w


@dataclass(frozen=True)
class BodyShape:
    """Factors on bone lengths; directions of bones are kept."""

    legs: float = 1.0
    arms: float = 1.0
    torso: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0
    head: float = 1.0


def reshape_body(joints: NDArray[np.float32], shape: BodyShape) -> NDArray[np.float32]:
    """The same motion by another body: bone lengths scaled along the skeleton, feet on the floor.

    The height of the pelvis scales with the legs, and so do steps, so that planted feet stay.
    """
    out = joints.copy()
    pelvis = (joints[:, _L["hip"]] + joints[:, _R["hip"]]) / 2
    chest = (joints[:, _L["shoulder"]] + joints[:, _R["shoulder"]]) / 2
    new_pelvis = pelvis * np.float32(shape.legs)
    new_chest = new_pelvis + (chest - pelvis) * np.float32(shape.torso)
    for side in (_L, _R):
        hip = new_pelvis + (joints[:, side["hip"]] - pelvis) * np.float32(shape.hips)
        out[:, side["hip"]] = hip
        for a, b in (("hip", "knee"), ("knee", "ankle")):
            bone = joints[:, side[b]] - joints[:, side[a]]
            out[:, side[b]] = out[:, side[a]] + bone * np.float32(shape.legs)
        shoulder = new_chest + (joints[:, side["shoulder"]] - chest) * np.float32(shape.shoulders)
        out[:, side["shoulder"]] = shoulder
        for a, b in (("shoulder", "elbow"), ("elbow", "wrist")):
            bone = joints[:, side[b]] - joints[:, side[a]]
            out[:, side[b]] = out[:, side[a]] + bone * np.float32(shape.arms)
    for i in _FACE:
        out[:, i] = new_chest + (joints[:, i] - chest) * np.float32(shape.head)
    return out


def facing(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vector [T, 2] (x, z) that the body faces, from hips and shoulders."""
    across = (joints[:, _L["hip"]] - joints[:, _R["hip"]]) + (
        joints[:, _L["shoulder"]] - joints[:, _R["shoulder"]]
    )
    forward = np.stack([-across[:, 2], across[:, 0]], axis=-1)
    return forward / np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-6)


def turned_to_camera(joints: NDArray[np.float32], share: float, fps: float) -> NDArray[np.float32]:
    """Slow turns taken back by ``share``, as if the camera went round the dancer.

    Only turns over more than about two seconds; a spin stays a spin.
    """
    ahead = gaussian_filter1d(facing(joints), 1.0 * fps, axis=0, mode="nearest")
    yaw = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 1]))
    angle = -share * (yaw - yaw.mean())
    c, s = np.cos(angle), np.sin(angle)
    middle = joints[:, [_L["hip"], _R["hip"]]].mean(axis=(0, 1)) * np.array([1, 0, 1], np.float32)
    p = joints - middle
    x = p[..., 0] * c[:, None] + p[..., 2] * s[:, None]
    z = -p[..., 0] * s[:, None] + p[..., 2] * c[:, None]
    return np.stack([x, p[..., 1], z], axis=-1).astype(np.float32) + middle
