"""``hotfoot corpus``."""

from __future__ import annotations

from pathlib import Path

import click

from hotfoot.cli.common import check_out, emit
from hotfoot.errors import InputError, OptionError


@click.group(epilog="Example: hotfoot corpus film --motion M --split held-out -o real/")
def command() -> None:
    """Motion and songs for training and evaluation."""


@command.command("stats")
@click.option("--motion", required=True, type=click.Path(path_type=Path), help="Folder of clips.")
@click.option("--music", required=True, type=click.Path(path_type=Path), help="Folder of songs.")
@click.option(
    "--procedural", default=0.5, show_default=True, help="Share that the choreographer dances."
)
@click.option("--segments", default=400, show_default=True, help="How many are drawn.")
@click.option("--held-out", is_flag=True, help="Of the held-out takes and songs.")
@click.option("--seed", default=0, show_default=True, help="Of the draw.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write a picture (.png).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def stats_command(
    motion: Path, music: Path, procedural: float, segments: int, held_out: bool, seed: int,
    plot: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """What training would see: styles, tempi, framing, movement of segments drawn as it draws."""
    import numpy as np

    from hotfoot.corpus.segments import open_corpus
    from hotfoot.corpus.statistics import draw_histograms, survey
    from hotfoot.files import check_writable

    if not 0 <= procedural <= 1 or not 1 <= segments <= 100_000 or seed < 0:
        raise OptionError(
            f"--procedural {procedural}, --segments {segments}, --seed {seed}",
            "A share from 0 to 1, 1 to 100000 segments, a seed of 0 or more.",
        )
    if plot is not None:
        if plot.suffix != ".png":
            raise OptionError(f"cannot draw {plot.name}", "Pictures are .png.")
        check_writable(plot)
    if not music.is_dir():
        raise InputError(f"no such folder: {music}", "Give a folder of songs.")
    corpus = open_corpus(motion, music, held_out, procedural=procedural)
    rng = np.random.default_rng(seed)
    found = survey([corpus.draw(rng, 256) for _ in range(segments)])
    if plot is not None:
        draw_histograms(found, plot)
    summary = found.summary()
    lines = [f"{k}: {v}" for k, v in summary.items() if k != "styles"]
    lines += [f"  {n:5d}  {s}" for s, n in summary["styles"].items()]
    emit(summary, [*lines, *([str(plot)] if plot else [])], as_json)


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
    from hotfoot.corpus.aist import SPLITS, build

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
    from hotfoot.corpus.films import choreographed
    from hotfoot.music.audio import open_song
    from hotfoot.music.tokens import analyse_song
    from hotfoot.pose.formats import write_poses

    if seed < 0:
        raise OptionError(f"--seed is {seed}", "0 or more.")
    _check_poses_out(output)
    poses, score = choreographed(analyse_song(open_song(song, start, end)), seed, style)
    write_poses(poses, output)
    moves = list(dict.fromkeys(p.lower.name for p in score.phrases))
    emit(
        {"poses": str(output), "frames": len(poses), "phrases": len(score.phrases),
         "moves": moves},
        [f"{output}: {poses.duration_s:.1f} s, {len(score.phrases)} phrases of "
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

    from hotfoot.corpus.films import paired
    from hotfoot.corpus.mocap import load_clips
    from hotfoot.corpus.montage import naturalness
    from hotfoot.files import check_distinct, check_writable, save_text
    from hotfoot.music.audio import open_song
    from hotfoot.music.tokens import analyse_song
    from hotfoot.pose.formats import write_poses

    if seed < 0 or not 0 <= mixing <= 1:
        raise OptionError(f"--seed {seed}, --mixing {mixing:g}", "0 or more; 0 to 1.")
    _check_poses_out(output)
    opened = open_song(song, start, end)
    if report is not None:
        check_writable(report)
        check_distinct([output, report], [song])
    clips = load_clips(motion)
    poses, parts = paired(analyse_song(opened), clips, seed, mixing)
    found = naturalness(parts)
    write_poses(poses, output)
    if report is not None:
        save_text(report, json.dumps(found, indent=1) + "\n")
    summary = {k: v for k, v in found.items() if k != "each"}
    lines = [f"{output}: {poses.duration_s:.1f} s, {found['parts']} parts of {found['clips']} clips"]
    lines += [f"{k}: {v}" for k, v in summary.items() if k not in ("parts", "seconds", "clips")]
    emit({"poses": str(output), "frames": len(poses), **summary}, lines, as_json)


def _check_poses_out(output: Path) -> None:
    from hotfoot.files import check_writable

    check_writable(output)
    if output.suffix.lower() not in (".npz", ".json", ".pkl", ""):
        raise OptionError(
            f"cannot write {output.name}", "Pose files are .npz, .json, .pkl or a folder."
        )


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
    from hotfoot.corpus.films import film_clips
    from hotfoot.corpus.mocap import load_clips, split_clips
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
