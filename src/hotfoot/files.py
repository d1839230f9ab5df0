"""Writing files so that nothing half-written is ever left under its final name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hotfoot.errors import OutputError


def check_writable(path: Path) -> None:
    """Raise OutputError unless ``path`` can be created or replaced."""
    parent = path.parent
    if not parent.is_dir():
        raise OutputError(f"the folder {parent} does not exist", "Create it first.")
    if path.is_dir() and path.suffix:
        raise OutputError(f"{path} is a folder", "Give the name of a file.")
    if not os.access(parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise OutputError(f"{path} cannot be written", "Choose another place or change its rights.")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``, renamed to it on success and removed on failure.

    Raises:
        OutputError: the disk is full or the place cannot be written.
    """
    check_writable(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield temporary
        if path.is_dir():
            shutil.rmtree(path)
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
