"""Named protocols: which songs, references, seeds and lengths a table is made with."""

from dataclasses import dataclass
from pathlib import Path

from hotfoot.data.songs import song_files, split_songs
from hotfoot.errors import InputError, OptionError
from hotfoot.evaluation.beats import beats_text
from hotfoot.evaluation.dances import unique_names
from hotfoot.files import save_text
from hotfoot.music.audio import SAMPLE_RATE, open_song
from hotfoot.music.synthesis import compose


@dataclass(frozen=True)
class Protocol:
    """What is danced.

    Attributes:
        name: of the protocol.
        songs: so many songs, from a folder and, where it has fewer, composed.
        seconds: of each song, from ``start_s`` on (shorter songs whole).
        start_s: where in the song to begin.
        variations: dances per song.
        figures: built-in references, taken in turn.
        tempi: copies of each song played so much faster, danced as often.
        held_out: take only every sixth song, those that the recipes never train on.
        whole: leave out songs that end before ``start_s + seconds``.
    """

    name: str
    songs: int
    seconds: float = 20.0
    start_s: float = 10.0
    variations: int = 2
    figures: tuple[str, ...] = ("average", "tall", "stocky", "child")
    tempi: tuple[float, ...] = ()
    held_out: bool = True
    whole: bool = False


PROTOCOLS = {
    "standard": Protocol("standard", songs=20),
    "quick": Protocol("quick", songs=6),
    "tempo": Protocol("tempo", songs=10, variations=3, tempi=(0.8, 1.25)),
    "long": Protocol("long", songs=3, seconds=300.0, start_s=0.0, variations=1, whole=True),
    "debug": Protocol("debug", songs=2, seconds=6.0, start_s=0.0, tempi=(1.25,), held_out=False),
}


@dataclass(frozen=True)
class Task:
    """Dances to one song.

    Attributes:
        song: file.
        label: its name, with a number where several have the same.
        tempo: factor at which it is played.
        figure: reference.
        variations: dances.
        seed: of all of them.
        start_s: where in the song they begin.
        seconds: of the song that are danced.
    """

    song: Path
    label: str
    tempo: float
    figure: str
    variations: int
    seed: int
    start_s: float
    seconds: float

    @property
    def song_name(self) -> str:
        """Of the part that is danced."""
        return self.label + ("" if self.tempo == 1 else f"-x{self.tempo:g}")

    @property
    def names(self) -> list[str]:
        """Of the dances' files."""
        return [f"{self.song_name}-{self.figure}-{v}" for v in range(self.variations)]


def get_protocol(name: str) -> Protocol:
    """A protocol by name.

    Raises:
        OptionError: unknown.
    """
    if name not in PROTOCOLS:
        raise OptionError(f"unknown protocol '{name}'", f"Known: {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]


def tasks(chosen: Protocol, folder: Path, composed: Path) -> list[Task]:
    """All dances of a protocol for a folder of songs, in a fixed order.

    Args:
        chosen: the protocol.
        folder: of songs.
        composed: where songs are composed if the folder has too few; tempi from 66 to 180 BPM,
            seeds that no recipe trains on.

    Raises:
        InputError: no song there.
    """
    found = split_songs(folder)[1] if chosen.held_out else song_files(folder)
    if not found:
        raise InputError(
            f"no songs in {folder}",
            "Give a folder of songs"
            + (" (at least four: every sixth is held out)." if chosen.held_out else "."),
        )
    if chosen.whole:
        found = [p for p in found if _duration_s(p) >= chosen.start_s + chosen.seconds]
    if len(found) > chosen.songs:
        step = len(found) / chosen.songs
        found = [found[int(i * step)] for i in range(chosen.songs)]
    found += _composed(chosen, chosen.songs - len(found), composed)
    out = []
    labels = unique_names(found)
    for i, (song, label) in enumerate(zip(found, labels, strict=True)):
        figure = chosen.figures[i % len(chosen.figures)]
        common = {"start_s": chosen.start_s, "seconds": chosen.seconds}
        out.append(Task(song, label, 1.0, figure, chosen.variations, i, **common))
        out += [
            Task(song, label, tempo, figure, chosen.variations, i, **common)
            for tempo in chosen.tempi
        ]
    return out


def _duration_s(path: Path) -> float:
    return sum(len(block) for block in open_song(path).blocks()) / SAMPLE_RATE


def _composed(chosen: Protocol, count: int, folder: Path) -> list[Path]:
    slowest = min((1.0, *chosen.tempi))
    seconds = chosen.start_s + chosen.seconds * max((1.0, *chosen.tempi)) / min(1.0, slowest) + 2
    sections = max(3, round(seconds / 30))
    out = []
    for i in range(count):
        bpm = 66 * (180 / 66) ** ((i + 0.5) / count)
        path = folder / f"composed-{bpm:.0f}.wav"
        if not path.exists():
            song = compose(seconds, bpm, seed=20_000 + i, sections=sections)
            save_text(path.with_suffix(".beats"), beats_text(song.beats))
            song.save(path)
        out.append(path)
    return out
