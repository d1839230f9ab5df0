"""AIST++ from the user's own copy: calibrated 2D poses and 3D clips.

In: the folder of the published annotations (``cameras``, ``keypoints3d``, ``splits``,
``ignore_list.txt``; ``keypoints2d``, where it is there, to check that camera and joints belong
together; ``motions`` is not needed). Out: what a calibrated camera sees of one body shape at one
scale (AIST++2D), and clips in meters for virtual cameras.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import median_filter

from hotfoot.data.aist_folder import RATE, AistFolder, Camera, Sequence, Split, check_view_of
from hotfoot.data.mocap import MotionClip, save_clip
from hotfoot.data.recordings import Recording, write_recordings
from hotfoot.data.styles import style_of
from hotfoot.errors import InputError, OptionError, OutputError
from hotfoot.files import RunFolder, make_folder, save_text
from hotfoot.pose import resample
from hotfoot.pose.formats import write_poses
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import get_skeleton
from hotfoot.validation import read_json, to_json, validated

CREDIT = "AIST++ (Li et al., ICCV 2021); AIST Dance Video Database (Tsuchida et al., ISMIR 2019)"
LICENSE = (
    "annotations CC BY 4.0; the AIST Dance Video Database restricts use to research, see its terms"
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


def calibrated_poses(
    joints_m: NDArray[np.float64], camera: Camera, fps: float, skeleton: str
) -> PoseSequence:
    """AIST++2D: what a calibrated camera sees of :func:`one_body`, at one scale, in the middle.

    The scale is one per sequence: a standing dancer of the average body would be 0.55 of the canvas
    high at the middle of the recording. The frame rate divides 60.
    """
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
    """Joints at 60 fps as a clip, feet on the floor."""
    joints = joints_m.copy()
    ankles = joints[:, [_COCO["left_ankle"], _COCO["right_ankle"]], 1]
    joints[..., 1] += 0.085 - np.percentile(ankles.min(axis=1), 5)
    chest = joints[:, [_COCO["left_shoulder"], _COCO["right_shoulder"]]].mean(axis=1)
    trunk = chest - joints[:, [_COCO["left_hip"], _COCO["right_hip"]]].mean(axis=1)
    upright = float((trunk[:, 1] / np.linalg.norm(trunk, axis=1)).mean())
    return MotionClip(
        sequence.name, joints.astype(np.float32), RATE, sequence.genre, True, CREDIT, upright,
        LICENSE,
    )  # fmt: skip


@validated
@dataclass(frozen=True)
class AistView:
    """Which 2D poses are wanted.

    Attributes:
        camera: calibrated camera, c01 to c09.
        fps: frame rate, a divisor of 60.
        skeleton: keypoint order.
    """

    camera: Annotated[str, Field(max_length=10)] = "c01"
    fps: Annotated[float, Field(gt=0, le=RATE)] = RATE
    skeleton: Literal["coco-17", "body-18"] = "coco-17"

    def __post_init__(self) -> None:
        if RATE % self.fps:
            raise ValueError(f"fps is {self.fps:g}: allowed are divisors of 60, like 30")


@validated
@dataclass(frozen=True, kw_only=True)
class SequenceRow:
    """A sequence that was read.

    Attributes:
        name: of the sequence.
        split: of the cross-modal protocol.
        music: name of its song.
        music_found: whether the song is there.
        genre: street dance.
        reprojection_px: median distance of joints from where they were detected, where that is
            known.
    """

    name: str
    split: Literal["train", "val", "test"]
    music: str
    music_found: bool
    genre: str
    reprojection_px: Annotated[float, Field(ge=0, le=1e6)] | None


@validated
@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A sequence that was left out, and why."""

    name: str
    why: str


@validated
@dataclass(frozen=True, kw_only=True)
class AistManifest:
    """What was read of AIST++.

    Attributes:
        settings: of the 2D poses.
        sequences: that were read.
        left_out: that were not.
        source: name of the dataset.
        credit: whom to credit.
        license: terms of use.
        schema: of this description.
    """

    settings: AistView
    sequences: tuple[SequenceRow, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    source: Literal["AIST++"] = "AIST++"
    credit: str = CREDIT
    license: str = LICENSE
    schema: Literal[2] = 2


@dataclass(frozen=True)
class _Job:
    """One call: the published folder, where results go, what is wanted, and the songs."""

    folder: AistFolder
    output: Path
    view: AistView
    songs: dict[str, Path]
    earlier: dict[str, SequenceRow]

    def poses(self, split: str, name: str) -> Path:
        return self.output / "poses" / split / f"{name}.npz"

    def read(self, sequence: Sequence) -> SequenceRow:
        """Write a sequence's poses and clip unless they are there; InputError if it is damaged."""
        poses = self.poses(sequence.split, sequence.name)
        clip = self.output / "clips" / sequence.split / f"{sequence.name}.npz"
        camera = self.folder.camera(sequence, self.view.camera)
        there = poses.exists() and clip.exists()
        if there and sequence.name in self.earlier:
            off = self.earlier[sequence.name].reprojection_px
        else:
            recorded = filled(self.folder.joints(sequence))
            off = check_view_of(recorded, camera, self.folder.detected(sequence, self.view.camera))
        if not there:
            joints = one_body(recorded)
            make_folder(poses.parent)
            seen = calibrated_poses(joints, camera, self.view.fps, self.view.skeleton)
            write_poses(seen, poses)
            save_clip(as_clip(sequence, joints), clip)
        return SequenceRow(
            name=sequence.name, split=sequence.split, music=sequence.music,
            music_found=sequence.music in self.songs, genre=sequence.genre, reprojection_px=off,
        )  # fmt: skip


def read_aist(
    source: Path, output: Path, splits: tuple[Split, ...], view: AistView, music: Path | None = None
) -> AistManifest:
    """Write 2D poses, 3D clips, a manifest and, where songs are there, recordings.

    Sequences that are there already are kept, so a run that was cut off goes on.

    Raises:
        InputError: the folder is not AIST++'s.
        OptionError: unknown camera.
        OutputError: the output folder was begun with other settings, or holds something else.
    """
    folder = AistFolder(source)
    RunFolder(output, "AIST++", asdict(view)).claim()
    path = output / "manifest.json"
    before = (
        cast(AistManifest, read_json(AistManifest, path, InputError))
        if path.exists() else AistManifest(settings=view)
    )  # fmt: skip
    songs = {p.stem: p for p in sorted(music.iterdir())} if music else {}
    job = _Job(folder, output, view, songs, {r.name: r for r in before.sequences})
    rows = [r for r in before.sequences if r.split not in splits]
    left_out = [LeftOut(name=n, why="on the ignore list") for n in sorted(folder.ignored())]
    for split in splits:
        for sequence in folder.sequences(split):
            try:
                rows.append(job.read(sequence))
            except (OptionError, OutputError):
                raise
            except InputError as error:
                left_out.append(LeftOut(name=sequence.name, why=str(error)))
    manifest = AistManifest(settings=view, sequences=tuple(rows), left_out=tuple(left_out))
    save_text(path, to_json(manifest))
    recordings = [
        Recording(
            str(job.poses(row.split, row.name)), str(songs[row.music]), 0.0, row.music,
            "train" if row.split == "train" else "held-out", style_of(row.genre), CREDIT, LICENSE,
        )
        for row in rows if row.music in songs
    ]  # fmt: skip
    if recordings:
        write_recordings(output, recordings)
    return manifest
