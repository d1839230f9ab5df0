"""Named training recipes. A recipe is data; ablations are recipes, not branches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeVar

from hotfoot.errors import OptionError
from hotfoot.files import RunFolder
from hotfoot.model.config import LineVAEConfig


@dataclass(frozen=True)
class VAERecipe:
    """How a VAE is trained.

    Attributes:
        vae: shape of the network.
        steps: optimizer steps.
        lines: coordinate channels per step.
        frames: length of a line.
        learning_rate: peak; cosine to a hundredth.
        kl_weight: weight of the KL term.
        still: share of lines that end in a repeated value, as reference images do.
        clean: share of films without detector noise.
        fast: share of lines that are picked by their speed; fast limbs are rare and hard.
        posterior_noise: factor on the noise that the posterior puts on latents.
        decoder_only: keep the encoder, so that latents made with it stay valid.
        seed: of data and weights.
    """

    vae: LineVAEConfig = field(default_factory=LineVAEConfig)
    steps: int = 3000
    lines: int = 64
    frames: int = 64
    learning_rate: float = 2e-3
    kl_weight: float = 1e-2
    still: float = 0.25
    clean: float = 0.0
    fast: float = 0.0
    posterior_noise: float = 1.0
    decoder_only: bool = False
    seed: int = 0


@dataclass(frozen=True)
class DancerRecipe:
    """How a dance transformer is trained.

    Attributes:
        preset: shape of the transformer.
        patch_rows: rows of the latent grid in a pose token; 0 for the preset's.
        time_shared: the paper's index, or the default one.
        reference: show the static reference pose; without it only known frames tell the body.
        prediction: data or velocity.
        styles: that the network may be asked for; a segment's own is told, or none.
        energy: whether a segment's size of movement is told.
        drop_wishes: chance that style, and that energy, is not told.
        procedural: share of segments danced by the choreographer; the rest is retimed real motion.
        composed: songs that are composed besides the user's, for all tempi.
        frames: frames per segment.
        shards: how many shards of segments are made.
        shard_size: segments per shard.
        shards_ahead: shards that exist before training begins.
        steps: optimizer steps.
        batch: segments per step.
        learning_rate: peak; cosine to a hundredth.
        warmup: steps.
        ema: decay of the averaged weights.
        drop_music: chance that a segment's music is dropped (paper: 0.3).
        time_mean: mean of the logit-normal times.
        music_noise: standard deviation of noise on music tokens' spectrum, against memorizing.
        seed: of data, weights and noise.
    """

    preset: str = "small"
    patch_rows: int = 0
    time_shared: bool = True
    reference: bool = True
    prediction: Literal["velocity", "data"] = "data"
    styles: tuple[str, ...] = (
        "freestyle", "hip-hop", "latin", "disco", "jumpstyle", "lyrical", "breakdance", "jazz",
        "indian",
    )  # fmt: skip
    energy: bool = True
    drop_wishes: float = 0.3
    procedural: float = 0.5
    composed: int = 60
    frames: int = 256
    shards: int = 24
    shard_size: int = 256
    shards_ahead: int = 6
    steps: int = 2400
    batch: int = 32
    learning_rate: float = 8e-4
    warmup: int = 100
    ema: float = 0.998
    drop_music: float = 0.3
    time_mean: float = 0.0
    music_noise: float = 0.2
    seed: int = 0


@dataclass(frozen=True)
class CodesRecipe:
    """How the baseline of quantized poses is trained.

    Attributes:
        composed: songs that are composed besides the user's.
        frames: per segment.
        shards: of segments.
        shard_size: segments per shard.
        vq_steps: for each codebook.
        steps: for the transformer.
        batch: segments per step.
        learning_rate: of the transformer.
        seed: of data and weights.
    """

    composed: int = 60
    frames: int = 256
    shards: int = 10
    shard_size: int = 256
    vq_steps: int = 600
    steps: int = 1200
    batch: int = 32
    learning_rate: float = 6e-4
    seed: int = 2


_T = TypeVar("_T")

VAE_RECIPES: dict[str, Callable[[], VAERecipe]] = {
    "default": VAERecipe,
    "decoder": lambda: VAERecipe(
        steps=6000,
        learning_rate=1e-3,
        kl_weight=0.0,
        still=0.15,
        clean=0.67,
        fast=0.5,
        posterior_noise=0.3,
        decoder_only=True,
        seed=1,
    ),
    "hard-line": lambda: VAERecipe(vae=LineVAEConfig(profile_sigma=0.0)),
    "debug": lambda: VAERecipe(vae=LineVAEConfig(width=16, blocks=1), steps=4, lines=8),
}


def _mini(**changes: object) -> DancerRecipe:
    """The ablations' base: small enough for one CPU core in a quarter of an hour."""
    recipe = DancerRecipe(
        preset="mini",
        styles=(),
        energy=False,
        procedural=0.0,
        shards=10,
        shards_ahead=10,
        steps=1200,
        learning_rate=1e-3,
        ema=0.995,
        time_mean=0.4,
        seed=2,
    )
    return replace(recipe, **changes)  # type: ignore[arg-type]


DANCER_RECIPES: dict[str, Callable[[], DancerRecipe]] = {
    "default": DancerRecipe,
    # The default's second leg: from noise, what counts is decided at high noise.
    "default-high-noise": lambda: DancerRecipe(time_mean=1.2, steps=500, learning_rate=5e-4),
    "base-gpu": lambda: DancerRecipe(
        preset="base", shards=400, steps=60_000, batch=256, learning_rate=3e-4, ema=0.9995
    ),
    "paper": lambda: DancerRecipe(
        preset="paper",
        styles=(),
        energy=False,
        prediction="velocity",
        shards=4000,
        steps=200_000,
        batch=512,
        learning_rate=1e-4,
        warmup=2000,
        ema=0.9999,
    ),
    "mini": _mini,
    "mini-unshared-index": lambda: _mini(time_shared=False),
    # The search of docs/experiments.md: half of the segments choreographed, one number changed.
    "mini-search": lambda: _mini(procedural=0.5, steps=800),
    "mini-search-times": lambda: _mini(procedural=0.5, steps=800, time_mean=0.0),
    "mini-search-half-columns": lambda: _mini(procedural=0.5, steps=800, patch_rows=4),
    "mini-quarter-columns": lambda: _mini(patch_rows=2),
    "mini-no-reference": lambda: _mini(reference=False),
    "mini-short": lambda: _mini(frames=64, shards=2, shards_ahead=2, steps=600),
    "edge": lambda: _mini(preset="edge", frames=152),
    "whole-columns": lambda: DancerRecipe(patch_rows=8),
    "unshared-index": lambda: DancerRecipe(time_shared=False),
    "velocity": lambda: DancerRecipe(prediction="velocity"),
    "debug": lambda: DancerRecipe(
        preset="debug",
        composed=2,
        shards=1,
        shard_size=4,
        shards_ahead=1,
        steps=4,
        batch=2,
        frames=64,
    ),
}


def vae_recipe(name: str, **changes: object) -> VAERecipe:
    """A VAE recipe by name, with fields changed."""
    return replace(_find(VAE_RECIPES, name)(), **_given(changes))  # type: ignore[arg-type]


def dancer_recipe(name: str, **changes: object) -> DancerRecipe:
    """A dancer recipe by name, with fields changed."""
    return replace(_find(DANCER_RECIPES, name)(), **_given(changes))  # type: ignore[arg-type]


def codes_recipe(**changes: object) -> CodesRecipe:
    """The recipe of the baseline of quantized poses, with fields changed."""
    return replace(CodesRecipe(), **_given(changes))  # type: ignore[arg-type]


def check_recipe(recipe: VAERecipe | DancerRecipe | CodesRecipe) -> None:
    """Raise OptionError for numbers that cannot be trained with."""
    counts = {"steps": recipe.steps, "frames": recipe.frames}
    if not 0 < recipe.learning_rate < 1:
        raise OptionError(f"the learning rate is {recipe.learning_rate:g}", "Above 0, below 1.")
    if not isinstance(recipe, VAERecipe):
        counts |= {"shards": recipe.shards, "batch": recipe.batch}
    for name, value in counts.items():
        if value < 1:
            raise OptionError(f"{name} is {value}", "At least 1.")
    if recipe.seed < 0:
        raise OptionError(f"seed is {recipe.seed}", "0 or more.")


def run_folder(
    recipe: VAERecipe | DancerRecipe | CodesRecipe, folder: Path, made_from: dict[str, str]
) -> RunFolder:
    """The folder of a training run, to check or to claim.

    The number of steps may change from one call to the next; nothing else may: not the recipe, and
    not what the run is made from (fingerprints of data and VAE), since shards and checkpoint
    would be of one kind and what follows of another.

    Raises:
        OptionError: impossible numbers.
    """
    check_recipe(recipe)
    fields = asdict(recipe)
    del fields["steps"]
    return RunFolder(folder, "training", {"recipe": fields, **made_from})


def _given(changes: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in changes.items() if v is not None}


def _find(table: dict[str, Callable[[], _T]], name: str) -> Callable[[], _T]:
    if name not in table:
        raise OptionError(f"unknown recipe '{name}'", f"Known: {', '.join(table)}.")
    return table[name]
