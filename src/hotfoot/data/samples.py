"""Training examples: a take is a filmed dance with its music; a segment is cut from a take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hotfoot.pose.body import movement_octaves
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import FRAMES_PER_COLUMN

FPS = 30.0
EXTRA_FRAMES = 96
"""How much longer than a segment a take should be: a reference pose may come from there."""

_SEEN = 0.45  # share of joints that a take and a segment must show
_REFERENCE_JOINTS = 8


@dataclass(frozen=True, eq=False)
class Take:
    """A filmed dance and its music, at 30 fps.

    Attributes:
        xy: [T, 18, 2] normalized by the canvas sides; T is a multiple of 8.
        confidence: [T, 18].
        music: [T / 8, width] tokens.
        style: of the clip, or what the choreographer danced.
        procedural: danced by the choreographer.
        tempo_bpm: of the song as played.
        aspect: width of the canvas over its height.
        clips: names of the motion that it shows; none where it is procedural.
        song: name of the song.
    """

    xy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    music: NDArray[np.float32]
    style: str
    procedural: bool
    tempo_bpm: float
    aspect: float
    clips: tuple[str, ...] = ()
    song: str = ""

    @property
    def shows_a_body(self) -> bool:
        """Whether enough joints are seen to learn from."""
        return bool(self.confidence.mean() >= _SEEN)


@dataclass(frozen=True, eq=False)
class Segment:
    """One training example at 30 fps.

    Attributes:
        xy: [T, 18, 2] normalized by the canvas sides.
        confidence: [T, 18].
        reference_xy: [18, 2] the static reference pose, another instant of the same film.
        reference_confidence: [18].
        music: [T / 8, width] tokens.
        known: number of leading frames that are given.
        style: of the clip, or what the choreographer danced.
        procedural: danced by the choreographer.
        tempo_bpm: of the song as played.
        aspect: width of the canvas over its height.
    """

    xy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    reference_xy: NDArray[np.float32]
    reference_confidence: NDArray[np.float32]
    music: NDArray[np.float32]
    known: int
    style: str
    procedural: bool
    tempo_bpm: float
    aspect: float

    @property
    def energy(self) -> float:
        """Size of movement in octaves of the usual one; NaN where it cannot be told."""
        canvas = (round(1024 * self.aspect), 1024)
        pixels = self.xy * np.asarray(canvas, np.float32)
        return movement_octaves(PoseSequence(pixels, self.confidence, FPS, canvas))


class SegmentSource(Protocol):
    """Where training segments come from."""

    def draw(self, rng: np.random.Generator, frames: int) -> Segment:
        """One segment of ``frames`` frames; the same for the same state of ``rng``."""
        ...


def cut(take: Take, rng: np.random.Generator, frames: int) -> Segment | None:
    """A segment from somewhere in a take; None if too little of a body is seen there.

    Half of the references are an instant of the segment itself, the others lie before or after.
    """
    spare = (len(take.xy) - frames) // FRAMES_PER_COLUMN
    first = int(rng.integers(spare + 1)) * FRAMES_PER_COLUMN
    part = slice(first, first + frames)
    inside = rng.random() < 0.5 or len(take.xy) == frames
    outside = np.r_[0:first, first + frames : len(take.xy)]
    at = int(rng.integers(first, first + frames)) if inside else int(rng.choice(outside))
    xy, confidence = take.xy[part], take.confidence[part]
    reference = take.confidence[at]
    if confidence.mean() < _SEEN or (reference > 0).sum() < _REFERENCE_JOINTS:
        return None
    columns = slice(first // FRAMES_PER_COLUMN, (first + frames) // FRAMES_PER_COLUMN)
    return Segment(
        xy, confidence, take.xy[at], reference, take.music[columns], draw_known(rng, frames),
        take.style, take.procedural, take.tempo_bpm, take.aspect,
    )  # fmt: skip


def draw_known(rng: np.random.Generator, frames: int) -> int:
    """Known frames: none for 45 %, the 16 of stitching for 40 %, else anything up to a quarter."""
    u = rng.random()
    if u < 0.45:
        return 0
    return min(16, frames) if u < 0.85 else int(rng.integers(1, max(2, frames // 4)))
