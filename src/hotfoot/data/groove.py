"""Let a 3D body answer the music: more or less movement, and a bounce on every beat."""

from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.body import reach
from hotfoot.data import bodies
from hotfoot.data.bodies import LEGS, Array, Joints

_CALM_S = 0.35  # movement shorter than this is what loudness scales


@dataclass(frozen=True)
class Groove:
    """How a dancer bounces; lengths in meters, at full loudness and 120 BPM."""

    bounce: float = 0.055  # drop of the pelvis on the beat
    sway: float = 0.03  # hips to one side on a beat, to the other on the next
    arms: float = 0.05  # drop of the wrists on the beat, beyond the body's own
    nod: float = 0.015  # drop of the head on the beat, beyond the body's own


def random_groove(rng: np.random.Generator) -> Groove:
    """A dancer near the usual one: amplitudes vary by a quarter, so that music explains most."""
    return Groove(*(astuple(Groove()) * np.exp(rng.normal(0, 0.25, 4))))


def scale_movement(joints: Joints, gain: Array, fps: float) -> Joints:
    """Movement about the running mean pose times ``gain`` [T]; bones keep their lengths."""
    calm = gaussian_filter1d(joints, _CALM_S * fps, axis=0, mode="nearest")
    wanted = calm + (joints - calm) * np.asarray(gain, np.float32)[:, None, None]
    return bodies.with_lengths(wanted, bodies.bone_lengths(joints))


def bounce(joints: Joints, beats_elapsed: Array, amplitude: Array, groove: Groove) -> Joints:
    """Add the groove: lowest where ``beats_elapsed`` [T] is whole, scaled by ``amplitude`` [T]."""
    size = np.asarray(amplitude, np.float32)
    down = (0.5 + 0.5 * np.cos(2 * np.pi * beats_elapsed)).astype(np.float32) * size
    side = np.cos(np.pi * beats_elapsed).astype(np.float32) * size
    left, right = bodies.HIPS
    across = (joints[:, left] - joints[:, right]) * np.array([1, 0, 1], np.float32)
    shift = bodies.unit(across) * (groove.sway * side)[:, None]
    out = joints + shift[:, None]
    out[:, :, 1] -= groove.bounce * down[:, None]
    # The sway leaves the chest nearer to where it was than the hips.
    upper = [i for i in range(out.shape[1]) if i not in {*LEGS[0], *LEGS[1]}]
    out[:, upper] -= 0.5 * shift[:, None]
    out[:, bodies.FACE, 1] -= (groove.nod * down)[:, None]
    for leg in LEGS:
        _bend(out, joints, leg, joints[:, leg[-1]])
    for arm, hand in zip(bodies.ARMS, bodies.HANDS, strict=True):
        before = out[:, arm[-1]].copy()
        target = before.copy()
        target[:, 1] -= groove.arms * down
        _bend(out, joints, arm, target)
        out[:, hand] += (out[:, arm[-1]] - before)[:, None]
    return out


def _bend(out: Joints, joints: Joints, limb: list[int], target: NDArray[np.float32]) -> None:
    """Put the end of a limb on ``target`` [T, 3]; it bends towards the side that it bent to."""
    root, middle, end = limb
    bones = np.diff(joints[:, limb], axis=1)
    first, second = np.linalg.norm(bones, axis=-1).T
    line = bodies.unit(target - out[:, root])
    pole = bones[:, 0] - (bones[:, 0] * line).sum(-1, keepdims=True) * line
    # A limb that is straight has no side of its own; knees and elbows then bend forward, back.
    x, z = bodies.facing(joints).T
    spare = np.stack([x, np.zeros_like(x), z], axis=-1) * (0.02 if limb in LEGS else -0.02)
    bent = reach(out[:, root], target, first, second, pole + spare, stretch=0.9995)
    out[:, middle], out[:, end] = bent
