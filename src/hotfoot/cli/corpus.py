"""``hotfoot corpus``."""

from __future__ import annotations

from pathlib import Path

import click

from hotfoot.cli.common import (
    check_estimator_device,
    check_out,
    check_poses_out,
    emit,
    progress_bars,
)
from hotfoot.errors import InputError, OptionError
from hotfoot.parallel import BACKENDS


@click.group(epilog="Example: hotfoot corpus film --motion M --split held-out -o real/")
def command() -> None:
    """Motion and songs for training and evaluation."""


@command.command("stats")
@click.option("--motion", type=click.Path(path_type=Path), help="Folder of clips, with --music.")
@click.option("--music", type=click.Path(path_type=Path), help="Folder of songs, with --motion.")
@click.option(
    "--corpus", multiple=True, type=click.Path(path_type=Path), help="Or a built corpus; repeats."
)
@click.option(
    "--procedural", type=float, help="Share that the choreographer dances [default: 0.5]."
)
@click.option("--composed", type=int, help="Composed songs, for all tempi [default: 60].")
@click.option("--verify", is_flag=True, help="Read every take of --corpus, compare all hashes.")
@click.option("--segments", default=400, show_default=True, help="How many are drawn.")
@click.option("--held-out", is_flag=True, help="Of the held-out takes and songs.")
@click.option("--seed", default=0, show_default=True, help="Of the draw.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a picture (.png).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def stats_command(
    motion: Path | None, music: Path | None, corpus: tuple[Path, ...], procedural: float | None,
    composed: int | None, verify: bool, segments: int, held_out: bool, seed: int,
    plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """What training would see: styles, tempi, framing, movement of segments drawn as it draws."""
    import numpy as np

    from hotfoot.data.sources import Data, open_source
    from hotfoot.data.statistics import draw_histograms, survey
    from hotfoot.data.store import verify_corpus
    from hotfoot.files import check_writable

    if corpus and (procedural is not None or composed is not None):
        raise OptionError("--procedural or --composed with --corpus", "A built corpus has its own.")
    if verify and not corpus:
        raise OptionError("--verify without --corpus", "Only a built corpus has hashes.")
    share = 0.5 if procedural is None else procedural
    songs = 60 if composed is None else composed
    if not 0 <= share <= 1 or not 1 <= segments <= 100_000 or min(seed, songs) < 0:
        raise OptionError(
            f"--procedural {share}, --segments {segments}, --seed {seed}, --composed {songs}",
            "A share from 0 to 1, 1 to 100000 segments, 0 or more songs, a seed of 0 or more.",
        )
    if plot is not None:
        if plot.suffix != ".png":
            raise OptionError(f"cannot draw {plot.name}", "Pictures are .png.")
        check_writable(plot)
    if verify:
        for folder in corpus:
            verify_corpus(folder)
    source = open_source(Data(motion, music, corpus), held_out, share, songs)
    rng = np.random.default_rng(seed)
    found = survey([source.draw(rng, 256) for _ in range(segments)])
    if plot is not None:
        draw_histograms(found, plot)
    summary = found.summary()
    lines = [f"{k}: {v}" for k, v in summary.items() if k != "styles"]
    lines += [f"  {n:5d}  {s}" for s, n in summary["styles"].items()]
    emit(summary, [*lines, *([str(plot)] if plot else [])], as_json)


@command.command("build")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--motion", type=click.Path(path_type=Path), help="Folder of clips, with --music.")
@click.option("--music", type=click.Path(path_type=Path), help="Folder of songs, with --motion.")
@click.option(
    "--runs", multiple=True, type=click.Path(path_type=Path),
    help="Folder of hotfoot corpus video or aist; repeats.",
)  # fmt: skip
@click.option("--takes", default=2048, show_default=True, help="Of motion paired with songs.")
@click.option("--frames", default=352, show_default=True, help="Of a paired take, at 30 fps.")
@click.option("--per-shard", default=128, show_default=True, help="Takes in a shard.")
@click.option(
    "--procedural", default=0.5, show_default=True, help="Share that the choreographer dances."
)
@click.option(
    "--films", default="clean", show_default=True, help="clean, or detector (as web videos look)."
)
@click.option("--composed", default=60, show_default=True, help="Composed songs, for all tempi.")
@click.option("--seed", default=0, show_default=True, help="Of everything.")
@click.option("--jobs", default=1, show_default=True, help="Shards at once.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def build_command(
    output: Path, motion: Path | None, music: Path | None, runs: tuple[Path, ...], takes: int,
    frames: int, per_shard: int, procedural: float, films: str, composed: int, seed: int,
    jobs: int, as_json: bool,
) -> None:  # fmt: skip
    """Write a corpus to disk: tar shards (webdataset) of 2D takes and music tokens, a manifest.

    The same options give the same bytes; a build that was cut off goes on where it stopped. Train
    on it with hotfoot train dancer --corpus.
    """
    from hotfoot.data.building import Plan, build_corpus

    if not 1 <= jobs <= 256:
        raise OptionError(f"--jobs is {jobs}", "Allowed: 1 to 256.")
    check_out(output)
    for folder in (motion, music, *runs):
        if folder is not None and not folder.is_dir():
            raise InputError(f"no such folder: {folder}", "Give an existing folder.")
    plan = Plan(takes, frames, per_shard, procedural, films, composed, seed)
    with progress_bars() as report:
        manifest = build_corpus(
            output, plan, motion, music, runs, jobs,
            lambda done, total: report("shards", done, total),
        )  # fmt: skip
    shards = manifest["shards"]
    counts = {s: sum(r["takes"] for r in shards if r["split"] == s) for s in ("train", "held-out")}
    minutes = sum(r["frames"] for r in shards) / 30 / 60
    emit(
        {"folder": str(output), "shards": len(shards), "takes": counts,
         "minutes": round(minutes, 2)},
        [f"{output}: {len(shards)} shards, {counts['train']} takes and {counts['held-out']} held "
         f"out, {minutes:.1f} min"],
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
@click.option("--seconds", default=8.6, show_default=True, help="Shortest run that is kept.")
@click.option("--jobs", default=1, show_default=True, help="Videos at once.")
@click.option(
    "--on", type=click.Choice(BACKENDS), default="local", show_default=True,
    help="A local process pool, or a Ray cluster.",
)  # fmt: skip
@click.option("--address", help="Of a Ray cluster, e.g. auto [default: one is started here].")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def video_command(
    folder: Path, output: Path, estimator: str, weights: Path | None, device: str, style: str,
    credit: str, seconds: float, jobs: int, on: str, address: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Read your own dance videos: poses of one person, without a cut, with the music beside.

    Writes OUT/poses, OUT/music, OUT/reports (per video: what was kept, and why the rest was not)
    and OUT/runs.json for hotfoot corpus build --runs. Videos that were read are not read again.
    """
    from hotfoot.capture.quality import Limits
    from hotfoot.data.styles import STYLES
    from hotfoot.data.videos import VideoSettings, ingest

    check_out(output)
    if not 1 <= jobs <= 4096 or not 8.6 <= seconds <= 600:
        raise OptionError(
            f"--jobs {jobs}, --seconds {seconds:g}",
            "1 to 4096; 8.6 to 600 (a training segment has 256 frames at 30 fps).",
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
        f"{output}: {found['runs']} runs of {found['used']} of {found['videos']} videos, "
        f"{found['kept_seconds']:.0f} of {found['seconds']:.0f} s"
    ]
    lines += [f"  left out {s:.0f} s: {why}" for why, s in found["left_out_seconds"].items()]
    emit({"folder": str(output), **found}, lines, as_json)


@command.command("aist")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--music", type=click.Path(path_type=Path), help="Folder of AIST's songs")
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
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def aist_command(
    folder: Path, output: Path, music: Path | None, split: str, camera: str, fps: float,
    skeleton: str, as_json: bool,
) -> None:  # fmt: skip
    """Read your copy of AIST++: calibrated 2D poses, and 3D clips to train on.

    Writes OUT/poses/SPLIT/NAME.npz, OUT/clips/SPLIT/NAME.npz (for hotfoot train --motion) and
    OUT/manifest.json (songs, genres, credits, what was left out and why). Sequences that are there
    already are not made again.
    """
    from hotfoot.data.aist import build
    from hotfoot.data.aist_folder import SPLITS

    check_out(output)
    if music is not None and not music.is_dir():
        raise InputError(f"no such folder: {music}", "Give the folder of AIST's songs.")
    splits = SPLITS if split == "all" else (split,)
    manifest = build(folder, output, splits, camera, fps, skeleton, music)
    counts = {s: sum(r["split"] == s for r in manifest["sequences"]) for s in splits}
    if not manifest["sequences"]:
        raise InputError(f"no sequence of {folder} could be read",
                         "Copy keypoints3d and splits again.")  # fmt: skip
    lines = [f"{s}: {n} sequences" for s, n in counts.items()]
    lines += [f"left out {r['name']}: {r['why']}" for r in manifest["left_out"][:10]]
    emit({"folder": str(output), "sequences": counts, "left_out": manifest["left_out"]},
         [*lines, str(output / "manifest.json")], as_json)  # fmt: skip


@command.command("choreograph")
@click.argument("song", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Pose file.")
@click.option(
    "--style",
    default="freestyle",
    show_default=True,
    help="Or hip-hop, latin, disco, jumpstyle, lyrical.",
)
@click.option("--seed", default=0, show_default=True, help="Of moves, dancer and camera.")
@click.option("--start", default=0.0, help="Second to begin at.")
@click.option("--end", type=float, help="Second to end at.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def choreograph_command(
    song: Path, output: Path, style: str, seed: int, start: float, end: float | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Let the procedural dancer of the training data dance a song, filmed from the front.

    No network is involved; its dances are what half of the training segments show.
    """
    from hotfoot.data.films import choreographed
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song
    from hotfoot.pose.formats import write_poses

    if seed < 0:
        raise OptionError(f"--seed is {seed}", "0 or more.")
    check_poses_out(output)
    poses, choreography = choreographed(analyze_song(open_song(song, start, end)), seed, style)
    write_poses(poses, output)
    moves = list(dict.fromkeys(p.lower for p in choreography.phrases))
    emit(
        {"poses": str(output), "frames": len(poses), "phrases": len(choreography.phrases),
         "moves": moves},
        [f"{output}: {poses.duration_s:.1f} s, {len(choreography.phrases)} phrases of "
         f"{len(moves)} moves"],
        as_json,
    )  # fmt: skip


@command.command("pair")
@click.argument("song", type=click.Path(path_type=Path))
@click.option("--motion", required=True, type=click.Path(path_type=Path), help="Folder of clips.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Pose file.")
@click.option("--seed", default=0, show_default=True, help="Of clips, camera and body.")
@click.option(
    "--mixing", default=0.15, show_default=True, help="Share of parts with another clip's arms."
)
@click.option("--start", default=0.0, help="Second to begin at.")
@click.option("--end", type=float, help="Second to end at.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every part as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def pair_command(
    song: Path, motion: Path, output: Path, seed: int, mixing: float, start: float,
    end: float | None, report: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Put real clips on a song's beats, for its whole length, and say how natural it stayed.

    Parts begin on downbeats and are joined by cross-fades; training segments are made like this.
    """
    import json

    from hotfoot.data.films import paired
    from hotfoot.data.mocap import load_clips
    from hotfoot.data.montage import naturalness
    from hotfoot.files import check_distinct, check_writable, save_text
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song
    from hotfoot.pose.formats import write_poses

    if seed < 0 or not 0 <= mixing <= 1:
        raise OptionError(f"--seed {seed}, --mixing {mixing:g}", "0 or more; 0 to 1.")
    check_poses_out(output)
    opened = open_song(song, start, end)
    if report is not None:
        check_writable(report)
        check_distinct([output, report], [song])
    clips = load_clips(motion)
    poses, parts = paired(analyze_song(opened), clips, seed, mixing)
    found = naturalness(parts)
    write_poses(poses, output)
    if report is not None:
        save_text(report, json.dumps(found, indent=1) + "\n")
    summary = {k: v for k, v in found.items() if k != "each"}
    lines = [
        f"{output}: {poses.duration_s:.1f} s, {found['parts']} parts of {found['clips']} clips"
    ]
    lines += [f"{k}: {v}" for k, v in summary.items() if k not in ("parts", "seconds", "clips")]
    emit({"poses": str(output), "frames": len(poses), **summary}, lines, as_json)


@command.command("film")
@click.option("--motion", required=True, type=click.Path(path_type=Path), help="Folder of clips.")
@click.option(
    "--split", type=click.Choice(["train", "held-out", "all"]), default="held-out",
    show_default=True, help="Which takes; every tenth is held out of training.",
)  # fmt: skip
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--seed", default=0, show_default=True, help="Of cameras and bodies.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def film_command(motion: Path, split: str, output: Path, seed: int, as_json: bool) -> None:
    """Film 3D motion from the front: pose files of real movement, to compare a dancer with."""
    from hotfoot.data.films import film_clips
    from hotfoot.data.mocap import load_clips, split_clips
    from hotfoot.pose.formats import write_poses

    if seed < 0:
        raise OptionError(f"--seed is {seed}", "0 or more.")
    check_out(output)
    clips = load_clips(motion)
    if split != "all":
        clips = split_clips(clips)[split == "held-out"]
    if not clips:
        raise InputError(f"no {split} clips in {motion}", "Give more clips, or --split all.")
    output.mkdir(parents=True, exist_ok=True)
    count, seconds = 0, 0.0
    for name, poses in film_clips(clips, seed):
        write_poses(poses, output / f"{name}.npz")
        count, seconds = count + 1, seconds + poses.duration_s
    emit(
        {"folder": str(output), "films": count, "seconds": round(seconds, 1)},
        [f"{count} films, {seconds / 60:.1f} min, in {output}"],
        as_json,
    )
