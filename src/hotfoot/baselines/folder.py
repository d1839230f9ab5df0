"""Baselines on disk: a model folder like any other, told apart by ``kind`` in its config."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from hotfoot.baselines.codes import CodesConfig, CodesDancer, CodesNetwork
from hotfoot.baselines.common import BaselineConfig
from hotfoot.baselines.retrieval import Retrieval
from hotfoot.errors import ModelError
from hotfoot.model.config import Sampling

KINDS = ("retrieval", "codes")
Baseline = Retrieval | CodesDancer


def save_baseline(model: Baseline, folder: Path, card: str) -> None:
    """Write a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(model, Retrieval):
        tensors = {}
        for i, (xy, stops) in enumerate(model.films):
            tensors[f"{i:04d}.xy"] = torch.from_numpy(xy).half()
            tensors[f"{i:04d}.stops"] = torch.from_numpy(np.asarray(stops, np.float32))
    else:
        state = model.network.state_dict()
        tensors = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    text = json.dumps({"schema": 1, **model.config.to_dict()}, indent=2) + "\n"
    (folder / "config.json").write_text(text)
    (folder / "README.md").write_text(card)


def baseline_config(raw: dict[str, Any]) -> BaselineConfig:
    """Configuration from ``config.json``.

    Raises:
        TypeError, KeyError: fields that do not fit.
    """
    fields = {k: v for k, v in raw.items() if k != "schema"}
    fields["sampling"] = Sampling(**fields["sampling"])
    config = BaselineConfig(**fields)
    if config.kind == "codes":
        CodesConfig(**config.fields)
    return config


def load_baseline(config: BaselineConfig, folder: Path) -> Baseline:
    """The baseline of a model folder.

    Raises:
        ModelError: tensors that are missing, damaged or of the wrong shape.
    """
    try:
        tensors = load_file(folder / "model.safetensors")
        if config.kind == "retrieval":
            names = sorted(k[:-3] for k in tensors if k.endswith(".xy"))
            films = [
                (tensors[f"{n}.xy"].float().numpy(), tensors[f"{n}.stops"].double().numpy())
                for n in names
            ]
            return Retrieval(config, films)
        network = CodesNetwork(CodesConfig(**config.fields))
        network.load_state_dict({k: v.float() for k, v in tensors.items()})
        return CodesDancer(config, network)
    except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{folder} does not hold a whole {config.kind} model ({error})", "Make it again."
        ) from error


def codes_config(config: CodesConfig, name: str) -> BaselineConfig:
    """Configuration of a model of codes."""
    return BaselineConfig("codes", name, asdict(config))
