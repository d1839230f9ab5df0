"""Writing files so that nothing half-written is ever left, and nothing of the user's is lost."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotfoot.errors import OutputError

_MARKER = ".hotfoot"
"""Empty file in folders that we wrote; only those are ever replaced."""


def check_writable(path: Path, folder: bool = False) -> None:
    """Raise OutputError unless ``path`` can be created, or replaced without losing anything.

    Args:
        path: file or folder to be written.
        folder: whether it is to be a folder.
    """
    if path.name in ("", ".", ".."):
        raise OutputError(f"'{path}' is no name for an output", "Give a file or a new folder.")
    parent = path.parent
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

    Raises:
        OutputError: the disk is full or the place cannot be written.
    """
    check_writable(path, folder)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
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
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error})",
            "Free some space or choose another place.",
        ) from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


@contextmanager
def removing_parts(folder: Path) -> Iterator[None]:
    """Afterwards remove what writers in other processes left under ``folder`` when killed."""
    try:
        yield
    finally:
        for part in list(folder.rglob(".*.part*")):
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)


def save_text(path: Path, text: str) -> None:
    """Write a file whole or not at all; its folder is made."""
    make_folder(path.parent)
    with replacing(path) as temporary:
        temporary.write_text(text)


def check_claim(folder: Path, name: str, text: str, what: str) -> None:
    """Make sure that a folder is new, or that its file ``name`` says what it was begun with.

    Args:
        folder: gathers the results of a command that may be run again to go on.
        name: of the file in it that remembers.
        text: what it says now.
        what: names the difference, for the user.

    Raises:
        OutputError: it was begun with something else, or holds something else.
    """
    path = folder / name
    if not path.exists() and folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{folder} holds something else", "Give a new folder.")
    if path.exists() and path.read_bytes() != text.encode():
        raise OutputError(
            f"{folder} was begun with {what}", "Give another -o, or delete that folder."
        )


def make_folder(path: Path) -> None:
    """Make a folder and those above it.

    Raises:
        OutputError: something else is there, or the place cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"the folder {path} cannot be made ({error.strerror or error})",
            "Choose another place.",
        ) from error
