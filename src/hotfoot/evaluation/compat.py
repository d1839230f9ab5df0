"""What other projects publish, reproduced with its faults, so that tables can be compared.

Every function says whose definition it is. None of these numbers should be trusted on its own:
white jitter scores 0.28 to 0.30 in Bailando's beat alignment, above real dance (0.22 to 0.24); the
"acceleration" of the kinetic features is the distance from the origin. Use
:mod:`~hotfoot.evaluation.synchrony` and :mod:`~hotfoot.evaluation.realism` for what is true.

Joints are arrays [T, J, 3] in meters, or [T, J, 2] where said; beats are frame numbers at the
definition's frame rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from scipy.ndimage import gaussian_filter1d
from scipy.signal import argrelextrema

from hotfoot.errors import EvaluationError
from hotfoot.pose.sequence import PoseSequence

Array = NDArray[np.float64]

SMPL = (
    "root", "lhip", "rhip", "belly", "lknee", "rknee", "spine", "lankle", "rankle", "chest",
    "ltoes", "rtoes", "neck", "linshoulder", "rinshoulder", "head", "lshoulder", "rshoulder",
    "lelbow", "relbow", "lwrist", "rwrist", "lhand", "rhand",
)  # fmt: skip


@dataclass(frozen=True)
class BeatAlignment:
    """One published definition of the beat alignment score.

    Attributes:
        fps: frame rate that its constants mean.
        smoothing: of the speed, in frames (standard deviation; 0 for none).
        order: a minimum is lower than so many frames on either side.
        from_music: mean over musical beats (else over kinematic beats).
        sigma: of the kernel, in frames.
    """

    fps: float
    smoothing: float
    order: int
    from_music: bool
    sigma: float

    def __call__(self, joints: NDArray[np.floating], music_beats: NDArray[np.floating]) -> float:
        """The score of joints [T, J, 2 or 3] with beats in frames; 0 where there is none."""
        speed = np.linalg.norm(np.diff(np.asarray(joints, float), axis=0), axis=-1).mean(axis=1)
        if self.smoothing:
            speed = gaussian_filter1d(speed, self.smoothing)
        lows = argrelextrema(speed, np.less, order=self.order)[0].astype(float)
        beats = np.asarray(music_beats, float)
        if len(lows) == 0 or len(beats) == 0:
            return 0.0
        at, among = (beats, lows) if self.from_music else (lows, beats)
        distance = np.abs(at[:, None] - among[None]).min(axis=1)
        return float(np.exp(-(distance**2) / (2 * self.sigma**2)).mean())


BEAT_ALIGNMENT = {
    "fact": BeatAlignment(60, 0, 10, False, 3),
    "bailando": BeatAlignment(60, 5, 1, True, 3),
    "lodge": BeatAlignment(30, 5, 1, True, 3),
    "popdg": BeatAlignment(30, 0, 10, False, 3),
    "mace-2d": BeatAlignment(16, 3.5, 1, True, 3),
}
"""FACT (mint), Bailando (also Danceba, TM2D), Lodge, POPDG and MACE-Dance's 2D score."""

_POPDG_FRAMES = 300  # only the motion is cut off there


def published_alignment(
    name: str, poses: PoseSequence, music_beats_s: NDArray[np.floating]
) -> float:
    """A published beat alignment of a 2D dance, joints in pixels at that definition's frame rate.

    As there, joints that were not detected are zeros and take part, and beats are rounded down to
    frames. Music beats are this project's, not librosa's.

    Raises:
        EvaluationError: unknown definition.
    """
    if name not in BEAT_ALIGNMENT:
        raise EvaluationError(
            f"unknown definition '{name}'", f"Known: {', '.join(BEAT_ALIGNMENT)}."
        )
    score = BEAT_ALIGNMENT[name]
    joints = _pixels(poses, score.fps)
    beats = np.asarray(music_beats_s, float)
    frames = np.floor(beats[(beats >= 0) & (beats < poses.duration_s)] * score.fps)
    return score(joints[:_POPDG_FRAMES] if name == "popdg" else joints, frames)


def _pixels(poses: PoseSequence, fps: float) -> Array:
    """Joints [T, J, 2] in pixels; those that were not seen are zeros."""
    moved = poses.resampled(fps)
    return np.where(moved.confidence[..., None] > 0, moved.keypoints, 0).astype(float)


def kinetic_features(joints: NDArray[np.floating]) -> Array:
    """fairmotion's kinetic features [3 J] as in aistplusplus_api, Bailando and Lodge; y up.

    Per joint: mean squared horizontal and vertical velocity, and mean "energy expenditure", whose
    difference of velocities lacks a parenthesis: ``p[i] - p[i - 1] / dt`` stands for a velocity.
    60 fps is built in.
    """
    p = np.asarray(joints, float)
    if len(p) < 3:
        raise EvaluationError(f"{len(p)} frames have no acceleration", "Give at least 3.")
    dt, reach = 1 / 60, 2
    step = np.diff(p, axis=0) / dt  # step[i] leads to frame i + 1
    wrong = (p[2:] - p[1:-1]) / dt - (p[1:-1] - p[:-2] / dt)
    wrong = wrong / dt
    horizontal, vertical, energy = [], [], []
    for i in range(1, len(p)):
        v = step[max(0, i - reach - 1) : i + reach].mean(axis=0)
        horizontal.append(v[:, 0] ** 2 + v[:, 2] ** 2)
        vertical.append(v[:, 1] ** 2)
        window = wrong[max(0, i - reach - 1) : i + reach]
        if len(window):
            energy.append(np.linalg.norm(window.mean(axis=0), axis=-1))
    return np.stack(
        [np.mean(horizontal, axis=0), np.mean(vertical, axis=0), np.mean(energy, axis=0)], axis=1
    ).ravel()


# Humerus, shoulders and hips of the SMPL template, meters.
_HL, _SW, _HW = 0.2567, 0.3909, 0.1193
_PER_FRAME = 1 / 120  # the default that nobody overrides
_TESTS: tuple[tuple[str, tuple[str, str, str, str], float | tuple[float, float]], ...] = (
    ("turn", ("neck", "rhip", "lhip", "rwrist"), 1.8 * _HL),
    ("turn", ("neck", "lhip", "rhip", "lwrist"), 1.8 * _HL),
    ("side", ("chest", "neck", "neck", "rwrist"), 0.2 * _HL),
    ("side", ("chest", "neck", "neck", "lwrist"), 0.2 * _HL),
    ("move", ("belly", "chest", "chest", ""), 1.8 * _HL),
    ("move", ("belly", "chest", "chest", ""), 1.8 * _HL),
    ("angle", ("relbow", "rshoulder", "relbow", "rwrist"), (0, 110)),
    ("angle", ("lelbow", "lshoulder", "lelbow", "lwrist"), (0, 110)),
    ("side", ("lshoulder", "rshoulder", "lwrist", "rwrist"), 2.5 * _SW),
    ("move", ("lwrist", "rwrist", "rwrist", ""), 1.4 * _HL),
    ("move", ("rwrist", "root", "lwrist", ""), 1.4 * _HL),
    ("move", ("lwrist", "root", "rwrist", ""), 1.4 * _HL),
    ("fast", ("rwrist", "", "", ""), 2.5 * _HL),
    ("fast", ("lwrist", "", "", ""), 2.5 * _HL),
    ("plane", ("root", "lhip", "ltoes", "rankle"), 0.38 * _HL),
    ("plane", ("root", "rhip", "rtoes", "lankle"), 0.38 * _HL),
    ("side", ("zero", "up", "floor", "rankle"), 1.2 * _HL),
    ("side", ("zero", "up", "floor", "lankle"), 1.2 * _HL),
    ("side", ("lhip", "rhip", "lankle", "rankle"), 2.1 * _HW),
    ("angle", ("rknee", "rhip", "rknee", "rankle"), (0, 110)),
    ("angle", ("lknee", "lhip", "lknee", "lankle"), (0, 110)),
    ("fast", ("rankle", "", "", ""), 2.5 * _HL),
    ("fast", ("lankle", "", "", ""), 2.5 * _HL),
    ("angle", ("neck", "root", "rshoulder", "relbow"), (25, 180)),
    ("angle", ("neck", "root", "lshoulder", "lelbow"), (25, 180)),
    ("angle", ("neck", "root", "rhip", "rknee"), (50, 180)),
    ("angle", ("neck", "root", "lhip", "lknee"), (50, 180)),
    ("plane", ("rankle", "neck", "lankle", "root"), 0.5 * _HL),
    ("angle", ("neck", "root", "zero", "up"), (70, 110)),
    ("side", ("zero", "down", "floor", "rwrist"), -1.2 * _HL),
    ("side", ("zero", "down", "floor", "lwrist"), -1.2 * _HL),
    ("fast", ("root", "", "", ""), 2.3 * _HL),
)


def geometric_features(joints: NDArray[np.floating]) -> Array:
    """fairmotion's 32 geometric features of SMPL joints [T, 24, 3], y up (aistplusplus_api).

    Shares of frames in which a test holds: angles, sides of planes, and velocities whose frame
    time is 1/120 s whatever the motion's is; the fourth joint of a "move" is never looked at.
    """
    p = np.asarray(joints, float)
    if p.ndim != 3 or p.shape[1:] != (24, 3) or len(p) < 2:
        raise EvaluationError(f"joints have shape {p.shape}", "Expected [frames, 24, 3], SMPL.")
    now, before = p[1:], p[:-1]

    def at(name: str, frames: Array = now) -> Array:
        fixed = {"zero": (0, 0, 0), "up": (0, 1, 0), "down": (0, -1, 0)}
        if name in fixed:
            return np.broadcast_to(np.array(fixed[name], float), (len(frames), 3))
        if name == "floor":
            lowest = np.zeros((len(frames), 3))
            lowest[:, 1] = frames[..., 1].min(axis=1)
            return lowest
        return frames[:, SMPL.index(name)]

    def along(vector: Array, direction: Array) -> Array:
        length = np.maximum(np.linalg.norm(direction, axis=-1), 1e-12)
        return (vector * direction).sum(axis=-1) / length

    out = []
    for kind, (a, b, c, d), limit in _TESTS:
        if kind == "angle":
            u, v = at(b) - at(a), at(d) - at(c)
            cosine = along(u, v) / np.maximum(np.linalg.norm(u, axis=-1), 1e-12)
            degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
            low, high = limit if isinstance(limit, tuple) else (0.0, limit)
            out.append(((degrees > low) & (degrees < high)).mean())
            continue
        assert isinstance(limit, float)
        if kind == "side":
            value = along(at(d) - at(c), at(b) - at(a))
        elif kind == "plane":
            value = along(at(d) - at(a), np.cross(at(c) - at(a), at(b) - at(a)))
        elif kind == "fast":
            value = np.linalg.norm(at(a) - at(a, before), axis=-1) / _PER_FRAME
        elif kind == "move":
            moved = (at(c) - at(a)) - (at(c, before) - at(a, before))
            value = along(moved, at(b) - at(a)) / _PER_FRAME
        else:
            moved = (at(d) - at(a)) - (at(d, before) - at(a, before))
            value = along(moved, np.cross(at(c) - at(a), at(b) - at(a))) / _PER_FRAME
        out.append((value > limit).mean())
    return np.array(out)


def bailando_joints(joints: NDArray[np.floating], generated: bool = True) -> Array:
    """As Bailando prepares clips for its features: first root at the origin; 1,200 frames at most.

    Only generated clips are cut; reference features come from whole sequences.
    """
    p = np.asarray(joints, float)
    p = p - p[:1, :1]
    return p[:1200] if generated else p


def lodge_joints(joints: NDArray[np.floating]) -> Array:
    """As Lodge prepares 30 fps clips for features with 60 fps constants.

    22 joints, 1,024 frames at most; every joint but the root relative to it in each frame, the root
    relative to its first place.
    """
    p = np.asarray(joints, float)[:1024, :22]
    return np.concatenate([p[:, :1] - p[:1, :1], p[:, 1:] - p[:, :1]], axis=1)


def fact_joints(joints: NDArray[np.floating]) -> Array:
    """As mint prepares generated clips: the 120 seed frames dropped, the root left where it is."""
    return np.asarray(joints, float)[120:]


def frechet_z_scored(generated: Array, reference: Array, strict: bool = False) -> float:
    """Bailando's FID: both sets z-scored by the reference, ``sqrtm``, imaginary part dropped.

    Args:
        generated: features [N, D].
        reference: features [M, D].
        strict: mint's (FACT's) variant, which does not accept a large imaginary part.

    Raises:
        EvaluationError: only with ``strict``.
    """
    mean, std = reference.mean(axis=0), reference.std(axis=0) + 1e-10
    return _fid((generated - mean) / std, (reference - mean) / std, strict)


def diversity_z_scored(generated: Array, reference: Array) -> float:
    """Bailando's DIV: mean pairwise distance of the generated set in the reference's z-scores."""
    mean, std = reference.mean(axis=0), reference.std(axis=0) + 1e-10
    return _spread((generated - mean) / std)


def mace_2d_scores(generated: Array, reference: Array) -> tuple[float, float]:
    """MACE-Dance's FID and DIV: each set is z-scored by itself, so mean and scale are lost."""
    own = (generated - generated.mean(axis=0)) / (generated.std(axis=0) + 1e-10)
    true = (reference - reference.mean(axis=0)) / (reference.std(axis=0) + 1e-10)
    return _fid(own, true), _spread(own)


_MACE_FPS = 16.0
_MACE_BODY = {
    "root": "mid_hip", "neck": "neck", "lhip": "left_hip", "rhip": "right_hip",
    "lknee": "left_knee", "rknee": "right_knee", "lankle": "left_ankle", "rankle": "right_ankle",
    "lshoulder": "left_shoulder", "rshoulder": "right_shoulder", "lelbow": "left_elbow",
    "relbow": "right_elbow", "lwrist": "left_wrist", "rwrist": "right_wrist",
    "belly": "mid_hip", "chest": "neck",
}  # fmt: skip


def mace_2d_kinetic(poses: PoseSequence) -> Array:
    """MACE-Dance's kinetic features [75] of BODY_25, in raw pixels.

    The acceleration is right there, but clips of 16 frames per second go through a frame time of
    1/30 s, and nothing is divided by the picture's size.
    """
    p = _pixels(poses.to_skeleton("body-25"), _MACE_FPS)
    if len(p) < 3:
        raise EvaluationError(f"{len(p)} frames have no acceleration", "Give at least 3.")
    v = np.diff(p, axis=0) * 30
    a = np.diff(v, axis=0) * 30
    energy = np.linalg.norm(a, axis=-1).mean(axis=0)
    return np.stack(
        [(v[..., 0] ** 2).mean(axis=0), (v[..., 1] ** 2).mean(axis=0), energy], 1
    ).ravel()


def mace_2d_geometric(poses: PoseSequence) -> Array:
    """MACE-Dance's geometric features [32] of BODY_25: nine angles that live, 23 that do not.

    Distances from planes are always 0.0 there, so 11 tests have one answer for everybody; the
    velocity tests compare a displacement *per frame* with one to three shoulder widths.
    """
    body = poses.to_skeleton("body-25")
    p = _pixels(body, _MACE_FPS)
    if len(p) < 2:
        raise EvaluationError("one frame has no velocity", "Give at least 2.")
    now, before = p[1:], p[:-1]
    index = body.layout.index
    shoulders = now[:, index["left_shoulder"]] - now[:, index["right_shoulder"]]
    width = float(np.linalg.norm(shoulders, axis=-1).mean())

    def at(name: str, frames: Array = now) -> Array:
        if name in ("zero", "up"):
            return np.broadcast_to(
                np.array((0, -1) if name == "up" else (0, 0), float), (len(frames), 2)
            )
        return frames[:, index[_MACE_BODY[name]]]

    out = []
    for kind, (a, b, c, d), limit in _TESTS:
        if kind in ("side", "plane"):
            assert isinstance(limit, float)
            out.append(float(limit < 0))
        elif kind == "angle":
            u, v = at(b) - at(a), at(d) - at(c)
            lengths = np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1)
            cosine = (u * v).sum(axis=-1) / np.maximum(lengths, 1e-12)
            degrees = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
            low, high = limit if isinstance(limit, tuple) else (0.0, limit)
            out.append(float(((degrees > low) & (degrees < high)).mean()))
        else:
            joint = d if kind == "turn" else c if kind == "move" else a
            assert isinstance(limit, float)
            moved = np.linalg.norm(at(joint) - at(joint, before), axis=-1)
            out.append(float((moved > limit / _HL * width).mean()))
    return np.array(out)


def physical_foot_contact(joints: NDArray[np.floating], fps: float = 30.0) -> float:
    """EDGE's PFC of one clip of SMPL joints [T, 24, 3], z up, times 10,000.

    Acceleration of the root, upward part clamped to be positive, over the clip's own maximum,
    times the slower speeds of both feet, per frame as published (not per second).
    """
    p = np.asarray(joints, float)
    if p.ndim != 3 or p.shape[1:] != (24, 3) or len(p) < 3:
        raise EvaluationError(f"joints have shape {p.shape}", "Expected [frames >= 3, 24, 3].")
    velocity = np.diff(p[:, 0], axis=0) * fps
    acceleration = np.diff(velocity, axis=0) * fps
    acceleration[:, 2] = np.maximum(acceleration[:, 2], 0)
    size = np.linalg.norm(acceleration, axis=-1)
    size = size / size.max() if size.max() > 0 else np.full_like(size, np.nan)
    step = np.linalg.norm(np.diff(p[:, :, :2], axis=0), axis=-1)[1:]
    left = np.minimum(step[:, SMPL.index("lankle")], step[:, SMPL.index("ltoes")])
    right = np.minimum(step[:, SMPL.index("rankle")], step[:, SMPL.index("rtoes")])
    return float((size * left * right).mean() * 10_000)


def lodge_skating_ratio(joints: NDArray[np.floating]) -> float:
    """Lodge's foot skating of SMPL joints [T, >= 12, 3], y up: sliding along (1, -1) counts as 0.

    Contact: ankle at most 8 cm and toes at most 5 cm above the lowest joint of the first frame.
    Slide: the mean of signed x and z displacement exceeds 1 cm per frame.
    """
    p = np.asarray(joints, float)
    floor = p[0, :, 1].min()
    ratios = []
    for ankle, toes in ((7, 10), (8, 11)):
        contact = (p[:-1, ankle, 1] - floor <= 0.08) & (p[:-1, toes, 1] - floor <= 0.05)
        moved = np.diff(p[:, ankle], axis=0)[:, [0, 2]].mean(axis=1)
        slides = contact & (np.abs(moved) > 0.01)
        ratios.append(slides.sum() / contact.sum() if contact.any() else 0.0)
    return float(np.mean(ratios))


def _fid(a: Array, b: Array, strict: bool = False) -> float:
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.asarray(sqrtm(ca @ cb))
    if not np.isfinite(root).all():
        offset = np.eye(len(ca)) * 1e-5
        root = np.asarray(sqrtm((ca + offset) @ (cb + offset)))
    if strict and np.iscomplexobj(root) and np.abs(np.diagonal(root).imag).max() > 1e-3:
        raise EvaluationError(
            "the root of the covariances is not real", "Give more clips than features."
        )
    difference = a.mean(axis=0) - b.mean(axis=0)
    return float(difference @ difference + np.trace(ca) + np.trace(cb) - 2 * np.trace(root.real))


def _spread(features: Array) -> float:
    i, j = np.triu_indices(len(features), 1)
    return float(np.linalg.norm(features[i] - features[j], axis=1).mean())
