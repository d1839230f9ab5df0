"""Small networks that differ in one thing each: python docs/scripts/ablations.py MOTION SONGS OUT.

Every arm is trained three times on the same dances, from seeds 0, 1 and 2 of weights and noise, for
600 steps: 1.2 M parameters, 32 segments of 128 frames a step. Then each dances to twelve composed
songs that nobody trained on, whose beats are known exactly, from noise, as decoded, without any
repair: with its music, with all tokens zeroed, and with the next song's. Finished runs are kept, so
the command can be repeated; further arguments choose arms. Prints a table: means over seeds with
95 % intervals (Student's t), and how far an arm is from ``default`` at the same seed.
"""

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hotfoot.data.sources import Data
from hotfoot.evaluation.body import measure_body
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.sensitivity import sensitivity
from hotfoot.evaluation.synchrony import measure_coherence
from hotfoot.generation.diffusion import DiffusionGenerator
from hotfoot.generation.options import DanceOptions
from hotfoot.generation.pipeline import condition, generate
from hotfoot.generation.stitch import joined_poses
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.synthesis import STYLES, compose
from hotfoot.pose.references import FIGURES, figure_pose
from hotfoot.training.diffusion import DiffusionTraining
from hotfoot.training.recipe_types import DiffusionRecipe
from hotfoot.training.recipes import recipe_with
from hotfoot.training.vae import load_vae

SMALL: dict[str, Any] = {
    "network.width": 128, "network.depth": 4, "network.heads": 2, "network.kv_heads": 2,
    "network.mlp_width": 256, "network.timestep_width": 128, "frames": 128, "dances": 320,
    "shards": 24, "shards_ahead": 24, "steps": 600, "batch": 32, "ema": 0.99,
}  # fmt: skip
ARMS: dict[str, dict[str, Any]] = {
    "default": {},
    "music not beside, attended alone": {
        "network.music_beside": False, "network.music_modulates": False,
    },
    "... and the default index": {"network.time_shared": False},
    "music added, not modulating": {"network.music_modulates": False},
    "raw coordinates": {"vae.source": "raw"},
    "no reference": {"reference": False},
    "no velocity term": {"velocity_weight": 0.0},
    "weights not clamped": {"time_floor": 0.05},
    "times around 0.69, as before": {"time_mean": 0.8, "time_std": 1.0},
    "latents as coordinates are": {"latent_power": 0.0},
    "latents of unit variance": {"latent_power": 1.0},
    "real dancers alone": {"procedural": 0.0},
    "choreographer alone": {"procedural": 1.0},
}  # fmt: skip
OWN_DANCES = {"procedural"}  # arms with these fields dance anew ...
OWN_SAMPLES = OWN_DANCES | {"vae.source", "reference"}  # ... and encode anew
SEEDS = (0, 1, 2)
GUIDANCE = (1.0, 2.0)
T_95 = 4.303  # Student's t for three values
SECONDS, START = 12.0, 8.0


def train(arm: str, seed: int, data: Data, out: Path) -> DiffusionGenerator:
    """Train an arm in ``out/ARM-SEED``.

    Further seeds take the first one's dances and samples, other arms those of ``default`` that fit.
    """
    recipe = recipe_with(DiffusionRecipe, "default", SMALL | ARMS[arm] | {"seed": seed})
    folder, donor = _folder(out, arm, seed), _folder(out, arm if seed else "default", 0)
    training = DiffusionTraining(recipe, data, load_vae(recipe.vae, recipe.codec), folder)
    training.claim()
    for part, own in (("dances", OWN_DANCES), ("shards", OWN_SAMPLES)):
        if donor != folder and (seed or not own & set(ARMS[arm])):
            (folder / part).mkdir(exist_ok=True)
            for path in (donor / part).iterdir():
                if not (folder / part / path.name).exists():
                    os.link(path, folder / part / path.name)
    return training.fit()


def _folder(out: Path, arm: str, seed: int) -> Path:
    return out / f"{arm.replace(' ', '-').strip('.-')}-{seed}"


def songs(folder: Path) -> list[tuple[Any, np.ndarray[Any, Any]]]:
    """Twelve composed songs and the seconds of their beats."""
    made = []
    for i in range(12):
        bpm = float(80 * 2 ** (i / 12))
        song = compose(START + SECONDS + 2, bpm, seed=20_000 + i, style=STYLES[i % len(STYLES)])
        path = folder / f"{i}.wav"
        song.save(path)
        made.append((open_song(path, START, START + SECONDS), song.beats - START))
    return made


def measure(model: DiffusionGenerator, guidance: float) -> dict[str, float]:
    """Means over the songs."""
    plan = model.plan(round(SECONDS * model.config.fps))
    frames, figures = round(SECONDS * model.config.fps), list(FIGURES)
    asked = DanceOptions(guidance=guidance)
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for i, (song, beats) in enumerate(songs(Path(folder))):
            pose = figure_pose(figures[i % len(figures)])
            analysis = analyze_song(song)
            made.append((condition(model, song, analysis, plan, pose, asked), beats))
    rows = []
    for (own, beats), (other, _) in zip(made, made[1:] + made[:1], strict=True):
        sampling = asked.sampling(model.config, own.analysis.fingerprint if own.analysis else 0)
        dances = []
        for tokens in (own.tokens, np.zeros_like(own.tokens), other.tokens):
            conditions = replace(own, tokens=tokens)
            poses = generate(model, conditions, plan, sampling)
            dances.append(next(joined_poses(poses, conditions, model.config, frames)).poses)
        motion, foreign = prepare(dances[0]), prepare(dances[2])
        body = measure_body(dances[0], motion, own.reference)
        rows.append(
            {
                "locked to the beat": measure_coherence(motion, beats).corrected,
                "... with another song's music": measure_coherence(foreign, beats).corrected,
                "moves without music": sensitivity(dances[0], dances[1]),
                "stop-and-go": body["stop_and_go"],
                "worst limb": body["limb_error"],
                "jerk": body["jerk"],
            }
        )
    return {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}


def interval(values: list[float]) -> str:
    """Mean and half of the 95 % interval."""
    half = T_95 * np.std(values, ddof=1) / len(values) ** 0.5 if len(values) == len(SEEDS) else 0
    return f"{np.mean(values):.3f} ± {half:.3f}"


def main(folders: list[Path], arms: list[str]) -> None:
    """Train and measure what is missing; print the table."""
    motion, music, out = folders
    results = out / "results.json"
    found: dict[str, Any] = json.loads(results.read_text()) if results.exists() else {}
    for seed in SEEDS:
        for arm in arms:
            key = f"{arm}/{seed}"
            if key not in found:
                model = train(arm, seed, Data(motion, music), out)
                found[key] = {str(g): measure(model, g) for g in GUIDANCE}
                results.write_text(json.dumps(found, indent=1))
                print(key, found[key], flush=True)
    for guidance in map(str, GUIDANCE):
        names = list(next(iter(found.values()))[guidance])
        print(f"\n| guidance {guidance} | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
        for arm in arms:
            runs = [found[f"{arm}/{seed}"][guidance] for seed in SEEDS]
            print(f"| {arm} | {' | '.join(interval([r[n] for r in runs]) for n in names)} |")
            base = [found[f"default/{seed}"][guidance] for seed in SEEDS]
            apart = [
                interval([a[n] - b[n] for a, b in zip(runs, base, strict=True)]) for n in names
            ]
            if arm != "default":
                print(f"| ... less default | {' | '.join(apart)} |")


if __name__ == "__main__":
    main([Path(a) for a in sys.argv[1:4]], sys.argv[4:] or list(ARMS))
