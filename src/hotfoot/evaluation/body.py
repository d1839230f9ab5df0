"""Is it one body, moving as bodies move? Proportions, smoothness, seams, feet, framing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.signal import find_peaks

from hotfoot.evaluation.limbs import limb_growth, limb_lengths, limb_ratios
from hotfoot.evaluation.motion import INDEX, RATE, Motion
from hotfoot.evaluation.statistics import NAN
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence

_FROZEN = 0.05  # body heights per second
_FREEZE_S = 1.0
_MINIMA_S, _RUNNING_S = 0.04, 0.5  # smoothing of the speed, and of its running mean
_FLOOR = 0.04  # a foot so near to the lower one, in body heights, is on the ground
_SEAM_S, _SEAM_SHIFTS = 0.1, 20


@dataclass(frozen=True)
class BodyMeasures:
    """What was measured; lengths in body heights, NaN where it is not known.

    Attributes:
        speed: mean speed of the joints, body heights per second.
        jerk: mean jerk over mean speed, 1/s^2.
        worst_jump: the largest joint acceleration over the 90th percentile of what the fastest
            joint does.
        stop_and_go: median speed at its minima over its mean within about a second; 1 flows, 0
            halts at each.
        frozen: share of time in stretches of over a second without movement.
        foot_slide: mean speed of feet on the ground while the other foot is up or slower.
        limb_error: largest difference of a limb's length from the reference's, as a share.
        growth: largest change of a limb's length, last minute over first.
        in_frame: share of seen joints that lie inside the canvas.
        seen: share of joints and frames that are seen.
        confidence: mean over joints and frames.
    """

    speed: float
    jerk: float
    worst_jump: float
    stop_and_go: float
    frozen: float
    foot_slide: float
    limb_error: float
    growth: float
    in_frame: float
    seen: float
    confidence: float


def measure_body(
    poses: PoseSequence, motion: Motion, reference: PoseSequence | None = None
) -> BodyMeasures:
    """Body measures of a dance.

    Args:
        poses: the dance.
        motion: the same, of :func:`~hotfoot.evaluation.motion.prepare`.
        reference: the person.
    """
    speed = motion.speed()
    peak = _acceleration(motion).max(axis=1)
    lengths = limb_lengths(poses)
    ratios: dict[str, float] = {}
    if reference is not None:
        ratios = limb_ratios(lengths, reference, reference.canvas == poses.canvas)
    return BodyMeasures(
        speed=float(speed.mean()),
        jerk=_jerk(motion),
        worst_jump=float(peak.max() / max(np.percentile(peak, 90), 1e-9)),
        stop_and_go=stop_and_go(motion),
        frozen=_frozen(speed),
        foot_slide=_foot_slide(motion),
        limb_error=max((abs(r - 1) for r in ratios.values()), default=NAN),
        growth=limb_growth(lengths, poses.fps),
        in_frame=_in_frame(poses),
        seen=motion.seen,
        confidence=float(poses.confidence.mean()),
    )


def measure_seams(motion: Motion, seams_s: list[float]) -> tuple[float, NDArray[np.float64]]:
    """Acceleration at seams over that elsewhere, both at the 99th percentile, and chance.

    Args:
        motion: the dance.
        seams_s: seconds at which segments join.

    Returns:
        The ratio (NaN without a seam), and the same [N] with all seams moved together to where none
        is: a dance has few seams, and few samples reach their 99th percentile anywhere by chance.
    """
    acceleration = _acceleration(motion)
    duration, clear, count = len(acceleration) / RATE, 4 * _SEAM_S, _SEAM_SHIFTS
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
    return _seam_ratio(acceleration, seams_s), found[np.isfinite(found)]


def _acceleration(motion: Motion) -> NDArray[np.float64]:
    """Size of the acceleration of the used joints [N, J], body heights per second squared."""
    return np.linalg.norm(np.gradient(motion.velocity(), 1 / RATE, axis=0), axis=-1)


def _jerk(motion: Motion) -> float:
    velocity = motion.velocity()
    jerk = np.gradient(np.gradient(velocity, 1 / RATE, axis=0), 1 / RATE, axis=0)
    speed = float(np.linalg.norm(velocity, axis=-1).mean())
    return float(np.linalg.norm(jerk, axis=-1).mean() / max(speed, 1e-9))


def _seam_ratio(acceleration: NDArray[np.float64], seams_s: list[float]) -> float:
    """Acceleration [N, J] within 0.1 s of a seam against the rest, both at the 99th percentile."""
    near = np.zeros(len(acceleration), bool)
    reach = round(_SEAM_S * RATE)
    for seam in seams_s:
        at = round(seam * RATE)
        near[max(0, at - reach) : at + reach + 1] = True
    if not near.any() or near.all():
        return NAN
    return float(
        np.percentile(acceleration[near], 99) / max(np.percentile(acceleration[~near], 99), 1e-9)
    )


def stop_and_go(motion: Motion) -> float:
    """Median speed at its minima over its running mean: real dancers 0.7, who stops 0.

    Unlike kinematic beats, all minima count, however shallow; NaN where nothing moves.
    """
    speed = gaussian_filter1d(motion.speed(), _MINIMA_S * RATE, mode="nearest")
    running = gaussian_filter1d(speed, _RUNNING_S * RATE, mode="nearest")
    lows, _ = find_peaks(-speed)
    lows = lows[running[lows] > _FROZEN]
    return float(np.median(speed[lows] / running[lows])) if len(lows) else NAN


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
        return NAN
    xy = gaussian_filter1d(motion.joints[:, feet], 0.05 * RATE, axis=0, mode="nearest")
    velocity = np.gradient(xy, 1 / RATE, axis=0)
    low = xy[..., 1].max(axis=1, keepdims=True) - xy[..., 1] < _FLOOR
    ground = maximum_filter1d(xy[..., 1].max(axis=1), round(1.0 * RATE))
    low &= (ground[:, None] - xy[..., 1]) < 2 * _FLOOR
    bears = low & (np.abs(velocity[..., 1]) < 0.3)
    speed = np.where(bears, np.abs(velocity[..., 0]), np.inf).min(axis=1)
    planted = np.isfinite(speed)
    return float(speed[planted].mean()) if planted.any() else NAN


def _in_frame(poses: PoseSequence) -> float:
    visible = poses.confidence >= VISIBLE_FROM
    if not visible.any():
        return NAN
    xy = poses.keypoints[visible]
    inside = (xy >= 0).all(-1) & (xy <= np.asarray(poses.canvas)).all(-1)
    return float(inside.mean())
