"""Arrange moves by a song's structure: what is danced on which count, in which style.

A section has a small vocabulary, chosen by its energy and a style, danced A A B A or the like; a
move right after itself has another arm pattern; after four phrases two new moves come and one
stays. What sounds like an earlier section is danced like it. Before a border there may be a pose
that is held, and the performer freezes where the music breaks off. How large a phrase is danced is
for :mod:`~hotfoot.choreography.dynamics`.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.random import Generator

from hotfoot.choreography.counts import CountedPhrase, CountedSong
from hotfoot.choreography.moves import LIBRARY, find
from hotfoot.choreography.phrases import Choreography, Phrase
from hotfoot.errors import OptionError

Weights = dict[str, float]
Moves = tuple[str, str | None]
"""A move, and an arm pattern over it or none, by their names."""

STYLES: dict[str, Weights] = {
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
"""How often each family is danced; of ``arms``, how often an arm pattern over a step."""

FREE_ARMS = ("groove", "step", "kick")
"""Families over which an arm pattern can be danced."""

_FORMS = ((0, 0, 1, 0), (0, 1, 0, 1), (0, 1, 2, 1), (0, 0, 1, 2))  # four phrases of three moves
_ENERGY_WIDTH = 0.35
_PREFERENCE = 0.7  # standard deviation of the logarithm of a family's weight, from seed to seed
_BREAKS, _PREFERENCES = 1_000_003, 1_000_004  # parts of the seed, which no section has


def arrange(song: CountedSong, seed: int, style: str = "freestyle") -> Choreography:
    """Choose moves for every phrase of a song; seed and song decide which.

    Raises OptionError for an unknown style.
    """
    weights = _preferences(style, [seed, song.fingerprint])
    danced: list[Phrase] = []
    phrases: list[Phrase] = []  # with poses
    for number, group in itertools.groupby(song.phrases, lambda phrase: phrase.section):
        members = list(group)
        rng = np.random.default_rng([seed, song.fingerprint, number])
        section = _Section(rng, weights, song.energies[number], len(members))
        for place, member in enumerate(members):
            danced.append(section.phrase(place, member, danced))
        phrases += danced[-len(members) :]
        if len(danced) < len(song.phrases):
            phrases[-1:] = section.with_pose(phrases[-1])
    rng = np.random.default_rng([seed, song.fingerprint, _BREAKS])
    for first, end in song.breaks:
        phrases = list(_frozen(phrases, first, end, _pick(rng, weights, 0.5, ("pose",))))
    return Choreography(song.beats, tuple(phrases), song.accents)


def _preferences(style: str, seed: list[int]) -> Weights:
    """The weights of one dance in a style: each has more of some families than others have."""
    if style not in STYLES:
        raise OptionError(f"unknown style '{style}'", f"Known: {', '.join(STYLES)}.")
    rng = np.random.default_rng([*seed, _PREFERENCES])
    own = {k: v * float(np.exp(rng.normal(0, _PREFERENCE))) for k, v in STYLES[style].items()}
    return own | {"arms": min(own["arms"], 0.9), "pose": STYLES[style]["pose"]}


def _pick(
    rng: Generator, weights: Weights, energy: float, families: tuple[str, ...],
    taken: tuple[str | None, ...] = (),
) -> str:  # fmt: skip
    """A move of the families by weight and nearness of energy, none that is ``taken``."""
    moves = [m for m in LIBRARY if m.family in families and m.name not in taken]
    count = Counter(m.family for m in moves)
    often = np.array([max(weights[m.family], 0.05) / count[m.family] for m in moves])
    away = (np.array([m.energy for m in moves]) - energy) / _ENERGY_WIDTH
    weight = often * np.exp(-0.5 * away**2) + 1e-9
    return moves[int(rng.choice(len(moves), p=weight / weight.sum()))].name


def _vocabulary(rng: Generator, weights: Weights, energy: float, count: int) -> list[Moves]:
    """``count`` moves, some with an arm pattern; near the floor seldom, and not first.

    The last six differ, and nobody squats for a minute: of the last twelve one is near the floor.
    """
    out: list[Moves] = []
    for _ in range(count):
        low = not out or any(find(move).family == "floor" for move, _ in out[-12:])
        never = ("arms", "pose", "floor") if low else ("arms", "pose")
        families = tuple(f for f in weights if f not in never)
        lower = _pick(rng, weights, energy, families, tuple(move for move, _ in out[-6:]))
        free = find(lower).family in FREE_ARMS and rng.random() < weights["arms"]
        out.append((lower, _pick(rng, weights, energy, ("arms",)) if free else None))
    return out


class _Section:
    """Chooses the moves of one section's phrases, in order."""

    def __init__(self, rng: Generator, weights: Weights, energy: float, phrases: int) -> None:
        self._rng, self._often_poses, self._energy = rng, 0.25 + weights["pose"], energy
        self._pick = partial(_pick, rng, weights)
        self._form = _FORMS[int(rng.integers(len(_FORMS)))]
        blocks = -(-phrases // len(self._form))
        self._vocabulary = _vocabulary(rng, weights, energy, 1 + 2 * blocks)

    def phrase(self, place: int, counted: CountedPhrase, danced: list[Phrase]) -> Phrase:
        """The section's ``place``-th phrase; ``danced`` are all before it."""
        if counted.label != len(danced):
            same = danced[counted.label]
            lower, upper, flip = same.lower, same.upper, same.flip
        else:
            (lower, upper), flip = self._new(place, danced), bool(place % 2)
        if counted.quiet:
            last = tuple(phrase.lower for phrase in danced[-1:])
            lower, upper = self._pick(0.1, ("groove", "torso"), last), None
        return Phrase(counted.start, counted.beats, lower, upper, flip, counted.pace,
                      label=counted.label, level=counted.level)  # fmt: skip

    def _new(self, place: int, danced: list[Phrase]) -> Moves:
        # Each block of four phrases goes on from the last move of the one before.
        block, part = divmod(place, len(self._form))
        lower, upper = self._vocabulary[2 * block + self._form[part]]
        before = [phrase.lower for phrase in danced[-2:]]
        again = lower in before[-1:]
        if before.count(lower) > 1 or (again and find(lower).family not in FREE_ARMS):
            return self._vocabulary[2 * block + (self._form[part] + 1) % 3]
        if again:
            upper = self._pick(self._energy, ("arms",), (danced[-1].upper,))
        return lower, upper

    def with_pose(self, phrase: Phrase) -> list[Phrase]:
        """The section's last phrase, its last counts perhaps a pose that is held."""
        if phrase.beats < 4 or self._rng.random() >= self._often_poses:
            return [phrase]
        begin = phrase.end - (2 if phrase.beats < 8 or self._rng.random() < 0.5 else 4)
        pose = self._pick(self._energy, ("pose",))
        return list(_frozen([phrase], begin, phrase.end, pose))


def _frozen(phrases: list[Phrase], first: int, end: int, pose: str) -> Iterator[Phrase]:
    """Phrases, without gaps, with a pose that is held from beat ``first`` to ``end``."""
    for phrase in phrases:
        if phrase.end <= first or phrase.start >= end:
            yield phrase
            continue
        if phrase.start < first:
            yield replace(phrase, beats=first - phrase.start)
        if phrase.start <= first:
            yield replace(phrase, start=first, beats=end - first, lower=pose, upper=None, pace=2.0)
        if phrase.end > end:
            yield replace(phrase, start=end, beats=phrase.end - end)
