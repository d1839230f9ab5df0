"""Arrange moves by a song's structure: what is danced on which count.

A section has a small vocabulary, chosen by its energy and a style, danced A A B A or the like; a
move right after itself has another arm pattern; after four phrases two new moves come and one
stays. What sounds like an earlier section is danced like it. Before a border there may be a pose
that is held, and the performer freezes where the music breaks off. How large a phrase is danced is
for :mod:`~hotfoot.choreography.dynamics`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from hotfoot.choreography.counts import CountedPhrase, CountedSong
from hotfoot.choreography.key_poses import Move
from hotfoot.choreography.phrases import Choreography, Phrase
from hotfoot.choreography.styles import FREE_ARMS, Weights, pick, preferences, vocabulary

_FORMS = ((0, 0, 1, 0), (0, 1, 0, 1), (0, 1, 2, 1), (0, 0, 1, 2))  # four phrases of three moves
_BREAKS = 1_000_003  # the seed's second part, which no section has


class _Danced(NamedTuple):
    lower: Move
    upper: Move | None
    flip: bool


def arrange(song: CountedSong, seed: int, style: str = "freestyle") -> Choreography:
    """Choose moves for every phrase of a song; seed and song decide which.

    Raises:
        OptionError: unknown style.
    """
    weights = preferences(style, [seed, song.fingerprint])
    danced: list[_Danced] = []
    phrases: list[Phrase] = []
    for number, group in itertools.groupby(song.phrases, lambda phrase: phrase.section):
        members = list(group)
        rng = np.random.default_rng([seed, song.fingerprint, number])
        section = _Section(rng, weights, song.energies[number], len(members))
        for place, member in enumerate(members):
            danced.append(section.moves(place, member, danced))
            phrases.append(_phrase(member, danced[-1]))
        if len(danced) < len(song.phrases):
            phrases[-1:] = section.with_pose(phrases[-1])
    rng = np.random.default_rng([seed, song.fingerprint, _BREAKS])
    for first, end in song.breaks:
        phrases = list(_frozen(phrases, first, end, pick(rng, weights, 0.5, ("pose",))))
    return Choreography(song.beats, tuple(phrases), style, song.accents)


class _Section:
    """Chooses the moves of one section's phrases, in order."""

    def __init__(
        self, rng: np.random.Generator, weights: Weights, energy: float, phrases: int
    ) -> None:
        self._rng, self._weights, self._energy = rng, weights, energy
        self._form = _FORMS[int(rng.integers(len(_FORMS)))]
        blocks = -(-phrases // len(self._form))
        self._vocabulary = vocabulary(rng, weights, energy, 1 + 2 * blocks)

    def moves(self, place: int, phrase: CountedPhrase, danced: list[_Danced]) -> _Danced:
        """What is danced in a phrase, the section's ``place``-th; ``danced``: in all before."""
        before = [each.lower for each in danced[-2:]]
        if phrase.label != len(danced):
            lower, upper, flip = danced[phrase.label]
        else:
            lower, upper = self._new(place, before, danced)
            flip = bool(place % 2)
        if phrase.quiet:
            last = tuple(move.name for move in before[-1:])
            lower, upper = self._pick("groove", "torso", energy=0.1, taken=last), None
        return _Danced(lower, upper, flip)

    def _new(
        self, place: int, before: list[Move], danced: list[_Danced]
    ) -> tuple[Move, Move | None]:
        # Each block of four phrases goes on from the last move of the one before.
        block, part = divmod(place, len(self._form))
        lower, upper = self._vocabulary[2 * block + self._form[part]]
        again = lower in before[-1:]
        if before.count(lower) > 1 or (again and lower.family not in FREE_ARMS):
            return self._vocabulary[2 * block + (self._form[part] + 1) % 3]
        if again:
            last = danced[-1].upper
            upper = self._pick("arms", taken=(last.name,) if last else ())
        return lower, upper

    def with_pose(self, phrase: Phrase) -> list[Phrase]:
        """The section's last phrase, its last counts perhaps a pose that is held."""
        if phrase.beats < 4 or self._rng.random() >= 0.25 + self._weights["pose"]:
            return [phrase]
        held = 2 if phrase.beats < 8 or self._rng.random() < 0.5 else 4
        begin = phrase.end - held
        return [
            replace(phrase, beats=phrase.beats - held),
            _held(phrase, begin, phrase.end, self._pick("pose")),
        ]

    def _pick(
        self, *families: str, energy: float | None = None, taken: tuple[str, ...] = ()
    ) -> Move:
        energy = self._energy if energy is None else energy
        return pick(self._rng, self._weights, energy, families, taken)


def _phrase(counted: CountedPhrase, danced: _Danced) -> Phrase:
    return Phrase(
        start=counted.start, beats=counted.beats, lower=danced.lower.name,
        upper=danced.upper.name if danced.upper else None, flip=danced.flip, pace=counted.pace,
        label=counted.label, level=counted.level,
    )  # fmt: skip


def _held(phrase: Phrase, start: int, end: int, pose: Move) -> Phrase:
    return replace(phrase, start=start, beats=end - start, lower=pose.name, upper=None, pace=2.0)


def _frozen(phrases: list[Phrase], first: int, end: int, pose: Move) -> Iterator[Phrase]:
    """Phrases with a held pose from beat ``first`` to ``end``, where the music breaks off."""
    held = False
    for phrase in phrases:
        if phrase.end <= first or phrase.start >= end:
            yield phrase
            continue
        if phrase.start < first:
            yield replace(phrase, beats=first - phrase.start)
        if not held:
            yield _held(phrase, first, end, pose)
            held = True
        if phrase.end > end:
            yield replace(phrase, start=end, beats=phrase.end - end)
