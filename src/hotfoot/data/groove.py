"""Let a 3D body answer the music: more or less movement, and a bounce on every beat.

In: joints [T, 17, 3], beats elapsed at every frame, loudness at every frame. Out: the same dance,
smaller where the song is quiet and larger where it is loud, with knees that give on the beat, hips
that sway from beat to beat and arms that ride along. Bones keep their lengths; ankles stay.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.body import reach
from hotfoot.data.bodies import ARMS, FACE, HIPS, LEGS, facing, with_bones_of
from hotfoot.data.hands import LEFT_HAND, RIGHT_HAND

_CALM_S = 0.35  # movement shorter than this is what loudness scales


@dataclass(frozen=True)
class Groove:
    """How a dancer bounces; lengths in meters, at full loudness and 120 BPM.

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
    return with_bones_of(wanted, joints)


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
    across = joints[:, HIPS[0]] - joints[:, HIPS[1]]
    across = across * np.array([1, 0, 1], np.float32)
    across /= np.maximum(np.linalg.norm(across, axis=-1, keepdims=True), 1e-6)
    shift = across * (groove.sway * side)[:, None]
    shift[:, 1] -= groove.bounce * down
    out = joints + shift[:, None]
    # The sway leaves the chest nearer to where it was than the hips.
    upper = [i for i in range(out.shape[1]) if i not in {j for leg in LEGS for j in leg}]
    out[:, upper] -= 0.5 * (across * (groove.sway * side)[:, None])[:, None]
    out[:, FACE, 1] -= (groove.nod * down)[:, None]
    for root, middle, end in LEGS:
        _bend(out, joints, root, middle, end, joints[:, end])
    for (root, middle, end), hand in zip(ARMS, (LEFT_HAND, RIGHT_HAND), strict=True):
        before = out[:, end].copy()
        target = before.copy()
        target[:, 1] -= groove.arms * down
        _bend(out, joints, root, middle, end, target)
        out[:, hand] += (out[:, end] - before)[:, None]
    return out


def _bend(
    out: NDArray[np.float32],
    joints: NDArray[np.float32],
    root: int,
    middle: int,
    end: int,
    target: NDArray[np.float32],
) -> None:
    """Put ``end`` on ``target``; the limb bends towards the side that it bent to."""
    first = np.linalg.norm(joints[:, middle] - joints[:, root], axis=-1)
    second = np.linalg.norm(joints[:, end] - joints[:, middle], axis=-1)
    line = target - out[:, root]
    line /= np.maximum(np.linalg.norm(line, axis=-1), 1e-6)[:, None]
    pole = joints[:, middle] - joints[:, root]
    pole = pole - (pole * line).sum(-1, keepdims=True) * line
    # A limb that is straight has no side of its own; knees and elbows then bend forward, back.
    spare = _forward(joints) * (1.0 if (root, middle, end) in LEGS else -1.0) * 0.02
    bent = reach(out[:, root], target, first, second, pole + spare, stretch=0.9995)
    out[:, middle], out[:, end] = bent


def _forward(joints: NDArray[np.float32]) -> NDArray[np.float32]:
    x, z = facing(joints).T
    return np.stack([x, np.zeros_like(x), z], axis=-1)
