"""``hotfoot corpus``."""

from __future__ import annotations

from pathlib import Path

import click

from hotfoot.cli.common import check_estimator_device, check_out, emit, progress_bars
from hotfoot.cli.types import ANY_PATH, FOLDER, JOBS, SEED, SHARE, OneOf, VerbGroup, json_option
from hotfoot.cli.views import choreograph_command, film_command, pair_command
from hotfoot.errors import InputError, OptionError
from hotfoot.parallel import BACKENDS

_FORMAT = (
    click.option(
        "--skeleton", type=click.Choice(["body-18", "coco-17", "body-hands-60"]),
        default="body-18", show_default=True, help="Of the poses.",
    ),
    click.option(
        "--fps", type=click.FloatRange(10, 240), default=30.0, show_default=True,
        help="Of the poses.",
    ),
    click.option(
        "--encoder", type=OneOf("hotfoot.music.encoders:ENCODERS"), default="spectral-1",
        show_default=True, help="Of the music tokens.",
    ),
)  # fmt: skip


@click.group(
    cls=VerbGroup, epilog="Example: hotfoot corpus film --motion M --split held-out -o real/"
)
def command() -> None:
    """Motion and songs for training and evaluation."""


for _verb in (choreograph_command, pair_command, film_command):
    command.add_command(_verb)


@command.command("stats")
@click.option("--motion", type=FOLDER, help="Folder of clips, with --music.")
@click.option("--music", type=FOLDER, help="Folder of songs, with --motion.")
@click.option("--corpus", multiple=True, type=FOLDER, help="Or a built corpus; repeats.")
@click.option(
    "--procedural", type=SHARE, help="Share that the choreographer dances [default: 0.5]."
)
@click.option(
    "--composed",
    type=click.IntRange(0, 10_000),
    help="Composed songs [default: 60].",
)
@click.option("--verify", is_flag=True, help="Read every clip of --corpus, compare all hashes.")
@click.option(
    "--samples", type=click.IntRange(1, 100_000), default=400, show_default=True,
    help="How many are drawn.",
)  # fmt: skip
@click.option(
    "--frames", type=click.IntRange(16, 4096), default=256, show_default=True, help="Of a sample."
)
@click.option("--held-out", is_flag=True, help="Of the held-out clips and songs.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the draw.")
@click.option("--plot", type=ANY_PATH, help="Write a picture (.png).")
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
    from hotfoot.files import check_writable

    if corpus and (procedural is not None or composed is not None):
        raise OptionError("--procedural or --composed with --corpus", "A built corpus has its own.")
    if verify and not corpus:
        raise OptionError("--verify without --corpus", "Only a built corpus has hashes.")
    if frames % 8:
        raise OptionError(f"frames is {frames}", "Allowed: multiples of 8.")
    if plot is not None:
        if plot.suffix != ".png":
            raise OptionError(f"cannot draw {plot.name}", "Pictures are .png.")
        check_writable(plot)
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


@command.command("build")
@click.option("-o", "--output", required=True, type=ANY_PATH, help="Folder.")
@click.option("--motion", type=FOLDER, help="Folder of clips, with --music.")
@click.option("--music", type=FOLDER, help="Folder of songs, with --motion.")
@click.option(
    "--recordings", multiple=True, type=FOLDER,
    help="Folder of hotfoot corpus video or aist; repeats.",
)  # fmt: skip
@click.option(
    "--clips", type=int, default=2048, show_default=True, help="Of motion paired with songs."
)
@click.option("--frames", type=int, default=352, show_default=True, help="Of a paired clip.")
@click.option("--per-shard", type=int, default=128, show_default=True, help="Clips in a shard.")
@click.option(
    "--procedural", type=SHARE, default=0.5, show_default=True,
    help="Share that the choreographer dances.",
)  # fmt: skip
@click.option(
    "--cameras", type=click.Choice(["clean", "detector"]), default="clean", show_default=True,
    help="How motion is seen; detector is as pose detectors report web videos.",
)  # fmt: skip
@click.option(
    "--composed", type=int, default=60, show_default=True, help="Composed songs, for all tempi."
)
@_FORMAT[0]
@_FORMAT[1]
@_FORMAT[2]
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of everything.")
@click.option("--jobs", type=JOBS, default=1, show_default=True, help="Shards at once.")
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


@command.command("video")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option(
    "--estimator", default="mediapipe", show_default=True, help="mediapipe, or dwpose (--weights)."
)
@click.option(
    "--weights", type=click.Path(path_type=Path), help="Folder of YOLOX and DWPose .onnx."
)
@click.option("--device", default="cpu", show_default=True, help="cpu or cuda, for dwpose.")
@click.option("--style", default="", help="Of all videos, e.g. hip-hop.")
@click.option("--credit", default="", help="Whom to credit for the videos.")
@click.option("--seconds", default=8.6, show_default=True, help="Shortest recording that is kept.")
@click.option("--jobs", default=1, show_default=True, help="Videos at once.")
@click.option(
    "--on", type=click.Choice(BACKENDS), default="local", show_default=True,
    help="A local process pool, or a Ray cluster.",
)  # fmt: skip
@click.option("--address", help="Of a Ray cluster, e.g. auto [default: one is started here].")
@json_option
def video_command(
    folder: Path, output: Path, estimator: str, weights: Path | None, device: str, style: str,
    credit: str, seconds: float, jobs: int, on: str, address: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Read your own dance videos: poses of one person, without a cut, with the music beside.

    Writes OUT/poses, OUT/music, OUT/reports (per video: what was kept, and why the rest was not)
    and OUT/recordings.json for hotfoot corpus build. Videos that were read are not read again.
    """
    from hotfoot.capture.quality import Limits
    from hotfoot.data.styles import STYLES
    from hotfoot.data.videos import VideoSettings, ingest

    check_out(output)
    if not 1 <= jobs <= 4096 or not 8.6 <= seconds <= 600:
        raise OptionError(
            f"--jobs {jobs}, --seconds {seconds:g}",
            "1 to 4096; 8.6 to 600 (a training sample has 256 frames at 30 fps).",
        )
    check_estimator_device(estimator, device)
    if style and style not in STYLES:
        raise OptionError(f"unknown style '{style}'", f"Known: {', '.join(STYLES)}.")
    settings = VideoSettings(estimator, weights, device, style, credit, Limits(seconds=seconds))
    with progress_bars() as report:
        found = ingest(
            folder, output, settings, jobs, on, address,
            lambda done, total: report("videos", done, total),
        )  # fmt: skip
    lines = [
        f"{output}: {found['recordings']} recordings, {found['used']} of {found['videos']} videos, "
        f"{found['kept_seconds']:.0f} of {found['seconds']:.0f} s"
    ]
    lines += [f"  left out {s:.0f} s: {why}" for why, s in found["left_out_seconds"].items()]
    emit({"folder": str(output), **found}, lines, as_json)


@command.command("aist")
@click.argument("folder", type=ANY_PATH)
@click.option("-o", "--output", required=True, type=ANY_PATH, help="Folder.")
@click.option("--music", type=FOLDER, help="Folder of AIST's songs")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test", "all"]),
    default="all",
    show_default=True,
    help="Of the cross-modal protocol.",
)
@click.option("--camera", default="c01", show_default=True, help="Calibrated camera, c01 to c09.")
@click.option("--fps", default=60.0, show_default=True, help="Of the 2D poses: 60, 30, 20 ...")
@click.option(
    "--skeleton",
    type=click.Choice(["coco-17", "body-18"]),
    default="coco-17",
    show_default=True,
    help="Of the 2D poses.",
)
@json_option
def aist_command(
    folder: Path, output: Path, music: Path | None, split: str, camera: str, fps: float,
    skeleton: str, as_json: bool,
) -> None:  # fmt: skip
    """Read your copy of AIST++: calibrated 2D poses, and 3D clips to train on.

    Writes OUT/poses/SPLIT/NAME.npz, OUT/clips/SPLIT/NAME.npz (for hotfoot train --motion),
    OUT/manifest.json (songs, genres, credits, what was left out and why) and, with --music,
    OUT/recordings.json (for hotfoot corpus build). Sequences that are there already are not made
    again.
    """
    from hotfoot.data.aist import AistView, read_aist
    from hotfoot.data.aist_folder import SPLITS
    from hotfoot.validation import build

    check_out(output)
    splits = tuple(s for s in SPLITS if split in ("all", s))
    view = build(AistView, {"camera": camera, "fps": fps, "skeleton": skeleton})
    manifest = read_aist(folder, output, splits, view, music)
    counts = {s: sum(r.split == s for r in manifest.sequences) for s in splits}
    if not manifest.sequences:
        raise InputError(f"no sequence of {folder} could be read",
                         "Copy keypoints3d and splits again.")  # fmt: skip
    left_out = [{"name": r.name, "why": r.why} for r in manifest.left_out]
    lines = [f"{s}: {n} sequences" for s, n in counts.items()]
    lines += [f"left out {r['name']}: {r['why']}" for r in left_out[:10]]
    emit({"folder": str(output), "sequences": counts, "left_out": left_out},
         [*lines, str(output / "manifest.json")], as_json)  # fmt: skip
