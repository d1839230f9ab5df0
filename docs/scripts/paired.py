"""Is one set of dances nearer to real motion than another, on the same songs?

python docs/scripts/paired.py A B R

A and B are folders of `hotfoot evaluate -o`, danced by the same protocol; R holds poses of real
motion. Prints how much larger B's Fréchet distance is than A's, over the distance among real
dances, with the interval of the jackknife over songs. Songs and halves of the real dances are the
same for both, so what they share does not widen it.
"""

import sys
from pathlib import Path

import numpy as np

from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.realism import frechet, kinetic_features
from hotfoot.evaluation.statistics import Array, jackknife_error
from hotfoot.pose.formats import read_poses

ROUNDS = 60


def features(folder: Path) -> dict[str, Array]:
    """Kinetic windows of every pose file of a folder, by its name."""
    return {p.stem: kinetic_features(prepare(read_poses(p))) for p in sorted(folder.glob("*.npz"))}


def main(first: Path, second: Path, real_folder: Path) -> None:
    """Print the difference."""
    real = list(features(real_folder).values())
    sets = [features(first / "dances"), features(second / "dances")]
    names = sorted(sets[0].keys() & sets[1].keys())
    if not names or len(real) < 4:
        sys.exit(f"{len(names)} dances in both and {len(real)} real ones; needed: 1 and 4")
    every = np.concatenate(real)
    mean, std = every.mean(axis=0), np.maximum(every.std(axis=0), 1e-6)
    real = [(x - mean) / std for x in real]
    sets = [{k: (x - mean) / std for k, x in s.items()} for s in sets]
    song_of = [n.rsplit("-", 2)[0] for n in names]  # song-figure-seed
    size = min(sum(len(s[n]) for n in names) for s in sets) // 2
    rng = np.random.default_rng(0)
    rounds = []
    for _ in range(ROUNDS):
        halves = np.array_split(rng.permutation(len(real)), 2)
        a, b = (np.concatenate([real[i] for i in half]) for half in halves)
        rounds.append((a[:size], b, rng.permutation(len(names))))
    among = float(np.mean([frechet(a, b) for a, b, _ in rounds]))

    def difference(left_out: str) -> float:
        found = []
        for a, b, order in rounds:
            kept = [names[i] for i in order if song_of[i] != left_out]
            one, two = (np.concatenate([s[n] for n in kept])[: len(a)] for s in sets)
            found.append(frechet(two, b) - frechet(one, b))
        return float(np.mean(found)) / among

    value = difference("")
    error = float(jackknife_error(np.array([difference(s) for s in sorted(set(song_of))])))
    print(f"{value:.2f} [{value - 1.96 * error:.2f}, {value + 1.96 * error:.2f}]")


if __name__ == "__main__":
    main(*(Path(a) for a in sys.argv[1:4]))
