"""Songs to pair motion with: a folder of the user's, and composed ones of all tempi."""

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotfoot.errors import InputError
from hotfoot.files import reading
from hotfoot.music.analysis import SongAnalysis, analyze_song
from hotfoot.music.audio import SONG_SUFFIXES, open_song
from hotfoot.music.synthesis import STYLES, compose


@dataclass(frozen=True, eq=False)
class NamedSong:
    """An analyzed song, its name in the folder of songs, its terms of use, and whom to credit."""

    name: str
    analysis: SongAnalysis
    license: str = ""
    credit: str = ""


def load_songs(music: Path, held_out: bool) -> list[NamedSong]:
    """Analyzed songs of a folder, see :func:`split_songs`; InputError if one cannot be read."""
    terms = song_terms(music)
    paths = {p.relative_to(music).as_posix(): p for p in split_songs(music)[held_out]}
    return [
        NamedSong(name, analyze_song(open_song(path)), *terms.get(name, ()))
        for name, path in paths.items()
    ]


def split_songs(music: Path) -> tuple[list[Path], list[Path]]:
    """Songs of a folder to train on, and every sixth by name, which is held out for evaluation."""
    found = song_files(music)
    held = found[3::6]
    return [p for p in found if p not in held], held


def song_files(music: Path) -> list[Path]:
    """The songs of a folder and of those in it, by name."""
    return sorted(p for p in music.rglob("*") if p.suffix.lower() in SONG_SUFFIXES)


def song_terms(music: Path) -> dict[str, tuple[str, str]]:
    """License and credit by name, if a ``manifest.csv`` has columns file, license, credit."""
    path = music / "manifest.csv"
    if not path.is_file():
        return {}
    with reading(path, "cannot be read", "Expected columns file, license, credit.", InputError):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    return {r.get("file") or "": (r.get("license") or "", r.get("credit") or "") for r in rows}


def composed_songs(count: int, held_out: bool) -> list[NamedSong]:
    """Composed songs from 62 to 188 BPM, analyzed, forty seconds each."""
    songs = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.wav"
        for i in range(count):
            seed = i + (10_000 if held_out else 0)
            rng = np.random.default_rng(seed)
            compose(
                40.0,
                float(62 * (188 / 62) ** ((i + 0.5) / count)),
                seed=seed,
                style=str(rng.choice(STYLES)) if i % 2 else None,
                swing=float(rng.choice([0, 0, 0.15, 0.3])),
                drift=float(rng.choice([0, 0, 0.02])),
                sections=int(rng.integers(1, 4)),
            ).save(path)
            analysis = analyze_song(open_song(path))
            songs.append(NamedSong(f"composed-{seed}", analysis, "composed by hotfoot, free"))
    return songs
