"""``hotfoot evaluate``."""

import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hotfoot.cli.common import check_out, emit, progress_bars, warn
from hotfoot.cli.options import (
    backend_option,
    json_option,
    model_option,
    output_option,
    report_option,
)
from hotfoot.cli.request import given, request_options
from hotfoot.cli.types import FILE, FOLDER, FPS, JOBS, SECOND, Listed, OneOf, VerbGroup

if TYPE_CHECKING:
    from hotfoot.evaluation.summary import EvaluationResult

    Sheets = list[tuple[str, Any]]


class _Modes(VerbGroup):
    """Without the name of a mode, dances are measured."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["dances", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_Modes,
    epilog="""\b
Examples:
  hotfoot evaluate dances a.npz b.npz --music a.mp3 --music b.mp3 --real real/ --report out.html
  hotfoot evaluate protocol standard --songs songs/ --model default -o results/
  hotfoot evaluate compare results/*/results.json --report table.html
  hotfoot evaluate videos *.mp4 --real real_videos/ --network i3d.onnx""",
)
def command() -> None:
    """Measure dances: synchrony, response to the music, realism, body; with chance levels.

    hotfoot evaluate POSES --music SONG is short for hotfoot evaluate dances.
    """


def _measuring(function: Any) -> Any:
    """Options of what measures dances."""
    for option in (
        json_option,
        backend_option,
        click.option("--jobs", type=JOBS, help="Processes [default: one per core]."),
        report_option,
        click.option("--name", help="Name of this row of the table."),
        click.option(
            "--published", is_flag=True,
            help="Also the paper's FID and DIV (needs --real), and beat alignment as FACT, "
            "Bailando, Lodge, POPDG and MACE-Dance define it.",
        ),
        click.option(
            "--train", "training", type=FOLDER,
            help="Folder of the poses that the model was trained on, to find copies (needs "
            "--real).",
        ),
        click.option(
            "--real", type=FOLDER,
            help="Folder of real dances (see hotfoot corpus film) for the realism metrics.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@command.command("dances")
@click.argument("poses", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--music", multiple=True, required=True, type=FILE,
    help="The song: one for all dances, or one for each.",
)  # fmt: skip
@click.option(
    "--start", type=SECOND,
    help="Second of the songs at which the dances begin [default: what the files say].",
)  # fmt: skip
@click.option("--fps", type=FPS, help="Frame rate of pose files that do not say it [default: 30].")
@click.option(
    "--reference", cls=Listed,
    type=OneOf("hotfoot.pose.references:FIGURES", "FIGURE", or_path=True),
    help="What the dances were made for: a pose file, or a built-in figure ({names}).",
)  # fmt: skip
@_measuring
def dances_command(
    poses: tuple[Path, ...], music: tuple[Path, ...], report: Path | None, jobs: int | None,
    on: str, as_json: bool, name: str | None, **facts: Any,
) -> None:  # fmt: skip
    """Measure pose files that were danced to songs."""
    from hotfoot.evaluation.dances import EvaluationRequest, dance_sheets, evaluate_dances

    _check_report(report)
    request = EvaluationRequest(poses, music, name=name or "dances", **facts)
    with progress_bars() as say:
        result = evaluate_dances(request, say, jobs or os.cpu_count() or 1, on)
    _finish(result, report, lambda: dance_sheets(request), as_json)


@command.command("protocol")
@click.argument("protocol", type=OneOf("hotfoot.benchmark.protocol:PROTOCOLS"))
@click.option("--songs", required=True, type=FOLDER, help="Folder of songs.")
@model_option
@output_option("Folder for dances and results; what is there is not made again.")
@click.option(
    "--shuffled", is_flag=True,
    help="Measure every dance against the next song instead of its own.",
)  # fmt: skip
@request_options("steps", "guidance", "style", "energy", "draft", "post")
@_measuring
def protocol_command(
    protocol: str, songs: Path, model: str, output: Path, shuffled: bool, report: Path | None,
    jobs: int | None, on: str, as_json: bool, name: str | None, real: Path | None,
    training: Path | None, published: bool, **fields: Any,
) -> None:  # fmt: skip
    """Let a model dance a protocol, and measure it."""
    from hotfoot.benchmark.run import ProtocolRequest, evaluate_protocol, protocol_sheets
    from hotfoot.evaluation.report import save_results
    from hotfoot.generation.options import DanceOptions

    _check_report(report)
    check_out(output)
    request = ProtocolRequest(
        protocol, songs, output, model, DanceOptions(**given(fields)), shuffled, real, training,
        published, name or "",
    )  # fmt: skip
    with progress_bars() as say:
        result = evaluate_protocol(request, say, jobs or os.cpu_count() or 1, on)
    save_results(_data(result), output)
    _finish(result, report, lambda: protocol_sheets(request), as_json)


@command.command("compare")
@click.argument("results", nargs=-1, required=True, type=FILE)
@report_option
@json_option
def compare_command(results: tuple[Path, ...], report: Path | None, as_json: bool) -> None:
    """Put results.json files side by side in one table."""
    from hotfoot.evaluation.report import compare_results, save_report

    _check_report(report)
    data = compare_results(list(results))
    if report is not None:
        save_report(data, report)
    _show(data, report, as_json)


@command.command("videos")
@click.argument("videos", nargs=-1, required=True, type=FILE)
@click.option("--real", required=True, type=FOLDER, help="Folder of real videos.")
@click.option("--network", required=True, type=FILE, help="Feature network (.onnx).")
@click.option(
    "--network-size", default=224, show_default=True, type=click.IntRange(8, 1024),
    help="Side of its pictures.",
)  # fmt: skip
@click.option(
    "--clip-frames", default=16, show_default=True, type=click.IntRange(1, 512),
    help="Frames of its clips; 1 for a network of pictures.",
)  # fmt: skip
@json_option
def videos_command(
    videos: tuple[Path, ...], real: Path, network: Path, network_size: int, clip_frames: int,
    as_json: bool,
) -> None:  # fmt: skip
    """FID-VID or FVD of videos against a folder of real ones."""
    from hotfoot.evaluation.video import NetworkInput, VideoRequest, evaluate_videos

    request = VideoRequest(videos, real, network, NetworkInput(network_size, clip_frames))
    found = evaluate_videos(request)
    emit(
        {**asdict(found), "network": network.name},
        [f"{found.metric} with {network.name}: {found.frechet:.4g} "
         f"(kernel distance {found.kernel:.4g}; {found.clips[0]} and {found.clips[1]} clips)"],
        as_json,
    )  # fmt: skip


def _check_report(report: Path | None) -> None:
    from hotfoot.evaluation.report import check_report

    if report is not None:
        check_report(report)


def _data(result: "EvaluationResult") -> dict[str, Any]:
    from hotfoot.evaluation.report import to_json

    return to_json([result], "hotfoot " + shlex.join(sys.argv[1:]))


def _finish(
    result: "EvaluationResult", report: Path | None, sheets: "Callable[[], Sheets]", as_json: bool
) -> None:
    from hotfoot.evaluation.report import save_report

    warn(result.warnings)
    data = _data(result)
    if report is not None:
        save_report(data, report, sheets())
    _show(data, report, as_json)


def _show(data: dict[str, Any], report: Path | None, as_json: bool) -> None:
    from hotfoot.evaluation.report import markdown

    emit(data, [*markdown(data).splitlines(), *([str(report)] if report else [])], as_json)
