"""``hotfoot render``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import numpy as np

from hotfoot.cli.common import emit, progress_bars, warn
from hotfoot.cli.options import json_option, output_option
from hotfoot.cli.types import FILE, FPS, SECOND, SIZE, Listed, OneOf, Verb
from hotfoot.errors import OutputError

if TYPE_CHECKING:
    from hotfoot.render.figures import FigureStyle


@click.command(
    cls=Verb,
    epilog="""\b
Examples:
  hotfoot render dance.npz -o dance.mp4 --audio song.mp3
  hotfoot render poses.json -o sheet.png --fps 30
  hotfoot render dance.npz -o vace.mp4 --preset vace""",
)
@click.argument("poses", type=click.Path(exists=True, path_type=Path))
@output_option(".mp4 .webm .gif, or .png for a contact sheet.")
@click.option("--audio", type=FILE, help="Song to put under the picture.")
@click.option(
    "--start", type=SECOND, help="Second of the song to begin at [default: what POSES says, or 0]."
)
@click.option(
    "--preset", cls=Listed, type=OneOf("hotfoot.render.presets:PRESETS"),
    help="Draw as a tool wants it: {names}.",
)  # fmt: skip
@click.option("--order", type=click.Choice(["red", "blue"]), help="Color order.")
@click.option(
    "--stick", type=click.IntRange(1, 100), help="Half width of limbs in pixels [default: 4]."
)
@click.option("--fps", type=FPS, help="Frame rate, where the file does not say.")
@click.option("--size", type=SIZE, help="Fit into another canvas.")
@json_option
def command(
    poses: Path, output: Path, audio: Path | None, start: float | None, preset: str | None,
    order: Literal["red", "blue"] | None, stick: int | None, fps: float | None,
    size: tuple[int, int] | None, as_json: bool,
) -> None:  # fmt: skip
    """Draw a POSES file.

    A dance knows where in its song it begins: --audio plays that part.
    """
    from hotfoot.files import check_distinct, check_writable
    from hotfoot.pose.formats import read_dance
    from hotfoot.render.figures import draw_frames
    from hotfoot.render.presets import get_preset, prepared
    from hotfoot.render.sheets import contact_sheet, save_png
    from hotfoot.render.video import VIDEO_SUFFIXES, Written, song_for, song_warnings, write_video

    if output.suffix.lower() not in (*VIDEO_SUFFIXES, ".png"):
        raise OutputError(
            f"cannot write {output.name}", f"Allowed: {', '.join(VIDEO_SUFFIXES)}, .png."
        )
    check_writable(output)
    check_distinct([output], [p for p in (poses, audio) if p is not None])
    sequence, metadata = read_dance(poses, fps)
    warnings, song = metadata.warnings, None
    if audio is not None:
        song = song_for(metadata, audio, start)
        warnings += song_warnings(metadata, audio) if start is None else ()
    warn(warnings)
    if size is not None:
        sequence = sequence.with_canvas(size)
    if preset is not None:
        rate = sequence.fps
        sequence = prepared(sequence, get_preset(preset))
        metadata = metadata.resampled(rate, sequence.fps)
    style = _style(preset, order, stick)
    if output.suffix.lower() == ".png":
        beats = np.asarray(metadata.beats, np.float64)
        save_png(contact_sheet(sequence, beats, metadata.seams, style=style), output)
        written = Written(output, len(sequence), sequence.fps, sequence.canvas)
    else:
        with progress_bars() as report:
            written = write_video(
                draw_frames(sequence, style), len(sequence), sequence.fps, output, song,
                lambda done, total: report("drawing", done, total),
            )  # fmt: skip
    result = {"file": str(output), "frames": written.frames, "fps": written.fps,
              "canvas": list(written.canvas), "start_s": song.start_s if song else None,
              "warnings": list(warnings)}  # fmt: skip
    emit(result, [f"{written.frames} frames at {written.fps:g} fps", str(output)], as_json)


def _style(
    preset: str | None, order: Literal["red", "blue"] | None, stick: int | None
) -> "FigureStyle":
    from hotfoot.render.figures import FigureStyle
    from hotfoot.render.presets import get_preset

    style = FigureStyle() if preset is None else get_preset(preset).style
    if order is not None:
        style = replace(style, order=order)
    return style if stick is None else replace(style, half_axis=stick, radius=stick)
