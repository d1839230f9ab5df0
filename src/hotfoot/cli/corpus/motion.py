"""``hotfoot corpus choreograph``, ``pair`` and ``film``: motion as a camera in front sees it."""

import json
from pathlib import Path

import click

from hotfoot.cli.common import check_out, check_poses_out, emit
from hotfoot.cli.options import (
    json_option,
    motion_option,
    output_option,
    part_options,
    seed_option,
)
from hotfoot.cli.types import ANY_PATH, FILE, SHARE, Listed, OneOf, Verb
from hotfoot.errors import InputError


@click.command("choreograph", cls=Verb)
@click.argument("song", type=FILE)
@output_option("Pose file.")
@click.option(
    "--style", default="freestyle", show_default=True, cls=Listed,
    type=OneOf("hotfoot.choreography.styles:STYLES"), help="Style of dance: {names}.",
)  # fmt: skip
@seed_option
@part_options
@json_option
def choreograph_command(
    song: Path, output: Path, style: str, seed: int, start: float, end: float | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Poses of the procedural choreographer for a song, seen from the front.

    No network is involved; its dances are what half of the training samples show.
    """
    from hotfoot.data.views import choreographed
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song
    from hotfoot.pose.formats import write_poses

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


@click.command("pair", cls=Verb)
@click.argument("song", type=FILE)
@motion_option()
@output_option("Pose file.")
@seed_option
@click.option(
    "--mixing", type=SHARE, default=0.15, show_default=True,
    help="Share of parts with another clip's arms.",
)  # fmt: skip
@part_options
@click.option("--report", type=ANY_PATH, help="Write every part as JSON.")
@json_option
def pair_command(
    song: Path, motion: Path, output: Path, seed: int, mixing: float, start: float,
    end: float | None, report: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Put real clips on a song's beats, for its whole length, and say how natural it stayed.

    Parts begin on downbeats and are joined by cross-fades; training samples are made like this.
    """
    from hotfoot.data.mocap import load_clips
    from hotfoot.data.montage import naturalness
    from hotfoot.data.views import paired
    from hotfoot.files import check_distinct, check_writable, save_text
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song
    from hotfoot.pose.formats import write_poses

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


@click.command("film", cls=Verb)
@motion_option()
@click.option(
    "--split", type=click.Choice(["train", "held-out", "all"]), default="held-out",
    show_default=True, help="Which clips; every tenth is held out of training.",
)  # fmt: skip
@output_option("Folder.")
@seed_option
@json_option
def film_command(motion: Path, split: str, output: Path, seed: int, as_json: bool) -> None:
    """Project 3D motion to a camera in front: pose files of real movement, to compare with."""
    from hotfoot.data.mocap import load_clips, split_clips
    from hotfoot.data.views import render_clips
    from hotfoot.files import make_folder
    from hotfoot.pose.formats import write_poses

    check_out(output)
    clips = load_clips(motion)
    if split != "all":
        clips = split_clips(clips)[split == "held-out"]
    if not clips:
        raise InputError(f"no {split} clips in {motion}", "Give more clips, or --split all.")
    make_folder(output)
    count, seconds = 0, 0.0
    for name, poses in render_clips(clips, seed):
        write_poses(poses, output / f"{name}.npz")
        count, seconds = count + 1, seconds + poses.duration_s
    emit(
        {"folder": str(output), "clips": count, "seconds": round(seconds, 1)},
        [f"{count} clips, {seconds / 60:.1f} min, in {output}"],
        as_json,
    )
