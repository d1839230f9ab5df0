"""Is it one body, moving as bodies move? Proportions, smoothness, seams, feet, framing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import INDEX, JOINTS, RATE, Motion, prepare
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
_FROZEN = 0.05  # body heights per second
_FREEZE_S = 1.0
_FLOOR = 0.04  # a foot so near to the lower one, in body heights, is on the ground
_SEAM_S = 0.1


@dataclass(frozen=True, eq=False)
class Body:
    """What was measured; lengths in body heights, NaN where it cannot be told.

    Attributes:
        limb_ratio: per limb, its 95th percentile of projected length over the reference's length
            (None without a reference).
        limb_drift: per limb, the last minute (or third, if shorter) over the first.
        growth: largest absolute drift of a limb; NaN for dances under two minutes.
        jerk: mean jerk over mean speed, 1/s^2.
        speed: mean speed of the joints, body heights per second.
        acceleration: mean, body heights per second squared.
        seam_ratio: 99th percentile of joint acceleration at seams over that elsewhere.
        seams_moved: the same [N] with all seams moved to where none is: what chance makes of it.
        worst_jump: the largest joint acceleration over the 90th percentile of what the fastest
            joint does.
        worst_jump_s: where it is.
        frozen: share of time in stretches of over a second in which nobody moves.
        foot_slide: mean speed of feet on the ground while the other foot is up or slower.
        in_frame: share of seen joints that lie inside the canvas.
        confidence: mean over joints and frames.
        seen: share of joints and frames that are seen.
        face_camera: share of frames in which the left shoulder is on the right of the picture.
    """

    limb_ratio: dict[str, float] | None
    limb_drift: dict[str, float]
    growth: float
    jerk: float
    speed: float
    acceleration: float
    seam_ratio: float
    seams_moved: NDArray[np.float64]
    worst_jump: float
    worst_jump_s: float
    frozen: float
    foot_slide: float
    in_frame: float
    confidence: float
    seen: float
    face_camera: float


def measure_body(
    poses: PoseSequence,
    motion: Motion | None = None,
    seams: tuple[int, ...] = (),
    reference: PoseSequence | None = None,
) -> Body:
    """Body metrics of a dance.

    Args:
        poses: the dance.
        motion: of :func:`~hotfoot.evaluation.motion.prepare`, if it is there already.
        seams: frames at which segments join.
        reference: the person.
    """
    motion = motion or prepare(poses)
    velocity = motion.velocity()
    acceleration = np.linalg.norm(np.gradient(velocity, 1 / RATE, axis=0), axis=-1)
    speed = np.linalg.norm(velocity, axis=-1)
    peak = acceleration.max(axis=1)
    usual = float(np.percentile(peak, 90))
    lengths = limb_lengths(poses)
    visible = poses.confidence >= VISIBLE_FROM
    seams_s = [seam / poses.fps for seam in seams]
    drift, growth = _drift(lengths, poses.fps)
    return Body(
        limb_ratio=None
        if reference is None
        else limb_ratios(lengths, reference, reference.canvas == poses.canvas),
        limb_drift=drift,
        growth=growth,
        jerk=measure_jerk(motion),
        speed=float(speed.mean()),
        acceleration=float(acceleration.mean()),
        seam_ratio=_seam_ratio(acceleration, seams_s),
        seams_moved=_seams_moved(acceleration, seams_s),
        worst_jump=float(peak.max() / max(usual, 1e-9)),
        worst_jump_s=float(peak.argmax() / RATE),
        frozen=_frozen(speed.mean(axis=1)),
        foot_slide=_foot_slide(motion),
        in_frame=_in_frame(poses, visible),
        confidence=float(poses.confidence.mean()),
        seen=motion.seen,
        face_camera=_face_camera(poses),
    )


def measure_jerk(motion: Motion) -> float:
    """Mean jerk over mean speed, 1/s^2."""
    velocity = motion.velocity()
    jerk = np.gradient(np.gradient(velocity, 1 / RATE, axis=0), 1 / RATE, axis=0)
    speed = float(np.linalg.norm(velocity, axis=-1).mean())
    return float(np.linalg.norm(jerk, axis=-1).mean() / max(speed, 1e-9))


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


def _drift(lengths: dict[str, NDArray[np.float64]], fps: float) -> tuple[dict[str, float], float]:
    drift, growth = {}, []
    for limb, values in lengths.items():
        frames = len(values)
        part = max(1, min(round(60 * fps), frames // 3))
        first, last = values[:part], values[frames - part :]
        first, last = first[np.isfinite(first)], last[np.isfinite(last)]
        if len(first) < 5 or len(last) < 5:
            drift[limb] = float("nan")
            continue
        ratio = float(np.percentile(last, _LONG) / max(np.percentile(first, _LONG), 1e-9))
        drift[limb] = ratio
        if frames / fps >= 120:
            growth.append(abs(ratio - 1))
    return drift, max(growth, default=float("nan"))


def _seam_ratio(acceleration: NDArray[np.float64], seams_s: list[float]) -> float:
    """Acceleration [N, J] within 0.1 s of a seam against the rest, both at the 99th percentile."""
    near = np.zeros(len(acceleration), bool)
    reach = round(_SEAM_S * RATE)
    for seam in seams_s:
        at = round(seam * RATE)
        near[max(0, at - reach) : at + reach + 1] = True
    if not near.any() or near.all():
        return float("nan")
    return float(
        np.percentile(acceleration[near], 99) / max(np.percentile(acceleration[~near], 99), 1e-9)
    )


def _seams_moved(
    acceleration: NDArray[np.float64], seams_s: list[float], count: int = 20
) -> NDArray[np.float64]:
    """Seam ratios [N] with the seams moved round in the dance, together, and away from all seams.

    A dance has few seams, and few samples reach their 99th percentile by chance anywhere.
    """
    duration = len(acceleration) / RATE
    clear = 4 * _SEAM_S
    moved = [
        [(seam + by) % duration for seam in seams_s]
        for by in duration * np.arange(1, count + 1) / (count + 1)
    ]
    free = [
        m
        for m in moved
        if all(abs(a - b) > clear for a in m for b in seams_s)
        and all(clear < a < duration - clear for a in m)
    ]
    found = np.array([_seam_ratio(acceleration, m) for m in free])
    return found[np.isfinite(found)]


def _frozen(speed: NDArray[np.float64]) -> float:
    """Share of samples in still stretches of at least a second."""
    still = speed < _FROZEN
    window = round(_FREEZE_S * RATE)
    if len(still) < window:
        return float(still.all())
    sums = np.convolve(still, np.ones(window), "valid") >= window - 0.5
    whole = np.zeros(len(still), bool)
    for start in np.flatnonzero(sums):
        whole[start : start + window] = True
    return float(whole.mean())


def _foot_slide(motion: Motion) -> float:
    """Mean horizontal speed of the foot that bears weight.

    A foot bears weight where it is the lower one, or as low as it within 4 % of the body height,
    and is not itself going up or down; of two the slower one counts.
    """
    feet = [INDEX["left_ankle"], INDEX["right_ankle"]]
    if not motion.used[feet].all():
        return float("nan")
    xy = gaussian_filter1d(motion.joints[:, feet], 0.05 * RATE, axis=0, mode="nearest")
    velocity = np.gradient(xy, 1 / RATE, axis=0)
    low = xy[..., 1].max(axis=1, keepdims=True) - xy[..., 1] < _FLOOR
    ground = maximum_filter1d(xy[..., 1].max(axis=1), round(1.0 * RATE))
    low &= (ground[:, None] - xy[..., 1]) < 2 * _FLOOR
    bears = low & (np.abs(velocity[..., 1]) < 0.3)
    speed = np.where(bears, np.abs(velocity[..., 0]), np.inf).min(axis=1)
    planted = np.isfinite(speed)
    return float(speed[planted].mean()) if planted.any() else float("nan")


def _in_frame(poses: PoseSequence, visible: NDArray[np.bool_]) -> float:
    if not visible.any():
        return float("nan")
    xy = poses.keypoints[visible]
    inside = (xy >= 0).all(-1) & (xy <= np.asarray(poses.canvas)).all(-1)
    return float(inside.mean())


def _face_camera(poses: PoseSequence) -> float:
    index = poses.layout.index
    left, right = index["left_shoulder"], index["right_shoulder"]
    both = (poses.confidence[:, left] > 0) & (poses.confidence[:, right] > 0)
    if not both.any():
        return float("nan")
    ahead = poses.keypoints[both, left, 0] > poses.keypoints[both, right, 0]
    return float(ahead.mean())


def pose_distance(variations: list[Motion]) -> float:
    """Average pose distance (APD) between variations: mean joint distance in body heights.

    Joints are taken relative to the middle of the hips, at equal times, over all pairs.

    Raises:
        EvaluationError: fewer than two variations.
    """
    if len(variations) < 2:
        raise EvaluationError("one dance has no distance to itself", "Give at least two.")
    count = min(len(m.joints) for m in variations)
    used = np.logical_and.reduce([m.used for m in variations])
    if not used.any():
        raise EvaluationError("the dances share no joint that is seen", f"Of: {', '.join(JOINTS)}.")
    relative = [(m.joints - m.root[:, None])[:count, used] for m in variations]
    pairs = [
        np.linalg.norm(a - b, axis=-1).mean()
        for i, a in enumerate(relative)
        for b in relative[i + 1 :]
    ]
    return float(np.mean(pairs))
