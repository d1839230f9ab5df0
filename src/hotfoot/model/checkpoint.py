"""Model folders on disk: ``config.json``, ``model.safetensors`` and a model card ``README.md``.

The one module that reads and writes them, for our model and for the baselines. No pickle is read.
"""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from hotfoot.errors import ModelError
from hotfoot.files import save_bytes, save_text
from hotfoot.model.config import SCHEMA, AnyConfig, GeneratorConfig
from hotfoot.validation import parse_json, to_json

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
DEFAULT_MODEL = "default"
_BUILT_IN = Path(__file__).resolve().parent.parent / "models"


def model_names() -> list[str]:
    """Models that ship with the package."""
    return sorted(p.parent.name for p in _BUILT_IN.glob(f"*/{CONFIG}"))


def model_folder(name: str | Path) -> Path:
    """Folder of a built-in name or of a path; ModelError if it is neither."""
    known = model_names()
    folder = _BUILT_IN / name if str(name) in known else Path(name)
    if not folder.is_dir():
        raise ModelError(
            f"no model '{name}'", f"Give a model folder or one of: {', '.join(known)}."
        )
    return folder


def _part(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        parts = f"A model folder has {CONFIG} and {WEIGHTS}."
        raise ModelError(f"{folder} holds no {name}", parts)
    return folder / name


def read_config(folder: Path) -> GeneratorConfig:
    """The validated ``config.json`` of a model folder.

    Raises ModelError if it is missing, no JSON, of another schema, or has a wrong, missing or
    unknown field; the message names the file and the field.
    """
    path = _part(folder, CONFIG)
    try:
        text = path.read_text(encoding="utf-8")
        schema = json.loads(text)["schema"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            f"{path} is no JSON object with a schema number", "It is not a hotfoot model."
        ) from error
    if schema != SCHEMA:
        newer = isinstance(schema, int) and schema > SCHEMA
        raise ModelError(
            f"{path}: schema is {schema!r}; this hotfoot reads {SCHEMA}",
            "Upgrade: pip install -U hotfoot" if newer else "Train or download the model again.",
        )
    return parse_json(AnyConfig, text, path)


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a model folder; ModelError if they are missing or damaged."""
    path = _part(folder, WEIGHTS)
    try:
        return load(path.read_bytes())
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error})", "Copy the model again.") from error


def load_weights(
    module: torch.nn.Module, tensors: dict[str, Tensor], source: Path, prefix: str = ""
) -> None:
    """Load tensors, which come from the folder ``source``, into a module.

    Raises ModelError, which names the first ones, for those that are missing, extra, of the wrong
    shape, NaN or infinite; those that begin with ``prefix`` need not be there.
    """
    state = module.state_dict()
    expected = {k: v for k, v in state.items() if not (prefix and k.startswith(prefix))}
    both = expected.keys() & tensors.keys()
    misshapen = {k for k in both if _form(expected[k]) != _form(tensors[k])}
    infinite = {k for k in both if not tensors[k].float().isfinite().all()}
    for what, names in {
        "is missing tensors": expected.keys() - tensors.keys(),
        "has tensors that do not belong": tensors.keys() - expected.keys(),
        "has tensors of the wrong shape or type": misshapen,
        "has tensors with NaN or infinity": infinite,
    }.items():
        if names:
            shown = ", ".join(sorted(names)[:3]) + (", ..." if len(names) > 3 else "")
            raise ModelError(
                f"{source / WEIGHTS} {what}: {shown}",
                "config.json and model.safetensors must come from the same training.",
            )
    module.load_state_dict(tensors, strict=False)


def _form(tensor: Tensor) -> tuple[torch.Size, bool]:
    return tensor.shape, tensor.is_floating_point()


def half_precision(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Floating-point tensors in half precision, others as they are."""
    return {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}


def write_model(
    folder: Path, config: GeneratorConfig, tensors: dict[str, Tensor], card: str
) -> None:
    """Write a model folder."""
    stored = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    save_bytes(folder / WEIGHTS, save(stored, metadata={"format": "pt"}))
    save_text(folder / CONFIG, to_json(config))
    save_text(folder / CARD, card)
