"""The one border for configuration: types, ranges and unknown keys are checked on entry.

A class decorated with :func:`validated` is a frozen dataclass whose fields are checked each time
one is made, from Python, by ``dataclasses.replace`` or from JSON. Ranges stand in the annotations
(``Annotated[int, Field(ge=1)]``), rules across fields in ``__post_init__``: it raises ValueError.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, dataclass_transform, get_type_hints

import pydantic.dataclasses
from pydantic import ConfigDict, TypeAdapter, ValidationError

from hotfoot.errors import InputError, ModelError, OptionError, raising

T = TypeVar("T")
_STRICT = ConfigDict(
    extra="forbid", strict=True, allow_inf_nan=False, arbitrary_types_allowed=True
)  # fmt: skip
_adapter: Callable[[Any], TypeAdapter[Any]] = functools.cache(TypeAdapter)
_SHOWN = 60  # characters of a wrong value


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def validated(cls: Any = None, *, kw_only: bool = False) -> Any:
    """Make a class a frozen dataclass whose fields are checked whenever one is made.

    Made from Python, a wrong field raises OptionError, which names it.
    """
    if cls is None:
        return functools.partial(validated, kw_only=kw_only)
    cls = dataclass(frozen=True, kw_only=kw_only)(cls)
    # A class of its own: pydantic takes subclasses of its dataclasses for finished ones.
    copied = {name: getattr(cls, name) for name in ("__module__", "__qualname__", "__doc__")}
    own = type(cls.__name__, (cls,), copied)
    made: Any = pydantic.dataclasses.dataclass(frozen=True, config=_STRICT)(own)
    unchecked = made.__init__
    names = [f.name for f in fields(made) if not f.kw_only]

    # As types, not names: a subclass elsewhere may not have imported them, and help() asks.
    cls.__init__.__annotations__ = get_type_hints(cls)

    @functools.wraps(cls.__init__)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            # By name, so that an error says which.
            unchecked(self, *args[len(names) :], **dict(zip(names, args, strict=False)), **kwargs)
        except ValidationError as error:
            raise OptionError(*_described(error)) from None

    made.__init__ = init
    return made


def build(cls: type[T], values: dict[str, Any]) -> T:
    """An instance from named values; OptionError for an unknown name, too."""
    known = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    unknown = [name for name in values if name not in known]
    if unknown:
        raise OptionError(f"unknown option '{unknown[0]}'", f"Known: {', '.join(known)}.")
    return cls(**values)


def parse_json(
    kind: Any, text: str | bytes, source: str | Path, error: type[InputError] = ModelError
) -> Any:
    """A validated value from JSON text.

    ``kind`` is a validated class, or any type that pydantic knows (unions, tuples ...). Where the
    text is wrong, raises ``error``, which names its ``source`` and the first wrong field.
    """
    try:
        return _adapter(kind).validate_json(text)
    except ValidationError as wrong:
        message, hint = _described(wrong)
        raise error(f"{source}: {message}", hint) from None


def read_json(kind: Any, path: Path, error: type[InputError] = ModelError) -> Any:
    """As :func:`parse_json`, from a file; ``error`` too where it cannot be read."""
    with raising(error, OSError, f"{path} cannot be read ({{error}})", "Check the name."):
        text = path.read_bytes()
    return parse_json(kind, text, path, error)


def to_json(value: Any) -> str:
    """The JSON text of a dataclass, indented, with a newline at its end."""
    return json.dumps(asdict(value), indent=2, allow_nan=False) + "\n"


def _described(error: ValidationError) -> tuple[str, str]:
    """What is wrong with the first wrong field, and what is allowed."""
    first = error.errors(include_url=False)[0]
    # Tags of unions are in the path, too; they are no fields.
    path = ".".join(str(part) for part in first["loc"])
    shown = repr(first.get("input"))
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
    said = first["msg"].removeprefix("Value error, ")
    kind = first["type"]
    if kind in ("missing", "missing_argument"):
        return f"{path} is missing", "It is needed."
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return f"{path} is no known field", "Leave it out, or correct its name."
    if kind == "json_invalid":
        return "not valid JSON", said + "."
    if not path:  # a rule across fields, which names them itself
        return said, "Correct it and try again."
    return f"{path} is {shown}", said + "."
