"""``hotfoot corpus build`` and ``stats``."""

from pathlib import Path
from typing import Any

import click

from hotfoot.cli.common import check_out, check_picture_out, emit, progress_bars
from hotfoot.cli.options import (
    jobs_option,
    json_option,
    motion_option,
    music_option,
    output_option,
    plot_option,
    seed_option,
)
from hotfoot.cli.types import FOLDER, SHARE, Listed, OneOf, Verb
from hotfoot.errors import OptionError


def _format_options(function: Any) -> Any:
    """Skeleton, frame rate and music encoder of a corpus; CorpusPlan checks them."""
    for option in (
        click.option(
            "--encoder", cls=Listed, type=OneOf("hotfoot.music.encoders:ENCODERS"),
            default="spectral-1", show_default=True, help="Music encoder: {names}.",
        ),
        click.option(
            "--fps", type=float, default=30.0, show_default=True,
            help="Frame rate of the poses, 10 to 240.",
        ),
        click.option(
            "--skeleton", default="body-18", show_default=True,
            help="Keypoint order of the poses: body-18, coco-17, body-hands-60.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@click.command("build", cls=Verb)
@output_option("Folder.")
@motion_option(required=False)
@music_option(required=False)
@click.option(
    "--recordings", multiple=True, type=FOLDER,
    help="Folder of hotfoot corpus video or aist; repeats.",
)  # fmt: skip
@click.option(
    "--clips", type=int, default=2048, show_default=True, help="Clips of motion paired with songs."
)
@click.option("--frames", type=int, default=352, show_default=True, help="Frames of a paired clip.")
@click.option("--per-shard", type=int, default=128, show_default=True, help="Clips in a shard.")
@click.option(
    "--procedural", type=SHARE, default=0.5, show_default=True,
    help="Share that the choreographer dances.",
)  # fmt: skip
@click.option(
    "--cameras", cls=Listed, type=OneOf("hotfoot.data.cameras:CAMERA_STYLES"), default="clean",
    show_default=True,
    help="Virtual cameras: {names}; detector imitates what pose detectors report on web videos.",
)  # fmt: skip
@click.option(
    "--composed", type=int, default=60, show_default=True, help="Composed songs, for all tempi."
)
@_format_options
@seed_option
@jobs_option
@json_option
def build_command(
    output: Path, motion: Path | None, music: Path | None, recordings: tuple[Path, ...],
    encoder: str, jobs: int, as_json: bool, **plan: int | float | str,
) -> None:  # fmt: skip
    """Write a corpus to disk: tar shards (webdataset) of 2D clips and music tokens, a manifest.

    The same options give the same bytes; a build that was cut off resumes. Train on it with hotfoot
    train dancer --corpus.
    """
    from hotfoot.data.building import RawData, build_corpus
    from hotfoot.data.manifest import SPLITS, CorpusPlan
    from hotfoot.validation import build

    check_out(output)
    wanted = build(CorpusPlan, {**plan, "music": encoder})
    with progress_bars() as report:
        manifest = build_corpus(
            output, wanted, RawData(motion, music, recordings), jobs,
            lambda done, total: report("shards", done, total),
        )  # fmt: skip
    counts = {split: manifest.clips(split) for split in SPLITS}
    minutes = sum(row.frames for row in manifest.shards) / wanted.fps / 60
    emit(
        {"folder": str(output), "shards": len(manifest.shards), "clips": counts,
         "minutes": round(minutes, 2)},
        [f"{output}: {len(manifest.shards)} shards, {counts['train']} clips and "
         f"{counts['held-out']} held out, {minutes:.1f} min"],
        as_json,
    )  # fmt: skip


@click.command("stats", cls=Verb)
@motion_option(required=False)
@music_option(required=False)
@click.option("--corpus", multiple=True, type=FOLDER, help="Or a built corpus; repeats.")
@click.option(
    "--procedural", type=SHARE, help="Share that the choreographer dances [default: 0.5]."
)
@click.option("--composed", type=click.IntRange(0, 10_000), help="Composed songs [default: 60].")
@click.option("--verify", is_flag=True, help="Read every clip of --corpus, compare all hashes.")
@click.option(
    "--samples", type=click.IntRange(1, 100_000), default=400, show_default=True,
    help="Number of samples.",
)  # fmt: skip
@click.option(
    "--frames",
    type=click.IntRange(16, 4096),
    default=256,
    show_default=True,
    help="Frames of a sample.",
)
@click.option("--held-out", is_flag=True, help="Draw from the held-out clips and songs.")
@seed_option
@plot_option
@json_option
def stats_command(
    motion: Path | None, music: Path | None, corpus: tuple[Path, ...], procedural: float | None,
    composed: int | None, verify: bool, samples: int, frames: int, held_out: bool, seed: int,
    plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """What training would see: styles, tempi, framing, movement of samples drawn as it draws."""
    import numpy as np

    from hotfoot.data.manifest import read_manifest
    from hotfoot.data.samples import BODY_FORMAT
    from hotfoot.data.sources import Data, open_source
    from hotfoot.data.statistics import draw_histograms, survey
    from hotfoot.data.store import verify_corpus

    if corpus and (procedural is not None or composed is not None):
        raise OptionError("--procedural or --composed with --corpus", "A built corpus has its own.")
    if verify and not corpus:
        raise OptionError("--verify without --corpus", "Only a built corpus has hashes.")
    if frames % 8:
        raise OptionError(f"frames is {frames}", "Allowed: multiples of 8.")
    check_picture_out(plot)
    if verify:
        for folder in corpus:
            verify_corpus(folder)
    share = 0.5 if procedural is None else procedural
    songs = 60 if composed is None else composed
    format = read_manifest(corpus[0]).plan.format if corpus else BODY_FORMAT
    source = open_source(Data(motion, music, corpus), held_out, share, songs, format)
    rng = np.random.default_rng(seed)
    found = survey([source.draw(rng, frames, 16) for _ in range(samples)])
    if plot is not None:
        draw_histograms(found, plot)
    summary = found.summary()
    lines = [f"{k}: {v}" for k, v in summary.items() if k != "styles"]
    lines += [f"  {n:5d}  {s}" for s, n in summary["styles"].items()]
    emit(summary, [*lines, *([str(plot)] if plot else [])], as_json)
