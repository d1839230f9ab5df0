"""Real motion as pose files: filmed plainly, or put on the beats of songs first.

What a model is compared with: held-out motion paired with songs shows how far real dance, retimed,
gets under the same measure; films of the training motion show what is a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hotfoot.corpus.cameras import CLEAN, FilmStyle, film
from hotfoot.corpus.mocap import MotionClip, turned_to_camera
from hotfoot.corpus.pairing import motion_beats, play, warp_to_beats
from hotfoot.errors import InputError
from hotfoot.music.tokens import SongAnalysis
from hotfoot.pose.sequence import PoseSequence

FPS = 30.0
_FRONTAL = replace(CLEAN, frontal=1.0, close_up=0.0)
_HEIGHT = 1024
_SECONDS = 30.0


def filmed(
    joints: np.ndarray, rng: np.random.Generator, style: FilmStyle = _FRONTAL
) -> PoseSequence:
    """Joints [T, 17, 3] at 30 fps as BODY_18 poses on a canvas 1024 pixels high."""
    shot = film(turned_to_camera(joints.astype(np.float32), 0.8, FPS), rng, style)
    canvas = (round(_HEIGHT * shot.aspect), _HEIGHT)
    return PoseSequence(shot.xy * np.asarray(canvas, np.float32), shot.confidence, FPS, canvas)


def film_clips(
    clips: list[MotionClip], seed: int, seconds: float = _SECONDS
) -> Iterator[tuple[str, PoseSequence]]:
    """Every clip once, in pieces of at most ``seconds``; pieces under 3 s are left out."""
    size = round(seconds * FPS)
    for number, clip in enumerate(clips):
        for part, begin in enumerate(range(0, len(clip.joints), size)):
            joints = clip.joints[begin : begin + size]
            if len(joints) >= 3 * FPS:
                rng = np.random.default_rng([seed, number, part])
                yield f"{clip.name}-{part}", filmed(joints, rng)


def pair_song(
    clips: list[MotionClip], song: SongAnalysis, seconds: float, rng: np.random.Generator
) -> PoseSequence:
    """A clip of real dance, retimed so that its stops fall on the song's beats.

    Raises:
        InputError: no clip fits the song's tempo.
    """
    seconds = min(seconds, song.features.duration_s)
    count = round(seconds * FPS)
    usable = [c for c in clips if c.is_dance and c.upright > 0.8 and len(c.joints) > 6 * c.fps]
    for i in rng.permutation(len(usable)):
        clip = usable[i]
        warp = warp_to_beats(
            motion_beats(clip), song.rhythm.beats, 0.0, seconds, rng, len(clip.joints) / clip.fps
        )
        if warp is not None:
            return filmed(play(clip, warp(np.arange(count) / FPS)), rng)
    raise InputError(
        f"none of {len(usable)} clips can be put on a beat of {song.rhythm.tempo_bpm:.0f} BPM",
        "Give more motion, or a song with a beat.",
    )
