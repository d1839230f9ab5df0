"""How far the network's poses move without their music: python docs/scripts/sensitivity.py SONGS.

The first segment of every sixth song by name, which no recipe trains on, from noise and as decoded;
again with all music tokens zeroed, and with the next song's
(:func:`hotfoot.evaluation.sensitivity.sensitivity`). With a 95 % interval over songs.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from hotfoot.evaluation.sensitivity import sensitivity
from hotfoot.generation.generator import load_generator
from hotfoot.generation.options import DanceOptions
from hotfoot.generation.pipeline import condition, generate
from hotfoot.generation.stitch import joined_poses
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import SONG_SUFFIXES, open_song
from hotfoot.pose.references import figure_pose


def main(folder: Path) -> None:
    """Print both numbers."""
    model, asked, pose = load_generator(), DanceOptions(), figure_pose("average")
    plan = model.plan(model.config.frames)
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SONG_SUFFIXES)[::6]
    made = []
    for path in paths:
        song = open_song(path, 5.0)
        made.append(condition(model, song, analyze_song(song), plan, pose, asked))
    sampling = asked.sampling(model.config)
    moved: dict[str, list[float]] = {"zeroed": [], "another song's": []}
    for own, other in zip(made, made[1:] + made[:1], strict=True):
        dances = []
        for tokens in (own.tokens, np.zeros_like(own.tokens), other.tokens):
            conditions = replace(own, tokens=tokens)
            poses = generate(model, conditions, plan, sampling)
            dances.append(next(joined_poses(poses, conditions, model.config, plan[-1].stop)).poses)
        for name, changed in zip(moved, dances[1:], strict=True):
            moved[name].append(sensitivity(dances[0], changed))
    for name, values in moved.items():
        half = 1.96 * np.std(values) / len(values) ** 0.5
        print(f"tokens {name}: {np.mean(values):.2f} +- {half:.2f} over {len(values)} songs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
