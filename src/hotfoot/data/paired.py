"""Songs paired with dances on their beats, seen by virtual cameras: endless, all from a seed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from hotfoot.choreography.arrange import STYLES as DANCE_STYLES
from hotfoot.choreography.dynamics import choreograph
from hotfoot.choreography.perform import perform, random_performer
from hotfoot.choreography.phrases import Choreography
from hotfoot.data.bodies import Array, Joints, has_hands, turned_to_camera, upright, with_hands
from hotfoot.data.cameras import CLEAN, CameraStyle, View, render_view
from hotfoot.data.groove import bounce, random_groove, scale_movement
from hotfoot.data.mocap import MotionClip, load_clips, split_clips
from hotfoot.data.montage import Part, make_montage
from hotfoot.data.pairing import make_bank
from hotfoot.data.samples import BODY_FORMAT, DataFormat, Floats, PairedClip, Sample, canvas_of, cut
from hotfoot.data.songs import NamedSong, composed_songs, load_songs
from hotfoot.errors import InputError
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.beats import beat_phase
from hotfoot.music.encoders import get_encoder
from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import FRAMES_PER_COLUMN, frames_in

T = TypeVar("T")
_FRONTAL = replace(CLEAN, frontal=1.0, close_up=0.0)
_ATTEMPTS, _SONG_ATTEMPTS = 500, 20
_ORBITS = 0.75  # share of views whose camera goes round with the dancer
_LONGEST_S = 43.0  # of a dance to a whole song


@dataclass(frozen=True, eq=False)
class Dance:
    """3D motion to a song, before any camera; see :class:`PairedClip` for what is not said here."""

    joints: Joints  # in meters; T is a multiple of 8
    music: Floats  # [T / 8, width] tokens
    style: str
    procedural: bool
    tempo_bpm: float
    song: str
    motion: tuple[str, ...] = ()

    def seen(self, view: View, format: DataFormat) -> PairedClip:
        """The clip of a view of it."""
        return PairedClip(
            view.xy, view.confidence, self.music, self.style, self.procedural, self.tempo_bpm,
            view.aspect, format, self.motion, self.song,
        )  # fmt: skip


class PairedCorpus:
    """Motion and songs, ready to be paired.

    Clips have the format's frame rate, and hands if its skeleton has them; views are drawn from
    ``cameras``; ``procedural`` is the share of clips that the choreographer dances.
    """

    def __init__(
        self, motion: list[MotionClip], songs: list[NamedSong], format: DataFormat = BODY_FORMAT,
        cameras: CameraStyle = CLEAN, procedural: float = 0.0,
    ) -> None:  # fmt: skip
        if not songs:
            raise InputError("no songs to pair motion with", "Give a folder of songs.")
        self.motion, self.songs, self.format = motion, songs, format
        self._bank, self._cameras, self._procedural = make_bank(motion), cameras, procedural

    def draw(self, rng: Generator, frames: int, overlap: int = 16) -> Sample:
        """One sample of ``frames`` frames."""
        clips = self._clips(rng, frames + self.format.spare_frames)
        return _first(s for c in clips if (s := cut(c, rng, frames, overlap)) is not None)

    def clip(self, rng: Generator, frames: int) -> PairedClip:
        """One clip of ``frames`` frames, a multiple of 8."""
        return _first(clip for clip in self._clips(rng, frames) if clip.shows_a_body)

    def whole_dance(self, rng: Generator, least: int) -> Dance:
        """A dance to a whole song, but to 43 s of it at most; of ``least`` frames or more."""
        dances = self._dances(rng, None)
        return _first(d for d in dances if len(d.joints) >= least and np.isfinite(d.joints).all())

    def _clips(self, rng: Generator, frames: int) -> Iterator[PairedClip]:
        for d in self._dances(rng, frames):
            yield d.seen(render_view(d.joints, rng, self._cameras, self.format), self.format)

    def _dances(self, rng: Generator, frames: int | None) -> Iterator[Dance]:
        """Dances of so many frames, or to whole songs, all danced by the same kind of dancer."""
        procedural = self._procedural > 0 and bool(rng.random() < self._procedural)
        for _ in range(_ATTEMPTS):
            song = self.songs[rng.integers(len(self.songs))]
            analysis, fps = song.analysis, self.format.fps
            rate = float(np.exp(rng.uniform(np.log(0.75), np.log(1.33))))
            duration = analysis.features.duration_s / rate
            longest = int(min(duration, _LONGEST_S) * fps) // FRAMES_PER_COLUMN
            columns = longest if frames is None else frames // FRAMES_PER_COLUMN
            count = columns * FRAMES_PER_COLUMN
            start = float(rng.uniform(0, max(0.0, duration - count / fps)))
            times = start + np.arange(count) / fps
            motion: tuple[str, ...] = ()
            if procedural:
                seed, style = int(rng.integers(2**31)), str(rng.choice(list(DANCE_STYLES)))
                choreography = choreograph(analysis, seed, style, rate)
                joints = perform(choreography, times, random_performer(rng), fps)
                joints = with_hands(joints) if has_hands(self.format.skeleton) else joints
            else:
                montage = make_montage(self._bank, analysis, times, rng, rate)
                if montage is None:
                    continue
                joints, style, motion = montage.joints, montage.style, montage.motion
                if upright(joints) > 0.8:
                    joints = answer_song(joints, analysis, times * rate, rate, rng, fps)
            if rng.random() < _ORBITS or (frames is None and not procedural):
                joints = turned_to_camera(joints, float(rng.uniform(0.5, 1.0)), fps)
            encoder, tempo_bpm = get_encoder(self.format.music), analysis.rhythm.tempo_bpm * rate
            music = encoder.encode(None, analysis, columns, fps, start * rate, rate)
            yield Dance(joints, music, style, procedural, tempo_bpm, song.name, motion)


def _first(found: Iterator[T]) -> T:
    for one in found:
        return one
    raise InputError(
        f"no clip could be put on a song's beats in {_ATTEMPTS} attempts",
        "Give longer clips with movement in them, and songs with a beat.",
    )


def answer_song(
    joints: Joints, song: SongAnalysis, song_s: Array, rate: float, rng: Generator, fps: float
) -> Joints:
    """Joints [T, J, 3] as they answer the song: size from loudness, a bounce on every beat.

    ``song_s`` [T] are seconds of the recording, which is played ``rate`` times as fast.
    """
    features, rhythm = song.features, song.rhythm
    levels = loudness_level(features.loudness_db)
    level = levels[np.clip((song_s * FEATURE_RATE).astype(int), 0, len(levels) - 1)]
    joints = scale_movement(joints, np.clip(1 + 0.45 * level, 0.55, 1.2), fps)
    if len(rhythm.beats) < 2:
        return joints
    period = 60.0 / max(rhythm.tempo_bpm * rate, 1.0)
    # Legs have less time to give at a fast tempo.
    size = np.clip(period / 0.5, 0.4, 1.2) * np.clip(0.8 + 0.6 * level, 0.2, 1.3)
    return bounce(joints, beat_phase(rhythm.beats, song_s), size, random_groove(rng))


def open_corpus(
    motion: Path, music: Path, held_out: bool = False, composed: int = 60, procedural: float = 0.0,
    cameras: CameraStyle = CLEAN, format: DataFormat = BODY_FORMAT,
) -> PairedCorpus:  # fmt: skip
    """Corpus of a folder of motion and a folder of songs, plus composed songs of all tempi.

    Every sixth song, by name, is held out for evaluation, and so is every tenth motion clip;
    InputError if there are too few of them.
    """
    clips = load_clips(motion, format.fps, has_hands(format.skeleton))
    train, test = split_clips(clips)
    if not test:
        raise InputError(
            f"{len(clips)} clips of motion are too few to hold one out",
            "Every tenth is, from the sixth on: give at least 6.",
        )
    songs = load_songs(music, held_out)
    songs += composed_songs(-(-composed // 6) if held_out else composed, held_out)
    return PairedCorpus(test if held_out else train, songs, format, cameras, procedural)


def frontal_view(joints: Joints, rng: Generator) -> PoseSequence:
    """Joints [T, 17, 3] as BODY_18 poses on a canvas."""
    view = render_view(turned_to_camera(joints, 0.8, BODY_FORMAT.fps), rng, _FRONTAL)
    canvas = canvas_of(view.aspect)
    xy = view.xy * np.asarray(canvas, np.float32)
    return PoseSequence(xy, view.confidence, BODY_FORMAT.fps, canvas)


def _times(song: SongAnalysis) -> Array:
    return np.arange(frames_in(song.features.duration_s, BODY_FORMAT.fps)) / BODY_FORMAT.fps


def choreographed(song: SongAnalysis, seed: int, style: str) -> tuple[PoseSequence, Choreography]:
    """A whole song danced by the choreographer, seen from the front, with its choreography."""
    choreography = choreograph(song, seed, style)
    rng = np.random.default_rng(seed)
    joints = perform(choreography, _times(song), random_performer(rng), BODY_FORMAT.fps)
    return frontal_view(joints, rng), choreography


def paired(
    song: SongAnalysis, clips: list[MotionClip], seed: int, mixing: float = 0.15
) -> tuple[PoseSequence, tuple[Part, ...]]:
    """A whole song danced by real clips, from the front, and its parts; InputError if none fits."""
    rng, bank = np.random.default_rng(seed), make_bank(clips)
    for _ in range(_SONG_ATTEMPTS):
        made = make_montage(bank, song, _times(song), rng, mixing=mixing)
        if made is not None:
            return frontal_view(made.joints, rng), made.parts
    raise InputError(
        f"no clips could be put on this song's beats in {_SONG_ATTEMPTS} attempts",
        "Give more and longer clips with movement in them, and a song with a beat.",
    )


def render_clips(
    clips: list[MotionClip], seed: int, seconds: float = 30.0
) -> Iterator[tuple[str, PoseSequence]]:
    """Every clip once, in pieces of at most ``seconds``; pieces under 3 s are left out."""
    size = round(seconds * BODY_FORMAT.fps)
    for number, clip in enumerate(clips):
        for part, begin in enumerate(range(0, len(clip.joints), size)):
            joints = clip.joints[begin : begin + size]
            if len(joints) >= 3 * BODY_FORMAT.fps:
                rng = np.random.default_rng([seed, number, part])
                yield f"{clip.name}-{part}", frontal_view(joints, rng)
