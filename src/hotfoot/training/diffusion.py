"""Train the dance transformer on shards of encoded samples."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from hotfoot.data.sources import Data, check_data
from hotfoot.data.sources import fingerprint as data_fingerprint
from hotfoot.errors import OptionError
from hotfoot.generation.diffusion import DiffusionGenerator, Network
from hotfoot.generation.generator import build_network, load_diffusion
from hotfoot.model.network_config import DiTConfig, EdgeConfig
from hotfoot.model.vae import PoseVAE
from hotfoot.music.encoders import get_encoder
from hotfoot.training.distributed import ALONE, Processes, whole
from hotfoot.training.export import as_generator, model_codec, write_sample_sheet
from hotfoot.training.loop import LoopConfig, Trainer
from hotfoot.training.losses import Movement, Objective, latent_statistics
from hotfoot.training.recipe_types import DiffusionRecipe
from hotfoot.training.recipes import run_folder
from hotfoot.training.shards import ShardPool
from hotfoot.training.vae import fingerprint, linear_vae

_SHEET_EVERY = 1000


def network_config(recipe: DiffusionRecipe, vae: PoseVAE) -> DiTConfig | EdgeConfig:
    """The network's shape for a recipe's skeleton and music encoder, and a VAE."""
    channels, width = vae.latent_channels(2 * recipe.points), get_encoder(recipe.music).width
    return recipe.network_config(channels, vae.rows, width)


def weights_of(model: str | Path, vae: PoseVAE) -> dict[str, Tensor]:
    """The network's weights of a model to begin with; OptionError if of another VAE's latents."""
    other = load_diffusion(model)
    if fingerprint(other.vae) != fingerprint(vae):
        raise OptionError(
            f"{model} was trained on another VAE's latents",
            f"Add --vae {model}, or leave out --begin-with.",
        )
    return dict(other.dit.state_dict())


@dataclass(frozen=True, eq=False)
class DiffusionTraining:
    """One training of a dance transformer, in a folder that is its own."""

    recipe: DiffusionRecipe
    data: Data
    vae: PoseVAE  # stays as it is
    folder: Path
    device: str = "cpu"
    # Instead of random weights; layers that they lack keep their initialization (zero for those
    # that change nothing at first).
    begin_with: dict[str, Tensor] | None = None
    processes: Processes = ALONE  # each takes its rows of the same batch; they share the folder
    producers: int = 1  # processes that make training data beside

    def check(self) -> slice:
        """This process' rows of a batch; InputError or OptionError where data or VAE do not fit."""
        recipe = self.recipe
        model_codec(self.vae, recipe)
        if recipe.reads_movement:
            linear_vae(self.vae)
        if recipe.dances and self.data.corpora:
            raise OptionError(
                "whole dances are made of motion and music, a corpus has views of them",
                "Give --motion and --music, or another recipe, like drafted.",
            )
        check_data(self.data, recipe.format)
        return self.processes.rows(recipe.batch)

    def claim(self) -> None:
        """Make sure that the folder is this training's; rank 0 makes it."""
        made_from = {"data": data_fingerprint(self.data), "VAE": fingerprint(self.vae)}
        run = run_folder(self.recipe, self.folder, made_from)
        run.check()
        self.processes.barrier()
        if self.processes.rank == 0:
            run.claim()
        self.processes.barrier()

    def fit(self) -> DiffusionGenerator:
        """Train, or go on training; returns the averaged model.

        Raises:
            InputError, OptionError: data, batch or weights to begin with that do not fit.
            TrainingError: the loss is not finite, or data cannot be made.
        """
        recipe, processes = self.recipe, self.processes
        rows = self.check()
        self.claim()
        if isinstance(self.vae, nn.Module):
            self.vae.eval().requires_grad_(False)
        torch.manual_seed(recipe.seed)
        producers = self.producers if processes.rank == 0 else 0
        pool = ShardPool(self.data, self.folder / "shards", self.vae, recipe, producers)
        first = pool.wait_for(0)
        mean, std = latent_statistics(
            first, self.vae.latent_channels(1), recipe.latent_power, recipe.framing == "body"
        )
        config = network_config(recipe, self.vae)
        model = build_network(config).to(self.device)
        if self.begin_with is not None:
            _load_matching(model, self.begin_with)
        repeat = config.latent_channels // len(mean)
        shift, scale = (v.repeat(repeat)[:, None, None].to(self.device) for v in (mean, std))
        objective = Objective(recipe, config, shift, scale)
        if recipe.reads_movement:
            data = objective.standardized(first).latent
            movement = Movement(linear_vae(self.vae), shift, scale, data)
            objective = replace(objective, movement=movement)
        held = objective.standardized(pool.wait_for(-1))

        def dancer(network: nn.Module) -> DiffusionGenerator:
            return as_generator(cast(Network, network), self.vae, mean, std, recipe)

        def validate(step: int, average: nn.Module) -> dict[str, float]:
            due = step % _SHEET_EVERY == 0 or step == recipe.steps
            if due and processes.rank == 0 and not processes.shard:
                path = self.folder / "samples" / f"step-{step:06d}.png"
                write_sample_sheet(dancer(average), held.music, path)
            return objective.held_out(average, held)

        loop = LoopConfig(recipe.steps, recipe.learning_rate, recipe.warmup, recipe.ema)
        trained = Trainer(model, self.folder, loop, processes).fit(
            lambda forward, step: objective.losses(forward, pool.batch(step, rows), step, rows),
            validate,
        )
        if processes.shard:
            gathered = {k: whole(v) for k, v in trained.state_dict().items()}
            trained = build_network(config)
            trained.load_state_dict(gathered)
        return dancer(trained)


def _load_matching(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Load weights; names and shapes that the model does not have are another network's."""
    own = model.state_dict()
    wrong = [k for k, v in weights.items() if k not in own or own[k].shape != v.shape]
    if wrong:
        raise OptionError(
            f"the weights to begin with are another network's ({', '.join(wrong[:3])})",
            "Give a model of the same preset and VAE.",
        )
    model.load_state_dict(weights, strict=False)
