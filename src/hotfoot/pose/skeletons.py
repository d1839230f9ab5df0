"""Skeleton registry: names, limbs, mirror maps, and conversions between keypoint orders.

Orders follow the tools that define them: COCO (17 points), OpenPose (BODY_18 and BODY_25),
COCO-WholeBody (133), and ``body-hands-60`` = BODY_18 + left hand 21 + right hand 21.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError

ModelSkeleton = Literal["body-18", "coco-17", "body-hands-60"]
"""Skeletons that models are trained on and dance as."""

_FINGERS = ("thumb", "index", "middle", "ring", "little")
HAND_POINTS = ("wrist", *(f"{finger}_{i}" for finger in _FINGERS for i in range(1, 5)))
"""Names of a hand's keypoints, without the side."""


@dataclass(frozen=True)
class Skeleton:
    """An ordered set of keypoints; ``limbs`` are index pairs in drawing order."""

    name: str
    keypoints: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...]
    aliases: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.keypoints)

    @cached_property
    def index(self) -> dict[str, int]:
        """Keypoint name to index."""
        return {name: i for i, name in enumerate(self.keypoints)}

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """For each keypoint the one in its place when left and right are exchanged."""
        other = {"left": "right", "right": "left"}
        parts = (name.split("_", 1) for name in self.keypoints)
        return tuple(self.index["_".join([other.get(s, s), *rest])] for s, *rest in parts)

    @cached_property
    def body(self) -> list[int]:
        """Indices of the keypoints without those of eyes, ears, face and fingers."""
        aside = re.compile("eye$|ear$|face_|_hand_")
        return [i for i, name in enumerate(self.keypoints) if not aside.search(name)]


def _sided(*names: str) -> tuple[str, ...]:
    """Expand ``l:x``/``r:x`` shorthand."""
    return tuple(n.replace("l:", "left_").replace("r:", "right_") for n in names)


_COCO17 = _sided(
    *("nose", "l:eye", "r:eye", "l:ear", "r:ear", "l:shoulder", "r:shoulder", "l:elbow"),
    *("r:elbow", "l:wrist", "r:wrist", "l:hip", "r:hip", "l:knee", "r:knee", "l:ankle", "r:ankle"),
)
_BODY18 = _sided(
    *("nose", "neck", "r:shoulder", "r:elbow", "r:wrist", "l:shoulder", "l:elbow", "l:wrist"),
    *("r:hip", "r:knee", "r:ankle", "l:hip", "l:knee", "l:ankle", "r:eye", "l:eye", "r:ear"),
    "l:ear",
)
_FEET = _sided("l:big_toe", "l:small_toe", "l:heel", "r:big_toe", "r:small_toe", "r:heel")
_BODY25 = (*_BODY18[:8], "mid_hip", *_BODY18[8:], *_FEET)
# The 68 face points of iBUG; mirroring pairs them around the middle of the face.
_FACE_PAIRS = (
    *((i, 16 - i) for i in range(8)),
    *((17 + i, 26 - i) for i in range(5)),
    *((31, 35), (32, 34), (36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)),
    *((48, 54), (49, 53), (50, 52), (55, 59), (56, 58), (60, 64), (61, 63), (65, 67)),
)
_face_names = [f"face_{i}" for i in range(68)]
for _i, (_a, _b) in enumerate(_FACE_PAIRS):
    # The image-left half of iBUG's face is the person's right.
    _face_names[_a], _face_names[_b] = f"right_face_{_i}", f"left_face_{_i}"
_HANDS = tuple(f"{side}_hand_{n}" for side in ("left", "right") for n in HAND_POINTS)
_WHOLE133 = (*_COCO17, *_FEET, *_face_names, *_HANDS)

# Drawing order of OpenPose: neck-shoulders, arms, right leg, left leg, head.
BODY18_LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (1, 11)),
    *((11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17)),
)
_COCO17_LIMBS = (
    *((5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15)),
    *((12, 14), (14, 16), (0, 1), (0, 2), (1, 3), (2, 4)),
)
_BODY25_LIMBS = (
    *((1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10), (10, 11)),
    *((8, 12), (12, 13), (13, 14), (1, 0), (0, 15), (15, 17), (0, 16), (16, 18)),
    *((14, 19), (19, 20), (14, 21), (11, 22), (22, 23), (11, 24)),
)


def _hand(wrist: int) -> tuple[tuple[int, int], ...]:
    """Limbs of the hand whose points begin at this one."""
    fingers = range(wrist + 1, wrist + 21, 4)
    return tuple(
        limb for f in fingers for limb in ((wrist, f), (f, f + 1), (f + 1, f + 2), (f + 2, f + 3))
    )


_ALL = (
    Skeleton("body-18", _BODY18, BODY18_LIMBS, ("openpose-18", "body18", "coco-18")),
    Skeleton("coco-17", _COCO17, _COCO17_LIMBS, ("coco17",)),
    Skeleton(
        "body-hands-60",
        (*_BODY18, *_HANDS),
        (*BODY18_LIMBS, *_hand(18), *_hand(39)),
        ("body+hands-60",),
    ),
    Skeleton("body-25", _BODY25, _BODY25_LIMBS, ("body_25", "openpose-25")),
    Skeleton(
        "wholebody-133",
        _WHOLE133,
        (*_COCO17_LIMBS, *_hand(91), *_hand(112)),
        ("coco-wholebody-133", "coco-wholebody"),
    ),
)
SKELETONS: dict[str, Skeleton] = {s.name: s for s in _ALL}
_BY_ALIAS = {alias: s for s in _ALL for alias in (s.name, *s.aliases)}


def get_skeleton(name: str) -> Skeleton:
    """Skeleton of a name or alias; PoseError, which lists those that exist, if there is none."""
    if name.lower() not in _BY_ALIAS:
        raise PoseError(f"unknown skeleton '{name}'", f"Known skeletons: {', '.join(SKELETONS)}.")
    return _BY_ALIAS[name.lower()]


# Points that a skeleton lacks but that follow from two others as their midpoint. The neck between
# the shoulders is DWPose's own rule.
_MIDPOINTS = {"neck": _sided("l:shoulder", "r:shoulder"), "mid_hip": _sided("l:hip", "r:hip")}


def anchor_of(name: str) -> str | None:
    """Keypoint of the body on which a keypoint of hand, foot or face hangs; None for the body's."""
    side = name.partition("_")[0]
    if "_hand_" in name:
        return f"{side}_wrist"
    if name.endswith(("toe", "heel")):
        return f"{side}_ankle"
    return "nose" if "face_" in name else None


def convert_keypoints(
    keypoints: NDArray[np.float32], confidence: NDArray[np.float32], source: str, target: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Keypoints [T, K, 2] and confidence [T, K] of one skeleton in the order of another.

    Points that the source lacks are the midpoint of two others (neck, mid hip; confidence is the
    smaller of both), or stay empty: position 0 and confidence 0.
    """
    src, dst = get_skeleton(source), get_skeleton(target)
    if src.name == dst.name:
        return keypoints.copy(), confidence.copy()
    out = np.zeros((len(keypoints), len(dst), 2), np.float32)
    conf = np.zeros((len(keypoints), len(dst)), np.float32)
    for j, name in enumerate(dst.keypoints):
        if name in src.index:
            i = src.index[name]
            out[:, j], conf[:, j] = keypoints[:, i], confidence[:, i]
        elif name in _MIDPOINTS and all(n in src.index for n in _MIDPOINTS[name]):
            a, b = (src.index[n] for n in _MIDPOINTS[name])
            out[:, j] = (keypoints[:, a] + keypoints[:, b]) / 2
            conf[:, j] = np.minimum(confidence[:, a], confidence[:, b])
    out[conf == 0] = 0
    return out, conf
