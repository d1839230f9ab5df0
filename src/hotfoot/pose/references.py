"""Reference poses: built-in figures, and what a pose must show to be one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotfoot.errors import PoseError
from hotfoot.pose.formats import read_poses
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.skeletons import HAND_POINTS, get_skeleton

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".heic", ".tif", ".tiff"}
VIDEO_SUFFIXES = {".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v"}


@dataclass(frozen=True)
class BodyShape:
    """Factors on the lengths of the average adult's bones."""

    legs: float = 1.0
    arms: float = 1.0
    torso: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0
    head: float = 1.0


@dataclass(frozen=True)
class Figure(BodyShape):
    """A standing person of body height 1, front on."""

    canvas: tuple[int, int] = (576, 1024)
    size: float = 0.62  # pixels per unit length, as a share of the canvas height
    floor: float = 0.88  # where the feet stand, likewise (beyond 1: out of sight)


FIGURES: dict[str, Figure] = {
    "average": Figure(),
    "tall": Figure(legs=1.12, arms=1.08, head=0.92),
    "stocky": Figure(legs=0.9, arms=0.94, shoulders=1.16, hips=1.22),
    "child": Figure(
        size=0.58, legs=0.82, arms=0.84, torso=0.84, shoulders=0.8, hips=0.85, head=1.15
    ),
    "square": Figure(canvas=(768, 768)),
    "wide": Figure(canvas=(1280, 720)),
    "knees-up": Figure(size=0.95, floor=1.16),
}
DEFAULT_FIGURE = "average"

_STANCE = 0.07  # half distance of the feet

# A left hand that hangs, in lengths of the hand: along the forearm from the wrist, and towards the
# thumb. In the order of the keypoints: wrist, then thumb, index, middle, ring and little finger.
_HAND = np.array(
    [(0, 0), (0.14, 0.13), (0.27, 0.21), (0.38, 0.26), (0.48, 0.29),
     (0.47, 0.13), (0.68, 0.15), (0.80, 0.16), (0.90, 0.16),
     (0.48, 0.03), (0.72, 0.03), (0.87, 0.03), (1.00, 0.03),
     (0.46, -0.06), (0.68, -0.07), (0.81, -0.08), (0.92, -0.08),
     (0.42, -0.14), (0.57, -0.17), (0.67, -0.18), (0.76, -0.19)]
)  # fmt: skip
_HAND_LENGTH = 0.108  # of the stature (Drillis and Contini, 1966), as forearms are 0.146


def figure_pose(name: str, skeleton: str = "body-18") -> PoseSequence:
    """One frame of a built-in figure; PoseError if there is no such figure or skeleton."""
    if name not in FIGURES:
        raise PoseError(f"no built-in figure '{name}'", f"Known: {', '.join(FIGURES)}.")
    f = FIGURES[name]
    layout = get_skeleton("body-hands-60")
    ankle = 0.045
    knee = ankle + 0.245 * f.legs
    hip = knee + 0.25 * f.legs
    shoulder = hip + 0.285 * f.torso
    half_hip, half_shoulder = 0.052 * f.hips, 0.103 * f.shoulders
    nose = shoulder + 0.115 * f.head
    upper, lower = 0.165 * f.arms, 0.145 * f.arms
    elbow = (half_shoulder + 0.32 * upper, shoulder - 0.945 * upper)
    wrist = (elbow[0] + 0.18 * lower, elbow[1] - 0.98 * lower)
    along = np.subtract(wrist, elbow) / np.hypot(*np.subtract(wrist, elbow))
    across = np.array([along[1], -along[0]])  # of a hanging arm: towards the middle
    hand = np.array(wrist) + _HAND_LENGTH * f.arms * (_HAND[:, :1] * along + _HAND[:, 1:] * across)
    left = {
        "shoulder": (half_shoulder, shoulder),
        "elbow": elbow,
        "wrist": wrist,
        "hip": (half_hip, hip),
        "knee": (half_hip * 0.5 + _STANCE * 0.55, knee),
        "ankle": (_STANCE, ankle),
        "eye": (0.018 * f.head, nose + 0.022 * f.head),
        "ear": (0.042 * f.head, nose + 0.012 * f.head),
    } | dict(zip((f"hand_{n}" for n in HAND_POINTS), hand.tolist(), strict=True))
    points = {"nose": (0.0, nose), "neck": (0.0, shoulder)}
    points |= {f"left_{k}": (x, y) for k, (x, y) in left.items()}
    points |= {f"right_{k}": (-x, y) for k, (x, y) in left.items()}
    width, height = f.canvas
    unit = f.size * height / 0.96
    places = np.array([points[n] for n in layout.keypoints])
    xy = ([width / 2, f.floor * height] + places * [unit, -unit]).astype(np.float32)
    inside = np.all((xy >= 0) & (xy < [width, height]), axis=1)
    pose = PoseSequence(xy[None], inside[None].astype(np.float32), 30.0, f.canvas, layout.name)
    return pose.to_skeleton(skeleton)


def load_reference(source: str | Path, skeleton: str = "body-18") -> PoseSequence:
    """A built-in figure, or a pose file's first frame; PoseError if it cannot be a reference."""
    path = Path(source)
    if str(source) in FIGURES and not path.exists():
        return figure_pose(str(source), skeleton)
    if not path.exists():
        raise PoseError(
            f"no reference '{source}'",
            f"Give a pose file, or a built-in figure: {', '.join(FIGURES)}.",
        )
    if path.suffix.lower() in PHOTO_SUFFIXES | VIDEO_SUFFIXES:
        raise PoseError(
            f"{path.name} is a picture, not poses",
            f"Make poses of it: hotfoot pose {path.name} -o {path.stem}.json.",
        )
    pose = read_poses(path).frames(0, 1)
    check_reference(pose, path.name)
    return pose.to_skeleton(skeleton)


def check_reference(pose: PoseSequence, name: str) -> list[str]:
    """Warnings for a first frame that is cut off; PoseError where it cannot be a reference."""
    pose = pose.to_skeleton("body-18")
    xy = pose.normalized[0]
    inside = (pose.confidence[0] >= VISIBLE_FROM) & np.all((xy >= 0) & (xy <= 1), axis=1)

    def unseen(*joints: str) -> str:
        return ", ".join(n.replace("_", " ") for n in joints if not inside[pose.layout.index[n]])

    if missing := unseen("left_shoulder", "right_shoulder", "left_hip", "right_hip"):
        raise PoseError(
            f"the person in {name} is cut off or not seen: no {missing}",
            "Shoulders and hips must be inside the picture. Use another photo or a built-in "
            f"figure: {', '.join(FIGURES)}.",
        )
    if float(np.ptp(xy[inside, 1])) < 0.05:
        raise PoseError(
            f"the person in {name} is less than 5 % of the picture's height",
            "Crop the picture closer to the person.",
        )
    if missing := unseen("left_ankle", "right_ankle", "left_knee", "right_knee"):
        return [f"{name}: no {missing} in the picture; the dance is cut off there too."]
    return []
