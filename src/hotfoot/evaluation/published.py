"""Metrics as they are published, with their faults, so that tables can be compared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import argrelextrema
from scipy.spatial.distance import pdist

from hotfoot.evaluation.realism import frechet
from hotfoot.evaluation.statistics import Array, ChanceCorrected
from hotfoot.evaluation.synchrony import beats_within, nearness, shifted
from hotfoot.pose.resample import filled
from hotfoot.pose.sequence import PoseSequence


@dataclass(frozen=True)
class BeatAlignment:
    """One published definition of the beat alignment score."""

    fps: float  # frame rate that its constants mean
    smoothing: float  # of the speed, in frames (standard deviation; 0 for none)
    order: int  # a minimum is lower than so many frames on either side
    from_music: bool  # mean over musical beats (else over kinematic beats)
    sigma: float  # of the kernel, in frames

    def minima(self, joints: NDArray[np.floating]) -> Array:
        """Frames at which the speed of joints [T, J, 2 or 3] is lowest."""
        speed = np.linalg.norm(np.diff(np.asarray(joints, float), axis=0), axis=-1).mean(axis=1)
        if self.smoothing:
            speed = gaussian_filter1d(speed, self.smoothing)
        return argrelextrema(speed, np.less, order=self.order)[0].astype(float)

    def score(self, minima: Array, beats: Array) -> float:
        """The score of minima and musical beats, both sorted frames; 0 where there is none."""
        if len(minima) == 0 or len(beats) == 0:
            return 0.0
        at, among = (beats, minima) if self.from_music else (minima, beats)
        return nearness(at, among, self.sigma)


BEAT_ALIGNMENT = {
    "fact": BeatAlignment(60, 0, 10, False, 3),
    "bailando": BeatAlignment(60, 5, 1, True, 3),
    "lodge": BeatAlignment(30, 5, 1, True, 3),
    "popdg": BeatAlignment(30, 0, 10, False, 3),
    "mace-2d": BeatAlignment(16, 3.5, 1, True, 3),
}
"""FACT (mint), Bailando (also Danceba, TM2D), Lodge, POPDG and MACE-Dance's 2D score."""

_PAPER_FPS = 60.0
_SHIFTS = 60
_POPDG_FRAMES = 300  # only the motion is cut off there


def published_alignments(
    poses: PoseSequence, beats: Array, seed: int = 0
) -> dict[str, ChanceCorrected]:
    """``published_NAME`` for each of :data:`BEAT_ALIGNMENT`, chance from music that is moved.

    As there, joints (2D, in pixels at that definition's frame rate) that were not detected are
    zeros and take part, and beats (seconds) are rounded down to frames; they are ours, not
    librosa's.
    """
    duration, out = poses.duration_s, {}
    inside = beats_within(beats, duration)
    by = np.random.default_rng(seed).uniform(0, duration, _SHIFTS)
    sets = [inside[inside < duration], *(shifted(inside, b, duration) for b in by)]
    for name, definition in BEAT_ALIGNMENT.items():
        moved = poses.resampled(definition.fps)
        joints = np.where(moved.confidence[..., None] > 0, moved.keypoints, 0)
        minima = definition.minima(joints[:_POPDG_FRAMES] if name == "popdg" else joints)
        own, *chance = (definition.score(minima, np.floor(b * definition.fps)) for b in sets)
        out[f"published_{name}"] = ChanceCorrected.of(own, chance)
    return out


def kinetic_features_2d(poses: PoseSequence) -> Array:
    """Kinetic features [3 K] of COCO-17, as the paper's FID and DIV take them from 2D poses.

    Per joint the mean squared horizontal velocity, the mean squared vertical one and the mean size
    of the acceleration (Onuma et al., "FMDistance", 2008; fairmotion's version, which FACT and
    Bailando use, but without its lost parenthesis): at 60 fps, velocities averaged over 2 frames to
    either side. What the paper leaves open: coordinates are divided by the sides of the picture,
    holes are filled along straight lines. Four frames at 60 fps are the least.
    """
    moved = poses.to_skeleton("coco-17").resampled(_PAPER_FPS)
    xy = moved.keypoints / np.asarray(moved.canvas, np.float64)
    seen = moved.confidence > 0
    joints = np.stack([filled(xy[:, k], seen[:, k]) for k in range(xy.shape[1])], axis=1)
    velocity = uniform_filter1d(np.diff(joints, axis=0) * _PAPER_FPS, 5, axis=0, mode="nearest")
    acceleration = np.linalg.norm(np.diff(velocity, axis=0) * _PAPER_FPS, axis=-1)
    power = (velocity**2).mean(axis=0)
    return np.concatenate([power, acceleration.mean(axis=0)[:, None]], axis=1).ravel()


def fid_div(made: Array, real: Array) -> tuple[float, float, float]:
    """FID of features [N, F] to real ones [M, F], DIV of them, and DIV of the real ones.

    As FACT and Bailando compute them: features are z-scored by the real set's mean and deviation
    (those that do not vary are left out); DIV is the mean Euclidean distance over all pairs.
    """
    deviation = real.std(axis=0)
    varies = deviation > 1e-12
    a, b = ((x[:, varies] - real[:, varies].mean(axis=0)) / deviation[varies] for x in (made, real))
    return frechet(a, b), float(pdist(a).mean()), float(pdist(b).mean())
