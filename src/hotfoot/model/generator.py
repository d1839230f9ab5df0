"""What every generator of dances provides, ours and the baselines, and the values it exchanges.

A song is cut into segments. For each, a generator samples something of its own (latents, codes,
clips) under the conditions and decodes it to poses; what is there already is known to it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from hotfoot.model.config import GeneratorConfig, Solver
from hotfoot.music.analysis import SongAnalysis
from hotfoot.pose.metadata import Phrase
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import FRAMES_PER_COLUMN

OnStep = Callable[[int, int], None]  # on_step(done, total), for progress


@dataclass(frozen=True)
class Segment:
    """Frames ``start .. stop`` of a dance, of which the first ``known`` exist before it is made."""

    index: int
    start: int
    length: int
    known: int = 0

    @property
    def stop(self) -> int:
        """The frame after the last one."""
        return self.start + self.length

    @property
    def columns(self) -> slice:
        """Latent columns, and music tokens, of the segment."""
        return slice(self.start // FRAMES_PER_COLUMN, -(-self.stop // FRAMES_PER_COLUMN))


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a dance is made for."""

    analysis: SongAnalysis | None  # None for training's samples
    tokens: NDArray[np.float32]  # of music, [U, width], for the whole plan
    reference: PoseSequence  # one frame of the generator's skeleton
    style: str | None = None
    energy: float | None = None  # size of movement in octaves of the usual one


@dataclass(frozen=True)
class SamplingOptions:
    """Numbers of a run; see :class:`~hotfoot.model.config.Sampling`."""

    seed: int = 0  # of all randomness
    variations: int = 1  # dances made side by side
    steps: int = 10
    guidance: float = 1.0
    shift: float = 1.0
    solver: Solver = "euler"
    # Of generated keypoints: 0 and 1, or values in 0..1 as decoded.
    confidence: Literal["binary", "values"] = "binary"


@dataclass(frozen=True, eq=False)
class Poses:
    """Poses of variations, side by side."""

    xy: NDArray[np.float32]  # [V, T, K, 2], normalized by the canvas sides
    confidence: NDArray[np.float32]  # [V, T, K]
    seams: tuple[int, ...] = ()  # frames where parts were joined

    def frames(self, part: slice) -> "Poses":
        """Some of the frames, as views."""
        return Poses(self.xy[:, part], self.confidence[:, part])


@dataclass(frozen=True, eq=False)
class InitialPoses:
    """Poses to begin from instead of from noise alone, for the whole plan."""

    poses: Poses
    strength: float  # 0 is noise alone, 1 the poses as they are
    choreography: tuple[tuple[Phrase, ...], ...]  # musical phrases and moves of each variation


class Generator(Protocol):
    """Makes dances, segment by segment."""

    @property
    def config(self) -> GeneratorConfig:
        """Facts that the pipeline asks for."""

    def plan(self, frames: int) -> tuple[Segment, ...]:
        """Segments that cover so many frames."""

    def sample(
        self, conditions: Conditions, segment: Segment, known: Poses, options: SamplingOptions,
        initial: InitialPoses | None, on_step: OnStep,
    ) -> Any:  # fmt: skip
        """Whatever :meth:`decode` takes, for one segment, whose first frames are ``known``.

        ``initial`` poses are None for generators that take none.
        """

    def decode(self, sampled: Any, known: Poses, options: SamplingOptions) -> Poses:
        """All frames of the segment, the known ones included."""


def plan_segments(frames: int, length: int, overlap: int) -> tuple[Segment, ...]:
    """Segments of ``length`` that cover ``frames``; all but the first begin with known frames.

    The last one may run past the end of the song: it has its whole context, and what is too much
    is cut off. Every frame belongs to exactly one segment, counted without its known frames.
    Lengths are multiples of 8, the overlap is shorter than the length.
    """
    count = 1 + max(0, -(-(frames - length) // (length - overlap)))
    hop = length - overlap
    return tuple(Segment(i, i * hop, length, overlap if i else 0) for i in range(count))


def segment_seed(seed: int, variation: int, segment: int) -> int:
    """Seed of the randomness of one segment: 63 bits of a hash, alike on every machine."""
    digest = hashlib.sha256(f"{seed}/{variation}/{segment}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
