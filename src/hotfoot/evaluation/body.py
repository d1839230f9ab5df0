"""Is it one body, moving and held as bodies are?

Proportions, smoothness, seams, feet, framing; how it faces the camera, how head and knees are held.
"""

import numpy as np
from scipy.ndimage import binary_opening, gaussian_filter1d, maximum_filter1d
from scipy.signal import find_peaks

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import INDEX, RATE, Motion, per_second, seen_joint
from hotfoot.evaluation.statistics import NAN, Array, known_mean
from hotfoot.pose.body import body_height
from hotfoot.pose.references import figure_pose
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
_FROZEN = 0.05  # body heights per second
_FREEZE_S = 1.0
_MINIMA_S, _RUNNING_S = 0.04, 0.5  # smoothing of the speed, and of its running mean
_FLOOR = 0.04  # a foot so near to the lower one, in body heights, is on the ground
_SEAM_S, _SEAM_SHIFTS = 0.1, 20
_TURNED = 0.5  # of the width between shoulders or hips: turned by 60 degrees
_SHOULDERS, _HIPS = 0.16, 0.09  # least true width, in body heights


def measure_body(
    poses: PoseSequence, motion: Motion, reference: PoseSequence | None = None
) -> dict[str, float]:
    """Measures of a dance and its prepared motion, lengths in body heights; NaN if not known.

    ``limb_error`` is not known without the person as a reference.
    """
    velocity = motion.velocity()
    acceleration = per_second(velocity)
    speed = np.linalg.norm(velocity, axis=-1)
    peak = np.linalg.norm(acceleration, axis=-1).max(axis=1)
    jerk = np.linalg.norm(per_second(acceleration), axis=-1)
    still = speed.mean(axis=1) < _FROZEN
    freeze = np.ones(min(round(_FREEZE_S * RATE), len(still)))
    lengths = limb_lengths(poses)
    ratios = np.full(len(LIMBS), NAN)
    if reference is not None:
        ratios = limb_ratios(lengths, reference, reference.canvas == poses.canvas)
    xy = poses.keypoints[poses.confidence >= VISIBLE_FROM]
    return {
        "speed": float(speed.mean()),
        "jerk": float(jerk.mean() / max(speed.mean(), 1e-9)),  # 1/s^2
        # The largest of all joints over the 90th percentile of what the fastest joint does.
        "worst_jump": float(peak.max() / max(np.percentile(peak, 90), 1e-9)),
        "stop_and_go": stop_and_go(motion),
        "frozen": float(binary_opening(still, freeze).mean()),  # for a second or more
        "foot_slide": _foot_slide(motion),
        "limb_error": float(np.fmax.reduce(np.abs(ratios - 1))),
        "growth": _growth(lengths, poses.fps),
        "in_frame": known_mean(((xy >= 0) & (xy <= poses.canvas)).all(axis=-1)),  # of those seen
        "seen": motion.seen,
        "confidence": float(poses.confidence.mean()),
    }


def measure_seams(motion: Motion, seams_s: list[float]) -> tuple[float, Array]:
    """Acceleration at seams (in seconds) over that elsewhere, at the 99th percentile, and chance.

    Chance is the same ratio [N] with all seams moved together to where none is: few samples as a
    dance's seams have reach their 99th percentile nowhere. NaN without a seam.
    """
    acceleration = np.linalg.norm(per_second(motion.velocity()), axis=-1)
    duration, clear, count = len(acceleration) / RATE, 4 * _SEAM_S, _SEAM_SHIFTS
    seams, by = np.array(seams_s), duration * np.arange(1, count + 1) / (count + 1)
    moved = (seams + by[:, None]) % duration
    apart = (np.abs(moved[..., None] - seams) > clear).all(axis=(1, 2))
    inside = ((moved > clear) & (moved < duration - clear)).all(axis=1)
    found = np.array([_seam_ratio(acceleration, m) for m in moved[apart & inside]])
    return _seam_ratio(acceleration, seams), found[np.isfinite(found)]


def _seam_ratio(acceleration: Array, seams_s: Array) -> float:
    """Acceleration [N, J] within 0.1 s of a seam against the rest, both at the 99th percentile."""
    near = np.zeros(len(acceleration), bool)
    reach = round(_SEAM_S * RATE)
    for at in (round(seam * RATE) for seam in seams_s):
        near[max(0, at - reach) : at + reach + 1] = True
    if not near.any() or near.all():
        return NAN
    here, rest = (np.percentile(acceleration[part], 99) for part in (near, ~near))
    return float(here / max(rest, 1e-9))


def stop_and_go(motion: Motion) -> float:
    """Median speed at its minima over its running mean: real dancers 0.7, who stops 0.

    Unlike kinematic beats, all minima count, however shallow; NaN where nothing moves.
    """
    speed = gaussian_filter1d(motion.speed(), _MINIMA_S * RATE, mode="nearest")
    running = gaussian_filter1d(speed, _RUNNING_S * RATE, mode="nearest")
    lows, _ = find_peaks(-speed)
    lows = lows[running[lows] > _FROZEN]
    return float(np.median(speed[lows] / running[lows])) if len(lows) else NAN


def _foot_slide(motion: Motion) -> float:
    """Mean horizontal speed of the foot that bears weight.

    A foot bears weight where it is the lower one, or as low as it within 4 % of the body height,
    and is not itself going up or down; of two the slower one counts.
    """
    feet = [INDEX["left_ankle"], INDEX["right_ankle"]]
    if not motion.used[feet].all():
        return NAN
    xy = gaussian_filter1d(motion.joints[:, feet], 0.05 * RATE, axis=0, mode="nearest")
    velocity, y = per_second(xy), xy[..., 1]
    lower = y.max(axis=1, keepdims=True)
    ground = maximum_filter1d(lower, round(1.0 * RATE), axis=0)
    bears = (lower - y < _FLOOR) & (ground - y < 2 * _FLOOR) & (np.abs(velocity[..., 1]) < 0.3)
    speed = np.where(bears, np.abs(velocity[..., 0]), np.inf).min(axis=1)
    return known_mean(speed)


def limb_lengths(poses: PoseSequence) -> Array:
    """Pixels [T, 7] of :data:`LIMBS` in the picture, the longer of both sides; NaN if not seen."""
    lengths = []
    for sides in LIMBS.values():
        bones = (seen_joint(poses, a) - seen_joint(poses, b) for a, b in sides)
        lengths.append(np.fmax.reduce([np.linalg.norm(bone, axis=1) for bone in bones]))
    return np.stack(lengths, axis=1)


def _longest(lengths: Array, least: int = 1) -> Array:
    """The 95th percentile [N] of lengths [T, N] over time; NaN under so many frames seen."""
    seen = (limb[np.isfinite(limb)] for limb in lengths.T)
    return np.array([np.percentile(x, 95) if len(x) >= least else NAN for x in seen])


def limb_ratios(lengths: Array, reference: PoseSequence, same_canvas: bool = True) -> Array:
    """95th percentile of each limb over the reference's length, [7]; NaN where not known.

    Not known is a limb that the reference shows foreshortened (shorter than the rest of its body
    says by more than a fifth). On another canvas than the reference's the size of the picture says
    nothing: ratios are taken against their median. EvaluationError if it shows no limb.
    """
    own, usual = limb_lengths(reference)[0], limb_lengths(figure_pose("average"))[0]
    scales = own / usual
    if np.isnan(scales).all():
        raise EvaluationError("the reference shows no limb", "Give a pose with a visible body.")
    scale = np.percentile(scales[np.isfinite(scales)], 70)
    ratios = np.where(own > 0.8 * scale * usual, _longest(lengths) / np.maximum(own, 1e-9), NAN)
    known = ratios[np.isfinite(ratios)]
    return ratios if same_canvas or not len(known) else ratios / np.median(known)


def _growth(lengths: Array, fps: float) -> float:
    """Largest change of a limb, last minute over first; NaN for dances under two minutes."""
    minute = round(60 * fps)
    if len(lengths) < 2 * minute:
        return NAN
    first, last = _longest(lengths[:minute], 5), _longest(lengths[-minute:], 5)
    return float(np.fmax.reduce(np.abs(last / np.maximum(first, 1e-9) - 1)))


def measure_posture(poses: PoseSequence) -> dict[str, float]:
    """Means over frames; NaN where none can be measured. None has a right value.

    ``profile`` and ``behind`` are shares of frames: turned by more than 60 degrees to a side, seen
    from behind; sizes of :func:`head_tilt` and :func:`knees_sideways` are of frontal frames.
    """
    facing = frontality(poses)
    known, frontal = facing[np.isfinite(facing)], facing > _TURNED
    return {
        "profile": known_mean(np.abs(known) <= _TURNED),
        "behind": known_mean(known < -_TURNED),
        "head_tilt": known_mean(np.abs(head_tilt(poses)[frontal])),
        "knees_sideways": known_mean(knees_sideways(poses)[frontal]),
    }


def frontality(poses: PoseSequence) -> Array:
    """Which way the trunk faces [T]: 1 the camera, 0 a side, -1 away; NaN where it is not seen.

    The signed width between left and right shoulder, and hip, over the largest that the dance shows
    (the 95th percentile, and no less than a narrow body's); the mean of both.
    """
    height = body_height(poses)
    found = []
    for joint, least in (("shoulder", _SHOULDERS), ("hip", _HIPS)):
        width = (seen_joint(poses, f"left_{joint}") - seen_joint(poses, f"right_{joint}"))[:, 0]
        known = np.isfinite(width)
        if known.any():
            largest = max(float(np.percentile(np.abs(width[known]), 95)), least * height)
            found.append(np.clip(width / largest, -1, 1))
    return np.asarray(np.mean(found, axis=0)) if found else np.full(len(poses), NAN)


def head_tilt(poses: PoseSequence) -> Array:
    """Angle [T] from the trunk's axis to the head's, in degrees, positive to the picture's right.

    The trunk's axis goes from the middle of the hips to that of the shoulders, the head's from
    there to the middle of the ears; NaN where one of them is not seen.
    """
    shoulders, hips, ears = (
        (seen_joint(poses, f"left_{name}") + seen_joint(poses, f"right_{name}")) / 2
        for name in ("shoulder", "hip", "ear")
    )
    trunk, head = shoulders - hips, ears - shoulders
    return np.asarray(np.degrees(np.arctan2(_cross(trunk, head), (trunk * head).sum(axis=1))))


def knees_sideways(poses: PoseSequence) -> Array:
    """Distance [T] of the knee that is farther from its line hip-ankle, over the leg's length.

    The leg's length is the 95th percentile of thigh plus shin; NaN where no leg is seen.
    """
    found = []
    for side in ("left", "right"):
        hip, knee, ankle = (seen_joint(poses, f"{side}_{n}") for n in ("hip", "knee", "ankle"))
        lengths = np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)
        line = ankle - hip
        across = np.abs(_cross(line, knee - hip))
        distance = across / np.maximum(np.linalg.norm(line, axis=1), 1e-9)
        found.append(distance / _longest(lengths[:, None]))
    return np.asarray(np.fmax.reduce(found))


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
