"""``hotfoot evaluate``."""

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click import IntRange, argument, option

from hotfoot.cli import options, types
from hotfoot.cli.common import REPORTS, check_file, check_out, emit, progress_bars, typed, warn


class _Modes(types.VerbGroup):
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


_measuring = options.together(
    option(
        "--real", type=types.FOLDER,
        help="Folder of real dances (see hotfoot corpus film) for the realism metrics.",
    ),
    option(
        "--train", "training", type=types.FOLDER,
        help="Folder of the poses that the model was trained on, to find copies (needs --real).",
    ),
    option(
        "--published", is_flag=True,
        help="Also the paper's FID and DIV (needs --real), and beat alignment as FACT, "
        "Bailando, Lodge, POPDG and MACE-Dance define it.",
    ),
    option("--name", help="Name of this row of the table."),
    options.report,
    option("--jobs", type=types.JOBS, help="Processes [default: one per core]."),
    options.backend,
)  # fmt: skip


@command.command("dances")
@argument("poses", nargs=-1, required=True, type=types.EXISTING)
@option(
    "--music", multiple=True, required=True, type=types.FILE,
    help="The song: one for all dances, or one for each.",
)  # fmt: skip
@option(
    "--start", type=types.SECOND,
    help="Second of the songs at which the dances begin [default: what the files say].",
)  # fmt: skip
@option("--fps", type=types.FPS, help="Frame rate of pose files that do not say it [default: 30].")
@option(
    "--reference", type=types.FIGURE,
    help="What the dances were made for: a pose file, or a built-in figure ({names}).",
)  # fmt: skip
@_measuring
def dances_command(
    poses: tuple[Path, ...], music: tuple[Path, ...], report: Path | None, jobs: int | None,
    on: str, name: str | None, **facts: Any,
) -> None:  # fmt: skip
    """Measure pose files that were danced to songs."""
    from hotfoot.evaluation.dances import EvaluationRequest, dance_sheets, evaluate_dances
    from hotfoot.evaluation.report import to_json

    check_file(report, *REPORTS)
    request = EvaluationRequest(poses, music, name=name or "dances", **facts)
    with progress_bars() as say:
        result = evaluate_dances(request, say, jobs or os.cpu_count() or 1, on)
    warn(result.warnings)
    _show(to_json(result, typed()), report, lambda: dance_sheets(request))


@command.command("protocol")
@argument("protocol", type=types.PROTOCOL)
@option("--songs", required=True, type=types.FOLDER, help="Folder of songs.")
@options.model
@options.output("Folder for dances and results; what is there is not made again.")
@option(
    "--shuffled", is_flag=True, help="Measure every dance against the next song instead of its own."
)
@options.sampling
@options.movement
@_measuring
def protocol_command(
    protocol: str, songs: Path, model: str, output: Path, shuffled: bool, report: Path | None,
    jobs: int | None, on: str, name: str | None, real: Path | None, training: Path | None,
    published: bool, **fields: Any,
) -> None:  # fmt: skip
    """Let a model dance a protocol, and measure it."""
    from hotfoot.benchmark.run import ProtocolRequest, evaluate_protocol, protocol_sheets
    from hotfoot.evaluation.report import save_results, to_json
    from hotfoot.generation.options import DanceOptions

    check_file(report, *REPORTS)
    check_out(output)
    asked = DanceOptions(**options.given(fields))
    request = ProtocolRequest(
        protocol, songs, output, model, asked, shuffled, real, training, published, name or ""
    )
    with progress_bars() as say:
        result = evaluate_protocol(request, say, jobs or os.cpu_count() or 1, on)
    warn(result.warnings)
    data = to_json(result, typed())
    save_results(data, output)
    _show(data, report, lambda: protocol_sheets(request))


@command.command("compare")
@argument("results", nargs=-1, required=True, type=types.FILE)
@options.report
def compare_command(results: tuple[Path, ...], report: Path | None) -> None:
    """Put results.json files side by side in one table."""
    from hotfoot.evaluation.report import compare_results

    check_file(report, *REPORTS)
    _show(compare_results(list(results)), report)


@command.command("videos")
@argument("videos", nargs=-1, required=True, type=types.FILE)
@option("--real", required=True, type=types.FOLDER, help="Folder of real videos.")
@option("--network", required=True, type=types.FILE, help="Feature network (.onnx).")
@option("--network-size", default=224, type=IntRange(8, 1024), help="Side of its pictures.")
@option(
    "--clip-frames", default=16, type=IntRange(1, 512),
    help="Frames of its clips; 1 for a network of pictures.",
)  # fmt: skip
def videos_command(
    videos: tuple[Path, ...], real: Path, network: Path, network_size: int, clip_frames: int
) -> None:
    """FID-VID or FVD of videos against a folder of real ones."""
    from hotfoot.evaluation.video import NetworkInput, VideoRequest, evaluate_videos

    request = VideoRequest(videos, real, network, NetworkInput(network_size, clip_frames))
    found = evaluate_videos(request)
    emit(
        {**asdict(found), "network": network.name},
        f"{found.metric} with {network.name}: {found.frechet:.4g} "
        f"(kernel distance {found.kernel:.4g}; {found.clips[0]} and {found.clips[1]} clips)",
    )


def _show(
    data: dict[str, Any], report: Path | None,
    sheets: Callable[[], list[tuple[str, Any]] | None] = lambda: None,
) -> None:  # fmt: skip
    from hotfoot.evaluation.report import markdown, save_report

    if report is not None:
        save_report(data, report, sheets())
    emit(data, *markdown(data).splitlines(), *([str(report)] if report else []))
