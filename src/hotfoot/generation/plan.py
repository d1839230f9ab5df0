"""Cut a song into segments that overlap by a few known frames."""

from __future__ import annotations

from dataclasses import dataclass

from hotfoot.errors import OptionError
from hotfoot.timebase import FRAMES_PER_COLUMN


@dataclass(frozen=True)
class SegmentPlan:
    """One segment: frames ``start .. start + length``, of which the first ``known`` exist."""

    start: int
    length: int
    known: int

    @property
    def first_column(self) -> int:
        """Latent column (and music token) that the segment begins with."""
        return self.start // FRAMES_PER_COLUMN


def plan_segments(frames: int, length: int = 256, overlap: int = 16) -> list[SegmentPlan]:
    """Segments that cover ``frames`` frames, all of full length.

    The last one may run past the end of the song: it has its whole context, and what is too much
    is cut off. Every frame belongs to exactly one segment, counted without its known frames.

    Raises:
        OptionError: no frames, or lengths that are not multiples of 8 with overlap < length.
    """
    if frames < 1:
        raise OptionError(f"{frames} frames to dance", "At least one is needed.")
    if length % FRAMES_PER_COLUMN or overlap % FRAMES_PER_COLUMN or not 0 < overlap < length:
        raise OptionError(
            f"segments of {length} frames that overlap by {overlap}",
            "Both must be multiples of 8, the overlap shorter than the segment.",
        )
    plan = [SegmentPlan(0, length, 0)]
    while plan[-1].start + length < frames:
        plan.append(SegmentPlan(plan[-1].start + length - overlap, length, overlap))
    return plan


def planned_columns(plan: list[SegmentPlan]) -> int:
    """Music tokens that a plan needs."""
    return (plan[-1].start + plan[-1].length) // FRAMES_PER_COLUMN
