"""Styles, and choosing moves by them: which families of moves a style dances, and how often."""

import numpy as np

from hotfoot.choreography.key_poses import Move
from hotfoot.choreography.moves import LIBRARY
from hotfoot.errors import OptionError

Weights = dict[str, float]
"""How often each family is danced."""

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
"""Weights of the families; ``arms`` is how often an arm pattern is danced over a step."""

FREE_ARMS = ("groove", "step", "kick")
"""Families over which an arm pattern can be danced."""

_ENERGY_WIDTH = 0.35
_PREFERENCES = 1_000_004  # the seed's second part, which no label has
_PREFERENCE = 0.7  # standard deviation of the logarithm of a family's weight, from seed to seed


def preferences(style: str, seed: list[int]) -> Weights:
    """The weights of one dance in a style: each has more of some families than others have.

    Raises:
        OptionError: unknown style.
    """
    if style not in STYLES:
        raise OptionError(f"unknown style '{style}'", f"Known: {', '.join(STYLES)}.")
    rng = np.random.default_rng([*seed, _PREFERENCES])
    own = {k: v * float(np.exp(rng.normal(0, _PREFERENCE))) for k, v in STYLES[style].items()}
    return own | {"arms": min(own["arms"], 0.9), "pose": STYLES[style]["pose"]}


def pick(
    rng: np.random.Generator, weights: Weights, energy: float, families: tuple[str, ...],
    taken: tuple[str, ...] = (),
) -> Move:  # fmt: skip
    """A move of the families by weight and nearness of energy, none whose name is ``taken``."""
    moves = [m for m in LIBRARY if m.family in families and m.name not in taken]
    count = {f: sum(m.family == f for m in moves) for f in families}
    weight = np.array(
        [
            max(weights[m.family], 0.05) / count[m.family]
            * np.exp(-0.5 * ((m.energy - energy) / _ENERGY_WIDTH) ** 2)
            for m in moves
        ]
    ) + 1e-9  # fmt: skip
    return moves[int(rng.choice(len(moves), p=weight / weight.sum()))]


def vocabulary(
    rng: np.random.Generator, weights: Weights, energy: float, count: int
) -> list[tuple[Move, Move | None]]:
    """``count`` moves, some with an arm pattern; near the floor seldom, and not first.

    The last six differ, and nobody squats for a minute: of the last twelve one is near the floor.
    """
    out: list[tuple[Move, Move | None]] = []
    for _ in range(count):
        low = not out or any(move.family == "floor" for move, _ in out[-12:])
        never = ("arms", "pose", "floor") if low else ("arms", "pose")
        families = tuple(f for f in weights if f not in never)
        lower = pick(rng, weights, energy, families, tuple(m.name for m, _ in out[-6:]))
        upper = None
        if lower.family in FREE_ARMS and rng.random() < weights["arms"]:
            upper = pick(rng, weights, energy, ("arms",))
        out.append((lower, upper))
    return out
