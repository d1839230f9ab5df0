"""What verbs share: progress on stderr, JSON on stdout, parsing of values."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hotfoot.errors import OptionError, OutputError

Report = Callable[[str, int, int], None]


def emit(result: dict[str, Any], lines: list[str], as_json: bool) -> None:
    """Print one JSON object, or lines for people."""
    if as_json:
        click.echo(json.dumps(result, allow_nan=False))
    else:
        for line in lines:
            click.echo(line.encode("utf-8", "replace").decode())


def warn(sentences: tuple[str, ...] | list[str]) -> None:
    """Warnings to stderr."""
    for sentence in sentences:
        click.echo(f"warning: {sentence}", err=True)


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Bars with time left on stderr; one per stage. Silent where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<12}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
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


def check_estimator_device(estimator: str, device: str) -> None:
    """Raise OptionError for a device that the pose estimator cannot use."""
    allowed = ("cpu", "cuda") if estimator == "dwpose" else ("cpu",)
    if device not in allowed:
        raise OptionError(f"--device {device} with {estimator}", f"Allowed: {', '.join(allowed)}.")


def check_poses_out(output: Path) -> None:
    """Raise OutputError or OptionError unless poses can be written there."""
    from hotfoot.files import check_writable

    check_writable(output)
    if output.suffix.lower() not in (".npz", ".json", ".pkl", ""):
        raise OptionError(
            f"cannot write {output.name}", "Pose files are .npz, .json, .pkl or a folder."
        )


def check_out(out: Path) -> None:
    """Raise OutputError unless results can be gathered in this folder, new or old."""
    if out.is_file():
        raise OutputError(f"{out} is a file", "Give a folder.")
    parent = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not os.access(parent, os.W_OK):
        raise OutputError(f"{out} cannot be written", "Give a folder that you may write to.")


def check_picture_out(plot: Path | None) -> None:
    """Raise OutputError unless a picture, if there is to be one, can be written there."""
    from hotfoot.files import check_writable

    if plot is not None:
        if plot.suffix.lower() != ".png":
            raise OutputError(f"cannot write {plot.name}", "Pictures are written as .png.")
        check_writable(plot)
