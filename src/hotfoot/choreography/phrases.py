"""A choreography: which moves are danced in which phrase."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hotfoot.choreography.moves import find, names
from hotfoot.pose import metadata
from hotfoot.validation import validated


@validated
class Phrase:
    """One move, danced from beat ``start`` on for ``beats`` beats.

    Attributes:
        start: index of its first beat.
        beats: how many it lasts.
        lower: name of the move.
        upper: name of the arm pattern over it, or none.
        flip: begins to the other side.
        pace: beats per count; 2 is half time.
        size: factor on amplitudes.
        label: the number of the first phrase that sounds like it; its own if none does.
        level: loudness against the song, about -1 to 1.
    """

    start: Annotated[int, Field(ge=0)]
    beats: Annotated[int, Field(ge=1, le=1000)]
    lower: str
    upper: str | None = None
    flip: bool = False
    pace: Annotated[float, Field(gt=0, le=16)] = 1.0
    size: Annotated[float, Field(gt=0, le=4)] = 1.0
    label: Annotated[int, Field(ge=0)] = 0
    level: Annotated[float, Field(ge=-1, le=1)] = 0.0

    def __post_init__(self) -> None:
        if self.lower not in names():
            raise ValueError(f"lower is '{self.lower}': no such move")
        if self.upper is not None and self.upper not in names("arms"):
            raise ValueError(f"upper is '{self.upper}': no such arm pattern")

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
    """What is danced to a song.

    Attributes:
        beats: [N] seconds as played.
        phrases: in order, without gaps.
        style: that chose the moves.
        accents: (beat, strength 0..1) of single onsets that stand out; beats are fractional.
    """

    beats: NDArray[np.float64]
    phrases: tuple[Phrase, ...]
    style: str
    accents: tuple[tuple[float, float], ...] = ()

    def seconds(self, beat: float) -> float:
        """When a beat is, by its index, which may be fractional."""
        return float(np.interp(beat, np.arange(len(self.beats)), self.beats))

    def summary(self, duration_s: float) -> tuple[metadata.Phrase, ...]:
        """The phrases between 0 and ``duration_s`` seconds, for a dance's metadata."""
        found = []
        for phrase in self.phrases:
            begin, end = max(self.seconds(phrase.start), 0.0), self.seconds(phrase.end)
            end = min(end, duration_s)
            if begin < end:
                moves = (phrase.lower,) if phrase.upper is None else (phrase.lower, phrase.upper)
                found.append(metadata.Phrase(begin, end, moves))
        return tuple(found)
