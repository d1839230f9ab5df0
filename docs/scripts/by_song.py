"""What stands behind two means of an evaluated folder: tempo slopes and energy.

python docs/scripts/by_song.py FOLDER

FOLDER is one of `hotfoot evaluate --protocol ... -o FOLDER`. Prints how many dances have a tempo
slope within 0.1 of 1 (of protocol tempo), or how energy follows loudness in songs whose windows of
4 s differ by more than 1.5 dB (standard deviation), and in the others.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from hotfoot.benchmark.run import PROTOCOLS, tasks
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.response import movement_rate, tempo_slope
from hotfoot.music.audio import open_song
from hotfoot.music.features import FEATURE_RATE, extract
from hotfoot.pose.formats import read_poses

CHANGES_DB = 1.5


def slopes(folder: Path, dances: list[dict[str, Any]]) -> list[float]:
    """Tempo slope of every seed of every song that was danced at several tempi."""
    groups: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for d in dances:
        rate = movement_rate(prepare(read_poses(folder / "dances" / f"{d['name']}.npz")))
        groups.setdefault((d["song"], d["seed"]), []).append((rate, d["tempo"]))
    several = [g for g in groups.values() if len(g) > 1]
    return [tempo_slope(*(list(x) for x in zip(*g, strict=True))) for g in several]


def deviations(folder: Path) -> dict[str, float]:
    """Standard deviation in dB of the loudness of every song's windows of 4 s."""
    run = json.loads((folder / "run.json").read_text())["made_from"]
    out, size = {}, round(4 * FEATURE_RATE)
    for task in tasks(PROTOCOLS[run["protocol"]], Path(run["songs"]), folder / "composed"):
        song = open_song(task.song, task.start_s, task.start_s + task.seconds)
        loud = extract(song).loudness_db
        starts = range(0, max(1, len(loud) - size + 1), round(FEATURE_RATE))
        out[task.label] = float(np.std([loud[i : i + size].mean() for i in starts]))
    return out


def main(folder: Path) -> None:
    """Print what the folder's protocol tells."""
    dances = json.loads((folder / "results.json").read_text())["results"][0]["dances"]
    found = np.array(slopes(folder, dances))
    if len(found):
        print(f"{(np.abs(found - 1) <= 0.1).sum()} of {len(found)} slopes within 0.1 of 1")
        return
    deviation = deviations(folder)
    print(f"windows differ by {np.median(list(deviation.values())):.1f} dB (median song)")
    for name, changes in (("changing", True), ("even", False)):
        songs = [s for s, db in deviation.items() if (db > CHANGES_DB) == changes]
        energy = [
            np.mean(
                [e for d in dances if d["song"] == s and (e := d["values"]["energy"]) is not None]
            )
            for s in songs
        ]
        if energy:
            print(f"{name}: {len(songs)} songs, energy {np.mean(energy):.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
