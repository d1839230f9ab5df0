"""From a trained network to a model folder: its configuration, its license, its model card."""

from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from hotfoot.data.manifest import Source
from hotfoot.data.sources import Data, restrictions
from hotfoot.errors import OptionError
from hotfoot.generation.diffusion import DiffusionGenerator, Network
from hotfoot.generation.generator import save_diffusion
from hotfoot.generation.pipeline import generate
from hotfoot.generation.stitch import joined_poses
from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import UNSTATED, DiffusionConfig
from hotfoot.model.generator import Conditions, SamplingOptions
from hotfoot.model.vae import PoseVAE
from hotfoot.pose.references import figure_pose
from hotfoot.render.sheets import contact_sheet, save_png
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.recipe_types import DiffusionRecipe
from hotfoot.validation import to_json

_LONGEST = 200  # characters of a name or license in a model's configuration


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
    """Write a model folder that ``hotfoot dance --model`` takes.

    Licenses and credits of the data become the model's. ``command`` trained it, for the card.
    """
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
