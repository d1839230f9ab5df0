"""Every field of recipes and manifests, wrong in every way: the error names file and field.

Cases follow from the fields of the dataclasses and their annotations, so new fields are covered.
"""

import copy
import dataclasses
import functools
import json
import types
import typing

import numpy as np
import pytest
from pydantic.fields import FieldInfo

from hotfoot.capture.sound import SoundClass
from hotfoot.data.aist import AistManifest, AistView, LeftOut, SequenceRow
from hotfoot.data.manifest import CorpusPlan, Manifest, ShardRow, Source, read_manifest
from hotfoot.data.mocap import ClipFacts, load_clips
from hotfoot.data.recordings import Recording, RecordingsFile, find_recordings
from hotfoot.data.store import ClipRow
from hotfoot.data.videos import KeptPart, LeftOutPart, VideoReport
from hotfoot.errors import HotfootError, InputError
from hotfoot.training.recipe_types import CodesRecipe, DiffusionRecipe, VAERecipe
from hotfoot.training.recipes import recipe_names, recipe_with
from hotfoot.validation import read_json, to_json

WRONG = ("surprise", 7, 2.5, True, ["x"], {"a": 1}, None)
FITTING = {int: (7,), float: (7, 2.5), str: ("surprise",), bool: (True,), tuple: (["x"],)}
RECIPES = (VAERecipe, DiffusionRecipe, CodesRecipe)
SOURCE = Source(name="a", split="train")
EXAMPLES = {
    **{kind: kind() for kind in RECIPES},
    Manifest: Manifest(
        hotfoot="1", plan=CorpusPlan(), motion=(SOURCE,), songs=(SOURCE,), videos=(SOURCE,),
        shards=(ShardRow(file="train-00000.tar", split="train", clips=1, frames=8, sha256="0" * 64),),
    ),
    RecordingsFile: RecordingsFile((Recording("a.npz", "a.wav", 0.0, "a", "train"),)),
    AistManifest: AistManifest(
        settings=AistView(), left_out=(LeftOut(name="a", why="b"),),
        sequences=(
            SequenceRow(name="a", split="val", music="m", music_found=True, genre="break",
                        reprojection_px=1.0),
        ),
    ),
    ClipRow: ClipRow(style="", procedural=True, tempo_bpm=90.0, aspect=1.0, motion=("a",), song="s"),
    ClipFacts: ClipFacts(),
    VideoReport: VideoReport(
        name="a-b", video="a b.mp4", size=(640, 480),
        sound=SoundClass(kind="music", voice=None, pulse=0.5),
        recordings=(
            KeptPart(start_s=0.0, seconds=9.0, poses="a-b-000", shot=0, others=0, song_s=0.0,
                     seen=1.0),
        ),
        left_out=(LeftOutPart(start_s=9.0, seconds=1.0, why="nobody"),),
    ),
}  # fmt: skip


def read_clip_facts(path):
    np.savez(path.with_suffix(".npz"), joints3d=np.zeros((3, 17, 3)))
    load_clips(path.parent)


# How each is read, and the name of its file.
READERS = {
    **{kind: ("mine.json", functools.partial(recipe_with, kind)) for kind in RECIPES},
    Manifest: ("manifest.json", lambda path: read_manifest(path.parent)),
    RecordingsFile: ("recordings.json", lambda path: find_recordings(path.parent)),
    AistManifest: ("manifest.json", lambda path: read_json(AistManifest, path, InputError)),
    ClipRow: ("clip.json", lambda path: read_json(ClipRow, path, InputError)),
    ClipFacts: ("clip.json", read_clip_facts),
    VideoReport: ("a-b.json", lambda path: read_json(VideoReport, path, InputError)),
}


@dataclasses.dataclass
class Kind:
    """What an annotation allows: plain types, limits, whether None, and a class of fields."""

    plain: tuple = ()
    limits: dict = dataclasses.field(default_factory=dict)
    nullable: bool = False
    literal: bool = False
    inner: type | None = None
    listed: bool = False


def understood(hint):
    """The :class:`Kind` of an annotation."""
    origin, given = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        kind = understood(given[0])
        for info in (g for g in given[1:] if isinstance(g, FieldInfo)):
            for limit in info.metadata:
                kind.limits |= {k: v for k, v in vars_of(limit).items() if v is not None}
        return kind
    if origin in (typing.Union, types.UnionType):
        (rest,) = [g for g in given if g is not type(None)]
        return dataclasses.replace(understood(rest), nullable=True)
    if origin is typing.Literal:
        return Kind(literal=True)
    if origin is tuple:
        inner = understood(given[0])
        return Kind(plain=(tuple,) if inner.plain == (str,) else (), inner=inner.inner, listed=True)
    if dataclasses.is_dataclass(hint):
        return Kind(inner=hint)
    return Kind(plain=(hint,))


def vars_of(limit):
    names = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length")
    return {name: getattr(limit, name, None) for name in names}


def out_of_range(kind):
    limits, (base,) = kind.limits, kind.plain or (None,)
    if base in (int, float):
        step = 1 if base is int else 1e-3 * max(1.0, abs(limits.get("ge", limits.get("gt", 1.0))))
        yield from (limits[k] - step for k in ("ge",) if k in limits)
        yield from (limits[k] + max(step, abs(limits[k]) * 1e-3) for k in ("le",) if k in limits)
        yield from (limits[k] for k in ("gt", "lt") if k in limits)
        if "multiple_of" in limits:
            yield limits.get("ge", 0) + limits["multiple_of"] + 1
    if base is str:
        yield from ("" for _ in range(bool(limits.get("min_length"))))
        yield from ("x" * (limits[k] + 1) for k in ("max_length",) if k in limits)


def cases(cls, path=()):
    """(path, wrong value) for all fields of a class; KeyError for leaving the field out."""
    hints = typing.get_type_hints(cls, include_extras=True)
    for f in dataclasses.fields(cls):
        here, kind = (*path, f.name), understood(hints[f.name])
        fitting = [v for p in kind.plain for v in FITTING.get(p, ())]
        for wrong in WRONG:
            if not any(
                wrong is v or (wrong == v and type(wrong) is type(v)) for v in fitting
            ) and not (wrong is None and kind.nullable):
                yield here, wrong
        for wrong in out_of_range(kind):
            yield here, int(wrong) if kind.plain == (int,) else wrong
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
            yield here, KeyError
        if kind.inner:
            yield from cases(kind.inner, (*here, 0) if kind.listed else here)
    if cls is not ClipFacts:  # whose files hold other facts
        yield (*path, "surprising_field"), 1


def changed(values, path, wrong):
    made = copy.deepcopy(values)
    at = functools.reduce(lambda inner, key: inner[key], path[:-1], made)
    if wrong is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = wrong
    return made


def test_there_are_enough_cases():
    assert sum(len(list(cases(kind))) for kind in EXAMPLES) >= 600


@pytest.mark.parametrize("kind", EXAMPLES, ids=lambda kind: kind.__name__)
def test_a_wrong_value_is_an_error_that_names_file_and_field(kind, tmp_path):
    name, read = READERS[kind]
    path = tmp_path / name
    values = json.loads(to_json(EXAMPLES[kind]))
    path.write_text(json.dumps(values))
    read(path)  # right as it is
    unnoticed = []
    for field, wrong in cases(kind):
        path.write_text(json.dumps(changed(values, field, wrong)))
        try:
            read(path)
        except HotfootError as error:
            if name not in str(error) or str(field[-1]) not in str(error):
                unnoticed.append((field, wrong, str(error)))
        else:
            unnoticed.append((field, wrong, "no error"))
    assert unnoticed == []


def numbers(cls):
    hints = typing.get_type_hints(cls, include_extras=True)
    for f in dataclasses.fields(cls):
        kind = understood(hints[f.name])
        if kind.plain in ((int,), (float,)):
            yield f"{cls.__name__}.{f.name}", kind.limits
        if kind.inner:
            yield from numbers(kind.inner)


def test_every_number_is_bounded():
    unbounded = [
        name
        for kind in EXAMPLES
        for name, limits in numbers(kind)
        if not {"ge", "gt"} & limits.keys() or not {"le", "lt"} & limits.keys()
    ]
    assert unbounded == []


@pytest.mark.parametrize("kind", RECIPES, ids=lambda kind: kind.__name__)
def test_named_recipes_are_valid_and_come_back_from_their_files(kind, tmp_path):
    for name in recipe_names(kind):
        recipe = recipe_with(kind, name)
        (tmp_path / "r.json").write_text(to_json(recipe))
        assert recipe_with(kind, tmp_path / "r.json") == recipe


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"steps": NaN}', "\x00", '"x"'])
def test_what_is_no_json_object_is_named(text, tmp_path):
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(HotfootError, match=r"r\.json"):
        recipe_with(DiffusionRecipe, tmp_path / "r.json")
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(HotfootError, match=r"manifest\.json"):
        read_manifest(tmp_path)
