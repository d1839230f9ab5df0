"""What baselines share that dance a song in one piece and make poses rather than latents."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from hotfoot.model.generator import (
    Conditions,
    InitialPoses,
    OnStep,
    Poses,
    SamplingOptions,
    Segment,
    segment_seed,
)

Drawn = tuple[NDArray[np.float32], list[int]]
"""Keypoints [T, 18, 2] on the reference's canvas, and the frames where parts join."""


class WholeSongGenerator(ABC):
    """A ``Generator`` with one segment, whatever the song."""

    def plan(self, frames: int) -> tuple[Segment, ...]:
        """One segment: the whole song."""
        return (Segment(0, 0, frames),)

    def sample(
        self, conditions: Conditions, segment: Segment, known: Poses, options: SamplingOptions,
        initial: InitialPoses | None, on_step: OnStep,
    ) -> Poses:  # fmt: skip
        """Poses of all variations, as visible as the reference is."""
        reference = conditions.reference
        made, seams = [], list[int]()
        for v in range(options.variations):
            seed = segment_seed(options.seed, v, segment.index)
            xy, seams = self.draw(conditions, segment.length, seed)
            made.append((xy / np.asarray(reference.canvas)).astype(np.float32))
            on_step(v + 1, options.variations)
        xy = np.stack(made)
        seen = (reference.confidence[0] > 0).astype(np.float32)
        return Poses(xy, np.broadcast_to(seen, xy.shape[:3]), tuple(seams))

    @abstractmethod
    def draw(self, conditions: Conditions, frames: int, seed: int) -> Drawn:
        """One dance."""

    def decode(self, sampled: Poses, known: Poses, options: SamplingOptions) -> Poses:
        """Poses are poses already."""
        return sampled
