"""Recipes by name or from a JSON file; an ablation is a recipe with a field set differently."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from hotfoot.errors import OptionError
from hotfoot.files import RunFolder
from hotfoot.model.config import LineVAEConfig, Sampling
from hotfoot.training.recipe_types import (
    CodecChanges,
    CodesRecipe,
    DiffusionRecipe,
    VAERecipe,
    VAESource,
)
from hotfoot.validation import parse_json, read_json

Recipe = VAERecipe | DiffusionRecipe | CodesRecipe
R = TypeVar("R", bound=Recipe)

_DRAFTED_VAE: dict[str, Any] = {  # of the model that was shipped until 2026-11-24
    "vae": LineVAEConfig(), "steps": 3000, "lines": 64, "kl_weight": 1e-2, "still": 0.25,
    "clean": 0.0, "fast": 0.0, "framed": 0.0, "robust": 0.0,
}  # fmt: skip
_DRAFTED: dict[str, Any] = {  # likewise: it needs the choreographer's draft to hear the music
    "vae": VAESource(source="drafted"), "codec": CodecChanges(), "sampling": Sampling(),
    "framing": "canvas", "dances": 0,
    "preset": "small", "energy": True, "music_dropout": 0.3, "shards": 24, "shards_ahead": 6,
    "steps": 2400, "batch": 32, "learning_rate": 8e-4, "time_mean": 0.0, "time_std": 1.0,
    "time_floor": 0.1, "ema": 0.998, "procedural": 0.5, "velocity_weight": 0.0,
    "bone_weight": 0.0, "latent_power": 1.0,
    "styles": (
        "freestyle", "hip-hop", "latin", "disco", "jumpstyle", "lyrical", "breakdance", "jazz",
        "indian",
    ),
}  # fmt: skip
_MINI: dict[str, Any] = {
    # The ablations' base: a quarter of an hour on one CPU core.
    **_DRAFTED,
    "name": "mini", "preset": "mini", "styles": (), "energy": False, "procedural": 0.0,
    "shards": 10, "shards_ahead": 10, "steps": 1200, "learning_rate": 1e-3, "ema": 0.995,
    "time_mean": 0.4, "seed": 2,
}  # fmt: skip
_CHANGES: dict[type, dict[str, dict[str, Any]]] = {
    VAERecipe: {
        "default": {},
        "drafted": _DRAFTED_VAE,
        "decoder": {
            **_DRAFTED_VAE,
            "steps": 6000, "learning_rate": 1e-3, "kl_weight": 0.0, "still": 0.15, "clean": 0.67,
            "fast": 0.5, "posterior_noise": 0.3, "decoder_only": True, "seed": 1,
        },
        "debug": {
            **_DRAFTED_VAE, "vae": LineVAEConfig(width=16, blocks=1), "steps": 4, "lines": 8,
        },
    },
    DiffusionRecipe: {
        "default": {},
        "drafted": _DRAFTED,
        # Its second leg: from noise, what counts is decided at high noise.
        "drafted-high-noise": {
            **_DRAFTED, "time_mean": 1.2, "steps": 500, "learning_rate": 5e-4,
        },
        "base-gpu": {
            **_DRAFTED,
            "name": "base", "preset": "base", "shards": 400, "steps": 60_000, "batch": 256,
            "learning_rate": 3e-4, "ema": 0.9995,
        },
        "paper": {
            **_DRAFTED,
            "name": "paper", "preset": "paper", "styles": (), "energy": False, "shards": 4000,
            "steps": 200_000, "batch": 512, "learning_rate": 1e-4, "warmup": 2000, "ema": 0.9999,
        },
        "mini": _MINI,
        "edge": {
            **_MINI, "name": "edge", "preset": "edge", "frames": 152,
            "vae": VAESource(source="raw"),
        },
        "debug": {
            **_DRAFTED,
            "name": "debug", "preset": "debug", "composed": 2, "shards": 1, "shard_size": 4,
            "shards_ahead": 1, "steps": 4, "batch": 2, "frames": 64,
        },
    },
    CodesRecipe: {"default": {}},
}  # fmt: skip


def recipe_names(kind: type[Recipe]) -> list[str]:
    """Names of the recipes of a kind."""
    return list(_CHANGES[kind])


def recipe_with(
    kind: type[R], name_or_file: str | Path = "default", settings: dict[str, Any] | None = None
) -> R:
    """A recipe by name or from a file ``*.json`` of fields that differ from the default recipe's.

    ``settings`` are changes on top, values by field; nested ones by dotted names (``vae.width``).
    OptionError for no such recipe, or a wrong field; the message names file and field.
    """
    name = str(name_or_file)
    if name.endswith(".json"):
        recipe = read_json(kind, Path(name), OptionError)
    elif name in _CHANGES[kind]:
        recipe = kind(**_CHANGES[kind][name])
    else:
        raise OptionError(
            f"unknown recipe '{name}'", f"Known: {', '.join(_CHANGES[kind])}; or a file *.json."
        )
    values = asdict(recipe)
    for field, value in (settings or {}).items():
        _set(values, field, value)
    made: R = parse_json(kind, json.dumps(values), f"recipe {name}", OptionError)
    return made


def parse_settings(texts: tuple[str, ...]) -> dict[str, Any]:
    """Settings from texts ``field=value`` (or OptionError); values are JSON, or else text."""
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise OptionError(f"--set is '{text}'", "Expected FIELD=VALUE, like network.depth=4.")
        try:
            settings[name] = json.loads(value)
        except ValueError:
            settings[name] = value
    return settings


def _set(values: dict[str, Any], name: str, value: Any) -> None:
    """Set a dotted name; what is unknown is left to validation."""
    first, dot, rest = name.partition(".")
    if dot and isinstance(values.get(first), dict):
        _set(values[first], rest, value)
    else:
        values[name] = value


def run_folder(recipe: Recipe, folder: Path, made_from: dict[str, str]) -> RunFolder:
    """The folder of a training run, to check or to claim.

    The number of steps, and what is only said of the model, may change from one call to the next;
    nothing else may: not the recipe, and not what the run is made from (fingerprints of data and
    VAE), since shards and checkpoint would be of one kind and what follows of another.
    """
    free = {"steps", "name", "license", "credits", "sampling"}
    if isinstance(recipe, DiffusionRecipe):
        free.add("vae")  # its fingerprint counts, not where it lies
    fixed = {k: v for k, v in asdict(recipe).items() if k not in free}
    return RunFolder(folder, "training", {"recipe": fixed, **made_from})
