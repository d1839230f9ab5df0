"""Make a choreography as lively as its song: loud phrases move more, quiet ones less.

Moves differ in how much they move at the same size, so each phrase is measured, as the camera in
front sees it, by dancing it at four sizes.
"""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from hotfoot.choreography.arrange import arrange
from hotfoot.choreography.counts import count_song
from hotfoot.choreography.perform import Performer, perform
from hotfoot.choreography.phrases import Choreography, Phrase
from hotfoot.music.analysis import SongAnalysis

SIZES = (0.55, 0.85, 1.2, 1.6)
"""From the least to the most, where a phrase is measured."""

_USUAL_M_S = 0.7  # in the picture 0.23 body heights per second; real dance 0.24
_OCTAVES = 0.75  # of movement per level of loudness
_PERFORMERS_OCTAVES = 0.55  # standard deviation of movement from performer to performer; real 0.67
_CALM, _LIVELY = -0.5, 0.8  # nobody is calmer, or livelier: it is still to be a dance
_LEAD_BEATS, _MEASURED_BEATS, _TAIL_BEATS = 4, 8, 4
_LIVELINESS = 1_000_005  # the seed's second part, which no section has


def choreograph(
    song: SongAnalysis, seed: int, style: str = "freestyle", rate: float = 1.0
) -> Choreography:
    """Choreograph a song that is played ``rate`` times as fast; seed and song decide how.

    Raises OptionError for an unknown style.
    """
    arranged = arrange(count_song(song, rate), seed, style)
    period = float(np.median(np.diff(arranged.beats)))
    moving = [p for p in arranged.phrases if p.family != "pose"]
    speeds = [np.interp(1, SIZES, phrase_speeds(p, period)) for p in moving]
    own = float(np.median(speeds or _USUAL_M_S))
    octaves = np.random.default_rng([seed, _LIVELINESS]).normal(0, _PERFORMERS_OCTAVES)
    usual = float(own**0.75 * _USUAL_M_S**0.25 * 2 ** np.clip(octaves, _CALM, _LIVELY))
    sized = (replace(p, size=_size(p, usual, period)) for p in arranged.phrases)
    return replace(arranged, phrases=tuple(sized))


def _size(phrase: Phrase, usual: float, period: float) -> float:
    if phrase.family == "pose":  # it is held, and has no speed
        return float(np.clip(0.92 + 0.33 * phrase.level, 0.6, 1.15))
    wanted = usual * 2 ** (_OCTAVES * phrase.level)
    return float(np.interp(wanted, np.maximum.accumulate(phrase_speeds(phrase, period)), SIZES))


def phrase_speeds(phrase: Phrase, period: float) -> tuple[float, ...]:
    """Mean joint speeds of a phrase at each of :data:`SIZES`, meters per second in the picture.

    They are not in proportion. ``period`` is seconds per beat.
    """
    return _measured(phrase.lower, phrase.upper, phrase.pace, round(period, 2))


@lru_cache(maxsize=8192)
def _measured(lower: str, upper: str | None, pace: float, period: float) -> tuple[float, ...]:
    """All sizes are danced one after the other; beats between two of them do not count."""
    each, fps = _LEAD_BEATS + _MEASURED_BEATS + _TAIL_BEATS, 15.0
    phrases = tuple(
        Phrase(i * each, each, lower, upper, pace=pace, size=size)
        for i, size in enumerate((*SIZES, SIZES[-1]))
    )
    choreography = Choreography(np.arange(len(phrases) * each + 1.0) * period, phrases)
    times = np.arange(round(len(SIZES) * each * period * fps)) / fps
    flat = perform(choreography, times, Performer(looseness=0.0), fps)[..., :2]
    speed = np.linalg.norm(np.diff(flat, axis=0), axis=-1).mean(axis=-1) * fps
    beat = times[1:] / period
    begins = (i * each + _LEAD_BEATS for i in range(len(SIZES)))
    inside = ((beat >= begin) & (beat < begin + _MEASURED_BEATS) for begin in begins)
    return tuple(float(speed[part].mean()) for part in inside)
