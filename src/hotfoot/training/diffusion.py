"""Train the dance transformer on shards of encoded samples, and write it as a model folder."""

from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from hotfoot.data.manifest import Source
from hotfoot.data.sources import Data, check_data, restrictions
from hotfoot.data.sources import fingerprint as data_fingerprint
from hotfoot.errors import OptionError
from hotfoot.generation.diffusion import DiffusionGenerator, Network
from hotfoot.generation.generator import build_network, load_diffusion, save_diffusion
from hotfoot.generation.pipeline import generate
from hotfoot.generation.stitch import joined_poses
from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import UNSTATED, DiffusionConfig
from hotfoot.model.generator import Conditions, SamplingOptions
from hotfoot.model.vae import PoseVAE
from hotfoot.pose.references import figure_pose
from hotfoot.render.sheets import contact_sheet, save_png
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.distributed import ALONE, Processes, whole
from hotfoot.training.loop import LoopConfig, Trainer
from hotfoot.training.losses import Movement, Objective, latent_statistics
from hotfoot.training.recipe_types import DiffusionRecipe
from hotfoot.training.recipes import run_folder
from hotfoot.training.shards import ShardPool
from hotfoot.training.vae import fingerprint
from hotfoot.validation import to_json

_SHEET_EVERY = 1000
_LONGEST = 200  # characters of a name or license in a model's configuration


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
        if recipe.reads_movement and not self.vae.linear:
            raise OptionError(
                "errors of movement and of bones are read out of the latents of a linear VAE",
                "Train one (hotfoot train vae default) and give its folder as --vae; or set "
                "velocity_weight and bone_weight to 0.",
            )
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

        InputError or OptionError for data, batch or weights to begin with that do not fit,
        TrainingError where the loss is not finite, or data cannot be made.
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
        channels = self.vae.latent_channels(2 * recipe.points)
        config = recipe.network_config(channels, self.vae.rows)
        model = build_network(config).to(self.device)
        if self.begin_with is not None:
            _load_matching(model, self.begin_with)
        repeat = config.latent_channels // len(mean)
        shift, scale = (v.repeat(repeat)[:, None, None].to(self.device) for v in (mean, std))
        objective = Objective(recipe, config, shift, scale)
        if recipe.reads_movement:
            data = objective.standardized(first).latent
            movement = Movement(self.vae, shift, scale, data)
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


def model_codec(vae: PoseVAE, recipe: DiffusionRecipe) -> CodecConfig:
    """How a model draws and decodes poses; OptionError if otherwise than its VAE was trained on."""
    codec = recipe.codec.apply(vae.codec)
    for name in ("profile_sigma", "polarity", "value_range"):
        wanted, own = getattr(codec, name), getattr(vae.codec, name)
        if wanted != own:
            raise OptionError(
                f"codec.{name} of the recipe is {wanted}, the VAE was trained with {own}",
                "Train a VAE with it, or leave it out.",
            )
    return codec


def as_generator(
    dit: Network, vae: PoseVAE, mean: Tensor, std: Tensor, recipe: DiffusionRecipe
) -> DiffusionGenerator:
    """A network in training, ready to dance."""
    names = [f.name for f in fields(DiffusionConfig) if hasattr(recipe, f.name)]
    facts: dict[str, Any] = {name: getattr(recipe, name) for name in names}
    facts |= {"license": recipe.license or UNSTATED, "codec": model_codec(vae, recipe)}
    facts |= {"latent_mean": tuple(mean.tolist()), "latent_std": tuple(std.tolist())}
    config = DiffusionConfig(**facts | {"vae": vae.config, "dit": dit.config})
    return DiffusionGenerator(config, vae, dit).to(next(dit.parameters()).device).eval()


def write_sample_sheet(model: DiffusionGenerator, music: Tensor, path: Path) -> None:
    """Dance one segment to held-out music with two figures, and write what it looks like."""
    sheets = []
    frames = model.config.frames
    tokens = music[0, : frames // FRAMES_PER_COLUMN].float().cpu().numpy()
    for figure, columns in (("average", 16), ("square", 9)):
        reference = figure_pose(figure).to_skeleton(model.config.skeleton)
        conditions = Conditions(None, tokens, reference)
        made = generate(model, conditions, model.plan(frames), SamplingOptions(steps=8))
        joined = next(joined_poses(made, conditions, model.config, frames))
        sheets.append(contact_sheet(joined.poses, grid=(columns, 2)))
    width = max(s.shape[1] for s in sheets)
    padded = [np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0))) for s in sheets]
    save_png(np.concatenate(padded), path)


def export_model(
    model: DiffusionGenerator, recipe: DiffusionRecipe, data: Data, folder: Path, command: str = ""
) -> None:
    """Write a model folder; its terms are those of the data, too. ``command`` is for the card."""
    sources = data.sources()
    license, credits = terms(sources, recipe.license, recipe.credits)
    config = replace(model.config, license=license, credits=credits)
    named = DiffusionGenerator(config, model.vae, model.dit)
    save_diffusion(named, folder, _card(config, recipe, sources, command))


def terms(
    sources: tuple[Source, ...], license: str = "", credits: tuple[str, ...] = ()
) -> tuple[str, tuple[str, ...]]:
    """License and credits of a model: what is given, and what its training data adds."""
    text = license or UNSTATED
    if forbidden := restrictions(sources):
        text = f"{text}; its data has terms of its own: {'; '.join(forbidden)}"
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    found = sorted({s.credit for s in sources if s.credit})
    return short, tuple(dict.fromkeys((*credits, *found)))


def _card(
    config: DiffusionConfig, recipe: DiffusionRecipe, sources: tuple[Source, ...], command: str
) -> str:
    """The model card: how it was made, from what, under which terms."""
    counts = Counter((s.license or UNSTATED, s.credit or UNSTATED) for s in sources)
    rows = [f"| {count} | {license} | {credit} |" for (license, credit), count in counts.items()]
    parts = [
        f"# {config.name}",
        f"Dances as {config.skeleton} at {config.fps:g} frames per second; music: {config.music}.",
        f"License: {recipe.license or UNSTATED}",
    ]
    if forbidden := restrictions(sources):
        listed = "\n".join(f"- {text}" for text in forbidden)
        parts.append(
            "**Some of the data it was trained on may not be used for everything. Its terms hold "
            f"for this model too:**\n\n{listed}"
        )
    parts.append("## Data\n\n| sources | license | credit |\n|---|---|---|\n" + "\n".join(rows))
    if command:
        parts.append(f"## Command\n\n```\n{command}\n```")
    parts.append(f"## Recipe\n\n```json\n{to_json(recipe)}```")
    return "\n\n".join(parts) + "\n"
