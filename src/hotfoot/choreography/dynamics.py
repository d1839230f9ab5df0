"""Make a score as lively as its song: loud phrases move more, quiet ones less.

Moves differ in how much they move at the same size, so each phrase is measured, as the camera in
front sees it, by dancing it at four sizes.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from hotfoot.choreography.arrange import Phrase, Score, arrange
from hotfoot.choreography.moves import find
from hotfoot.choreography.perform import Dancer, perform
from hotfoot.music.analysis import SongAnalysis

_SIZES = (0.55, 0.85, 1.2, 1.6)  # from the least to the most, where a phrase is measured
_USUAL_M_S = 0.7  # in the picture 0.23 body heights per second; real dance 0.24
_OCTAVES = 0.75  # of movement per level of loudness
_TEMPERAMENT = 0.55  # octaves of movement by which dancers differ; real ones by 0.67
_CALM, _LIVELY = -0.5, 0.8  # nobody is calmer, or livelier: it is still to be a dance
_LEAD_BEATS, _MEASURED_BEATS, _TAIL_BEATS = 4, 8, 4
_TEMPER = 1_000_005  # the seed's second part, as in score.py


def choreograph(
    song: SongAnalysis, seed: int, style: str = "freestyle", rate: float = 1.0
) -> Score:
    """:func:`~hotfoot.choreography.arrange.arrange` a song and level its phrases.

    Raises:
        OptionError: unknown style.
    """
    score = arrange(song, seed, style, rate)
    period = float(np.median(np.diff(score.beats)))
    # Poses are held: they have no speed.
    speeds = [None if p.lower.family == "pose" else _speeds(p, period) for p in score.phrases]
    own = float(np.median([np.interp(1, _SIZES, s) for s in speeds if s] or _USUAL_M_S))
    temper = np.random.default_rng([seed, _TEMPER]).normal(0, _TEMPERAMENT)
    usual = float(own**0.75 * _USUAL_M_S**0.25 * 2 ** np.clip(temper, _CALM, _LIVELY))
    phrases = tuple(
        replace(p, size=_size(p, s, usual)) for p, s in zip(score.phrases, speeds, strict=True)
    )
    return replace(score, phrases=phrases)


def _size(phrase: Phrase, speeds: tuple[float, ...] | None, usual: float) -> float:
    if speeds is None:
        return float(np.clip(0.92 + 0.33 * phrase.level, 0.6, 1.15))
    wanted = usual * 2 ** (_OCTAVES * phrase.level)
    return float(np.interp(wanted, np.maximum.accumulate(speeds), _SIZES))


def _speeds(phrase: Phrase, period: float) -> tuple[float, ...]:
    """Mean joint speeds of a phrase at each of :data:`_SIZES`: they are not in proportion."""
    upper = phrase.upper.name if phrase.upper else None
    return _measured(phrase.lower.name, upper, phrase.pace, round(period, 2))


@lru_cache(maxsize=8192)
def _measured(lower: str, upper: str | None, pace: float, period: float) -> tuple[float, ...]:
    """Mean joint speed at each size, meters per second in the picture's plane.

    All sizes are danced one after the other; the beats in which one becomes the next do not count.
    """
    each, fps = _LEAD_BEATS + _MEASURED_BEATS + _TAIL_BEATS, 15.0
    moves = find(lower), find(upper) if upper else None
    phrases = tuple(
        Phrase(i * each, each, *moves, False, pace, size, 0, 0)
        for i, size in enumerate((*_SIZES, _SIZES[-1]))
    )
    score = Score(np.arange(len(phrases) * each + 1.0) * period, phrases, "")
    times = np.arange(round(len(_SIZES) * each * period * fps)) / fps
    flat = perform(score, times, Dancer(looseness=0.0), fps)[..., :2]
    speed = np.linalg.norm(np.diff(flat, axis=0), axis=-1).mean(axis=-1) * fps
    beat = times[1:] / period
    return tuple(
        float(speed[(beat >= begin) & (beat < begin + _MEASURED_BEATS)].mean())
        for begin in (i * each + _LEAD_BEATS for i in range(len(_SIZES)))
    )
