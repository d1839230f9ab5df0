"""Writing files so that nothing half-written is ever left or lost; reading what may be damaged."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotfoot.errors import MALFORMED, HotfootError, OutputError, raising

_MARKER = ".hotfoot"
"""Empty file in folders that we wrote; only those are ever replaced."""
_RECORD = "run.json"
_OTHER_FOLDER = "Give another output folder, or delete this one."


def check_writable(path: Path, folder: bool = False) -> None:
    """Raise OutputError unless a file (or a folder) can be created, or replaced without a loss."""
    parent = path.parent
    if path.name in ("", ".", ".."):
        raise OutputError(f"'{path}' is no name for an output", "Give a file or a new folder.")
    if not parent.is_dir():
        raise OutputError(f"the folder {parent} does not exist", "Create it first.")
    if path.is_dir() and not folder:
        raise OutputError(f"{path} is a folder", "Give the name of a file.")
    if path.is_file() and folder:
        raise OutputError(f"{path} is a file", "Give the name of a new folder.")
    if path.is_dir() and any(path.iterdir()) and not (path / _MARKER).exists():
        raise OutputError(
            f"the folder {path} exists and was not written by hotfoot",
            "Give the name of a new folder; nothing in yours was touched.",
        )
    if not os.access(parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise OutputError(f"{path} cannot be written", "Choose another place or change its rights.")


def check_distinct(outputs: list[Path], inputs: list[Path]) -> None:
    """Raise OutputError if an output would replace an input, or two outputs are the same."""
    taken = {p.resolve() for p in inputs if p.exists()}
    for path in outputs:
        if path.resolve() in taken:
            raise OutputError(
                f"{path} is read or written already by this command", "Give another name with -o."
            )
        taken.add(path.resolve())


@contextmanager
def replacing(path: Path, folder: bool = False) -> Iterator[Path]:
    """A temporary name beside ``path``, renamed to it on success and removed on failure.

    OutputError if the disk is full or the place cannot be written.
    """
    check_writable(path, folder)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    message, hint = (
        f"{path} cannot be written ({{error}})",
        "Free some space or choose another place.",
    )
    try:
        with raising(OutputError, OSError, message, hint):
            if folder:
                temporary.mkdir()
                (temporary / _MARKER).touch()
            yield temporary
            if path.is_dir():
                old = path.with_name(f".{path.name}.{os.getpid()}.old")
                path.rename(old)
                temporary.rename(path)
                shutil.rmtree(old)
            else:
                temporary.replace(path)
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def removing_parts(folder: Path) -> Iterator[None]:
    """Afterwards remove what writers in other processes left under ``folder`` when killed."""
    try:
        yield
    finally:
        for part in list(folder.rglob(".*.part*")):
            _remove(part)


def save_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8) whole or not at all; its folder is made."""
    save_bytes(path, text.encode())


def save_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; its folder is made."""
    make_folder(path.parent)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; raises OutputError where that is not possible."""
    message = f"the folder {path} cannot be made ({{error}})"
    with raising(OutputError, OSError, message, "Choose another place."):
        path.mkdir(parents=True, exist_ok=True)


@contextmanager
def reading(
    name: str | Path, wrong: str, hint: str, error_type: type[HotfootError]
) -> Iterator[None]:
    """Whatever goes wrong inside is an ``error_type``: the file of this name is ``wrong``."""
    try:
        yield
    except HotfootError as error:
        raise error_type(f"{name}: {error.message}", error.hint) from error
    except Exception as error:  # a damaged file raises whatever its bytes happen to mean
        raise error_type(f"{name} {wrong} ({error})", hint) from error


@dataclass(frozen=True)
class RunFolder:
    """A folder of results that a command resumes when it is run again with the same values.

    A JSON file in it records the ``kind`` of the results, such as "training", and what they are
    ``made_from``: JSON values (options, fingerprints of data) by name, which may be nested. What
    may change from one call to the next is left out.
    """

    path: Path
    kind: str
    made_from: Mapping[str, Any]

    def check(self) -> bool:
        """Whether there are results to resume; without any, another record does not matter.

        OutputError for a folder that holds something else, or results that were made from something
        else; the message names what differs.
        """
        record = self.path / _RECORD
        if self.path.is_file():
            raise OutputError(f"{self.path} is a file", "Give the name of a folder.")
        inside = list(self.path.iterdir()) if self.path.is_dir() else []
        # Parts were left by writers that were killed.
        if all(p == record or p.match(".*.part*") for p in inside):
            return False
        if not record.exists():
            raise OutputError(
                f"the folder {self.path} holds something else than {self.kind} results",
                "Give a new folder; nothing in yours was touched.",
            )
        unknown = f"{record} does not say what the folder's results were made from"
        with raising(OutputError, MALFORMED, unknown, _OTHER_FOLDER):
            before = json.loads(record.read_text(encoding="utf-8"))
            kind, made_from = str(before["kind"]), _flat(before["made_from"])
        if kind != self.kind:
            raise OutputError(f"{self.path} holds {kind} results, not {self.kind}", _OTHER_FOLDER)
        differing = _differences(made_from, _flat(self.made_from))
        if differing:
            raise OutputError(
                f"{self.path} was begun with other values of {'; '.join(differing)}", _OTHER_FOLDER
            )
        return True

    def claim(self) -> bool:
        """Make the folder and record what its results are made from; see :meth:`check`."""
        known = self.check()
        if not known:
            content = {"kind": self.kind, "made_from": self.made_from}
            save_text(self.path / _RECORD, json.dumps(content, indent=1) + "\n")
        return known


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """The JSON text of nested values by dotted names."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = json.dumps(value)
    return flat


def _differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """The names whose values differ, with both values where they are short."""
    both = [(n, before.get(n, "nothing"), now.get(n, "nothing")) for n in {**before, **now}]
    return [
        f"{name} ({old}, now {new})" if max(len(old), len(new)) <= 40 else name
        for name, old, new in both
        if old != new
    ]
