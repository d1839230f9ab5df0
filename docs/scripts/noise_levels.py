"""Held-out error of a model's prediction at each noise level, with music and without.

python docs/scripts/noise_levels.py RUN MODEL [MODEL ...]

RUN is the folder of a training (of which shards/held-out.safetensors is read), MODEL a name or a
folder.
"""

import sys
from pathlib import Path

import torch

from hotfoot.generation.generator import load_diffusion
from hotfoot.model.flow import interpolate
from hotfoot.model.vae import known_mask
from hotfoot.training.shards import load_shard, shard_path

LEVELS = (1.0, 0.95, 0.85, 0.7, 0.5, 0.3, 0.15, 0.05)
COUNT = 64


@torch.inference_mode()
def errors(name: str, run: Path) -> list[tuple[float, float]]:
    """Squared error and what leaving out the music adds to it, in per cent, at each level."""
    held = load_shard(shard_path(run / "shards", -1))
    model = load_diffusion(name)
    network, mean, std = model.dit.float(), model.latent_mean, model.latent_std
    clean, reference = ((x[:COUNT].float() - mean) / std for x in (held.latent, held.reference))
    rest = (held.style[:COUNT], held.energy[:COUNT])
    mask = torch.stack([known_mask(int(n), *clean.shape[2:]) for n in held.known[:COUNT]])
    generator = torch.Generator().manual_seed(3)
    out = []
    for level in LEVELS:
        t = torch.full((COUNT,), level)
        x = interpolate(clean, torch.randn(clean.shape, generator=generator), t)
        found = []
        for dropped in (False, True):
            drop = torch.full((COUNT,), dropped)
            with torch.autocast("cpu", torch.bfloat16):
                made = network(x, t, reference, mask, held.music[:COUNT].float(), drop, *rest)
            found.append(float((made.float() - clean).square().mean()))
        out.append((found[0], 100 * (found[1] / found[0] - 1)))
    return out


if __name__ == "__main__":
    for name in sys.argv[2:]:
        cells = zip(LEVELS, errors(name, Path(sys.argv[1])), strict=True)
        print(name, *(f"{t:g}: {e:.4f} ({m:+.2f} %)" for t, (e, m) in cells), sep="\n  ")
