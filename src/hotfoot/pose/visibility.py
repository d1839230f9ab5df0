"""Which points of a head a camera sees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.skeletons import get_skeleton

_COCO = get_skeleton("coco-17").index


def seen_from_ahead(joints: NDArray[np.floating]) -> NDArray[np.float32]:
    """Visibility [T, 17], 0 or 1, of COCO-17 joints [T, 17, 3] for a camera in the direction of +z.

    Only the head hides points of itself; thresholds are where DWPose loses them, roughly.
    """
    p = joints
    visible = np.ones(p.shape[:2], np.float32)
    ears = (p[:, _COCO["left_ear"]] + p[:, _COCO["right_ear"]]) / 2
    look = p[:, _COCO["nose"]] - ears
    look = look / np.maximum(np.linalg.norm(look, axis=-1, keepdims=True), 1e-6)
    left = p[:, _COCO["left_ear"]] - p[:, _COCO["right_ear"]]
    left = left / np.maximum(np.linalg.norm(left, axis=-1, keepdims=True), 1e-6)
    # Cosines towards the camera.
    visible[:, _COCO["nose"]] = look[:, 2] > -0.25
    visible[:, _COCO["left_eye"]] = (0.8 * look + 0.6 * left)[:, 2] > -0.1
    visible[:, _COCO["right_eye"]] = (0.8 * look - 0.6 * left)[:, 2] > -0.1
    visible[:, _COCO["left_ear"]] = left[:, 2] > -0.5
    visible[:, _COCO["right_ear"]] = left[:, 2] < 0.5
    return visible
