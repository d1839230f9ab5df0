"""A song in counts: its phrases of eight, how loud each is, its breaks and its accents.

In: an analyzed song. Out: what choreography is arranged to. Sections are cut into phrases of eight
counts (at the song's usual tempo) from their downbeats on. Quiet parts and fast songs are counted
in half time, slow songs in double time, so that a count lasts what legs can do.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter
from scipy.signal import find_peaks

from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.beats import Array
from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.music.structure import MusicPhrase, recurrences

Levels = NDArray[np.floating]

PHRASE_BEATS = 8
_COUNT_S = (0.36, 0.78)  # what a count may last
_QUIET_DB = 18.0  # under the median: quiet
_BREAK_DB = 10.0  # under the median, for a few beats: a break
_BREAK_BEATS = (2, 8)
_OUTSTANDING = 1.4  # an onset over the strongest few of the 8 s around it
_ACCENTS_APART_S = 2.0


@dataclass(frozen=True)
class CountedPhrase(MusicPhrase):
    """A phrase and how it sounds."""

    label: int  # the number of the first phrase that sounds like it; its own if none does
    level: float  # loudness against the song, -1..1
    quiet: bool  # there is next to nothing to dance to
    pace: float  # beats per count; 2 is half time


@dataclass(frozen=True, eq=False)
class CountedSong:
    """A song in counts."""

    beats: Array  # [N] seconds as played
    phrases: tuple[CountedPhrase, ...]  # in order, without gaps
    energies: tuple[float, ...]  # how lively each section is, 0..1
    breaks: tuple[tuple[int, int], ...]  # (first, end) beats between which the music nearly stops
    accents: tuple[tuple[float, float], ...]  # onsets that stand out: fractional beat, strength
    fingerprint: int  # of the song: others with the same counts are danced differently


def count_song(song: SongAnalysis, rate: float = 1.0) -> CountedSong:
    """Count a song that is played ``rate`` times as fast."""
    beats = steady_beats(song)
    played, loud = beats / rate, song.features.loudness_db
    levels, quiet_db = loudness_level(loud), float(np.median(loud)) - _QUIET_DB
    eight = _phrase_beats(played)
    borders = _section_beats(song, beats)
    phrases = [
        MusicPhrase(start, min(eight, end - start), section)
        for section, (begin, end) in enumerate(itertools.pairwise(borders))
        for start in range(begin, end, eight)
    ]
    counted = []
    for phrase, label in zip(phrases, recurrences(song.features, beats, phrases), strict=True):
        part = beats, phrase.start, phrase.start + phrase.beats
        level, quiet = _mean(levels, *part), _mean(loud, *part) < quiet_db
        pace = _pace(played, phrase.start, level)
        counted.append(
            CountedPhrase(**vars(phrase), label=label, level=level, quiet=quiet, pace=pace)
        )
    return CountedSong(
        played,
        tuple(counted),
        tuple(_energy(song, levels, beats, a, b) for a, b in itertools.pairwise(borders)),
        _breaks(song, beats),
        _accents(song, beats),
        song.fingerprint,
    )


def steady_beats(song: SongAnalysis) -> Array:
    """The song's beats, carried on at both ends to cover it; 100 BPM where it has none."""
    beats, duration = song.rhythm.beats, song.features.duration_s
    if len(beats) < 8:
        return np.arange(-4, duration + 6, 0.6)
    before, after = beats[0], duration - beats[-1]
    first, last = float(np.median(np.diff(beats[:8]))), float(np.median(np.diff(beats[-8:])))
    left = beats[0] - first * np.arange(int(before / first) + 9, 0, -1)
    right = beats[-1] + last * np.arange(1, int(after / last) + 10)
    return np.concatenate([left, beats, right])


def _phrase_beats(beats: Array) -> int:
    """Beats of eight counts: slow songs have two counts on a beat, fast ones one on two."""
    period = float(np.median(np.diff(beats)))
    if period > _COUNT_S[1]:
        return PHRASE_BEATS // 2
    return PHRASE_BEATS * (2 if period < _COUNT_S[0] else 1)


def _pace(beats: Array, start: int, level: float) -> float:
    """Beats per count: one if a count then lasts what legs can do; quiet parts prefer half time."""
    near = beats[start : start + PHRASE_BEATS + 1]
    period = float(np.median(np.diff(near))) if len(near) > 2 else 0.5
    pace = 1.0
    while period * pace < _COUNT_S[0]:
        pace *= 2
    while period * pace > _COUNT_S[1]:
        pace /= 2
    return 2 * pace if level < -0.9 and period * pace * 2 <= 1.2 else pace


def _section_beats(song: SongAnalysis, beats: Array) -> list[int]:
    """Indices of the beats at which sections begin, on downbeats, from 0 to the end."""
    downbeats = song.rhythm.downbeats
    anchor = int(np.abs(beats - downbeats[0]).argmin()) if len(downbeats) else 8
    grid = np.arange(anchor % 4, len(beats), 4)
    out = [0]
    for time in song.rhythm.sections:
        at = int(grid[np.abs(beats[grid] - time).argmin()])
        if at >= out[-1] + PHRASE_BEATS or (out == [0] and at > 0):
            out.append(at)
    if len(beats) - out[-1] < 4:
        out.pop()
    return [*out, len(beats)]


def _mean(values: Levels, beats: Array, begin: int, end: int) -> float:
    """Mean of values at 100 Hz between two beats."""
    a, b = (int(max(0.0, beats[min(i, len(beats) - 1)]) * FEATURE_RATE) for i in (begin, end))
    part = values[a : max(b, a + 1)]
    return float(part.mean()) if len(part) else float(values[-1])


def _energy(song: SongAnalysis, levels: Levels, beats: Array, begin: int, end: int) -> float:
    """How lively a section is, 0..1, from loudness against the song and density of onsets."""
    level = _mean(levels, beats, begin, end)
    onsets = _mean(song.rhythm.onset_strength, beats, begin, end)
    usual = float(song.rhythm.onset_strength.mean()) + 1e-6
    return float(np.clip(0.6 + 0.22 * level + 0.2 * (onsets / usual - 1), 0.05, 0.95))


def _breaks(song: SongAnalysis, beats: Array) -> tuple[tuple[int, int], ...]:
    """Beats, (first, end), between which the music nearly stops and then goes on."""
    loud = song.features.loudness_db
    limit = float(np.median(loud)) - _BREAK_DB
    inside = (beats[:-1] >= 0) & (beats[1:] <= song.features.duration_s)
    still = [bool(ok) and _mean(loud, beats, i, i + 1) < limit for i, ok in enumerate(inside)]
    found, first = [], 0
    for value, group in itertools.groupby(still):
        end = first + len(list(group))
        lasts = _BREAK_BEATS[0] <= end - first <= _BREAK_BEATS[1]
        if value and lasts and any(inside[end : end + 1]):
            found.append((first, end))
        first = end
    return tuple(found)


def _accents(song: SongAnalysis, beats: Array) -> tuple[tuple[float, float], ...]:
    """Onsets that stand out from the seconds around them, as (beat, strength)."""
    strength = song.rhythm.onset_strength
    usual = percentile_filter(strength, 97, size=8 * FEATURE_RATE) + 0.1
    peaks, _ = find_peaks(strength, distance=_ACCENTS_APART_S * FEATURE_RATE)
    over = strength[peaks] / usual[peaks]
    chosen = over > _OUTSTANDING
    at = np.interp(peaks[chosen] / FEATURE_RATE, beats, np.arange(len(beats)))
    size = np.clip(over[chosen] - 1, 0, 1)
    return tuple((float(a), float(s)) for a, s in zip(at, size, strict=True))
