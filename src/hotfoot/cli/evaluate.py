"""``hotfoot evaluate``."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import asdict
from pathlib import Path

import click

from hotfoot.cli.common import check_fps, check_out, emit, progress_bars, warn
from hotfoot.errors import OptionError
from hotfoot.parallel import BACKENDS


@click.command(
    epilog="""\b
Examples:
  hotfoot evaluate dance.npz --music song.mp3
  hotfoot evaluate a.npz b.npz --music a.mp3 --music b.mp3 --real real/ --report out.html
  hotfoot evaluate --protocol standard --songs songs/ --model default -o results/
  hotfoot evaluate results/*/results.json --report table.html"""
)
@click.argument("poses", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--music", multiple=True, type=click.Path(path_type=Path),
    help="The song: one for all dances, or one for each.",
)  # fmt: skip
@click.option(
    "--start", type=float,
    help="Second of the songs at which the dances begin [default: what the files say].",
)  # fmt: skip
@click.option("--fps", type=float, help="Of pose files that do not say [default: 30].")
@click.option("--reference", help="Pose file or built-in figure that the dances were made for.")
@click.option(
    "--real", type=click.Path(path_type=Path),
    help="Folder of real dances (see hotfoot corpus film) for the realism metrics.",
)  # fmt: skip
@click.option(
    "--train", "training", type=click.Path(path_type=Path),
    help="Folder of films of the training motion, to find copies (needs --real).",
)  # fmt: skip
@click.option(
    "--protocol", "protocol_name", help="Dance first: standard, quick, tempo, long, debug."
)
@click.option("--songs", type=click.Path(path_type=Path), help="Folder of songs (protocol).")
@click.option("--model", default="default", show_default=True, help="Who dances (protocol).")
@click.option("--no-beat-lock", is_flag=True, help="Dance without retiming to beats (protocol).")
@click.option("--draft", type=float, help="Dance with so much of a draft (protocol).")
@click.option(
    "--shuffled",
    is_flag=True,
    help="Measure every dance against the next song instead of its own (protocol).",
)
@click.option(
    "--published",
    is_flag=True,
    help="Also the beat alignment as FACT, Bailando, Lodge, POPDG and MACE-Dance define it.",
)
@click.option("--name", help="Of this row of the table [default: the model's or 'dances'].")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for dances and results (protocol); what is there is not made again.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write a page (.html) or .md.")
@click.option(
    "--network",
    type=click.Path(path_type=Path),
    help="Feature network (.onnx): POSES are videos then, --real a folder of videos.",
)
@click.option("--network-size", default=224, show_default=True, help="Side of its pictures.")
@click.option(
    "--clip-frames",
    default=16,
    show_default=True,
    help="Frames of its clips; 1 for a network of pictures.",
)
@click.option("--jobs", type=int, help="Processes [default: one per core].")
@click.option(
    "--on",
    type=click.Choice(BACKENDS),
    default="local",
    show_default=True,
    help="A local process pool, or a Ray cluster.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    poses: tuple[Path, ...], music: tuple[Path, ...], start: float | None, fps: float | None,
    reference: str | None, real: Path | None, training: Path | None, protocol_name: str | None,
    songs: Path | None, model: str, no_beat_lock: bool, draft: float | None,
    shuffled: bool, published: bool, name: str | None,
    output: Path | None, report: Path | None, network: Path | None, network_size: int,
    clip_frames: int, jobs: int | None, on: str, as_json: bool,
) -> None:  # fmt: skip
    """Measure dances: synchrony, response to the music, realism, body; with chance levels.

    POSES are pose files danced to --music; or, with --protocol, a model dances to --songs first;
    or results.json files, which are put side by side; or, with --network, videos.
    """
    from hotfoot.benchmark.run import ProtocolRequest, evaluate_protocol, protocol_sheets
    from hotfoot.evaluation.dances import EvaluationRequest, dance_sheets, evaluate_dances
    from hotfoot.evaluation.report import (
        compare_results,
        markdown,
        save_report,
        save_results,
        to_json,
    )
    from hotfoot.generation.options import DanceOptions
    from hotfoot.generation.postprocess import STEPS

    if network is not None:
        if music or protocol_name or training or output or report or published:
            raise OptionError(
                "videos are compared by --network alone", "Give videos, --real and --network."
            )
        _videos(poses, real, network, network_size, clip_frames, as_json)
        return
    check_fps(fps)
    _check(
        poses, music, start, fps, reference, real, training, protocol_name, songs, no_beat_lock,
        draft, shuffled, published, output, report, jobs,
    )  # fmt: skip
    sheets = None
    if poses and all(p.name.endswith("results.json") for p in poses):
        data = compare_results(list(poses))
    else:
        workers = jobs or os.cpu_count() or 1
        if protocol_name:
            assert songs is not None
            assert output is not None
            post = tuple(step for step in STEPS if step != "beat-lock" or not no_beat_lock)
            protocol = ProtocolRequest(
                protocol_name, songs, output, model, DanceOptions(draft=draft, post=post), shuffled,
                real, training, published, name or "",
            )  # fmt: skip
            with progress_bars() as say:
                result = evaluate_protocol(protocol, say, workers, on)
            sheets = protocol_sheets(protocol) if report is not None else None
        else:
            request = EvaluationRequest(
                poses, music, start, fps, reference, real, training, published, name or "dances"
            )
            with progress_bars() as say:
                result = evaluate_dances(request, say, workers, on)
            sheets = dance_sheets(request) if report is not None else None
        warn(result.warnings)
        data = to_json([result], "hotfoot " + shlex.join(sys.argv[1:]))
        if output is not None:
            save_results(data, output)
    if report is not None:
        save_report(data, report, sheets)
    lines = markdown(data).splitlines()
    emit(data, [*lines, *([str(report)] if report else [])], as_json)


def _check(
    poses: tuple[Path, ...], music: tuple[Path, ...], start: float | None, fps: float | None,
    reference: str | None, real: Path | None, training: Path | None, protocol_name: str | None,
    songs: Path | None, no_beat_lock: bool, draft: float | None, shuffled: bool,
    published: bool, output: Path | None, report: Path | None, jobs: int | None,
) -> None:  # fmt: skip
    from hotfoot.evaluation.report import check_report

    if bool(poses) == bool(protocol_name):
        raise OptionError(
            "there is nothing to measure" if not poses else "both POSES and --protocol are given",
            "Give pose files with --music, or --protocol NAME with --songs FOLDER and -o FOLDER.",
        )
    if protocol_name and (music or reference or start or fps):
        raise OptionError(
            "--music, --start, --fps and --reference are for pose files",
            "A protocol says itself who dances to what.",
        )
    if poses and not protocol_name and (songs or no_beat_lock or shuffled or draft is not None):
        raise OptionError(
            "--songs, --no-beat-lock, --draft and --shuffled are for protocols",
            "Give --protocol NAME.",
        )
    results = [p.name.endswith("results.json") for p in poses]
    if any(results) and (output is not None or music or real is not None or published):
        raise OptionError(
            "results are put side by side as they are", "Give --report, and nothing to measure."
        )
    if any(results) and not all(results):
        raise OptionError("results and poses are mixed", "Give only one kind.")
    if protocol_name and (songs is None or output is None):
        raise OptionError("--protocol needs --songs and -o", "Folders of songs and of results.")
    if jobs is not None and not 1 <= jobs <= 256:
        raise OptionError(f"--jobs is {jobs}", "Allowed: 1 to 256.")
    if report is not None:
        check_report(report)
    if output is not None:
        check_out(output)


def _videos(
    videos: tuple[Path, ...], real: Path | None, network: Path, size: int, frames: int,
    as_json: bool,
) -> None:  # fmt: skip
    """FID-VID or FVD of videos against a folder of real ones."""
    from hotfoot.evaluation.video import NetworkInput, VideoRequest, evaluate_videos

    if real is None:
        raise OptionError("--network needs --real", "Give a folder of real videos.")
    found = evaluate_videos(VideoRequest(videos, real, network, NetworkInput(size, frames)))
    emit(
        {**asdict(found), "network": network.name},
        [f"{found.metric} with {network.name}: {found.frechet:.4g} "
         f"(kernel distance {found.kernel:.4g}; {found.clips[0]} and {found.clips[1]} clips)"],
        as_json,
    )  # fmt: skip
