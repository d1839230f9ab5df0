"""Model folders: what is saved comes back, what is wrong is named."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from hotfoot.errors import ModelError
from hotfoot.generation.generator import load_generator
from hotfoot.model.checkpoint import read_config


def test_a_saved_model_comes_back(tiny_model):
    model = load_generator(tiny_model)
    assert model.config == read_config(tiny_model)
    assert not any(p.requires_grad for p in model.parameters())


def broken(tiny_model, tmp_path, kind):
    folder = tmp_path / "m"
    shutil.copytree(tiny_model, folder)
    weights, config = folder / "model.safetensors", folder / "config.json"
    tensors = load_file(weights)
    raw = json.loads(config.read_text())
    first = sorted(tensors)[0]
    if kind == "missing tensor":
        del tensors[first]
    elif kind == "extra tensor":
        tensors["dit.surprise"] = torch.zeros(1)
    elif kind == "wrong shape":
        tensors[first] = torch.zeros(3, 3, 3)
    elif kind == "nan":
        tensors[first] = torch.full_like(tensors[first], float("nan"))
    elif kind == "newer schema":
        raw["schema"] = 99
    elif kind == "no schema":
        del raw["schema"]
    elif kind == "missing field":
        del raw["dit"]["width"]
        raw["dit"]["breadth"] = 3
    elif kind == "unknown encoder":
        raw["music"] = "jukebox"
    elif kind == "unknown field":
        raw["color"] = "blue"
    save_file(tensors, weights)
    config.write_text(json.dumps(raw))
    if kind == "corrupted":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif kind == "no weights":
        weights.unlink()
    elif kind == "no config":
        config.unlink()
    elif kind == "not json":
        config.write_text("{")
    return folder


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing tensor", "missing tensors"), ("extra tensor", "do not belong"),
        ("wrong shape", "wrong shape"), ("nan", "NaN"), ("newer schema", "schema is 99"),
        ("no schema", "schema number"), ("missing field", "dit.*breadth|dit.*width"),
        ("unknown encoder", "jukebox"), ("unknown field", "color"),
        ("corrupted", "damaged"), ("no weights", r"no model\.safetensors"),
        ("no config", r"no config\.json"), ("not json", "no JSON object"),
    ],
)  # fmt: skip
def test_broken_model_folders(kind, words, tiny_model, tmp_path):
    with pytest.raises(ModelError, match=words) as caught:
        load_generator(broken(tiny_model, tmp_path, kind))
    assert caught.value.exit_code == 2


def test_unknown_model():
    with pytest.raises(ModelError, match="no model 'gpt'"):
        load_generator("gpt")
