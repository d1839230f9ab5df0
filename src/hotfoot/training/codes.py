"""Train the baseline of quantized poses: two codebooks first, then the transformer over them."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.baselines.codes import CodesGenerator, CodesNetwork, ColumnVQ, about_the_hips
from hotfoot.baselines.edge import frames_of
from hotfoot.baselines.raw import RawCoordinates
from hotfoot.data.sources import Data, check_data, fingerprint
from hotfoot.errors import TrainingError
from hotfoot.model.config import CodesConfig, RawConfig
from hotfoot.music.encoders import get_encoder
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.diffusion import terms
from hotfoot.training.loop import LoopConfig, Trainer
from hotfoot.training.recipe_types import CodesRecipe, DiffusionRecipe
from hotfoot.training.recipes import run_folder
from hotfoot.training.shards import ShardPool


def train_codes(recipe: CodesRecipe, data: Data, folder: Path) -> CodesGenerator:
    """Train, or go on training, in ``folder``."""
    check_data(data)
    run_folder(recipe, folder, {"data": fingerprint(data)}).claim()
    torch.manual_seed(recipe.seed)
    source = DiffusionRecipe(
        procedural=0.0, composed=recipe.composed, dances=0, framing="canvas",
        shards=recipe.shards, shards_ahead=recipe.shards, shard_size=recipe.shard_size,
        batch=recipe.batch, frames=recipe.frames, seed=recipe.seed,
    )  # fmt: skip
    pool = ShardPool(data, folder / "shards", RawCoordinates(RawConfig()), source)
    bodies, roots, music = _samples(pool, recipe.shards)
    license, credits = terms(data.sources())
    network = CodesNetwork(
        CodesConfig(
            name="codes", license=license, credits=credits, music=source.music,
            music_width=get_encoder(source.music).width, frames=recipe.frames,
        )
    )  # fmt: skip
    upper, lower = network.split(bodies, roots)
    _train_book(network.vq_upper, upper, recipe, folder / "upper")
    _train_book(network.vq_lower, lower, recipe, folder / "lower")
    _train_transformer(network, (upper, lower), music, recipe, folder / "transformer")
    return CodesGenerator(network.config, network)


def _pick(count: int, recipe: CodesRecipe, step: int) -> Tensor:
    generator = torch.Generator().manual_seed(step)
    return torch.randint(count, (recipe.batch,), generator=generator)


def _train_book(vq: ColumnVQ, frames: Tensor, recipe: CodesRecipe, folder: Path) -> None:
    """Train the codebook of one part of the body."""

    def losses_at(vq: nn.Module, step: int) -> dict[str, Tensor]:
        batch = frames[_pick(len(frames), recipe, step)]
        rebuilt, commit = vq(batch)
        error = F.smooth_l1_loss(rebuilt, batch, beta=0.05)
        speed = F.l1_loss(rebuilt.diff(dim=1), batch.diff(dim=1))
        return {"loss": error + 0.5 * speed + 0.02 * commit, "error": error}

    vq.train()
    Trainer(vq, folder, LoopConfig(recipe.vq_steps, 1e-3, 50, 0.99, 0.0)).fit(losses_at)
    vq.eval()


def _train_transformer(
    network: CodesNetwork, parts: tuple[Tensor, Tensor], music: Tensor, recipe: CodesRecipe,
    folder: Path,
) -> None:  # fmt: skip
    """Train the transformer to say the next codes; the network gets its averaged weights."""
    with torch.inference_mode():
        upper, lower = network.vq_upper.encode(parts[0]), network.vq_lower.encode(parts[1])
    empty = network.config.codes

    def losses_at(transformer: nn.Module, step: int) -> dict[str, Tensor]:
        pick = _pick(len(music), recipe, step)
        codes = upper[pick], lower[pick]
        before = [F.pad(c[:, :-1], (1, 0), value=empty) for c in codes]
        logits = transformer(before[0], before[1], music[pick])
        losses = [
            F.cross_entropy(row.flatten(0, 1).float(), c.flatten())
            for row, c in zip(logits, codes, strict=True)
        ]
        return {"loss": losses[0] + losses[1], "upper": losses[0], "lower": losses[1]}

    loop = LoopConfig(recipe.steps, recipe.learning_rate, 50, 0.99)
    average = Trainer(network.transformer, folder, loop).fit(losses_at)
    network.transformer.load_state_dict(average.state_dict())


def _samples(pool: ShardPool, shards: int) -> tuple[Tensor, Tensor, Tensor]:
    """Poses about the hips, paths and music of all usable samples."""
    parts = []
    for i in range(shards):
        shard = pool.wait_for(i)
        frames = frames_of(shard.latent.float())
        n, count, _ = frames.shape
        cells = frames.reshape(n, count, 18, 2, 2)  # keypoint, axis, (position, seen)
        # The canvas' sides are not kept; most views are about upright, so width counts as 9/16.
        xy = (cells[..., 0] + 1) / 2 * torch.tensor([9 / 16, 1.0])
        seen = cells[..., 1].amin(dim=-1) > 0
        bodies, root, usable = about_the_hips(xy, seen)
        parts.append((bodies[usable], root[usable], shard.music.float()[usable]))
    found = [torch.cat(p) for p in zip(*parts, strict=True)]
    if len(found[0]) < 2 or found[0].shape[1] % FRAMES_PER_COLUMN:
        raise TrainingError("no sample shows a whole body", "Give more motion.")
    return found[0], found[1], found[2]
