"""``hotfoot corpus``: motion and songs for training and evaluation."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from click import Choice, IntRange, argument, group, option

import hotfoot
from hotfoot.cli import common, options, types
from hotfoot.errors import InputError, OptionError
from hotfoot.files import check_distinct, check_writable, make_folder, save_text


@group(
    cls=types.VerbGroup, epilog="Example: hotfoot corpus film --motion M --split held-out -o real/"
)
def command() -> None:
    """Motion and songs for training and evaluation."""


@command.command("build")
@options.output("Folder.")
@options.data(required=False)
@option(
    "--recordings", multiple=True, type=types.FOLDER,
    help="Folder of hotfoot corpus video or aist; repeats.",
)  # fmt: skip
@option("--clips", type=int, default=2048, help="Clips of motion paired with songs.")
@option("--frames", type=int, default=352, help="Frames of a paired clip.")
@option("--per-shard", type=int, default=128, help="Clips in a shard.")
@option("--procedural", type=types.SHARE, default=0.5, help="Share that the choreographer dances.")
@option(
    "--cameras", type=types.CAMERAS, default="clean",
    help="Virtual cameras: {names}; detector imitates what pose detectors report on web videos.",
)  # fmt: skip
@option("--composed", type=int, default=60, help="Composed songs, for all tempi.")
@option(
    "--skeleton", default="body-18",
    help="Keypoint order of the poses: body-18, coco-17, body-hands-60.",
)  # fmt: skip
@option("--fps", type=float, default=30.0, help="Frame rate of the poses, 10 to 240.")
@option("--encoder", type=types.ENCODER, default="spectral-1", help="Music encoder: {names}.")
@options.seed
@options.jobs
def build_command(
    output: Path, motion: Path | None, music: Path | None, recordings: tuple[Path, ...],
    encoder: str, jobs: int, **plan: Any,
) -> None:  # fmt: skip
    """Write a corpus to disk: tar shards (webdataset) of 2D clips and music tokens, a manifest.

    The same options give the same bytes; a build that was cut off resumes. Train on it with hotfoot
    train dancer --corpus.
    """
    from hotfoot.data.building import RawData, build_corpus
    from hotfoot.data.manifest import SPLITS, CorpusPlan

    common.check_out(output)
    wanted = CorpusPlan(music=encoder, **plan)
    raw = RawData(motion, music, recordings)
    with common.progress_bars() as report:
        manifest = build_corpus(output, wanted, raw, jobs, partial(report, "shards"))
    shards, counts = len(manifest.shards), {split: manifest.clips(split) for split in SPLITS}
    minutes = sum(row.frames for row in manifest.shards) / wanted.fps / 60
    common.emit(
        {"folder": str(output), "shards": shards, "clips": counts, "minutes": round(minutes, 2)},
        f"{output}: {shards} shards, {counts['train']} clips and {counts['held-out']} held out, "
        f"{minutes:.1f} min",
    )


@command.command("stats")
@options.data(required=False)
@option("--corpus", multiple=True, type=types.FOLDER, help="Or a built corpus; repeats.")
@option(
    "--procedural", type=types.SHARE, help="Share that the choreographer dances [default: 0.5]."
)
@option("--composed", type=IntRange(0, 10_000), help="Composed songs [default: 60].")
@option("--verify", is_flag=True, help="Read every clip of --corpus, compare all hashes.")
@option("--samples", type=IntRange(1, 100_000), default=400, help="Number of samples.")
@option("--frames", type=IntRange(16, 4096), default=256, help="Frames of a sample.")
@option("--held-out", is_flag=True, help="Draw from the held-out clips and songs.")
@options.seed
@options.plot
def stats_command(
    motion: Path | None, music: Path | None, corpus: tuple[Path, ...], procedural: float | None,
    composed: int | None, verify: bool, samples: int, frames: int, held_out: bool, seed: int,
    plot: Path | None,
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
    common.check_frames(frames)
    common.check_file(plot, *common.PICTURES)
    for folder in corpus if verify else ():
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
    common.emit(summary, *lines, *([str(plot)] if plot else []))


@command.command("video")
@argument("folder", type=types.FOLDER)
@options.output("Folder.")
@options.estimator
@option("--style", type=types.STYLE, help="Style of all videos: {names}.")
@option("--credit", default="", show_default=False, help="Whom to credit for the videos.")
@option(
    "--seconds", type=types.Number(8.6, 600), default=8.6,
    help="Shortest recording that is kept; a training sample has 256 frames at 30 fps.",
)  # fmt: skip
@option("--jobs", type=IntRange(1, 4096), default=1, help="Videos at once.")
@options.backend
@option("--address", help="Ray cluster to use, e.g. auto [default: one is started here].")
def video_command(
    folder: Path, output: Path, estimator: str, weights: Path | None, device: str,
    style: str | None, credit: str, seconds: float, jobs: int, on: str, address: str | None,
) -> None:  # fmt: skip
    """Read your own dance videos: poses of one person, without a cut, with the music beside.

    Writes OUT/poses, OUT/music, OUT/reports (per video: what was kept, and why the rest was not)
    and OUT/recordings.json for hotfoot corpus build. Videos that were read are not read again.
    """
    from hotfoot.capture.quality import Limits
    from hotfoot.data.videos import VideoSettings, ingest

    common.check_out(output)
    asked = VideoSettings(estimator, weights, device, style or "", credit, Limits(seconds=seconds))
    with common.progress_bars() as report:
        found = ingest(folder, output, asked, jobs, on, address, partial(report, "videos"))
    common.emit(
        {"folder": str(output), **found},
        f"{output}: {found['recordings']} recordings, {found['used']} of {found['videos']} videos, "
        f"{found['kept_seconds']:.0f} of {found['seconds']:.0f} s",
        *(f"  left out {s:.0f} s: {why}" for why, s in found["left_out_seconds"].items()),
    )


@command.command("aist")
@argument("folder", type=types.FOLDER)
@options.output("Folder.")
@option("--music", type=types.FOLDER, help="Folder of AIST's songs.")
@option(
    "--split", type=Choice(["train", "val", "test", "all"]), default="all",
    help="Part of the cross-modal split.",
)  # fmt: skip
@option("--camera", default="c01", help="Calibrated camera, c01 to c09.")
@option("--fps", default=60.0, help="Frame rate of the 2D poses: 60, 30, 20 ...")
@option(
    "--skeleton", type=Choice(["coco-17", "body-18"]), default="coco-17",
    help="Keypoint order of the 2D poses.",
)  # fmt: skip
def aist_command(folder: Path, output: Path, music: Path | None, split: str, **view: Any) -> None:
    """Read your copy of AIST++: calibrated 2D poses, and 3D clips to train on.

    Writes OUT/poses/SPLIT/NAME.npz, OUT/clips/SPLIT/NAME.npz (for hotfoot train --motion),
    OUT/manifest.json (songs, genres, credits, what was left out and why) and, with --music,
    OUT/recordings.json (for hotfoot corpus build). Sequences that are there already are not made
    again.
    """
    from hotfoot.data.aist import AistView, read_aist
    from hotfoot.data.aist_folder import SPLITS

    common.check_out(output)
    splits = tuple(s for s in SPLITS if split in ("all", s))
    manifest = read_aist(folder, output, splits, AistView(**view), music)
    counts = {s: sum(r.split == s for r in manifest.sequences) for s in splits}
    if not manifest.sequences:
        raise InputError(
            f"no sequence of {folder} could be read", "Copy keypoints3d and splits again."
        )
    left_out = [{"name": r.name, "why": r.why} for r in manifest.left_out]
    common.emit(
        {"folder": str(output), "sequences": counts, "left_out": left_out},
        *(f"{s}: {n} sequences" for s, n in counts.items()),
        *(f"left out {r['name']}: {r['why']}" for r in left_out[:10]),
        str(output / "manifest.json"),
    )


@command.command("choreograph")
@argument("song", type=types.FILE)
@options.output("Pose file.")
@option("--style", default="freestyle", type=types.DRAFT_STYLE, help="Style of dance: {names}.")
@options.seed
@options.part
def choreograph_command(
    song: Path, output: Path, style: str, seed: int, start: float, end: float | None
) -> None:
    """Poses of the procedural choreographer for a song, seen from the front.

    No network is involved; its dances are what half of the training samples show.
    """
    from hotfoot.data.paired import choreographed
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song

    common.check_file(output, *common.POSE_FILES)
    poses, choreography = choreographed(analyze_song(open_song(song, start, end)), seed, style)
    hotfoot.write_poses(poses, output)
    moves = list(dict.fromkeys(p.lower for p in choreography.phrases))
    phrases = len(choreography.phrases)
    common.emit(
        {"poses": str(output), "frames": len(poses), "phrases": phrases, "moves": moves},
        f"{output}: {poses.duration_s:.1f} s, {phrases} phrases of {len(moves)} moves",
    )


@command.command("pair")
@argument("song", type=types.FILE)
@options.motion
@options.output("Pose file.")
@options.seed
@option("--mixing", type=types.SHARE, default=0.15, help="Share of parts with another clip's arms.")
@options.part
@option("--report", type=types.ANY_PATH, help="Write every part as JSON.")
def pair_command(
    song: Path, motion: Path, output: Path, seed: int, mixing: float, start: float,
    end: float | None, report: Path | None,
) -> None:  # fmt: skip
    """Put real clips on a song's beats, for its whole length, and say how natural it stayed.

    Parts begin on downbeats and are joined by cross-fades; training samples are made like this.
    """
    from hotfoot.data.mocap import load_clips
    from hotfoot.data.montage import naturalness
    from hotfoot.data.paired import paired
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song

    common.check_file(output, *common.POSE_FILES)
    if report is not None:
        check_writable(report)
        check_distinct([output, report], [song])
    song_analysis = analyze_song(open_song(song, start, end))
    poses, parts = paired(song_analysis, load_clips(motion), seed, mixing)
    found = naturalness(parts)
    hotfoot.write_poses(poses, output)
    if report is not None:
        save_text(report, json.dumps(found, indent=1) + "\n")
    summary = {k: v for k, v in found.items() if k != "each"}
    common.emit(
        {"poses": str(output), "frames": len(poses), **summary},
        f"{output}: {poses.duration_s:.1f} s, {found['parts']} parts of {found['clips']} clips",
        *(f"{k}: {v}" for k, v in summary.items() if k not in ("parts", "seconds", "clips")),
    )


@command.command("film")
@options.motion
@option(
    "--split", type=Choice(["train", "held-out", "all"]), default="held-out",
    help="Which clips; every tenth is held out of training.",
)  # fmt: skip
@options.output("Folder.")
@options.seed
def film_command(motion: Path, split: str, output: Path, seed: int) -> None:
    """Project 3D motion to a camera in front: pose files of real movement, to compare with."""
    from hotfoot.data.mocap import load_clips, split_clips
    from hotfoot.data.paired import render_clips

    common.check_out(output)
    clips = load_clips(motion)
    clips = clips if split == "all" else split_clips(clips)[split == "held-out"]
    if not clips:
        raise InputError(f"no {split} clips in {motion}", "Give more clips, or --split all.")
    make_folder(output)
    lengths = []
    for name, poses in render_clips(clips, seed):
        hotfoot.write_poses(poses, output / f"{name}.npz")
        lengths.append(poses.duration_s)
    common.emit(
        {"folder": str(output), "clips": len(lengths), "seconds": round(sum(lengths), 1)},
        f"{len(lengths)} clips, {sum(lengths) / 60:.1f} min, in {output}",
    )
