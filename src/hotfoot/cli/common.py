"""What verbs share: progress on stderr, results on stdout, checks before anything slow begins."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hotfoot.errors import OptionError, OutputError
from hotfoot.files import check_writable

Report = Callable[[str, int, int], None]
POSE_FILES = ((".npz", ".json", ".pkl", ""), "Pose files are .npz, .json, .pkl or a folder.")
REPORTS = ((".html", ".md"), "Reports are .html or .md.")
PICTURES = ((".png",), "Pictures are written as .png.")


def emit(result: dict[str, Any], *lines: str) -> None:
    """Print lines for people, or one JSON object where ``--json`` was given."""
    if click.get_current_context().meta["hotfoot.json"]:
        lines = (json.dumps(result, allow_nan=False),)
    for line in lines:
        click.echo(line.encode("utf-8", "replace").decode())


def typed() -> str:
    """The command that is running, as it could be typed again."""
    return shlex.join(["hotfoot", *sys.argv[1:]])


def warn(sentences: Iterable[str]) -> None:
    """Warnings to stderr."""
    for sentence in sentences:
        click.echo(f"warning: {sentence}", err=True)


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Bars with time left on stderr; one per stage. Silent where stderr is not a terminal."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    columns = (
        progress.TextColumn("{task.description:<12}"), progress.BarColumn(),
        progress.TextColumn("{task.percentage:>3.0f} %"), progress.TimeElapsedColumn(),
        progress.TextColumn("left"), progress.TimeRemainingColumn(),
    )  # fmt: skip
    with progress.Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield report


def use_cores() -> None:
    """Fix the number of threads: ``OMP_NUM_THREADS`` if set, else all cores."""
    import torch

    wanted = os.environ.get("OMP_NUM_THREADS", "")
    torch.set_num_threads(int(wanted) if wanted.isdigit() and int(wanted) else os.cpu_count() or 1)


def check_frames(frames: int) -> None:
    """Raise OptionError unless this many frames are whole latent columns."""
    if frames % 8:
        raise OptionError(f"frames is {frames}", "Allowed: multiples of 8.")


def check_file(path: Path | None, suffixes: tuple[str, ...], hint: str) -> None:
    """Raise OutputError unless a file (if any) with one of the suffixes can be written there."""
    if path is not None:
        if path.suffix.lower() not in suffixes:
            raise OutputError(f"cannot write {path.name}", hint)
        check_writable(path)


def check_out(out: Path) -> None:
    """Raise OutputError unless results can be gathered in this folder, new or old."""
    if out.is_file():
        raise OutputError(f"{out} is a file", "Give a folder.")
    parent = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not os.access(parent, os.W_OK):
        raise OutputError(f"{out} cannot be written", "Give a folder that you may write to.")
