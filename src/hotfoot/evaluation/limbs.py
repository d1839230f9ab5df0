"""Limbs keep their lengths: those of the reference, and from the first minute to the last."""

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.statistics import NAN
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence

LIMBS: dict[str, tuple[tuple[str, str], ...]] = {
    "upper arm": (("left_shoulder", "left_elbow"), ("right_shoulder", "right_elbow")),
    "forearm": (("left_elbow", "left_wrist"), ("right_elbow", "right_wrist")),
    "thigh": (("left_hip", "left_knee"), ("right_hip", "right_knee")),
    "shin": (("left_knee", "left_ankle"), ("right_knee", "right_ankle")),
    "shoulders": (("left_shoulder", "right_shoulder"),),
    "hips": (("left_hip", "right_hip"),),
    "trunk": (("left_shoulder", "left_hip"), ("right_shoulder", "right_hip")),
}
_LONG = 95  # percentile of a limb's projected length that stands for its true one


def limb_lengths(poses: PoseSequence) -> dict[str, NDArray[np.float64]]:
    """Projected length of each limb in pixels, [T], the longer of both sides; NaN if not seen."""
    index = poses.layout.index
    out = {}
    for limb, sides in LIMBS.items():
        both = []
        for a, b in sides:
            i, j = index[a], index[b]
            length = np.linalg.norm(
                poses.keypoints[:, i].astype(np.float64) - poses.keypoints[:, j], axis=-1
            )
            seen = (poses.confidence[:, i] >= VISIBLE_FROM) & (
                poses.confidence[:, j] >= VISIBLE_FROM
            )
            both.append(np.where(seen, length, np.nan))
        out[limb] = np.fmax.reduce(both)
    return out


def limb_ratios(
    lengths: dict[str, NDArray[np.float64]],
    reference: PoseSequence,
    same_canvas: bool = True,
) -> dict[str, float]:
    """95th percentile of each limb over the reference's length.

    A limb that the reference shows foreshortened (shorter than the rest of its body says by more
    than a fifth) is left out: its true length is not known. On another canvas than the reference's
    the size of the picture says nothing, so ratios are then taken against their median.
    """
    from hotfoot.pose.references import figure_pose

    own = {k: float(v[0]) for k, v in limb_lengths(reference).items()}
    usual = {k: float(v[0]) for k, v in limb_lengths(figure_pose("average")).items()}
    scales = [own[k] / usual[k] for k in own if np.isfinite(own[k]) and usual[k] > 0]
    if not scales:
        raise EvaluationError("the reference shows no limb", "Give a pose with a visible body.")
    scale = float(np.percentile(scales, 70))
    out = {}
    for limb, values in lengths.items():
        if np.isfinite(own[limb]) and own[limb] > 0.8 * scale * usual[limb]:
            seen = values[np.isfinite(values)]
            if len(seen):
                out[limb] = float(np.percentile(seen, _LONG) / own[limb])
    if not same_canvas and out:
        middle = float(np.median(list(out.values())))
        out = {limb: ratio / middle for limb, ratio in out.items()}
    return out


def limb_growth(lengths: dict[str, NDArray[np.float64]], fps: float) -> float:
    """Largest change of a limb, last minute over first; NaN for dances under two minutes."""
    growth, minute = [], round(60 * fps)
    for values in lengths.values():
        first, last = (v[np.isfinite(v)] for v in (values[:minute], values[-minute:]))
        if len(values) >= 2 * minute and min(len(first), len(last)) >= 5:
            ratio = np.percentile(last, _LONG) / max(np.percentile(first, _LONG), 1e-9)
            growth.append(abs(float(ratio) - 1))
    return max(growth, default=NAN)
