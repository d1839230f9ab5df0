"""Retargeting: one person's movement on another body, bone by bone, standing where that stands."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.pose.proportions import (
    BONES,
    LEGS,
    bone_lengths,
    girdle,
    girdle_lengths,
    limb_lengths,
)
from hotfoot.pose.sequence import PoseSequence


@dataclass(frozen=True, eq=False)
class Retarget:
    """How one person's pictures become another's; call it with BODY_18 keypoints [T, 18, 2]."""

    factor: NDArray[np.float64]  # of every bone but those from neck to hips
    trunk: float  # factor from neck to the middle of the hips
    hips: float  # factor of their width
    legs: float  # factor of the path over the ground
    from_hips: NDArray[np.float64]  # where the hips are on average
    to_hips: NDArray[np.float64]  # where they shall be
    down: float = 0.0  # added to y, so that feet stand where the reference's do

    def __call__(self, keypoints: NDArray[np.float32]) -> NDArray[np.float32]:
        """Keypoints of the reference's person."""
        old = keypoints.astype(np.float64)
        middle = old[:, [8, 11]].mean(axis=1)
        new = np.zeros_like(old)
        new[:, 1] = (old[:, 1] - middle) * self.trunk  # the middle of the hips is at 0
        for (a, b), scale in zip(BONES, self.factor, strict=True):
            if b in (8, 11):
                new[:, b] = (old[:, b] - middle) * self.hips
            else:
                new[:, b] = new[:, a] + (old[:, b] - old[:, a]) * scale
        new += (self.to_hips + (middle - self.from_hips) * self.legs)[:, None]
        new[..., 1] += self.down
        return np.asarray(new, np.float32)


def fit_to(keypoints: NDArray[np.float32], reference: PoseSequence) -> Retarget:
    """How the person of BODY_18 keypoints [T, 18, 2] becomes the person of a reference.

    Every bone is scaled by how long it gets in the reference's body over how long it gets in the
    keypoints (95th percentile), so directions and foreshortening stay. Paths scale with the legs.
    The feet stand as low as the reference's do, where it shows them; hips it must show (PoseError).
    """
    reference = reference.to_skeleton("body-18")
    own = np.percentile(bone_lengths(keypoints), 95, axis=0)
    factor = limb_lengths(reference) / np.maximum(own, 1e-6)
    girdles = np.maximum(np.percentile(girdle(keypoints), 95, axis=0), 1e-6)
    trunk, wide = np.array(girdle_lengths(reference)) / girdles
    # A person who is only seen from the side has no width to measure.
    wide = float(np.clip(wide, trunk / 2, trunk * 2))
    seen = reference.confidence[0] > 0
    hips = reference.keypoints[0, [8, 11]][seen[[8, 11]]]
    if not len(hips):
        raise PoseError("the reference shows no hips", "Give a pose with visible hips.")
    legs = float(factor[LEGS].mean())
    # Start at the hips: what dances stands on its legs.
    middle = keypoints[:, [8, 11]].astype(np.float64).mean(axis=(0, 1))
    fit = Retarget(factor, float(trunk), wide, legs, middle, hips.mean(axis=0).astype(np.float64))
    feet = reference.keypoints[0, [10, 13], 1][seen[[10, 13]]]
    if not len(feet):
        return fit
    standing = np.percentile(fit(keypoints)[:, [10, 13], 1].max(axis=1), 75)
    return replace(fit, down=float(feet.max() - standing))


def retargeted(poses: PoseSequence, reference: PoseSequence) -> PoseSequence:
    """Poses of the person of a reference, on the reference's canvas; see :func:`fit_to`.

    Any skeletons; fingers go along with their wrists, and are scaled as the forearms.
    """
    body = poses.to_skeleton("body-18")
    fit = fit_to(body.keypoints, reference)
    forearms = float(fit.factor[[BONES.index((3, 4)), BONES.index((6, 7))]].mean())
    moved = replace(body, keypoints=fit(body.keypoints), canvas=reference.canvas)
    return poses.with_body(moved, forearms)
