"""Train the baseline of quantized poses: two codebooks first, then the transformer over them."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.baselines.codes import CodesGenerator, CodesNetwork, about_the_hips
from hotfoot.baselines.edge import frames_of
from hotfoot.baselines.raw import RawCoordinates
from hotfoot.data.sources import Data, check_data, fingerprint
from hotfoot.errors import TrainingError
from hotfoot.model.config import CodesConfig, RawConfig
from hotfoot.music.encoders import SpectralEncoder
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.loop import LoopConfig, fit
from hotfoot.training.recipes import CodesRecipe, DancerRecipe, run_folder
from hotfoot.training.shards import ShardPool


def train_codes(recipe: CodesRecipe, data: Data, folder: Path) -> CodesGenerator:
    """Train, or go on training, in ``folder``."""
    check_data(data)
    run_folder(recipe, folder, {"data": fingerprint(data)}).claim()
    torch.manual_seed(recipe.seed)
    source = DancerRecipe(
        procedural=0.0, composed=recipe.composed,
        shards=recipe.shards, shards_ahead=recipe.shards, shard_size=recipe.shard_size,
        batch=recipe.batch, frames=recipe.frames, seed=recipe.seed,
    )  # fmt: skip
    pool = ShardPool(data, folder / "shards", RawCoordinates(RawConfig()), source)
    bodies, roots, music = _segments(pool, recipe.shards)
    network = CodesNetwork(
        CodesConfig(name="codes", music_width=SpectralEncoder.width, frames=recipe.frames)
    )
    upper, lower = network.split(bodies, roots)

    for name, vq, part in (("upper", network.vq_upper, upper), ("lower", network.vq_lower, lower)):

        def losses_at(vq: nn.Module, step: int, part: Tensor = part) -> dict[str, Tensor]:
            pick = torch.randint(
                len(part), (recipe.batch,), generator=torch.Generator().manual_seed(step)
            )
            rebuilt, commit = vq(part[pick])
            error = F.smooth_l1_loss(rebuilt, part[pick], beta=0.05)
            speed = F.l1_loss(rebuilt.diff(dim=1), part[pick].diff(dim=1))
            return {"loss": error + 0.5 * speed + 0.02 * commit, "error": error}

        vq.train()
        fit(vq, losses_at, folder / name, LoopConfig(recipe.vq_steps, 1e-3, 50, 0.99, 0.0))
        vq.eval()
    with torch.inference_mode():
        codes_upper, codes_lower = network.vq_upper.encode(upper), network.vq_lower.encode(lower)
    empty = network.config.codes

    def next_at(transformer: nn.Module, step: int) -> dict[str, Tensor]:
        pick = torch.randint(
            len(music), (recipe.batch,), generator=torch.Generator().manual_seed(step)
        )
        a, b = codes_upper[pick], codes_lower[pick]
        before = [F.pad(c[:, :-1], (1, 0), value=empty) for c in (a, b)]
        logits = transformer(before[0], before[1], music[pick])
        losses = [
            F.cross_entropy(row.flatten(0, 1).float(), c.flatten())
            for row, c in zip(logits, (a, b), strict=True)
        ]
        return {"loss": losses[0] + losses[1], "upper": losses[0], "lower": losses[1]}

    average = fit(
        network.transformer, next_at, folder / "transformer",
        LoopConfig(recipe.steps, recipe.learning_rate, 50, 0.99),
    )  # fmt: skip
    network.transformer.load_state_dict(average.state_dict())
    return CodesGenerator(network.config, network)


def _segments(pool: ShardPool, shards: int) -> tuple[Tensor, Tensor, Tensor]:
    """Poses about the hips, paths and music of all usable segments."""
    parts = []
    for i in range(shards):
        shard = pool.wait_for(i)
        frames = frames_of(shard.latent.float())
        n, count, _ = frames.shape
        cells = frames.reshape(n, count, 18, 2, 2)  # keypoint, axis, (position, seen)
        # The canvas' sides are not kept; most films are about upright, so width counts as 9/16.
        xy = (cells[..., 0] + 1) / 2 * torch.tensor([9 / 16, 1.0])
        seen = cells[..., 1].amin(dim=-1) > 0
        bodies, root, usable = about_the_hips(xy, seen)
        parts.append((bodies[usable], root[usable], shard.music.float()[usable]))
    found = [torch.cat(p) for p in zip(*parts, strict=True)]
    if len(found[0]) < 2 or found[0].shape[1] % FRAMES_PER_COLUMN:
        raise TrainingError("no segment shows a whole body", "Give more motion.")
    return found[0], found[1], found[2]
