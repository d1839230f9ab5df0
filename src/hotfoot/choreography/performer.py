"""Performers: how one person moves and another does not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.body import CHANNELS, INDEX
from hotfoot.choreography.key_poses import TRAVELING
from hotfoot.choreography.phrases import Phrase

Array = NDArray[np.float64]

_DEVIATIONS = {"lean": 0.015, "side": 0.01, "twist": 0.025, "nod": 0.025, "look": 0.07,
               "tilt": 0.06, "pyaw": 0.03,
               **{side + axis: 0.025 for side in "lr" for axis in "xyz"}}  # fmt: skip
# Beats after the count: hips lead, hands come last, each direction on its own, so on curves.
_FOLLOW = {"px": -0.12, "pz": -0.02, "proll": -0.12, "pyaw": -0.1, "lean": -0.04, "twist": 0.02,
           "chest": 0.06, "nod": 0.02, "look": 0.06, "tilt": 0.1,
           **{side + axis: late for side in "lr" for axis, late in
              {"x": 0.09, "y": -0.05, "z": 0.2, "e": 0.05, "s": -0.06}.items()}}  # fmt: skip
_STAGE = (
    0.45,
    0.3,
    0.4,
)  # spread of where phrases end: aside and ahead in meters, turned in radians
_SLOWEST_S, _QUICKEST_S = 9.0, 2.0  # periods of deviations


@dataclass(frozen=True)
class Performer:
    """How one person moves.

    Attributes:
        size: factor on all amplitudes.
        sharp: added to the moves' sharpness.
        bounce: factor on the knees' give.
        swing: half counts come so much later, in counts.
        looseness: size of slow random deviations.
        stance: feet further apart, meters.
        roams: how far the stage is used; 0 stays in place.
        follow: how far parts of the body follow one another; 0 moves all at once.
        seed: of the deviations.
    """

    size: float = 1.0
    sharp: float = 0.0
    bounce: float = 1.0
    swing: float = 0.0
    looseness: float = 1.0
    stance: float = 0.0
    roams: float = 0.0
    follow: float = 1.0
    seed: int = 0

    def following(self) -> Array:
        """Beats [C] that each channel comes after the count."""
        return self.follow * np.array([_FOLLOW.get(name, 0.0) for name in CHANNELS])

    def stage(self, phrases: tuple[Phrase, ...]) -> Array:
        """Where each phrase begins, and the last one ends [P + 1, 3]: aside, ahead, turned.

        Moves that step take the dancer there; over others the feet stand.
        """
        places = np.zeros((len(phrases) + 1, 3))
        for i, phrase in enumerate(phrases):
            rng = np.random.default_rng([self.seed, phrase.start])
            there = self.roams * rng.normal(0, _STAGE)
            places[i + 1] = there if phrase.family in TRAVELING else places[i]
        return places

    def deviations(self, times: Array) -> Array:
        """Slow deviations [T, C] of trunk, head and arms: nobody repeats a pose exactly.

        Sums of three slow waves, so that any part of a song is danced as within the whole.
        """
        size = np.zeros(len(CHANNELS))
        for name, amount in _DEVIATIONS.items():
            size[INDEX[name]] = amount
        rng = np.random.default_rng(self.seed)
        rates = 1 / rng.uniform(_QUICKEST_S, _SLOWEST_S, (3, 1, len(CHANNELS)))
        phases = rng.uniform(0, 1, rates.shape)
        waves = np.sin(2 * np.pi * (rates * times[None, :, None] + phases))
        return np.asarray(waves.sum(axis=0) * np.sqrt(2 / 3) * size) * self.looseness


def random_performer(rng: np.random.Generator) -> Performer:
    """A performer by chance."""
    return Performer(
        size=float(np.clip(rng.normal(1, 0.13), 0.7, 1.25)),
        sharp=float(rng.normal(0, 0.12)),
        bounce=float(0.75 * np.exp(rng.normal(0, 0.5))),
        swing=float(rng.choice([0, 0, 0.08])),
        looseness=float(rng.uniform(0.5, 1.5)),
        stance=float(rng.uniform(-0.01, 0.05)),
        roams=float(rng.uniform(0.3, 1.3)),
        follow=float(rng.uniform(0.7, 1.5)),
        seed=int(rng.integers(2**31)),
    )
