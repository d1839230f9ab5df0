"""A choreography: which moves are danced in which phrase."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.moves import find
from hotfoot.pose import metadata


@dataclass(frozen=True)
class Phrase:
    """One move, danced from beat ``start`` on for ``beats`` beats."""

    start: int
    beats: int
    lower: str  # name of the move
    upper: str | None = None  # name of the arm pattern over it
    flip: bool = False  # begins to the other side
    pace: float = 1.0  # beats per count; 2 is half time
    size: float = 1.0  # factor on amplitudes
    label: int = 0  # the number of the first phrase that sounds like it; its own if none does
    level: float = 0.0  # loudness against the song, -1..1

    @property
    def end(self) -> int:
        """Index of the beat after its last."""
        return self.start + self.beats

    @property
    def family(self) -> str:
        """Of the move."""
        return find(self.lower).family


@dataclass(frozen=True, eq=False)
class Choreography:
    """What is danced to a song."""

    beats: NDArray[np.float64]  # [N] seconds as played
    phrases: tuple[Phrase, ...]  # in order, without gaps
    # Single onsets that stand out: beat, which may be fractional, and strength 0..1.
    accents: tuple[tuple[float, float], ...] = ()

    def seconds(self, beat: float) -> float:
        """When a beat is, by its index, which may be fractional."""
        return float(np.interp(beat, np.arange(len(self.beats)), self.beats))

    def summary(self, duration_s: float) -> tuple[metadata.Phrase, ...]:
        """The phrases between 0 and ``duration_s`` seconds, for a dance's metadata."""
        found = []
        for phrase in self.phrases:
            begin = max(self.seconds(phrase.start), 0.0)
            end = min(self.seconds(phrase.end), duration_s)
            if begin < end:
                upper = () if phrase.upper is None else (phrase.upper,)
                found.append(metadata.Phrase(begin, end, (phrase.lower, *upper)))
        return tuple(found)
