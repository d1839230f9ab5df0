"""``hotfoot render``."""

from __future__ import annotations

from pathlib import Path

import click

from hotfoot.cli.common import check_fps, emit, parse_size, progress_bars
from hotfoot.errors import OptionError, OutputError


@click.command(
    epilog="""\b
Examples:
  hotfoot render dance.npz -o dance.mp4 --audio song.mp3
  hotfoot render poses.json -o sheet.png --fps 30
  hotfoot render dance.npz -o vace.mp4 --preset vace"""
)
@click.argument("poses", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help=".mp4 .webm .gif, or .png for a contact sheet.",
)
@click.option("--audio", type=click.Path(path_type=Path), help="Song to put under the picture.")
@click.option("--preset", help="Draw as a tool wants it (see hotfoot dance --help).")
@click.option("--order", type=click.Choice(["red", "blue"]), help="Color order.")
@click.option("--stick", type=int, help="Half width of limbs in pixels [default: 4].")
@click.option("--fps", type=float, help="Frame rate, where the file does not say.")
@click.option("--size", metavar="WxH", help="Fit into another canvas.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    poses: Path, output: Path, audio: Path | None, preset: str | None, order: str | None,
    stick: int | None, fps: float | None, size: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Draw a POSES file."""
    from dataclasses import replace

    from hotfoot.files import check_distinct, check_writable
    from hotfoot.music.audio import open_song
    from hotfoot.pose.formats import read_poses
    from hotfoot.render.figures import FigureStyle, draw_frames
    from hotfoot.render.presets import get_preset, prepared
    from hotfoot.render.video import VIDEO_SUFFIXES, write_video

    canvas = parse_size(size)
    if output.suffix.lower() not in (*VIDEO_SUFFIXES, ".png"):
        raise OutputError(
            f"cannot write {output.name}", f"Allowed: {', '.join(VIDEO_SUFFIXES)}, .png."
        )
    if stick is not None and not 1 <= stick <= 100:
        raise OptionError(f"--stick is {stick}", "Allowed: 1 to 100 pixels.")
    check_writable(output)
    check_distinct([output], [p for p in (poses, audio) if p is not None])
    check_fps(fps)
    song = open_song(audio) if audio is not None else None
    sequence = read_poses(poses, fps)
    if canvas is not None:
        sequence = sequence.with_canvas(canvas)
    style = FigureStyle()
    if preset is not None:
        chosen = get_preset(preset)
        sequence, style = prepared(sequence, chosen), chosen.style
    if order is not None:
        style = replace(style, order="blue" if order == "blue" else "red")
    if stick is not None:
        style = replace(style, half_axis=stick, radius=stick)
    if output.suffix.lower() == ".png":
        from hotfoot.render.sheets import contact_sheet, save_png

        save_png(contact_sheet(sequence, style=style), output)
    else:
        with progress_bars() as report:
            write_video(
                draw_frames(sequence, style), len(sequence), sequence.fps, output, song,
                lambda done, total: report("drawing", done, total),
            )  # fmt: skip
    result = {"file": str(output), "frames": len(sequence), "fps": sequence.fps,
              "canvas": list(sequence.canvas)}  # fmt: skip
    emit(result, [f"{len(sequence)} frames at {sequence.fps:g} fps", str(output)], as_json)
