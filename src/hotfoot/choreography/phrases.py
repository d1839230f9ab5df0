"""A choreography: which moves are danced in which phrase; plain data that a file can hold."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hotfoot.choreography.moves import find, names
from hotfoot.errors import InputError
from hotfoot.pose import metadata
from hotfoot.validation import parse_json, validated


@validated
@dataclass(frozen=True)
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

    def to_json(self) -> str:
        """The whole choreography; :func:`choreography_from_json` reads it."""
        return json.dumps(asdict(_File(1, self.style, tuple(self.beats.tolist()), self.phrases,
                                       self.accents)), indent=1) + "\n"  # fmt: skip


def choreography_from_json(text: str, source: str | Path) -> Choreography:
    """A choreography as :meth:`Choreography.to_json` wrote it, possibly edited since.

    Raises:
        InputError: wrong or missing fields, unknown moves, gaps between phrases; names the field
            and ``source``.
    """
    file: _File = parse_json(_File, text, source, InputError)
    return Choreography(np.array(file.beats), file.phrases, file.style, file.accents)


@validated
@dataclass(frozen=True)
class _File:
    schema: Literal[1]
    style: str
    beats: Annotated[tuple[float, ...], Field(min_length=2)]
    phrases: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    accents: tuple[tuple[float, Annotated[float, Field(ge=0, le=1)]], ...] = ()

    def __post_init__(self) -> None:
        if (np.diff(self.beats) <= 0).any():
            raise ValueError("beats do not ascend")
        for number, (a, b) in enumerate(zip(self.phrases, self.phrases[1:], strict=False)):
            if a.end != b.start:
                raise ValueError(
                    f"phrase {number} ends before beat {a.end}, and the next begins at {b.start}"
                )
        if self.phrases[-1].end > len(self.beats):
            raise ValueError(f"the last phrase ends after beat {len(self.beats)}, the last one")
