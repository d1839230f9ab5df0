"""What training sees: clips of 2D poses paired with music, and samples that are cut from them."""

from dataclasses import dataclass, fields
from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from hotfoot.music.encoders import ENCODERS
from hotfoot.pose.body import movement_octaves
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import ModelSkeleton, get_skeleton
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.validation import validated

Floats = NDArray[np.float32]

CANVAS_HEIGHT = 1024
"""Of samples in pixels."""

_SEEN = 0.45  # share of joints that a clip and a sample must show
_REFERENCE_JOINTS = 8
_SPARE_S = 3.2


def canvas_of(aspect: float) -> tuple[int, int]:
    """(width, :data:`CANVAS_HEIGHT`) in pixels, from the width over the height."""
    return round(CANVAS_HEIGHT * aspect), CANVAS_HEIGHT


def _known_encoder(name: str) -> str:
    if name not in ENCODERS:
        raise ValueError(f"known encoders are {', '.join(ENCODERS)}")
    return name


@validated(kw_only=True)
class DataFormat:
    """What poses and music (by encoder) are like: recipes and corpora must agree on it."""

    skeleton: ModelSkeleton = "body-18"
    fps: Annotated[float, Field(ge=10, le=240)] = 30.0
    music: Annotated[str, AfterValidator(_known_encoder)] = "spectral-1"

    @property
    def points(self) -> int:
        """Keypoints of the skeleton."""
        return len(get_skeleton(self.skeleton))

    @property
    def format(self) -> "DataFormat":
        """The format alone, of something that has one."""
        return DataFormat(**{f.name: getattr(self, f.name) for f in fields(DataFormat)})

    @property
    def spare_frames(self) -> int:
        """How much longer than a sample a clip should be: its reference may come from there."""
        return round(_SPARE_S * self.fps / FRAMES_PER_COLUMN) * FRAMES_PER_COLUMN

    def __str__(self) -> str:
        return f"{self.skeleton} at {self.fps:g} frames per second with {self.music}"


BODY_FORMAT = DataFormat()
"""What our own models are trained on."""


@dataclass(frozen=True, eq=False)
class PairedClip:
    """2D poses of a clip and the tokens of its music."""

    xy: Floats  # [T, K, 2] normalized by the canvas sides; T is a multiple of 8
    confidence: Floats  # [T, K] in 0..1
    music: Floats  # [T / 8, width] tokens
    style: str  # of the motion, or what the choreographer danced
    procedural: bool  # danced by the choreographer
    tempo_bpm: float  # of the song as played
    aspect: float  # width of the canvas over its height
    format: DataFormat
    motion: tuple[str, ...] = ()  # names of the clips that it shows; none where it is procedural
    song: str = ""  # its name

    @property
    def shows_a_body(self) -> bool:
        """Whether enough joints are seen to learn from."""
        return bool(self.confidence.mean() >= _SEEN)


@dataclass(frozen=True, eq=False)
class Sample:
    """One training example."""

    xy: Floats  # [T, K, 2] normalized by the canvas sides
    confidence: Floats  # [T, K] in 0..1
    reference_xy: Floats  # [K, 2] the static reference pose, another instant of the same clip
    reference_confidence: Floats  # [K]
    music: Floats  # [T / 8, width] tokens
    known: int  # number of leading frames that are given
    clip: PairedClip  # that it is cut from

    @property
    def canvas(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return canvas_of(self.clip.aspect)

    @property
    def poses(self) -> PoseSequence:
        """In pixels of the canvas."""
        format = self.clip.format
        pixels = self.xy * np.asarray(self.canvas, np.float32)
        return PoseSequence(pixels, self.confidence, format.fps, self.canvas, format.skeleton)

    @property
    def energy(self) -> float:
        """Size of movement in octaves of the usual one; NaN where it is not known."""
        return movement_octaves(self.poses)


class SampleSource(Protocol):
    """Where training samples come from."""

    def draw(self, rng: np.random.Generator, frames: int, overlap: int) -> Sample:
        """One sample of ``frames`` frames; the same for the same state of ``rng``.

        ``overlap`` is the number of known frames that it is usually given when it continues.
        """


def cut(clip: PairedClip, rng: np.random.Generator, frames: int, overlap: int) -> Sample | None:
    """A sample of a clip, half with a reference inside it; None if too little of a body is seen."""
    spare = (len(clip.xy) - frames) // FRAMES_PER_COLUMN
    first = int(rng.integers(spare + 1)) * FRAMES_PER_COLUMN
    part = slice(first, first + frames)
    inside = rng.random() < 0.5 or len(clip.xy) == frames
    outside = np.r_[0:first, first + frames : len(clip.xy)]
    at = int(rng.integers(first, first + frames) if inside else rng.choice(outside))
    confidence, reference = clip.confidence[part], clip.confidence[at]
    if confidence.mean() < _SEEN or (reference > 0).sum() < _REFERENCE_JOINTS:
        return None
    music = clip.music[first // FRAMES_PER_COLUMN : (first + frames) // FRAMES_PER_COLUMN]
    known = draw_known(rng, frames, overlap)
    return Sample(clip.xy[part], confidence, clip.xy[at], reference, music, known, clip)


def draw_known(rng: np.random.Generator, frames: int, overlap: int = 16) -> int:
    """Known frames: none for 45 %, the overlap for 40 %, else anything up to a quarter."""
    u = rng.random()
    if u < 0.45:
        return 0
    return min(overlap, frames) if u < 0.85 else int(rng.integers(1, max(2, frames // 4)))
