"""Types of options, and commands whose errors name options as they were typed.

Lists of choices come from the registries. Those are read when they are needed, so that ``--help``
and shell completion stay fast.
"""

import ast
import math
import re
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from hotfoot.errors import OptionError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
EXISTING = click.Path(exists=True, path_type=Path)
ANY_PATH = click.Path(path_type=Path)
CONFIDENCE = click.Choice(["binary", "values"])
JOBS = click.IntRange(1, 256)


class Number(click.FloatRange):
    """A number in a range; NaN and infinity, which click lets through, are none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no number in the range {self._describe_range()}.", param, ctx)
        return number


SECOND = Number(0)
FPS = Number(1, 240)
SHARE = Number(0, 1)


class OneOf(click.ParamType):  # type: ignore[type-arg]
    """A name from a registry, or something that a path is given for.

    ``registry`` says where the names are, ``package.module:TABLE``; ``metavar`` stands for a name
    in help texts; with ``or_path``, an existing file or folder will do, too.
    """

    name = "name"

    def __init__(self, registry: str, metavar: str = "NAME", or_path: bool = False) -> None:
        self.registry = registry
        self.metavar = f"PATH|{metavar}" if or_path else metavar
        self.or_path = or_path

    @property
    def names(self) -> tuple[str, ...]:
        """What may be chosen.

        A table that is written as a literal is read from the source: importing its module may take
        a second, which is too long for a help text or a completion. Other tables are imported.
        """
        module, table = self.registry.split(":")
        names = None if module in sys.modules else _literal_names(module, table)
        return names or tuple(getattr(import_module(module), table))

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What stands for the value in a help text; of arguments, which have no help, all names."""
        return f"{{{'|'.join(self.names)}}}" if isinstance(param, click.Argument) else self.metavar

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name itself, if it is known."""
        if value not in self.names and not (self.or_path and Path(value).exists()):
            paths = "the path of a file, or one of" if self.or_path else "one of"
            self.fail(f"'{value}' is not {paths}: {', '.join(self.names)}.", param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Names that begin so, and files where paths will do."""
        items = [CompletionItem(n) for n in self.names if n.startswith(incomplete)]
        return items + ([CompletionItem(incomplete, type="file")] if self.or_path else [])


class SomeOf(OneOf):
    """Several names from a registry, separated by commas; ``none`` for an empty tuple."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The names, in the order in which they were given."""
        chosen = [] if value == "none" else [n.strip() for n in value.split(",")]
        return tuple(super(SomeOf, self).convert(name, param, ctx) for name in chosen)


class Recipe(OneOf):
    """A training recipe of the class named ``registry``, or a JSON file; recipe_with checks it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Recipes of this kind, and what a file is called."""
        from hotfoot.training import recipes

        return (*recipes.recipe_names(getattr(recipes, self.registry)), "FILE.json")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As it is."""
        return str(value)


BACKEND = OneOf("hotfoot.parallel:BACKENDS")
CAMERAS = OneOf("hotfoot.data.cameras:CAMERA_STYLES")
DRAFT_STYLE = OneOf("hotfoot.choreography.arrange:STYLES")
ENCODER = OneOf("hotfoot.music.encoders:ENCODERS")
ESTIMATOR = OneOf("hotfoot.capture.estimators:ESTIMATORS")
FIGURE = OneOf("hotfoot.pose.references:FIGURES", "FIGURE", or_path=True)
FORMAT = OneOf("hotfoot.pose.formats:FORMATS")
MUSIC_STYLE = OneOf("hotfoot.music.synthesis:STYLES")
PRESET = OneOf("hotfoot.render.presets:PRESETS")
PROTOCOL = OneOf("hotfoot.benchmark.protocol:PROTOCOLS")
REPAIRS = SomeOf("hotfoot.generation.postprocess:STEPS", "none|NAMES")
SKELETON = OneOf("hotfoot.pose.skeletons:SKELETONS")
STYLE = OneOf("hotfoot.data.styles:STYLES")


class _Form(click.ParamType):  # type: ignore[type-arg]
    """A text of one form; ``make`` makes the value from the groups of its pattern."""

    def __init__(self, name: str, pattern: str, example: str, make: Callable[..., Any]) -> None:
        self.name, self.pattern, self.example, self.make = name, pattern, example, make

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = re.fullmatch(self.pattern, str(value))
        if not found:
            self.fail(f"'{value}' is not of the form {self.name}, e.g. {self.example}.", param, ctx)
        return self.make(*found.groups())


SIZE = _Form(
    "WxH", r"(?!0+[xX])(\d{1,5})[xX](?!0+$)(\d{1,5})", "576x1024", lambda w, h: (int(w), int(h))
)
KEYFRAME = _Form(
    "TIME=POSE", r"(\d+(?:\.\d*)?|\.\d+)=(.+)", "12.5=jump.json", lambda t, pose: (float(t), pose)
)


def _literal_names(module: str, table: str) -> tuple[str, ...] | None:
    """The strings of a tuple, or keys of a dict, that a module's source assigns to a name."""
    package, _, child = module.rpartition(".")
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    source = Path(spec.submodule_search_locations[0], f"{child}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if table in [t.id for t in targets if isinstance(t, ast.Name)]:
                value = node.value
                parts = value.keys if isinstance(value, ast.Dict) else getattr(value, "elts", [])
                names = [str(p.value) for p in parts if isinstance(p, ast.Constant)]
                return tuple(names) if names and len(names) == len(parts) else None
    return None


class Verb(click.Command):
    """A command with ``--json``, whose errors name options as they are typed (``--seed is -1``).

    The help of an option may contain ``{names}``: the names of its type.
    """

    def __init__(self, name: str | None, params: list[click.Parameter], **settings: Any) -> None:
        super().__init__(name, params=[*params, _JSON], **settings)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click's, with the names."""
        for param in self.params:
            if isinstance(param, click.Option) and isinstance(param.type, OneOf) and param.help:
                param.help = param.help.replace("{names}", ", ".join(param.type.names))
        super().format_options(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except OptionError as error:
            hint = "" if error.hint == f"{error.message}." else error.hint
            raise type(error)(as_typed(error.message, self.params), hint) from error


_JSON = click.Option(
    ["--json"], is_flag=True, expose_value=False, help="Print the result as JSON.",
    callback=lambda ctx, _, value: ctx.meta.update({"hotfoot.json": value}),
)  # fmt: skip


def verb(*examples: str) -> Callable[[Callable[..., Any]], Verb]:
    """A decorator that makes a verb, with examples below its help text."""
    one = f"Example: {examples[0]}"
    several = "\n  ".join(("\b\nExamples:", *examples))
    return click.command(cls=Verb, epilog=one if len(examples) == 1 else several)


class VerbGroup(click.Group):
    """A group of such commands."""

    command_class = Verb


def as_typed(message: str, params: list[click.Parameter]) -> str:
    """A message about fields (``best_of is 0``) with the names of the options at its beginning."""
    flags = {p.name: max(p.opts, key=len) for p in params if isinstance(p, click.Option)}
    subject = re.match(r"\w+(?:\.\d+)?(?:(?:, | and )\w+)*(?= (?:is|are|has|have)\b|:)", message)
    if not subject:
        return message
    fields = re.sub(r"\.\d+", "", subject[0])
    named = re.sub(r"[a-z_]+", lambda found: flags.get(found[0], found[0]), fields)
    return named + message[subject.end() :]
