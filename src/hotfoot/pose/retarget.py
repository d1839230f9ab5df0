"""Put one person's movement on another person: bone by bone, standing where the other stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hotfoot.errors import PoseError
from hotfoot.pose.proportions import BONES, bone_lengths, limb_limits
from hotfoot.pose.sequence import PoseSequence


def retargeted(poses: PoseSequence, reference: PoseSequence) -> PoseSequence:
    """BODY_18 poses danced by the person of a reference, on the reference's canvas.

    Every bone is scaled by how long it gets in the reference's body over how long it gets in the
    poses (95th percentile), so directions and foreshortening stay. Paths scale with the legs. The
    feet stand as low as the reference's do, where it shows them.

    Raises:
        PoseError: the reference shows no hips.
    """
    own = np.percentile(bone_lengths(poses.keypoints), 95, axis=0)
    factor = limb_limits(reference) / np.maximum(own, 1e-6)
    old = poses.keypoints.astype(np.float64)
    old_hips = old[:, [8, 11]].mean(axis=1)
    seen = reference.confidence[0] > 0
    hips = reference.keypoints[0, [8, 11]][seen[[8, 11]]]
    if not len(hips):
        raise PoseError("the reference shows no hips", "Give a pose with visible hips.")
    legs = float(factor[[7, 8, 10, 11]].mean())
    # Start at the hips: what dances stands on its legs.
    root = hips.mean(axis=0) + (old_hips - old_hips.mean(axis=0)) * legs
    new = np.zeros_like(old)
    for (a, b), scale in zip(BONES, factor, strict=True):
        start = np.zeros((len(old), 2)) if a == 1 else new[:, a]
        new[:, b] = start + (old[:, b] - old[:, a]) * scale
    new += (root - new[:, [8, 11]].mean(axis=1))[:, None]
    feet = reference.keypoints[0, [10, 13], 1][seen[[10, 13]]]
    if len(feet):
        new[..., 1] += feet.max() - np.percentile(new[:, [10, 13], 1].max(axis=1), 75)
    return replace(poses, keypoints=np.asarray(new, np.float32), canvas=reference.canvas)
