"""Types of options: lists from registries, completion, ranges, names in messages."""

import os
import subprocess
import sys
from importlib import import_module

import click
import pytest

from hotfoot.cli.main import cli
from hotfoot.cli.types import KEYFRAME, SHARE, SIZE, OneOf, SomeOf, _literal_names, as_typed


def all_commands(command=cli, name="hotfoot"):
    if not isinstance(command, click.Group):
        yield name, command
        return
    for child in command.list_commands(None):
        yield from all_commands(command.get_command(None, child), f"{name} {child}")


COMMANDS = dict(all_commands())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_json_help_and_named_choices(name):
    options = [p for p in COMMANDS[name].params if isinstance(p, click.Option)]
    assert "--json" in {flag for option in options for flag in option.opts}
    assert all(option.help for option in options)
    context = click.Context(COMMANDS[name], info_name=name)
    text = COMMANDS[name].get_help(context)
    assert "{names}" not in text
    for option in (o for o in options if isinstance(o.type, OneOf)):
        assert option.type.names[-1] in text.replace("-\n", "-")


def registries():
    types = [p.type for command in COMMANDS.values() for p in command.params]
    return sorted({t.registry for t in types if isinstance(t, OneOf) and ":" in t.registry})


@pytest.mark.parametrize("registry", registries())
def test_names_that_are_read_from_the_source_are_the_registrys(registry):
    module, table = registry.split(":")
    real = tuple(getattr(import_module(module), table))
    read = _literal_names(module, table)
    assert real == OneOf(registry).names
    assert read in (real, None)


def test_most_registries_are_read_without_importing_them():
    read = [r for r in registries() if _literal_names(*r.split(":"))]
    assert {"hotfoot.render.presets:PRESETS", "hotfoot.generation.postprocess:STEPS"} < set(read)


@pytest.mark.parametrize(
    "verb", ["", "dance", "render", "convert", "evaluate dances", "corpus pair"]
)
def test_help_loads_nothing_slow(verb):
    script = (
        "import sys; from hotfoot.cli.main import main; "
        f"main({[*verb.split(), '--help']!r}); "
        "slow = {'torch', 'scipy', 'av', 'rich', 'pydantic'} & set(sys.modules); "
        "sys.exit(f'loaded {slow}' if slow else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("hotfoot da", ["dance"]),
        ("hotfoot dance --pres", ["--preset"]),
        ("hotfoot dance --preset wan", ["wan-animate", "wan-s2v"]),
        ("hotfoot dance --reference st", ["stocky"]),
        ("hotfoot evaluate protocol qu", ["quick"]),
        ("hotfoot corpus choreograph s.wav --style la", ["latin"]),
    ],
)
def test_completion(typed, offered):
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "hotfoot"], capture_output=True, text=True,
        env={**os.environ, "_HOTFOOT_COMPLETE": "bash_complete", **words},
    )  # fmt: skip
    found = [line.partition(",")[2] for line in done.stdout.splitlines()]
    assert [f for f in found if f.startswith(typed.split()[-1])][: len(offered)] == offered


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (SIZE, "576x1024", (576, 1024)), (SIZE, "576X1024", (576, 1024)),
        (KEYFRAME, "12.5=jump.json", (12.5, "jump.json")), (KEYFRAME, ".5=a=b.npz", (0.5, "a=b.npz")),
        (SomeOf("hotfoot.render.presets:PRESETS"), "vace, musepose", ("vace", "musepose")),
        (SomeOf("hotfoot.render.presets:PRESETS"), "none", ()),
        (SHARE, "1", 1.0),
    ],
)  # fmt: skip
def test_values(kind, text, value):
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SIZE, "576"), (SIZE, "0x5"), (SIZE, "-1x5"), (SIZE, "axb"), (KEYFRAME, "jump"),
        (KEYFRAME, "-1=x"), (KEYFRAME, "nan=x"), (KEYFRAME, "3="), (SHARE, "nan"), (SHARE, "inf"),
        (SHARE, "1.1"), (OneOf("hotfoot.render.presets:PRESETS"), "sora"),
        (SomeOf("hotfoot.render.presets:PRESETS"), "vace,"),
    ],
)  # fmt: skip
def test_wrong_values(kind, text):
    with pytest.raises(click.BadParameter):
        kind.convert(text, None, None)


@pytest.mark.parametrize(
    ("message", "typed"),
    [
        ("seed is -1", "--seed is -1"),
        ("best_of is 0", "--best-of is 0"),
        ("variations and best_of are both above 1", "--variations and --best-of are both above 1"),
        ("size.0 is 1", "--size is 1"),
        ("keyframes has one at 9 s", "--keyframe has one at 9 s"),
        ("end is 2: it must lie after start, 3", "--end is 2: it must lie after start, 3"),
        ("no model 'style is'", "no model 'style is'"),
    ],
)
def test_messages_name_options_as_they_were_typed(message, typed):
    assert as_typed(message, COMMANDS["hotfoot dance"].params) == typed
