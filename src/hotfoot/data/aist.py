"""AIST++ from the user's own copy: calibrated 2D poses and 3D clips.

In: the folder of the published annotations (``cameras``, ``keypoints3d``, ``splits``,
``ignore_list.txt``; ``keypoints2d``, where it is there, to check that camera and joints belong
together; ``motions`` is not needed). Out: what a calibrated camera sees of one body shape at one
scale (AIST++2D), and clips in meters for virtual cameras.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from hotfoot.data.aist_folder import RATE, AistFolder, Camera, Sequence, check_view_of
from hotfoot.data.mocap import MotionClip, save_clip
from hotfoot.data.recordings import Run, write_runs
from hotfoot.data.styles import style_of
from hotfoot.errors import InputError, OptionError, OutputError
from hotfoot.files import RunFolder, make_folder, save_text
from hotfoot.pose import resample
from hotfoot.pose.formats import write_poses
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import get_skeleton

CREDIT = (
    "AIST++ (Li et al., ICCV 2021, annotations CC BY 4.0); AIST Dance Video Database (Tsuchida et "
    "al., ISMIR 2019), whose terms restrict use: see the database's own page"
)
_COCO = get_skeleton("coco-17").index
_CANVAS = (1920, 1080)
_STATURE = 0.55  # of the canvas' height, for every dancer
# Bones of the mocap corpus, meters, outwards: from, to, length.
_BONES = (
    ("hip", "knee", 0.42), ("knee", "ankle", 0.40), ("shoulder", "elbow", 0.285),
    ("elbow", "wrist", 0.255),
)  # fmt: skip
_HIPS, _SHOULDERS, _TRUNK = 0.20, 0.36, 0.50
_FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
_HEAD_M = 0.24  # from the middle of the shoulders to the nose


def filled(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """Joints without holes and single-frame outliers.

    Raises:
        InputError: a joint that is never there.
    """
    flat = joints.reshape(len(joints), -1).copy()
    for column in flat.T:
        there = np.isfinite(column)
        if not there.any():
            raise InputError("a joint is missing in all frames", "Leave the sequence out.")
        column[:] = resample.filled(column, there)
    return np.asarray(median_filter(flat, size=(5, 1), mode="nearest")).reshape(joints.shape)


def one_body(joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same motion [T, 17, 3] by the corpus' average body, in meters; directions are kept.

    The ground that is covered scales with the legs, so planted feet stay where they are.
    """

    def at(name: str) -> NDArray[np.float64]:
        return joints[:, _COCO[name]]

    def stretched(vector: NDArray[np.float64], length: float) -> NDArray[np.float64]:
        norm = np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-6)
        return vector / norm * length

    legs = np.median(
        [np.linalg.norm(at(f"{s}_hip") - at(f"{s}_knee"), axis=1)
         + np.linalg.norm(at(f"{s}_knee") - at(f"{s}_ankle"), axis=1) for s in ("left", "right")]
    )  # fmt: skip
    if not legs > 0:
        raise InputError("the legs have no length", "Leave the sequence out.")
    scale = 0.82 / float(legs)
    pelvis = (at("left_hip") + at("right_hip")) / 2
    chest = (at("left_shoulder") + at("right_shoulder")) / 2
    new_pelvis = pelvis * scale
    new_chest = new_pelvis + stretched(chest - pelvis, _TRUNK)
    out = np.zeros_like(joints)
    head = float(np.median(np.linalg.norm(at("nose") - chest, axis=1)))
    for name in _FACE:
        out[:, _COCO[name]] = new_chest + (at(name) - chest) * (_HEAD_M / max(head, 1e-6))
    for side in ("left", "right"):
        out[:, _COCO[f"{side}_hip"]] = new_pelvis + stretched(at(f"{side}_hip") - pelvis, _HIPS / 2)
        out[:, _COCO[f"{side}_shoulder"]] = new_chest + stretched(
            at(f"{side}_shoulder") - chest, _SHOULDERS / 2
        )
        for parent, child, length in _BONES:
            a, b = f"{side}_{parent}", f"{side}_{child}"
            out[:, _COCO[b]] = out[:, _COCO[a]] + stretched(at(b) - at(a), length)
    return out


def check_view(fps: float, skeleton: str) -> None:
    """Raise OptionError for a frame rate that does not divide 60, or another skeleton."""
    if fps <= 0 or RATE % fps:
        raise OptionError(f"{fps:g} frames per second", "Allowed: divisors of 60, like 30.")
    if skeleton not in ("coco-17", "body-18"):
        raise OptionError(f"skeleton '{skeleton}'", "Allowed: coco-17, body-18.")


def calibrated_poses(
    joints_m: NDArray[np.float64], camera: Camera, fps: float, skeleton: str
) -> PoseSequence:
    """AIST++2D: what a calibrated camera sees of :func:`one_body`, at one scale, in the middle.

    The scale is one per sequence: a standing dancer of the average body would be 0.55 of the canvas
    high at the middle of the recording.

    Raises:
        OptionError: a frame rate that does not divide 60, or another skeleton.
    """
    check_view(fps, skeleton)
    joints = joints_m[:: round(RATE / fps)] * 100
    pixels = camera.project(joints)
    hips = joints[:, [_COCO["left_hip"], _COCO["right_hip"]]].mean(axis=(0, 1))
    up = np.array([0, 100.0, 0])
    meter = float(np.linalg.norm(camera.project(hips + up / 2) - camera.project(hips - up / 2)))
    stature_m = 0.82 + 0.085 + _TRUNK + 0.30
    scale = _STATURE * _CANVAS[1] / (stature_m * max(meter, 1e-6))
    middle = (pixels.min(axis=(0, 1)) + pixels.max(axis=(0, 1))) / 2
    xy = ((pixels - middle) * scale + np.array(_CANVAS) / 2).astype(np.float32)
    inside = ((xy >= 0) & (xy < np.array(_CANVAS))).all(axis=-1).astype(np.float32)
    poses = PoseSequence(
        np.where(inside[..., None] > 0, xy, 0).astype(np.float32), inside, fps, _CANVAS, "coco-17"
    )
    return poses.to_skeleton(skeleton) if skeleton != "coco-17" else poses


def as_clip(sequence: Sequence, joints_m: NDArray[np.float64]) -> MotionClip:
    """Joints at 60 fps as a clip at 30, feet on the floor."""
    joints = joints_m[::2].copy()
    ankles = joints[:, [_COCO["left_ankle"], _COCO["right_ankle"]], 1]
    joints[..., 1] += 0.085 - np.percentile(ankles.min(axis=1), 5)
    chest = joints[:, [_COCO["left_shoulder"], _COCO["right_shoulder"]]].mean(axis=1)
    trunk = chest - joints[:, [_COCO["left_hip"], _COCO["right_hip"]]].mean(axis=1)
    upright = float((trunk[:, 1] / np.linalg.norm(trunk, axis=1)).mean())
    return MotionClip(
        sequence.name, joints.astype(np.float32), RATE / 2, sequence.genre, True, CREDIT, upright
    )


def build(
    source: Path, output: Path, splits: tuple[str, ...], camera: str, fps: float, skeleton: str,
    music: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write 2D poses, 3D clips and a manifest; returns the manifest.

    Sequences that are there already are kept, so a run that was cut off goes on.

    Raises:
        InputError: the folder is not AIST++'s.
        OptionError: unknown camera or skeleton, impossible frame rate.
        OutputError: the output folder was begun with other settings, or holds something else.
    """
    folder = AistFolder(source)
    check_view(fps, skeleton)
    settings = {"camera": camera, "fps": fps, "skeleton": skeleton}
    RunFolder(output, "AIST++", settings).claim()
    path = output / "manifest.json"
    before: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {"sequences": []}
    earlier = {r["name"]: r for r in before["sequences"]}
    songs = {p.stem: p for p in sorted(music.iterdir())} if music else {}
    manifest: dict[str, Any] = {
        "schema": 1, "source": "AIST++", "credit": CREDIT, "settings": settings,
        "sequences": [r for r in before["sequences"] if r["split"] not in splits],
        "left_out": [{"name": n, "why": "on the ignore list"} for n in sorted(folder.ignored())],
    }  # fmt: skip
    for split in splits:
        for sequence in folder.sequences(split):
            poses = output / "poses" / split / f"{sequence.name}.npz"
            clip = output / "clips" / split / f"{sequence.name}.npz"
            try:
                view = folder.camera(sequence, camera)
                there = poses.exists() and clip.exists()
                off = earlier.get(sequence.name, {}).get("reprojection_px")
                if not (there and sequence.name in earlier):
                    recorded = filled(folder.joints(sequence))
                    off = check_view_of(recorded, view, folder.detected(sequence, camera))
                if not there:
                    joints = one_body(recorded)
                    seen = calibrated_poses(joints, view, fps, skeleton)
                    make_folder(poses.parent)
                    write_poses(seen, poses)
                    save_clip(as_clip(sequence, joints), clip)
            except (OptionError, OutputError):
                raise
            except InputError as error:
                manifest["left_out"].append({"name": sequence.name, "why": str(error)})
                continue
            manifest["sequences"].append(
                {
                    "name": sequence.name, "split": split, "music": sequence.music,
                    "music_found": sequence.music in songs, "genre": sequence.genre,
                    "reprojection_px": off,
                }
            )  # fmt: skip
    save_text(path, json.dumps(manifest, indent=1) + "\n")
    runs = [
        Run(
            output / "poses" / row["split"] / f"{row['name']}.npz", songs[row["music"]], 0.0,
            row["music"], "train" if row["split"] == "train" else "held-out",
            style_of(row["genre"]), CREDIT,
        )
        for row in manifest["sequences"] if row["music"] in songs
    ]  # fmt: skip
    if runs:
        write_runs(output, runs)
    return manifest
