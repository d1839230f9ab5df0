"""Types of options, and commands whose errors name options as they were typed.

Lists of choices come from the registries. Those are read when they are needed, so that ``--help``
and shell completion stay fast.
"""

import ast
import math
import re
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from hotfoot.errors import OptionError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
ANY_PATH = click.Path(path_type=Path)
SEED = click.IntRange(0)
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

    Args:
        registry: where the names are, ``package.module:TABLE``.
        metavar: stands for a name in help texts.
        or_path: whether the path of an existing file or folder will do.
    """

    name = "name"

    def __init__(self, registry: str, metavar: str = "NAME", or_path: bool = False) -> None:
        self.registry = registry
        self.metavar = f"PATH|{metavar}" if or_path else metavar
        self.or_path = or_path

    @property
    def names(self) -> tuple[str, ...]:
        """What may be chosen."""
        return registry_names(self.registry)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """What stands for the value in a help text; of arguments, which have no help, all names."""
        if isinstance(param, click.Argument):
            return f"{{{'|'.join(self.names)}}}"
        return self.metavar

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

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names, in the order in which they were given."""
        if not isinstance(value, str):
            return tuple(value)
        chosen = [] if value == "none" else [n.strip() for n in value.split(",")]
        for name in chosen:
            super().convert(name, param, ctx)
        return tuple(chosen)


class Recipe(OneOf):
    """The name of a training recipe, or a JSON file; recipe_with checks it.

    Args:
        kind: name of its class.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind, or_path=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Recipes of this kind, and what a file is called."""
        from hotfoot.training import recipes

        return (*recipes.recipe_names(getattr(recipes, self.registry)), "FILE.json")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As it is."""
        return str(value)


class _Size(click.ParamType):  # type: ignore[type-arg]
    """``WxH``, two whole numbers of pixels."""

    name = "WxH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """(width, height)."""
        found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", str(value).lower())
        if not found or not int(found[1]) * int(found[2]):
            self.fail(f"'{value}' is not of the form WxH, e.g. 576x1024.", param, ctx)
        return int(found[1]), int(found[2])


class _Keyframe(click.ParamType):  # type: ignore[type-arg]
    """``TIME=POSE``, a second and a pose file or figure."""

    name = "TIME=POSE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, str]:
        """(second, pose)."""
        found = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)=(.+)", str(value))
        if not found:
            self.fail(f"'{value}' is not of the form TIME=POSE, e.g. 12.5=jump.json.", param, ctx)
        return float(found[1]), found[2]


SIZE = _Size()
KEYFRAME = _Keyframe()


def registry_names(registry: str) -> tuple[str, ...]:
    """Names in a table, ``package.module:TABLE``.

    A table that is written as a literal is read from the source: importing its module may take a
    second, which is too long for a help text or a completion. Other tables are imported.
    """
    module, table = registry.split(":")
    if module not in sys.modules:
        names = _literal_names(module, table)
        if names is not None:
            return names
    return tuple(getattr(import_module(module), table))


def _literal_names(module: str, table: str) -> tuple[str, ...] | None:
    parent, _, child = module.rpartition(".")
    package = find_spec(parent)
    assert package is not None
    assert package.submodule_search_locations is not None
    source = Path(package.submodule_search_locations[0], f"{child}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(t, ast.Name) and t.id == table for t in targets):
            continue
        parts: list[ast.expr | None] = []
        if isinstance(value, ast.Dict):
            parts = [*value.keys]
        elif isinstance(value, ast.Tuple):
            parts = [*value.elts]
        names = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
        return tuple(names) if names and len(names) == len(parts) else None
    return None


class Listed(click.Option):
    """An option whose help may contain ``{names}``: the names of its type."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """As click's, with the names."""
        if isinstance(self.type, OneOf) and self.help:
            self.help = self.help.replace("{names}", ", ".join(self.type.names))
        return super().get_help_record(ctx)


class Verb(click.Command):
    """A command whose errors name options as they are typed (``--seed is -1``)."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it."""
        try:
            return super().invoke(ctx)
        except OptionError as error:
            hint = "" if error.hint == f"{error.message}." else error.hint
            raise type(error)(as_typed(error.message, self.params), hint) from error


class VerbGroup(click.Group):
    """A group of such commands."""

    command_class = Verb


def as_typed(message: str, params: list[click.Parameter]) -> str:
    """A message about fields (``best_of is 0``) with the names of the options at its beginning."""
    flags = {p.name: max(p.opts, key=len) for p in params if isinstance(p, click.Option)}

    def flag(found: re.Match[str]) -> str:
        return flags.get(found[0], found[0])

    subject = re.match(r"\w+(?:\.\d+)?(?:(?:, | and )\w+)*(?= (?:is|are|has|have)\b|:)", message)
    if not subject:
        return message
    return re.sub(r"[a-z_]+", flag, re.sub(r"\.\d+", "", subject[0])) + message[subject.end() :]
