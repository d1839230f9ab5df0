"""``hotfoot dance``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hotfoot.cli.common import emit, parse_size, progress_bars, use_cores, warn
from hotfoot.errors import OptionError


@click.command(
    epilog="""\b
Examples:
  hotfoot dance song.mp3
  hotfoot dance song.m4a -o dance.mp4 -o dance.json --reference me.npz --seed 7
  hotfoot dance song.wav -o wan/ --preset wan-animate --start 30 --end 60
  hotfoot dance song.ogg -o best.mp4 --best-of 4 --size 720x1280"""
)
@click.argument("song", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Where to write; repeats. .mp4 .webm .gif .npz .json .png, or a folder with "
    "--preset. Default: SONG's name + .mp4 and .npz, here.",
)
@click.option(
    "--reference",
    default="average",
    show_default=True,
    metavar="PATH|NAME",
    help="Photo, pose file, or a built-in figure: average, tall, stocky, child, square, wide, "
    "knees-up.",
)
@click.option(
    "--preset",
    help="Layout for a tool: wan-animate, vace, controlnet, unianimate, "
    "mimicmotion, stableanimator, musepose, steadydancer, wan-s2v, "
    "ltx-pose.",
)
@click.option("--model", default="default", show_default=True, help="Name or folder.")
@click.option("--seed", default=0, show_default=True, help="Same seed, same dance.")
@click.option("--variations", default=1, show_default=True, help="Write so many dances.")
@click.option(
    "--best-of",
    default=1,
    show_default=True,
    help="Make so many and keep the one most on the beat.",
)
@click.option("--start", default=0.0, help="Seconds of the song to begin at.")
@click.option("--end", type=float, help="Seconds of the song to end at.")
@click.option("--fps", type=float, help="Frames per second [default: the model's, 30].")
@click.option("--size", metavar="WxH", help="Canvas [default: the reference's].")
@click.option("--steps", type=int, help="Denoising steps [default: the model's].")
@click.option("--guidance", type=float, help="Weight of the music [default: the model's].")
@click.option(
    "--keyframe",
    "keyframes",
    multiple=True,
    metavar="TIME=POSE",
    help="Pass through a pose (file or figure) at a second; repeats.",
)
@click.option("--mirror", is_flag=True, help="Exchange left and right.")
@click.option(
    "--beat-lock/--no-beat-lock",
    default=True,
    show_default=True,
    help="Retime the dance so that its accents fall on beats.",
)
@click.option(
    "--energy",
    default=1.0,
    show_default=True,
    help="Size of movement, 0.25 to 1.5; it also follows the song's loudness.",
)
@click.option(
    "--style",
    help="freestyle, hip-hop, latin, disco, jumpstyle or lyrical; with --draft 0 also breakdance, "
    "jazz or indian [default: freestyle].",
)
@click.option(
    "--draft",
    type=float,
    help="How far the choreographer's draft leads, 0 (the network alone) to 1 [default: the "
    "model's].",
)
@click.option("--loop", is_flag=True, help="End where it begins.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, mps.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    song: Path,
    outputs: tuple[Path, ...],
    reference: str,
    preset: str | None,
    model: str,
    seed: int,
    variations: int,
    best_of: int,
    start: float,
    end: float | None,
    fps: float | None,
    size: str | None,
    steps: int | None,
    guidance: float | None,
    keyframes: tuple[str, ...],
    mirror: bool,
    beat_lock: bool,
    energy: float,
    style: str | None,
    draft: float | None,
    loop: bool,
    device: str,
    as_json: bool,
) -> None:
    """Dance to a whole SONG."""
    from dataclasses import replace

    from hotfoot.capture.reference import open_reference
    from hotfoot.files import check_distinct
    from hotfoot.generation.pipeline import check_options, check_style
    from hotfoot.generation.result import check_output
    from hotfoot.music.audio import open_song

    # Everything that can be wrong is found before anything slow begins.
    canvas = parse_size(size)
    if variations > 1 and best_of > 1:
        raise OptionError("--variations with --best-of", "Give one of them.")
    for count in (best_of, variations):
        check_options(count, seed, fps, canvas, steps, guidance, energy, draft)
    count = max(variations, best_of)
    open_song(song, start, end)
    if preset is not None:
        from hotfoot.render.presets import get_preset

        get_preset(preset)
    stem = song.stem if song.suffix.lower() not in (".mp4", ".webm") else f"{song.stem}-dance"
    paths = list(outputs) or [Path(f"{stem}.mp4"), Path(f"{stem}.npz")]
    if preset is not None and not outputs:
        paths = [Path(f"{song.stem.replace('.', '_')}-{preset}")]
    targets = [
        [_numbered(path, v + 1) if variations > 1 else path for path in paths]
        for v in range(variations)
    ]
    for path in (path for row in targets for path in row):
        check_output(path, preset)
    inputs = [song, Path(reference), *(Path(k.partition("=")[2]) for k in keyframes)]
    check_distinct([path for row in targets for path in row], inputs)
    keys = [_keyframe(k) for k in keyframes]
    pose = open_reference(reference)

    from hotfoot.generation.edit import looped, pass_through, sync_score
    from hotfoot.generation.pipeline import variations as dance_variations
    from hotfoot.model.checkpoint import model_folder, read_config

    check_style(style, draft, read_config(model_folder(model)))
    use_cores()
    with progress_bars() as report:
        dances = dance_variations(
            song, pose, count, model=model, seed=seed, start=start, end=end, fps=fps,
            size=canvas, steps=steps, guidance=guidance, mirror=mirror,
            beat_lock=beat_lock, energy=energy, style=style, draft=draft, device=device,
            progress=report,
        )  # fmt: skip
        if best_of > 1:
            dances = [max(dances, key=lambda d: sync_score(d.poses, d.beats))]
        if keys:
            dances = [replace(d, poses=pass_through(d.poses, keys)) for d in dances]
        if loop:
            dances = [replace(d, poses=looped(d.poses)) for d in dances]
        written: list[str] = []
        for d, row in zip(dances, targets, strict=True):
            for target in row:
                d.save(target, preset, lambda done, total: report("drawing", done, total))
                written.append(str(target))
    first = dances[0]
    warn(first.warnings)
    result: dict[str, Any] = {
        "files": written,
        "frames": len(first.poses),
        "fps": first.poses.fps,
        "duration_s": round(first.poses.duration_s, 4),
        "canvas": list(first.poses.canvas),
        "tempo_bpm": round(first.tempo_bpm, 2),
        "beats": len(first.beats),
        "seams": list(first.seams),
        "seed": seed,
        "variations": [d.variation for d in dances],
        "model": first.model,
        "preset": preset,
        "warnings": list(first.warnings),
        "seconds": {k: round(v, 3) for k, v in first.timings.items()},
    }
    lines = [
        f"{len(first.poses)} frames at {first.poses.fps:g} fps, {first.tempo_bpm:.1f} BPM, "
        f"seed {seed}",
        *written,
    ]
    emit(result, lines, as_json)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _keyframe(text: str) -> tuple[float, Any]:
    from hotfoot.capture.reference import open_reference

    time, separator, source = text.partition("=")
    try:
        seconds = float(time)
    except ValueError:
        separator = ""
        seconds = 0.0
    if not separator or not source or not 0 <= seconds < 1e6:
        raise OptionError(f"--keyframe is '{text}'", "Expected TIME=POSE, e.g. 12.5=jump.json.")
    return seconds, open_reference(source)
