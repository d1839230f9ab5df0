"""Real motion as pose files: what a model is compared with.

Held-out motion shows what real movement is like; films of the training motion show what is a copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from hotfoot.choreography.dynamics import choreograph
from hotfoot.choreography.perform import perform
from hotfoot.choreography.performer import random_performer
from hotfoot.choreography.phrases import Choreography
from hotfoot.data.bodies import turned_to_camera
from hotfoot.data.cameras import CLEAN, FilmStyle, film
from hotfoot.data.mocap import FPS, MotionClip
from hotfoot.data.montage import Part, make_bank, make_montage
from hotfoot.errors import InputError
from hotfoot.music.analysis import SongAnalysis
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import frames_in

_FRONTAL = replace(CLEAN, frontal=1.0, close_up=0.0)
_HEIGHT = 1024
_SECONDS = 30.0
_ATTEMPTS = 20


def filmed(
    joints: np.ndarray, rng: np.random.Generator, style: FilmStyle = _FRONTAL
) -> PoseSequence:
    """Joints [T, 17, 3] at 30 fps as BODY_18 poses on a canvas 1024 pixels high."""
    shot = film(turned_to_camera(joints.astype(np.float32), 0.8, FPS), rng, style)
    canvas = (round(_HEIGHT * shot.aspect), _HEIGHT)
    return PoseSequence(shot.xy * np.asarray(canvas, np.float32), shot.confidence, FPS, canvas)


def choreographed(song: SongAnalysis, seed: int, style: str) -> tuple[PoseSequence, Choreography]:
    """A whole song, choreographed, seen from the front; and its choreography.

    Raises:
        OptionError: unknown style.
    """
    choreography = choreograph(song, seed, style)
    rng = np.random.default_rng(seed)
    count = frames_in(song.features.duration_s, FPS)
    joints = perform(choreography, np.arange(count) / FPS, random_performer(rng), FPS)
    return filmed(joints, rng), choreography


def paired(
    song: SongAnalysis, clips: list[MotionClip], seed: int, mixing: float = 0.15
) -> tuple[PoseSequence, tuple[Part, ...]]:
    """A whole song danced by real clips on its beats, filmed from the front, and its parts.

    Raises:
        InputError: no clip fits the song's beats.
    """
    rng = np.random.default_rng(seed)
    count = frames_in(song.features.duration_s, FPS)
    bank = make_bank(clips)
    for _ in range(_ATTEMPTS):
        made = make_montage(bank, song, np.arange(count) / FPS, rng, mixing=mixing)
        if made is not None:
            return filmed(made.joints, rng), made.parts
    raise InputError(
        f"no clips could be put on this song's beats in {_ATTEMPTS} attempts",
        "Give more and longer clips with movement in them, and a song with a beat.",
    )


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
