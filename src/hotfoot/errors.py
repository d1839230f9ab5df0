"""Errors that users see. Each says what happened, what is allowed, and what to do next."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")
MALFORMED = (OSError, ValueError, TypeError, KeyError, AttributeError)
"""What is raised where JSON cannot be read, or is not of the form that is expected."""


class HotfootError(Exception):
    """Base of every error raised on purpose. Exit code 1 on the command line.

    ``message`` says what happened, ``hint`` what is allowed, and what to do next.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)  # both, so that other processes can send it back whole
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}"


class InputError(HotfootError):
    """The user's file or value is wrong. Exit code 2 on the command line."""

    exit_code = 2


class AudioError(InputError):
    """A song cannot be read, or is too short."""


class PoseError(InputError):
    """Poses are wrong, or the photo or video that they are taken from."""


class OptionError(InputError):
    """An option is out of range or unknown."""


class OutputError(InputError):
    """An output path cannot be written."""


class ModelError(InputError):
    """A model folder is missing, incomplete, corrupted or too new."""


class EvaluationError(InputError):
    """Poses, songs or videos cannot be measured."""


class DependencyError(InputError):
    """An optional package is needed and missing."""


def lookup(kind: str, name: str, table: Mapping[str, T]) -> T:
    """What a table has by a name; OptionError, which lists the known ones, for another."""
    if name not in table:
        raise OptionError(f"unknown {kind} '{name}'", f"Known: {', '.join(table)}.")
    return table[name]


@contextmanager
def raising(
    kind: type[HotfootError], caught: type[Exception] | tuple[type[Exception], ...], message: str,
    hint: str,
) -> Iterator[None]:  # fmt: skip
    """Raise an error of ours for one that is caught inside; ``{error}`` stands for what it says."""
    try:
        yield
    except caught as error:
        said = str(getattr(error, "strerror", None) or error).split("\n")[0]
        raise kind(message.replace("{error}", said), hint) from error


def needing(message: str, hint: str) -> AbstractContextManager[None]:
    """Raise DependencyError if what is imported inside is missing; see :func:`raising`."""
    return raising(DependencyError, ImportError, message, hint)


class TrainingError(HotfootError):
    """Training cannot go on (no data, loss not finite)."""
