"""Every field of a model's config.json, wrong in every way: the error names file and field."""

import copy
import json

import pytest

from hotfoot.errors import ModelError
from hotfoot.generation.generator import load_generator
from hotfoot.model.checkpoint import model_folder, read_config

CONFIG = json.loads((model_folder("drafted") / "config.json").read_text())
CODES = {"kind": "codes", "schema": 2, "name": "codes", "music_width": 41}
OUT_OF_RANGE = {int: (-1, 10**12), float: (-1e300, 1e300), str: ("",), list: ([], [0] * 5000)}
WRONG_TYPES = ("fast", None, {"a": 1}, 3.5, [["x"]], True)
# Fields whose values have no bounds beyond their type.
FREE = {"latent_mean", "credits", "styles"}


def leaves(value, path=()):
    """Paths of all fields, tables and lists included."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))


def changed(path, value, config=CONFIG):
    made = copy.deepcopy(config)
    at = made
    for key in path[:-1]:
        at = at[key]
    if value is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return made


def at(path, config=CONFIG):
    for key in path:
        config = config[key]
    return config


def same_type(value, wrong):
    if isinstance(value, bool) or isinstance(wrong, bool):
        return isinstance(value, bool) and isinstance(wrong, bool)
    if isinstance(value, float):
        return isinstance(wrong, int | float)
    return isinstance(wrong, type(value))


def cases():
    for path in leaves(CONFIG):
        value = at(path)
        for wrong in WRONG_TYPES:
            if not same_type(value, wrong) and not (value is None and wrong == 3.5):
                yield path, wrong
        if path[-1] not in FREE and not isinstance(value, bool):
            for wrong in OUT_OF_RANGE.get(type(value), ()):
                yield path, wrong
        if isinstance(value, dict):
            yield (*path, "surprise"), 1
    yield ("surprise",), 1
    for path in [("name",), ("codec",), ("vae",), ("dit",), ("latent_mean",), ("latent_std",),
                 ("kind",), ("schema",), ("dit", "latent_channels"), ("dit", "rows"),
                 ("dit", "music_width"), ("dit", "kind"), ("vae", "kind")]:  # fmt: skip
        yield path, KeyError


CASES = list(cases())
# None of these need be told apart from a field that has a default of None.
NULLABLE = {("sampling", "smoothing_draft_s")}


def test_there_are_enough_cases():
    assert len(CASES) >= 200


@pytest.mark.parametrize("part", range(4))
def test_a_wrong_value_is_an_error_that_names_file_and_field(part, tmp_path):
    unnoticed = []
    for path, wrong in CASES[part::4]:
        if path in NULLABLE and wrong is None:
            continue
        (tmp_path / "config.json").write_text(json.dumps(changed(path, wrong)))
        try:
            read_config(tmp_path)
        except ModelError as error:
            if "config.json" not in str(error) or str(path[-1]) not in str(error):
                unnoticed.append((path, wrong, str(error)))
        else:
            unnoticed.append((path, wrong, "no error"))
    assert unnoticed == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({("overlap",): 256}, "overlap"), ({("frames",): 250}, "frames"),
        ({("latent_std",): [1.0, 1.0]}, "latent_std"), ({("latent_std",): [0.0] * 4}, "latent_std"),
        ({("dit", "rows"): 4}, "rows"), ({("codec", "bins"): 256}, "bins"),
        ({("skeleton",): "coco-17"}, "latent_channels"), ({("dit", "patch"): [3, 1]}, "patch"),
        ({("dit", "rope_axes"): [16, 16, 30]}, "rope_axes"), ({("vae", "fold"): 60}, "fold"),
        ({("codec", "value_range"): [1.0, 0.0]}, "value_range"), ({("dit", "heads"): 7}, "heads"),
        ({("music",): "jukebox"}, "jukebox"), ({("sampling", "solver"): "rk45"}, "solver"),
        ({("dit", "prediction"): "eps"}, "prediction"), ({("sampling", "draft"): 7}, "draft"),
        ({("dit", "styles"): ["a", "a"]}, "styles"),
    ],
)  # fmt: skip
def test_rules_across_fields(change, says, tmp_path):
    config = CONFIG
    for path, value in change.items():
        config = changed(path, value, config)
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=says):
        load_generator(tmp_path)


def test_baselines_are_checked_as_well(tmp_path):
    for field, wrong in (("heads", 5), ("codes", 1), ("kind", "cods"), ("music_width", "wide")):
        (tmp_path / "config.json").write_text(json.dumps(CODES | {field: wrong}))
        with pytest.raises(ModelError, match=field):
            read_config(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CODES))
    assert read_config(tmp_path).codes == 512
