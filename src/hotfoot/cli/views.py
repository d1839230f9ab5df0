"""``hotfoot corpus choreograph``, ``pair`` and ``film``: motion as a camera in front sees it."""

from __future__ import annotations

from pathlib import Path

import click

from hotfoot.cli.common import check_out, check_poses_out, emit
from hotfoot.errors import InputError, OptionError


@click.command("choreograph")
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
    """Let the choreographer of the training data dance a song, seen from the front.

    No network is involved; its dances are what half of the training samples show.
    """
    from hotfoot.data.views import choreographed
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


@click.command("pair")
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

    Parts begin on downbeats and are joined by cross-fades; training samples are made like this.
    """
    import json

    from hotfoot.data.mocap import load_clips
    from hotfoot.data.parts import naturalness
    from hotfoot.data.views import paired
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


@click.command("film")
@click.option("--motion", required=True, type=click.Path(path_type=Path), help="Folder of clips.")
@click.option(
    "--split", type=click.Choice(["train", "held-out", "all"]), default="held-out",
    show_default=True, help="Which clips; every tenth is held out of training.",
)  # fmt: skip
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder.")
@click.option("--seed", default=0, show_default=True, help="Of cameras and bodies.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def film_command(motion: Path, split: str, output: Path, seed: int, as_json: bool) -> None:
    """Render 3D motion from the front: pose files of real movement, to compare dances with."""
    from hotfoot.data.mocap import load_clips, split_clips
    from hotfoot.data.views import render_clips
    from hotfoot.files import make_folder
    from hotfoot.pose.formats import write_poses

    if seed < 0:
        raise OptionError(f"--seed is {seed}", "0 or more.")
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
