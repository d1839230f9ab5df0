"""Songs paired with dances on their beats, filmed: takes without end from a seed.

In: a folder of motion and a folder of songs. Out: takes and segments of them. Everything is drawn
from a seed and an index, so a corpus is the same wherever it is made.
"""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.dynamics import choreograph
from hotfoot.choreography.perform import perform
from hotfoot.choreography.performer import random_performer
from hotfoot.choreography.styles import STYLES as DANCE_STYLES
from hotfoot.data.bodies import turned_to_camera, upright
from hotfoot.data.cameras import CLEAN, FilmStyle, film
from hotfoot.data.groove import bounce, random_groove, scale_movement
from hotfoot.data.mocap import MotionClip, load_clips, split_clips
from hotfoot.data.montage import make_bank, make_montage
from hotfoot.data.samples import EXTRA_FRAMES, FPS, Segment, Take, cut
from hotfoot.errors import InputError
from hotfoot.music.analysis import SongAnalysis, analyze_song
from hotfoot.music.audio import SONG_SUFFIXES, open_song
from hotfoot.music.beats import beat_phase
from hotfoot.music.encoders import SpectralEncoder
from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.music.synthesis import STYLES, compose
from hotfoot.timebase import FRAMES_PER_COLUMN

_ATTEMPTS = 500
_ORBITS = 0.75  # share of films whose camera goes round with the dancer


@dataclass(frozen=True, eq=False)
class NamedSong:
    """An analyzed song, its name in the folder of songs, its terms of use, and whom to credit."""

    name: str
    analysis: SongAnalysis
    license: str = ""
    credit: str = ""


class PairedCorpus:
    """Clips and songs, ready to be paired.

    Args:
        clips: motion to dance.
        songs: analyzed songs.
        style: the film crew.
        procedural: share of takes that the choreographer dances.
    """

    def __init__(
        self, clips: list[MotionClip], songs: list[NamedSong], style: FilmStyle = CLEAN,
        procedural: float = 0.0,
    ) -> None:  # fmt: skip
        if not songs:
            raise InputError("no songs to pair motion with", "Give a folder of songs.")
        self.clips = clips
        self.songs = songs
        self._bank = make_bank(clips)
        self._style = style
        self._procedural = procedural
        self._encoder = SpectralEncoder()

    def draw(self, rng: np.random.Generator, frames: int) -> Segment:
        """One segment of ``frames`` frames."""
        procedural = self._chosen(rng)
        for _ in range(_ATTEMPTS):
            take = self._try(rng, frames + EXTRA_FRAMES, procedural)
            segment = cut(take, rng, frames) if take is not None else None
            if segment is not None:
                return segment
        raise _nothing_fits()

    def take(self, rng: np.random.Generator, frames: int) -> Take:
        """One take of ``frames`` frames, a multiple of 8."""
        procedural = self._chosen(rng)
        for _ in range(_ATTEMPTS):
            take = self._try(rng, frames, procedural)
            if take is not None and take.shows_a_body:
                return take
        raise _nothing_fits()

    def _chosen(self, rng: np.random.Generator) -> bool:
        return self._procedural > 0 and bool(rng.random() < self._procedural)

    def _try(self, rng: np.random.Generator, frames: int, procedural: bool) -> Take | None:
        song = self.songs[rng.integers(len(self.songs))]
        analysis = song.analysis
        rate = float(np.exp(rng.uniform(np.log(0.75), np.log(1.33))))
        duration = analysis.features.duration_s / rate
        start = float(rng.uniform(0, max(0.0, duration - frames / FPS)))
        times = start + np.arange(frames) / FPS
        if procedural:
            joints, style = self._choreographed(analysis, times, rate, rng)
            clips: tuple[str, ...] = ()
        else:
            montage = make_montage(self._bank, analysis, times, rng, rate)
            if montage is None:
                return None
            joints, style = montage.joints, montage.style
            clips = tuple(sorted({c for p in montage.parts for c in (p.clip, p.upper) if c}))
            if upright(joints) > 0.8:
                joints = answer_song(joints, analysis, times * rate, rate, rng)
        if rng.random() < _ORBITS:
            joints = turned_to_camera(joints, float(rng.uniform(0.5, 1.0)), FPS)
        shot = film(joints, rng, self._style)
        music = self._encoder.encode(
            None, analysis, frames // FRAMES_PER_COLUMN, FPS, start * rate, rate
        )
        return Take(
            shot.xy, shot.confidence, music, style, procedural, analysis.rhythm.tempo_bpm * rate,
            shot.aspect, clips, song.name,
        )  # fmt: skip

    def _choreographed(
        self, song: SongAnalysis, times: NDArray[np.float64], rate: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], str]:
        """A procedural dance [T, 17, 3] at seconds of the song as played, and its style."""
        choreography = choreograph(
            song, int(rng.integers(2**31)), str(rng.choice(list(DANCE_STYLES))), rate
        )
        return perform(choreography, times, random_performer(rng), FPS), choreography.style


def _nothing_fits() -> InputError:
    return InputError(
        f"no clip could be put on a song's beats in {_ATTEMPTS} attempts",
        "Give longer clips with movement in them, and songs with a beat.",
    )


def answer_song(
    joints: NDArray[np.float32],
    song: SongAnalysis,
    song_s: NDArray[np.float64],
    rate: float,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Joints [T, 17, 3] as they answer the song: size from loudness, a bounce on every beat.

    ``song_s`` [T] are seconds of the recording, which is played ``rate`` times as fast.
    """
    features, rhythm = song.features, song.rhythm
    levels = loudness_level(features.loudness_db, FEATURE_RATE)
    at = np.clip((song_s * FEATURE_RATE).astype(int), 0, len(levels) - 1)
    level = levels[at]
    joints = scale_movement(joints, np.clip(1 + 0.45 * level, 0.55, 1.2), FPS)
    phase, has_beat = beat_phase(rhythm.beats, song_s)
    if not has_beat.all():
        return joints
    period = 60.0 / max(rhythm.tempo_bpm * rate, 1.0)
    # Legs have less time to give at a fast tempo.
    size = np.clip(period / 0.5, 0.4, 1.2) * np.clip(0.8 + 0.6 * level, 0.2, 1.3)
    return bounce(joints, phase, size, random_groove(rng))


def open_corpus(
    motion: Path, music: Path, held_out: bool = False, composed: int = 60, procedural: float = 0.0,
    style: FilmStyle = CLEAN,
) -> PairedCorpus:  # fmt: skip
    """Corpus of a folder of motion and a folder of songs, plus composed songs of all tempi.

    Every sixth song, by name, is held out for evaluation, and so is every tenth motion take.

    Raises:
        InputError: no clips, or too few to hold one out.
    """
    clips = load_clips(motion)
    train, test = split_clips(clips)
    if not test:
        raise InputError(
            f"{len(clips)} takes of motion are too few to hold one out",
            "Every tenth is, from the sixth on: give at least 6.",
        )
    names = sorted(p for p in music.rglob("*") if p.suffix.lower() in SONG_SUFFIXES)
    chosen = [p for i, p in enumerate(names) if (i % 6 == 3) == held_out]
    terms = _terms(music)
    songs = []
    for path in chosen:
        name = path.relative_to(music).as_posix()
        songs.append(NamedSong(name, analyze_song(open_song(path)), *terms.get(name, ())))
    songs += composed_songs(-(-composed // 6) if held_out else composed, held_out)
    return PairedCorpus(test if held_out else train, songs, style, procedural)


def _terms(music: Path) -> dict[str, tuple[str, str]]:
    """License and credit by name, where a ``manifest.csv`` has columns file, license, credit."""
    path = music / "manifest.csv"
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {r.get("file", ""): (r.get("license") or "", r.get("credit") or "") for r in rows}


def composed_songs(count: int, held_out: bool) -> list[NamedSong]:
    """Composed songs from 62 to 188 BPM, analyzed, half a minute each."""
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
