"""Let a 3D body answer the music: more or less movement, and a bounce on every beat.

In: joints [T, 17, 3], beats elapsed at every frame, loudness at every frame. Out: the same dance,
smaller where the song is quiet and larger where it is loud, with knees that give on the beat, hips
that sway from beat to beat and arms that ride along. Bones keep their lengths; ankles stay.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.pose.skeletons import get_skeleton

_COCO = get_skeleton("coco-17").index
_HIPS = [_COCO["left_hip"], _COCO["right_hip"]]
_SHOULDERS = [_COCO["left_shoulder"], _COCO["right_shoulder"]]
_FACE = [_COCO[n] for n in ("nose", "left_eye", "right_eye", "left_ear", "right_ear")]
_CHAINS = [
    tuple(_COCO[f"{side}_{joint}"] for joint in chain)
    for side in ("left", "right")
    for chain in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
]
_LEGS, _ARMS = (_CHAINS[0], _CHAINS[2]), (_CHAINS[1], _CHAINS[3])
_CALM_S = 0.35  # movement shorter than this is what loudness scales


@dataclass(frozen=True)
class Groove:
    """How a dancer bounces; lengths in metres, at full loudness and 120 BPM.

    Attributes:
        bounce: drop of the pelvis on the beat.
        sway: hips to one side on a beat, to the other on the next.
        arms: drop of the wrists on the beat, beyond the body's own.
        nod: drop of the head on the beat, beyond the body's own.
    """

    bounce: float = 0.055
    sway: float = 0.03
    arms: float = 0.05
    nod: float = 0.015


def random_groove(rng: np.random.Generator) -> Groove:
    """A dancer near the usual one: amplitudes vary by a quarter, so that music explains most."""
    b, s, a, n = np.exp(rng.normal(0, 0.25, 4))
    usual = Groove()
    return Groove(usual.bounce * b, usual.sway * s, usual.arms * a, usual.nod * n)


def scale_movement(
    joints: NDArray[np.float32], gain: NDArray[np.floating], fps: float
) -> NDArray[np.float32]:
    """Movement about the running mean pose times ``gain`` [T]; bones keep their lengths."""
    calm = gaussian_filter1d(joints, _CALM_S * fps, axis=0, mode="nearest")
    wanted = calm + (joints - calm) * np.asarray(gain, np.float32)[:, None, None]
    return _with_bones_of(wanted, joints)


def bounce(
    joints: NDArray[np.float32],
    beats_elapsed: NDArray[np.floating],
    amplitude: NDArray[np.floating],
    groove: Groove,
) -> NDArray[np.float32]:
    """Add the groove: lowest where ``beats_elapsed`` [T] is whole, scaled by ``amplitude`` [T]."""
    size = np.asarray(amplitude, np.float32)
    down = (0.5 + 0.5 * np.cos(2 * np.pi * beats_elapsed)).astype(np.float32) * size
    side = np.cos(np.pi * beats_elapsed).astype(np.float32) * size
    across = joints[:, _HIPS[0]] - joints[:, _HIPS[1]]
    across = across * np.array([1, 0, 1], np.float32)
    across /= np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-6)
    shift = across * (groove.sway * side)[:, None]
    shift[:, 1] -= groove.bounce * down
    out = joints + shift[:, None]
    # The sway leaves the chest nearer to where it was than the hips.
    upper = [i for i in range(17) if i not in {j for leg in _LEGS for j in leg}]
    out[:, upper] -= 0.5 * (across * (groove.sway * side)[:, None])[:, None]
    out[:, _FACE, 1] -= (groove.nod * down)[:, None]
    for root, middle, end in _LEGS:
        _bend(out, joints, root, middle, end, joints[:, end])
    for root, middle, end in _ARMS:
        target = out[:, end].copy()
        target[:, 1] -= groove.arms * down
        _bend(out, joints, root, middle, end, target)
    return out


def _bend(
    out: NDArray[np.float32],
    joints: NDArray[np.float32],
    root: int,
    middle: int,
    end: int,
    target: NDArray[np.float32],
) -> None:
    """Two-bone inverse kinematics: put ``end`` on ``target``, bending towards the old side."""
    first = np.linalg.norm(joints[:, middle] - joints[:, root], axis=-1)
    second = np.linalg.norm(joints[:, end] - joints[:, middle], axis=-1)
    start = out[:, root]
    line = target - start
    distance = np.linalg.norm(line, axis=-1)
    reach = np.clip(distance, np.abs(first - second) + 1e-4, (first + second) * 0.9995)
    line = line / np.maximum(distance, 1e-6)[:, None]
    pole = joints[:, middle] - joints[:, root]
    pole = pole - (pole * line).sum(-1, keepdims=True) * line
    # A limb that is straight has no side of its own; knees and elbows then bend forward, back.
    spare = _forward(joints) * (1.0 if (root, middle, end) in _LEGS else -1.0) * 0.02
    pole = pole + spare - (spare * line).sum(-1, keepdims=True) * line
    pole /= np.maximum(np.linalg.norm(pole, axis=-1, keepdims=True), 1e-6)
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    aside = np.sqrt(np.maximum(first**2 - along**2, 0))
    out[:, middle] = start + line * along[:, None] + pole * aside[:, None]
    out[:, end] = start + line * reach[:, None]


def _forward(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    across = joints[:, _HIPS[0]] - joints[:, _HIPS[1]]
    ahead = np.stack([-across[:, 2], np.zeros(len(joints)), across[:, 0]], axis=-1)
    return np.asarray(
        ahead / np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-6), np.float32
    )


def _with_bones_of(wanted: NDArray[np.float32], model: NDArray[np.float32]) -> NDArray[np.float32]:
    """Directions of ``wanted``, bone lengths of ``model``."""
    out = np.empty_like(wanted)

    def placed(child: NDArray[np.float32], parent: NDArray[np.float32],
               old_child: NDArray[np.float32], old_parent: NDArray[np.float32],
               base: NDArray[np.float32]) -> NDArray[np.float32]:  # fmt: skip
        direction = child - parent
        length = np.linalg.norm(old_child - old_parent, axis=-1, keepdims=True)
        norm = np.maximum(np.linalg.norm(direction, axis=-1, keepdims=True), 1e-6)
        return base + direction / norm * length

    pelvis, old_pelvis = wanted[:, _HIPS].mean(axis=1), model[:, _HIPS].mean(axis=1)
    chest, old_chest = wanted[:, _SHOULDERS].mean(axis=1), model[:, _SHOULDERS].mean(axis=1)
    new_chest = placed(chest, pelvis, old_chest, old_pelvis, pelvis)
    for i in _HIPS:
        out[:, i] = placed(wanted[:, i], pelvis, model[:, i], old_pelvis, pelvis)
    for i in _SHOULDERS + _FACE:
        out[:, i] = placed(wanted[:, i], chest, model[:, i], old_chest, new_chest)
    for chain in _CHAINS:
        for a, b in itertools.pairwise(chain):
            out[:, b] = placed(wanted[:, b], wanted[:, a], model[:, b], model[:, a], out[:, a])
    return out
