"""``hotfoot render``."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from click import Choice, IntRange, argument, option

from hotfoot.cli import options
from hotfoot.cli.common import check_file, emit, progress_bars, warn
from hotfoot.cli.types import EXISTING, FILE, FPS, PRESET, SECOND, SIZE, verb
from hotfoot.files import check_distinct


@verb(
    "hotfoot render dance.npz -o dance.mp4 --audio song.mp3",
    "hotfoot render poses.json -o sheet.png --fps 30",
    "hotfoot render dance.npz -o vace.mp4 --preset vace",
)
@argument("poses", type=EXISTING)
@options.output(".mp4 .webm .gif, or .png for a contact sheet.")
@option("--audio", type=FILE, help="Song to put under the picture.")
@option(
    "--start", type=SECOND, help="Second of the song to begin at [default: what POSES says, or 0]."
)
@option("--preset", type=PRESET, help="Draw as a tool wants it: {names}.")
@option("--order", type=Choice(["red", "blue"]), help="Color order.")
@option("--stick", type=IntRange(1, 100), help="Half width of limbs in pixels [default: 4].")
@option("--fps", type=FPS, help="Frame rate, where the file does not say.")
@option("--size", type=SIZE, help="Fit into another canvas.")
def command(
    poses: Path, output: Path, audio: Path | None, start: float | None, preset: str | None,
    order: Literal["red", "blue"] | None, stick: int | None, fps: float | None,
    size: tuple[int, int] | None,
) -> None:  # fmt: skip
    """Draw a POSES file.

    A dance knows where in its song it begins: --audio plays that part.
    """
    from hotfoot.pose.formats import read_dance
    from hotfoot.render.figures import FigureStyle, draw_frames
    from hotfoot.render.presets import PRESETS, prepared
    from hotfoot.render.sheets import contact_sheet, save_png
    from hotfoot.render.video import VIDEO_SUFFIXES, Written, song_for, song_warnings, write_video

    suffixes = (*VIDEO_SUFFIXES, ".png")
    check_file(output, suffixes, f"Allowed: {', '.join(suffixes)}.")
    check_distinct([output], [p for p in (poses, audio) if p is not None])
    sequence, metadata = read_dance(poses, fps)
    warnings, song = metadata.warnings, None
    if audio is not None:
        song = song_for(metadata, audio, start)
        warnings += song_warnings(metadata, audio) if start is None else ()
    warn(warnings)
    if size is not None:
        sequence = sequence.with_canvas(size)
    style = FigureStyle()
    if preset is not None:
        rate, chosen = sequence.fps, PRESETS[preset]
        sequence, style = prepared(sequence, chosen), chosen.style
        metadata = metadata.resampled(rate, sequence.fps)
    if order is not None:
        style = replace(style, order=order)
    if stick is not None:
        style = replace(style, half_axis=stick)
    if output.suffix.lower() == ".png":
        beats = np.asarray(metadata.beats, np.float64)
        save_png(contact_sheet(sequence, beats, metadata.seams, style=style), output)
        written = Written(output, len(sequence), sequence.fps, sequence.canvas)
    else:
        with progress_bars() as report:
            frames, bar = draw_frames(sequence, style), partial(report, "drawing")
            written = write_video(frames, len(sequence), sequence.fps, output, song, bar)
    result = {"file": str(output), "frames": written.frames, "fps": written.fps,
              "canvas": written.canvas, "start_s": song.start_s if song else None,
              "warnings": warnings}  # fmt: skip
    emit(result, f"{written.frames} frames at {written.fps:g} fps", str(output))
