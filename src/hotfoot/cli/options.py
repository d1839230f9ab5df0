"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from hotfoot.cli.types import ANY_PATH, FOLDER, JOBS, SECOND, SEED, Listed, OneOf

Decorator = Callable[[Any], Any]

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
jobs_option = click.option(
    "--jobs", type=JOBS, default=1, show_default=True, help="Processes at once."
)
seed_option = click.option(
    "--seed", type=SEED, default=0, show_default=True, help="Same seed, same result."
)
model_option = click.option(
    "--model", default="default", show_default=True, help="Name (see hotfoot models) or folder."
)
torch_device_option = click.option(
    "--device", default="cpu", show_default=True, help="cpu, cuda, mps."
)
backend_option = click.option(
    "--on", default="local", show_default=True, cls=Listed, type=OneOf("hotfoot.parallel:BACKENDS"),
    help="Where processes run: {names}.",
)  # fmt: skip
report_option = click.option("--report", type=ANY_PATH, help="Write a page (.html) or .md.")
plot_option = click.option("--plot", type=ANY_PATH, help="Write a picture (.png).")
_estimator = click.option(
    "--estimator", default="mediapipe", show_default=True, cls=Listed,
    type=OneOf("hotfoot.capture.estimators:ESTIMATORS"),
    help="Pose estimator: {names}. dwpose needs --weights.",
)  # fmt: skip
_weights = click.option(
    "--weights", type=FOLDER, help="Folder with the .onnx files of YOLOX and DWPose."
)
_device = click.option(
    "--device", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True,
    help="Device of the estimator; cuda is for dwpose.",
)  # fmt: skip


def output_option(what: str) -> Decorator:
    """``-o``, which must be given."""
    return click.option("-o", "--output", required=True, type=ANY_PATH, help=what)


def motion_option(required: bool = True) -> Decorator:
    """``--motion``."""
    more = "" if required else ", with --music"
    return click.option(
        "--motion", required=required, type=FOLDER, help=f"Folder of motion clips{more}."
    )


def music_option(required: bool = True) -> Decorator:
    """``--music``."""
    more = "" if required else ", with --motion"
    return click.option("--music", required=required, type=FOLDER, help=f"Folder of songs{more}.")


def part_options(function: Any) -> Any:
    """``--start`` and ``--end``."""
    end = click.option("--end", type=SECOND, help="Second to end at.")
    start = click.option(
        "--start", type=SECOND, default=0.0, show_default=True, help="Second to begin at."
    )
    return start(end(function))


def estimator_options(function: Any) -> Any:
    """``--estimator``, ``--weights`` and ``--device``."""
    return _estimator(_weights(_device(function)))
