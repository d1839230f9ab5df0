"""Training segments: a song, a dance on its beats, a camera, a reference pose.

Everything is drawn from a seed and an index, so a corpus is the same wherever it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreographer.dynamics import choreograph
from hotfoot.choreographer.perform import perform, random_dancer
from hotfoot.choreographer.score import STYLES as DANCE_STYLES
from hotfoot.corpus.bodies import turned_to_camera, upright
from hotfoot.corpus.cameras import CLEAN, FilmStyle, film
from hotfoot.corpus.groove import bounce, random_groove, scale_movement
from hotfoot.corpus.mocap import MotionClip, load_clips, split_clips
from hotfoot.corpus.montage import make_bank, make_montage
from hotfoot.errors import InputError
from hotfoot.music.audio import SONG_SUFFIXES, open_song
from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.music.synthesis import STYLES, compose
from hotfoot.music.tokens import SongAnalysis, SpectralEncoder, analyse_song, beat_phase
from hotfoot.pose.motion import movement_octaves
from hotfoot.pose.sequence import PoseSequence

FPS = 30.0
_ATTEMPTS = 500
_ORBITS = 0.75  # share of films whose camera goes round with the dancer
_EXTRA_FRAMES = 96  # filmed beyond the segment, where a reference pose may come from


@dataclass(frozen=True, eq=False)
class Segment:
    """One training example at 30 fps.

    Attributes:
        xy: [T, 18, 2] normalised by the canvas sides.
        confidence: [T, 18].
        reference_xy: [18, 2] the static reference pose, another instant of the same film.
        reference_confidence: [18].
        music: [T / 8, width] tokens.
        known: number of leading frames that are given.
        style: of the clip, or what the choreographer danced.
        procedural: danced by the choreographer.
        tempo_bpm: of the song as played.
        aspect: width of the canvas over its height.
    """

    xy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    reference_xy: NDArray[np.float32]
    reference_confidence: NDArray[np.float32]
    music: NDArray[np.float32]
    known: int
    style: str
    procedural: bool
    tempo_bpm: float
    aspect: float

    @property
    def energy(self) -> float:
        """Size of movement in octaves of the usual one; NaN where it cannot be told."""
        canvas = (round(1024 * self.aspect), 1024)
        pixels = self.xy * np.asarray(canvas, np.float32)
        return movement_octaves(PoseSequence(pixels, self.confidence, FPS, canvas))


class PairedCorpus:
    """Clips and songs, ready to be paired.

    Args:
        clips: motion to dance.
        songs: analysed songs.
        style: the film crew.
        procedural: share of segments that the choreographer dances.
    """

    def __init__(
        self, clips: list[MotionClip], songs: list[SongAnalysis], style: FilmStyle = CLEAN,
        procedural: float = 0.0,
    ) -> None:  # fmt: skip
        if not songs:
            raise InputError("no songs to pair motion with", "Give a folder of songs.")
        self._bank = make_bank(clips)
        self._songs = songs
        self._style = style
        self._procedural = procedural
        self._encoder = SpectralEncoder()

    def draw(self, rng: np.random.Generator, frames: int) -> Segment:
        """One segment of ``frames`` frames."""
        procedural = self._procedural > 0 and rng.random() < self._procedural
        for _ in range(_ATTEMPTS):
            segment = self._try(rng, frames, procedural)
            if segment is not None:
                return segment
        raise InputError(
            f"no clip could be put on a song's beats in {_ATTEMPTS} attempts",
            "Give longer clips with movement in them, and songs with a beat.",
        )

    def _try(self, rng: np.random.Generator, frames: int, procedural: bool) -> Segment | None:
        song = self._songs[rng.integers(len(self._songs))]
        rate = float(np.exp(rng.uniform(np.log(0.75), np.log(1.33))))
        total = frames + _EXTRA_FRAMES
        duration = song.features.duration_s / rate
        start = float(rng.uniform(0, max(0.0, duration - frames / FPS)))
        times = start + np.arange(total) / FPS
        if procedural:
            joints, style = self._choreographed(song, times, rate, rng)
        else:
            found = self._retimed(song, times, rate, rng)
            if found is None:
                return None
            joints, style = found
        if rng.random() < _ORBITS:
            joints = turned_to_camera(joints, float(rng.uniform(0.5, 1.0)), FPS)
        filmed = film(joints, rng, self._style)
        xy, confidence = filmed.xy, filmed.confidence
        if confidence[:frames].mean() < 0.45:
            return None
        if rng.random() < 0.5:  # the reference may lie before or after
            xy, confidence = xy[:frames], confidence[:frames]
            at = int(rng.integers(frames))
            ref_xy, ref_confidence = xy[at], confidence[at]
        else:
            at = int(rng.integers(frames, total))
            ref_xy, ref_confidence = xy[at], confidence[at]
            xy, confidence = xy[:frames], confidence[:frames]
        if (ref_confidence > 0).sum() < 8:
            return None
        music = self._encoder.tokens(song, frames // 8, FPS, start * rate, rate)
        return Segment(
            xy, confidence, ref_xy, ref_confidence, music, draw_known(rng, frames), style,
            procedural, song.rhythm.tempo_bpm * rate, filmed.aspect,
        )  # fmt: skip

    def _choreographed(
        self, song: SongAnalysis, times: NDArray[np.float64], rate: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], str]:
        """A procedural dance [T, 17, 3] at seconds of the song as played, and its style."""
        score = choreograph(
            song, int(rng.integers(2**31)), str(rng.choice(list(DANCE_STYLES))), rate
        )
        return perform(score, times, random_dancer(rng), FPS), score.style

    def _retimed(
        self, song: SongAnalysis, times: NDArray[np.float64], rate: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], str] | None:
        """Real motion [T, 17, 3] on the song's beats, and its style; None if none fits."""
        montage = make_montage(self._bank, song, times, rng, rate)
        if montage is None:
            return None
        joints = montage.joints
        if upright(joints) > 0.8:
            joints = answer_song(joints, song, times * rate, rate, rng)
        return joints, montage.style


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


def draw_known(rng: np.random.Generator, frames: int) -> int:
    """Known frames: none for 45 %, the 16 of stitching for 40 %, else anything up to a quarter."""
    u = rng.random()
    if u < 0.45:
        return 0
    return min(16, frames) if u < 0.85 else int(rng.integers(1, max(2, frames // 4)))


def open_corpus(
    motion: Path, music: Path, held_out: bool = False, composed: int = 60, procedural: float = 0.0
) -> PairedCorpus:
    """Corpus of a folder of motion and a folder of songs, plus composed songs of all tempi.

    Every sixth song, by name, is held out for evaluation, and so is every tenth motion take.
    """
    train, test = split_clips(load_clips(motion))
    test = test or train  # too few takes to hold any out
    names = sorted(p for p in music.rglob("*") if p.suffix.lower() in SONG_SUFFIXES)
    chosen = [p for i, p in enumerate(names) if (i % 6 == 3) == held_out]
    songs = [analyse_song(open_song(p)) for p in chosen]
    songs += composed_songs(composed if not held_out else max(1, composed // 6), held_out)
    return PairedCorpus(test if held_out else train, songs, procedural=procedural)


def composed_songs(count: int, held_out: bool) -> list[SongAnalysis]:
    """Analyses of composed songs from 62 to 188 BPM, half minute each."""
    import tempfile

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
            songs.append(analyse_song(open_song(path)))
    return songs
