"""Named protocols: which songs, references, seeds and lengths a table is made with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hotfoot.errors import InputError, OptionError

SONG_SUFFIXES = {".mp3", ".ogg", ".wav", ".flac", ".m4a", ".opus", ".aac", ".aiff"}


@dataclass(frozen=True)
class Protocol:
    """What is danced.

    Attributes:
        name: of the protocol.
        songs: at most so many songs of a folder, spread over it by name.
        seconds: of each song, from ``start_s`` on (shorter songs whole).
        start_s: where in the song to begin.
        seeds: dances per song.
        figures: built-in references, taken in turn.
        tempi: copies of each song played so much faster, first seed only.
        held_out: take only every sixth song, those that the recipes never train on.
    """

    name: str
    songs: int
    seconds: float = 30.0
    start_s: float = 10.0
    seeds: tuple[int, ...] = (0, 1, 2)
    figures: tuple[str, ...] = ("average", "tall", "stocky", "child")
    tempi: tuple[float, ...] = (0.8, 1.25)
    held_out: bool = True


PROTOCOLS = {
    "standard": Protocol("standard", songs=20),
    "quick": Protocol("quick", songs=6, seconds=20.0, seeds=(0, 1), tempi=()),
    "debug": Protocol("debug", songs=2, seconds=6.0, start_s=0.0, seeds=(0, 1), tempi=(1.25,),
                      held_out=False),
}  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One dance to make: a song file, how fast it is played, who dances, the seed."""

    song: Path
    tempo: float
    figure: str
    seed: int
    start_s: float
    seconds: float

    @property
    def name(self) -> str:
        """Of its files."""
        tempo = "" if self.tempo == 1 else f"-x{self.tempo:g}"
        return f"{self.song.stem}{tempo}-{self.figure}-{self.seed}"


def protocol(name: str) -> Protocol:
    """A protocol by name.

    Raises:
        OptionError: unknown.
    """
    if name not in PROTOCOLS:
        raise OptionError(f"unknown protocol '{name}'", f"Known: {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


def tasks(chosen: Protocol, folder: Path) -> list[Task]:
    """All dances of a protocol for a folder of songs, in a fixed order.

    Raises:
        InputError: no song there.
    """
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SONG_SUFFIXES)
    if chosen.held_out:
        found = [p for i, p in enumerate(found) if i % 6 == 3]
    if not found:
        raise InputError(
            f"no songs in {folder}",
            "Give a folder of songs"
            + (" (at least four: every sixth is held out)." if chosen.held_out else "."),
        )
    if len(found) > chosen.songs:
        step = len(found) / chosen.songs
        found = [found[int(i * step)] for i in range(chosen.songs)]
    out = []
    for i, song in enumerate(found):
        figure = chosen.figures[i % len(chosen.figures)]
        common = {"start_s": chosen.start_s, "seconds": chosen.seconds}
        out += [Task(song, 1.0, figure, seed, **common) for seed in chosen.seeds]
        out += [Task(song, tempo, figure, chosen.seeds[0], **common) for tempo in chosen.tempi]
    return out
