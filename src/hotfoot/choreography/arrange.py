"""Arrange moves by a song's structure: what is danced on which count.

A song's sections are cut into phrases of eight counts (at the song's usual tempo) from its
downbeats on. A section has a small vocabulary, chosen by its energy and a style, danced A A B A or
the like; a move right after itself has other arms; after four phrases two new moves come and one
stays. What is heard again in a later section is danced again. Before a border there may be a pose
that is held, and the dancer freezes where the music breaks off. Quiet parts and fast songs are
danced in half time, slow songs in double time, so that a count lasts what legs can do. Onsets that
stand out from all around them get an accent. How large a phrase is danced is for
:mod:`~hotfoot.choreography.dynamics`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter
from scipy.signal import find_peaks

from hotfoot.choreography.moves import LIBRARY, Move
from hotfoot.errors import OptionError
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.music.structure import MusicPhrase, recurrences

Array = NDArray[np.float64]
Taste = dict[str, float]

STYLES: dict[str, Taste] = {
    "freestyle": {"groove": 0.6, "step": 1.1, "torso": 0.5, "turn": 0.3, "kick": 0.7, "floor": 0.4,
                  "pose": 0.15, "arms": 0.5},
    "hip-hop": {"groove": 1.4, "step": 0.5, "torso": 1, "turn": 0.15, "kick": 0.5, "floor": 0.8,
                "pose": 0.3, "arms": 0.5},
    "latin": {"groove": 0.6, "step": 1.6, "torso": 0.6, "turn": 0.6, "kick": 0.2, "floor": 0.1,
              "pose": 0.1, "arms": 0.3},
    "disco": {"groove": 0.7, "step": 1.2, "torso": 0.3, "turn": 0.5, "kick": 0.4, "floor": 0.2,
              "pose": 0.3, "arms": 0.8},
    "jumpstyle": {"groove": 0.3, "step": 0.7, "torso": 0.1, "turn": 0.3, "kick": 2, "floor": 0.4,
                  "pose": 0.1, "arms": 0.4},
    "lyrical": {"groove": 0.7, "step": 0.6, "torso": 1.3, "turn": 0.7, "kick": 0.2, "floor": 0.3,
                "pose": 0.3, "arms": 0.6},
}  # fmt: skip
"""How often a style dances each family; ``arms``: how often arms' moves are worn over steps."""

PHRASE_BEATS = 8
_COUNT_S = (0.36, 0.78)  # what a count may last
_ENERGY_WIDTH = 0.35
_FREE_ARMS = ("groove", "step", "kick")
_QUIET_DB = 18.0  # under the median: quiet
_BREAK_DB = 10.0  # under the median, for a few beats: a break
_BREAK_BEATS = (2, 8)
_FORMS = ((0, 0, 1, 0), (0, 1, 0, 1), (0, 1, 2, 1), (0, 0, 1, 2))  # four phrases of three moves
_BREAKS, _TASTE = 1_000_003, 1_000_004  # the seed's second part, which no label has
_TASTE_SPREAD = 0.7  # of the logarithm of a family's weight, from seed to seed
_OUTSTANDING = 1.4  # an onset over the strongest few of the 8 s around it
_ACCENTS_APART_S = 2.0


@dataclass(frozen=True, eq=False)
class Phrase:
    """One move, danced from ``start`` for ``beats`` beats.

    Attributes:
        start: index of its first beat.
        beats: how many it lasts.
        lower: the move.
        upper: an arms' move over it, or none.
        flip: begins to the other side.
        pace: beats per count; 2 is half time.
        size: factor on amplitudes.
        label: the number of the first phrase that sounds like it; its own if nothing did.
        level: loudness against the song, about -1 to 1.
    """

    start: int
    beats: int
    lower: Move
    upper: Move | None
    flip: bool
    pace: float
    size: float
    label: int
    level: float


@dataclass(frozen=True, eq=False)
class Score:
    """A song's choreography.

    Attributes:
        beats: seconds as played.
        phrases: in order, without gaps.
        style: that chose the moves.
        accents: (beat, strength 0..1) of single onsets that stand out; beats are fractional.
    """

    beats: Array
    phrases: tuple[Phrase, ...]
    style: str
    accents: tuple[tuple[float, float], ...] = ()


def arrange(song: SongAnalysis, seed: int, style: str = "freestyle", rate: float = 1.0) -> Score:
    """Choreograph a song that is played ``rate`` times as fast; the same for the same seed.

    Raises:
        OptionError: unknown style.
    """
    if style not in STYLES:
        raise OptionError(f"unknown style '{style}'", f"Known: {', '.join(STYLES)}.")
    taste = _taste(style, seed)
    beats = steady_beats(song)
    eight = _phrase_beats(beats / rate)
    levels = loudness_level(song.features.loudness_db, FEATURE_RATE)
    loud = song.features.loudness_db
    quiet = float(np.median(loud)) - _QUIET_DB
    starts = _section_beats(song, beats)
    spans = [
        MusicPhrase(place, min(eight, end - place), section)
        for section, (begin, end) in enumerate(itertools.pairwise(starts))
        for place in range(begin, end, eight)
    ]
    labels = recurrences(song.features, beats, spans)
    danced: list[tuple[Move, Move | None, bool]] = []
    phrases: list[Phrase] = []
    for section, group in itertools.groupby(range(len(spans)), lambda i: spans[i].section):
        numbers = list(group)
        rng = np.random.default_rng([seed, section])
        energy = _energy(song, levels, beats, starts[section], starts[section + 1])
        form = _FORMS[int(rng.integers(len(_FORMS)))]
        words = _vocabulary(rng, taste, energy, 1 + 2 * -(-len(numbers) // len(form)))
        for number, i in enumerate(numbers):
            place, length = spans[i].start, spans[i].beats
            # Each block of four phrases goes on from the last move of the one before.
            block, part = divmod(number, len(form))
            before = [move for move, _, _ in danced[-2:]]
            if labels[i] != i:
                lower, upper, flip = danced[labels[i]]
            else:
                (lower, upper), flip = words[2 * block + form[part]], bool(number % 2)
                if before.count(lower) > 1 or (
                    lower in before[-1:] and lower.family not in _FREE_ARMS
                ):
                    lower, upper = words[2 * block + (form[part] + 1) % 3]
                elif lower in before[-1:]:
                    worn = danced[-1][1]
                    upper = _pick(rng, taste, energy, ("arms",), (worn.name,) if worn else ())
            here = _mean_level(levels, beats, place, place + length)
            pace = _pace(beats / rate, place, here)
            if _mean_level(loud, beats, place, place + length) < quiet:
                last = tuple(move.name for move in before[-1:])
                lower, upper = _pick(rng, taste, 0.1, ("groove", "torso"), last), None
            danced.append((lower, upper, flip))
            phrase = Phrase(place, length, lower, upper, flip, pace, 1.0, labels[i], here)
            ending = i == numbers[-1] and i < len(spans) - 1 and length >= 4
            if ending and rng.random() < 0.25 + taste["pose"]:
                stop = 2 if length < 8 or rng.random() < 0.5 else 4
                pose = _pick(rng, taste, energy, ("pose",))
                phrases.append(replace(phrase, beats=length - stop))
                phrases.append(
                    replace(phrase, start=place + length - stop, beats=stop, lower=pose, upper=None,
                            pace=2.0)
                )  # fmt: skip
            else:
                phrases.append(phrase)
    phrases = _frozen(phrases, _breaks(song, beats), np.random.default_rng([seed, _BREAKS]), taste)
    return Score(beats / rate, tuple(phrases), style, _accents(song, beats))


def _phrase_beats(beats: Array) -> int:
    """Beats of eight counts: slow songs have two counts on a beat, fast ones one on two."""
    period = float(np.median(np.diff(beats)))
    if period > _COUNT_S[1]:
        return PHRASE_BEATS // 2
    return PHRASE_BEATS * (2 if period < _COUNT_S[0] else 1)


def _taste(style: str, seed: int) -> Taste:
    """What this dancer makes of a style: likes some families more than others do."""
    rng = np.random.default_rng([seed, _TASTE])
    own = {k: v * float(np.exp(rng.normal(0, _TASTE_SPREAD))) for k, v in STYLES[style].items()}
    return own | {"arms": min(own["arms"], 0.9), "pose": STYLES[style]["pose"]}


def _breaks(song: SongAnalysis, beats: Array) -> list[tuple[int, int]]:
    """Runs of beats, (first, end), in which the music nearly stops and then goes on."""
    loud = song.features.loudness_db
    limit = float(np.median(loud)) - _BREAK_DB
    inside = (beats[:-1] >= 0) & (beats[1:] <= song.features.duration_s)
    still = [bool(ok) and _mean_level(loud, beats, i, i + 1) < limit for i, ok in enumerate(inside)]
    runs, first = [], 0
    for value, group in itertools.groupby(still):
        end = first + len(list(group))
        if (
            value
            and _BREAK_BEATS[0] <= end - first <= _BREAK_BEATS[1]
            and any(inside[end : end + 1])
        ):
            runs.append((first, end))
        first = end
    return runs


def _frozen(
    phrases: list[Phrase], breaks: list[tuple[int, int]], rng: np.random.Generator, taste: Taste
) -> list[Phrase]:
    """Phrases with a held pose in every break."""
    for first, end in breaks:
        pose = _pick(rng, taste, 0.5, ("pose",))
        cut: list[Phrase] = []
        frozen = False
        for p in phrases:
            last = p.start + p.beats
            if last <= first or p.start >= end:
                cut.append(p)
                continue
            if p.start < first:
                cut.append(replace(p, beats=first - p.start))
            if not frozen:
                cut.append(
                    replace(p, start=first, beats=end - first, lower=pose, upper=None, pace=2.0)
                )
                frozen = True
            if last > end:
                cut.append(replace(p, start=end, beats=last - end))
        phrases = cut
    return phrases


def _accents(song: SongAnalysis, beats: Array) -> tuple[tuple[float, float], ...]:
    """Onsets that stand out from the seconds around them, as (beat, strength)."""
    strength = song.rhythm.onset_strength
    usual = percentile_filter(strength, 97, size=int(8 * FEATURE_RATE)) + 0.1
    peaks, _ = find_peaks(strength, distance=int(_ACCENTS_APART_S * FEATURE_RATE))
    over = strength[peaks] / usual[peaks]
    chosen = over > _OUTSTANDING
    at = np.interp(peaks[chosen] / FEATURE_RATE, beats, np.arange(len(beats)))
    size = np.clip((over[chosen] - 1) / 1.0, 0, 1)
    return tuple((float(a), float(s)) for a, s in zip(at, size, strict=True))


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


def _mean_level(levels: NDArray[np.floating], beats: Array, begin: int, end: int) -> float:
    a, b = (int(max(0.0, beats[min(i, len(beats) - 1)]) * FEATURE_RATE) for i in (begin, end))
    part = levels[a : max(b, a + 1)]
    return float(part.mean()) if len(part) else float(levels[-1])


def _energy(
    song: SongAnalysis, levels: NDArray[np.floating], beats: Array, begin: int, end: int
) -> float:
    """How lively a section is, 0..1, from loudness against the song and density of onsets."""
    level = _mean_level(levels, beats, begin, end)
    onsets = _mean_level(song.rhythm.onset_strength, beats, begin, end)
    usual = float(song.rhythm.onset_strength.mean()) + 1e-6
    return float(np.clip(0.6 + 0.22 * level + 0.2 * (onsets / usual - 1), 0.05, 0.95))


def _vocabulary(
    rng: np.random.Generator, taste: Taste, energy: float, count: int
) -> list[tuple[Move, Move | None]]:
    """``count`` moves, some with other arms; near the floor seldom, and not first.

    The last six differ, and nobody squats for a minute: of the last twelve one is near the floor.
    """
    out: list[tuple[Move, Move | None]] = []
    for _ in range(count):
        low = not out or any(move.family == "floor" for move, _ in out[-12:])
        never = ("arms", "pose", "floor") if low else ("arms", "pose")
        families = tuple(f for f in taste if f not in never)
        lower = _pick(rng, taste, energy, families, tuple(m.name for m, _ in out[-6:]))
        upper = None
        if lower.family in _FREE_ARMS and rng.random() < taste["arms"]:
            upper = _pick(rng, taste, energy, ("arms",))
        out.append((lower, upper))
    return out


def _pick(
    rng: np.random.Generator, taste: Taste, energy: float, families: tuple[str, ...],
    taken: tuple[str, ...] = (),
) -> Move:  # fmt: skip
    moves = [m for m in LIBRARY if m.family in families and m.name not in taken]
    count = {f: sum(m.family == f for m in moves) for f in families}
    weight = np.array(
        [
            max(taste[m.family], 0.05) / count[m.family]
            * np.exp(-0.5 * ((m.energy - energy) / _ENERGY_WIDTH) ** 2)
            for m in moves
        ]
    ) + 1e-9  # fmt: skip
    return moves[int(rng.choice(len(moves), p=weight / weight.sum()))]


def _pace(beats: Array, place: int, level: float) -> float:
    """Beats per count: one if a count then lasts what legs can do; quiet parts prefer half time."""
    period = (
        float(np.median(np.diff(beats[place : place + PHRASE_BEATS + 1])))
        if (place + 2 < len(beats))
        else 0.5
    )
    pace = 1.0
    while period * pace < _COUNT_S[0]:
        pace *= 2
    while period * pace > _COUNT_S[1]:
        pace /= 2
    if level < -0.9 and period * pace * 2 <= 1.2:
        pace *= 2
    return pace
