"""Make a score as lively as its song: loud phrases move more, quiet ones less.

Moves differ in how much they move at the same size, so each phrase is measured by dancing it once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from hotfoot.choreographer.moves import find
from hotfoot.choreographer.perform import Dancer, perform
from hotfoot.choreographer.score import Phrase, Score, arrange
from hotfoot.music.tokens import SongAnalysis

_SIZES = (0.55, 1.6)
_USUAL_M_S = 0.78  # over a draft 0.23 body heights per second in the picture; real dance 0.24
_OCTAVES = 0.75  # of movement per level of loudness
_MEASURED_BEATS = 8


def choreograph(
    song: SongAnalysis, seed: int, style: str = "freestyle", rate: float = 1.0
) -> Score:
    """:func:`~hotfoot.choreographer.score.arrange` a song and level its phrases.

    Raises:
        OptionError: unknown style.
    """
    score = arrange(song, seed, style, rate)
    period = float(np.median(np.diff(score.beats)))
    speeds = [_speed(p, period) for p in score.phrases]
    own = float(np.median([s for s in speeds if s > 0.05] or [_USUAL_M_S]))
    usual = float(np.sqrt(own * _USUAL_M_S))
    phrases = tuple(
        replace(p, size=_size(p, s, usual)) for p, s in zip(score.phrases, speeds, strict=True)
    )
    return replace(score, phrases=phrases)


def _size(phrase: Phrase, speed: float, usual: float) -> float:
    if phrase.lower.family == "pose":  # held: it has no speed
        return float(np.clip(0.92 + 0.33 * phrase.level, 0.6, 1.15))
    wanted = usual * 2 ** (_OCTAVES * phrase.level)
    return float(np.clip(wanted / max(speed, 1e-3), *_SIZES))


def _speed(phrase: Phrase, period: float) -> float:
    upper = phrase.upper.name if phrase.upper else None
    return _measured(phrase.lower.name, upper, phrase.pace, round(period, 2))


@lru_cache(maxsize=4096)
def _measured(lower: str, upper: str | None, pace: float, period: float) -> float:
    """Mean joint speed, metres per second, of a phrase at full size."""
    fps = 15.0
    phrase = Phrase(
        0, 3 * _MEASURED_BEATS, find(lower), find(upper) if upper else None, False, pace, 1.0, 0, 0
    )
    score = Score(np.arange(3.0 * _MEASURED_BEATS + 1) * np.float64(period), (phrase,), "")
    times = _MEASURED_BEATS * period + np.arange(round(_MEASURED_BEATS * period * fps)) / fps
    joints = perform(score, times, Dancer(looseness=0.0), fps)
    return float(np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean() * fps)
