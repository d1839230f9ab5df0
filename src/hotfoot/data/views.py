"""Real and choreographed motion as a camera in front sees it: what models are compared with."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from hotfoot.choreography.dynamics import choreograph
from hotfoot.choreography.perform import perform, random_performer
from hotfoot.choreography.phrases import Choreography
from hotfoot.data.bank import make_bank
from hotfoot.data.bodies import Array, Joints, turned_to_camera
from hotfoot.data.cameras import CLEAN, render_view
from hotfoot.data.mocap import MotionClip
from hotfoot.data.montage import Part, make_montage
from hotfoot.data.samples import BODY_FORMAT, CANVAS_HEIGHT
from hotfoot.errors import InputError
from hotfoot.music.analysis import SongAnalysis
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import frames_in

_FRONTAL = replace(CLEAN, frontal=1.0, close_up=0.0)
_FPS = BODY_FORMAT.fps
_ATTEMPTS = 20


def frontal_view(joints: Joints, rng: Generator) -> PoseSequence:
    """Joints [T, 17, 3] as BODY_18 poses on a canvas of CANVAS_HEIGHT pixels."""
    view = render_view(turned_to_camera(joints, 0.8, _FPS), rng, _FRONTAL)
    canvas = (round(CANVAS_HEIGHT * view.aspect), CANVAS_HEIGHT)
    return PoseSequence(view.xy * np.asarray(canvas, np.float32), view.confidence, _FPS, canvas)


def _times(song: SongAnalysis) -> Array:
    return np.arange(frames_in(song.features.duration_s, _FPS)) / _FPS


def choreographed(song: SongAnalysis, seed: int, style: str) -> tuple[PoseSequence, Choreography]:
    """A whole song danced by the choreographer, seen from the front, with its choreography."""
    choreography = choreograph(song, seed, style)
    rng = np.random.default_rng(seed)
    joints = perform(choreography, _times(song), random_performer(rng), _FPS)
    return frontal_view(joints, rng), choreography


def paired(
    song: SongAnalysis, clips: list[MotionClip], seed: int, mixing: float = 0.15
) -> tuple[PoseSequence, tuple[Part, ...]]:
    """A whole song danced by real clips on its beats, seen from the front, and its parts.

    InputError if no clip fits the song's beats.
    """
    rng, bank = np.random.default_rng(seed), make_bank(clips)
    for _ in range(_ATTEMPTS):
        made = make_montage(bank, song, _times(song), rng, mixing=mixing)
        if made is not None:
            return frontal_view(made.joints, rng), made.parts
    raise InputError(
        f"no clips could be put on this song's beats in {_ATTEMPTS} attempts",
        "Give more and longer clips with movement in them, and a song with a beat.",
    )


def render_clips(
    clips: list[MotionClip], seed: int, seconds: float = 30.0
) -> Iterator[tuple[str, PoseSequence]]:
    """Every clip once, in pieces of at most ``seconds``; pieces under 3 s are left out."""
    size = round(seconds * _FPS)
    for number, clip in enumerate(clips):
        for part, begin in enumerate(range(0, len(clip.joints), size)):
            joints = clip.joints[begin : begin + size]
            if len(joints) >= 3 * _FPS:
                rng = np.random.default_rng([seed, number, part])
                yield f"{clip.name}-{part}", frontal_view(joints, rng)
