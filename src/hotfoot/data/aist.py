"""AIST++ from the user's own copy: what calibrated cameras see (AIST++2D), and 3D clips.

Of the published annotations ``cameras``, ``keypoints3d``, ``splits`` and ``ignore_list.txt`` are
read; ``keypoints2d``, where it is there, tells whether camera and joints belong together.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.ndimage import median_filter

from hotfoot.data.aist_folder import AistFolder, Camera, Sequence, Split, reprojection_px
from hotfoot.data.bodies import HIPS, LEGS, Array, Joints, bone_vectors, from_bones, upright
from hotfoot.data.mocap import MotionClip, save_clip
from hotfoot.data.recordings import Recording, write_recordings
from hotfoot.data.styles import style_of
from hotfoot.errors import InputError, OptionError, OutputError
from hotfoot.files import RunFolder, make_folder, save_text
from hotfoot.pose import resample
from hotfoot.pose.aist import CANVAS, RATE
from hotfoot.pose.formats import write_poses
from hotfoot.pose.sequence import PoseSequence
from hotfoot.validation import read_json, to_json, validated

CREDIT = "AIST++ (Li et al., ICCV 2021); AIST Dance Video Database (Tsuchida et al., ISMIR 2019)"
LICENSE = (
    "annotations CC BY 4.0; the AIST Dance Video Database restricts use to research, see its terms"
)
_MOST_OFF_PX = 20.0  # median of joints from where they were detected; another camera: 30 and more
_STATURE = 0.55  # of the canvas' height, for every dancer
_TRUNK, _HEAD, _LEG, _ANKLE = 0.50, 0.24, 0.82, 0.085  # meters; head: from the chest to the nose
# Bones of the mocap corpus in meters, in the order of bone_vectors(): trunk, hips, shoulders, face
# (which keeps its shape), legs, arms.
_FACE, _LEGS = slice(5, 10), slice(10, 14)
_BONES_M = np.array(
    [_TRUNK, 0.10, 0.10, 0.18, 0.18, *[_HEAD] * 5, *[0.42, 0.40] * 2, *[0.285, 0.255] * 2]
)[:, None]


def filled(joints: Array) -> Array:
    """Joints without holes and single-frame outliers; InputError if one is never there."""
    flat = joints.reshape(len(joints), -1).copy()
    if not np.isfinite(flat).any(axis=0).all():
        raise InputError("a joint is missing in all frames", "Leave the sequence out.")
    for column in flat.T:
        column[:] = resample.filled(column, np.isfinite(column))
    return np.asarray(median_filter(flat, size=(5, 1), mode="nearest")).reshape(joints.shape)


def one_body(joints: Array) -> Joints:
    """The same motion [T, 17, 3] by the corpus' average body, in meters; directions are kept.

    The ground that is covered scales with the legs, so planted feet stay where they are.
    """
    vectors = bone_vectors(joints.astype(np.float32))
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    leg = np.median(lengths[:, _LEGS].reshape(-1, 2).sum(axis=1))
    if not leg > 0:
        raise InputError("the legs have no length", "Leave the sequence out.")
    factors = _BONES_M / np.maximum(lengths, 1e-6)
    factors[:, _FACE] = _HEAD / max(np.median(lengths[:, _FACE.start]), 1e-6)
    return from_bones(joints[:, HIPS].mean(axis=1) * (_LEG / leg), vectors * factors)


def calibrated_poses(joints_m: Joints, camera: Camera, fps: float, skeleton: str) -> PoseSequence:
    """AIST++2D: what a calibrated camera sees of :func:`one_body`, at one scale, in the middle.

    The scale is one per sequence: a standing dancer of the average body would be 0.55 of the canvas
    high at the middle of the recording. The frame rate divides 60.
    """
    joints = joints_m[:: round(RATE / fps)] * 100.0
    pixels = camera.project(joints)
    hips = joints[:, HIPS].mean(axis=(0, 1))
    half = np.array([0, 50.0, 0])
    meter = float(np.linalg.norm(camera.project(hips + half) - camera.project(hips - half)))
    stature_m = _LEG + _ANKLE + _TRUNK + 0.30
    scale = _STATURE * CANVAS[1] / (stature_m * max(meter, 1e-6))
    middle = (pixels.min(axis=(0, 1)) + pixels.max(axis=(0, 1))) / 2
    xy = ((pixels - middle) * scale + np.array(CANVAS) / 2).astype(np.float32)
    inside = ((xy >= 0) & (xy < np.array(CANVAS))).all(axis=-1)
    seen = np.where(inside[..., None], xy, np.float32(0))
    poses = PoseSequence(seen, inside.astype(np.float32), fps, CANVAS, "coco-17")
    return poses.to_skeleton(skeleton)


def as_clip(sequence: Sequence, joints: Joints) -> MotionClip:
    """Joints at 60 fps as a clip, feet on the floor."""
    ankles = joints[:, [leg[-1] for leg in LEGS], 1]
    on_floor = joints + np.array([0, _ANKLE - np.percentile(ankles.min(axis=1), 5), 0])
    return MotionClip(
        sequence.name, on_floor.astype(np.float32), RATE, sequence.genre, True, CREDIT,
        upright(joints), LICENSE,
    )  # fmt: skip


@validated
class AistView:
    """Which 2D poses are wanted: from a calibrated camera, c01 to c09, and in which form."""

    camera: Annotated[str, Field(max_length=10)] = "c01"
    fps: Annotated[float, Field(gt=0, le=RATE)] = RATE
    skeleton: Literal["coco-17", "body-18"] = "coco-17"

    def __post_init__(self) -> None:
        if RATE % self.fps:
            raise ValueError(f"fps is {self.fps:g}: allowed are divisors of 60, like 30")


@validated(kw_only=True)
class SequenceRow(Sequence):
    """A sequence that was read."""

    music_found: bool
    reprojection_px: Annotated[float, Field(ge=0, le=1e6)] | None  # see reprojection_px()


@validated(kw_only=True)
class LeftOut:
    """A sequence that was left out, and why."""

    name: str
    why: str


@validated(kw_only=True)
class AistManifest:
    """What was read of AIST++, with which settings."""

    settings: AistView
    sequences: tuple[SequenceRow, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    source: Literal["AIST++"] = "AIST++"
    credit: str = CREDIT
    license: str = LICENSE
    schema: Literal[2] = 2


def read_aist(
    source: Path, output: Path, splits: tuple[Split, ...], view: AistView, music: Path | None = None
) -> AistManifest:
    """Write 2D poses, 3D clips, a manifest and, where songs are there, recordings.

    Sequences that are there already are kept, so a run that was cut off goes on. InputError where
    the folder is not AIST++'s, OptionError for an unknown camera, OutputError where the output
    folder was begun with other settings, or holds something else.
    """
    folder = AistFolder(source)
    RunFolder(output, "AIST++", asdict(view)).claim()
    path = output / "manifest.json"
    before = read_json(AistManifest, path, InputError).sequences if path.exists() else ()
    songs = {p.stem: p for p in sorted(music.iterdir())} if music else {}
    rows = [r for r in before if r.split not in splits]
    known = {r.name: r.reprojection_px for r in before}
    left_out = [LeftOut(name=n, why="on the ignore list") for n in sorted(folder.ignored)]
    for sequence in (s for split in splits for s in folder.sequences(split)):
        try:
            off = _read(folder, output, view, sequence, known)
        except (OptionError, OutputError):
            raise
        except InputError as error:
            left_out.append(LeftOut(name=sequence.name, why=str(error)))
        else:
            found = sequence.music in songs
            rows.append(SequenceRow(**asdict(sequence), music_found=found, reprojection_px=off))
    manifest = AistManifest(settings=view, sequences=tuple(rows), left_out=tuple(left_out))
    save_text(path, to_json(manifest))
    recordings = [
        Recording(
            str(output / "poses" / row.split / f"{row.name}.npz"), str(songs[row.music]), 0.0,
            row.music, "train" if row.split == "train" else "held-out", style_of(row.genre),
            CREDIT, LICENSE,
        )
        for row in rows if row.music in songs
    ]  # fmt: skip
    if recordings:
        write_recordings(output, recordings)
    return manifest


def _read(
    folder: AistFolder, output: Path, view: AistView, sequence: Sequence,
    known: dict[str, float | None],
) -> float | None:  # fmt: skip
    """Write what is not there of a sequence; returns its :func:`reprojection_px`."""
    poses = output / "poses" / sequence.split / f"{sequence.name}.npz"
    clip = output / "clips" / sequence.split / f"{sequence.name}.npz"
    camera = folder.camera(sequence, view.camera)
    there = poses.exists() and clip.exists()
    if there and sequence.name in known:
        return known[sequence.name]
    recorded = filled(folder.joints(sequence))
    off = reprojection_px(recorded, camera, folder.detected(sequence, view.camera))
    if off is not None and off > _MOST_OFF_PX:
        raise InputError(
            f"joints lie {off:.0f} pixels (median) from where {view.camera} saw them",
            f"At most {_MOST_OFF_PX:.0f} are allowed; the setting of its cameras may be wrong.",
        )
    if not there:
        joints = one_body(recorded)
        make_folder(poses.parent)
        write_poses(calibrated_poses(joints, camera, view.fps, view.skeleton), poses)
        save_clip(as_clip(sequence, joints), clip)
    return off
