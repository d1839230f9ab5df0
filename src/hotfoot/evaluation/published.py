"""Beat alignment as other projects publish it, with its faults, so that tables can be compared.

None of these numbers should be trusted on its own: white jitter scores 0.28 to 0.30 in Bailando's
beat alignment, above real dance (0.22 to 0.24). Use :mod:`~hotfoot.evaluation.synchrony` for what
is true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import argrelextrema

from hotfoot.errors import EvaluationError
from hotfoot.pose.sequence import PoseSequence

Array = NDArray[np.float64]


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
