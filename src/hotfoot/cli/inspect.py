"""``hotfoot inspect``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from hotfoot.cli.common import check_picture_out, emit, warn
from hotfoot.cli.options import json_option, plot_option
from hotfoot.cli.types import FILE, Verb
from hotfoot.errors import PoseError

if TYPE_CHECKING:
    from hotfoot.pose.metadata import DanceMetadata


@click.command(
    cls=Verb,
    epilog="""\b
Examples:
  hotfoot inspect song.mp3 --plot song.png
  hotfoot inspect dance.npz --music song.mp3 --plot dance.png""",
)
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--music", type=FILE, help="Song of a pose file, for the plot.")
@plot_option
@json_option
def command(path: Path, music: Path | None, plot: Path | None, as_json: bool) -> None:
    """Say what is in a song or in a pose file."""
    from hotfoot.pose.formats import detect_format

    check_picture_out(plot)
    try:
        kind = detect_format(path)
    except PoseError:
        if path.is_dir() or path.suffix.lower() in (".json", ".npz", ".pkl"):
            raise
        _song(path, plot, as_json)
    else:
        _poses(path, kind, music, plot, as_json)


def _song(path: Path, plot: Path | None, as_json: bool) -> None:
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song
    from hotfoot.render.sheets import plot_dance

    analysis = analyze_song(open_song(path))
    rhythm = analysis.rhythm
    result: dict[str, Any] = {
        "kind": "song",
        "duration_s": round(analysis.features.duration_s, 4),
        "tempo_bpm": round(rhythm.tempo_bpm, 2),
        "beats": [round(float(b), 4) for b in rhythm.beats],
        "downbeats": [round(float(b), 4) for b in rhythm.downbeats],
        "sections": [round(float(s), 3) for s in rhythm.sections],
        "loudness_db": round(float(analysis.features.loudness_db.max()), 1),
        "warnings": list(analysis.features.warnings),
    }
    lines = [
        f"song of {result['duration_s']:.2f} s, {result['tempo_bpm']:.1f} BPM",
        f"{len(rhythm.beats)} beats, first {', '.join(f'{b:.2f}' for b in rhythm.beats[:4])} s",
        f"sections at {', '.join(f'{s:.1f}' for s in rhythm.sections)} s",
        *analysis.features.warnings,
    ]
    if plot is not None:
        plot_dance(plot, None, analysis)
        lines.append(str(plot))
    emit(result, lines, as_json)


def _poses(path: Path, kind: str, music: Path | None, plot: Path | None, as_json: bool) -> None:
    from hotfoot.music.analysis import analyze_song
    from hotfoot.pose.body import relative_speed
    from hotfoot.pose.formats import read_dance
    from hotfoot.render.sheets import plot_dance
    from hotfoot.render.video import song_for

    poses, metadata = read_dance(path)
    warn(metadata.warnings)
    seen = poses.confidence > 0
    missing = {
        n: round(1 - float(s), 4)
        for n, s in zip(poses.layout.keypoints, seen.mean(axis=0), strict=True)
        if s < 1
    }
    in_canvas = np.all((poses.normalized >= 0) & (poses.normalized <= 1), axis=-1)
    inside = in_canvas[seen].mean() if seen.any() else 0.0
    speed = float(np.nan_to_num(relative_speed(poses)).mean())
    result: dict[str, Any] = {
        "kind": kind,
        "skeleton": poses.skeleton,
        "frames": len(poses),
        "fps": poses.fps,
        "duration_s": round(poses.duration_s, 4),
        "canvas": list(poses.canvas),
        "missing": missing,
        "inside_canvas": round(float(inside), 4),
        "mean_speed_body_heights_per_s": round(speed, 4),
        "dance": metadata.to_json(),
        "warnings": list(metadata.warnings),
    }
    worst = sorted(missing, key=lambda n: -missing[n])[:5]
    lines = [
        f"{kind}: {len(poses)} frames of {poses.skeleton} at {poses.fps:g} fps "
        f"({poses.duration_s:.2f} s), canvas {poses.canvas[0]}x{poses.canvas[1]}",
        f"mean speed {result['mean_speed_body_heights_per_s']:.2f} body heights per s, "
        f"{100 * inside:.1f} % of seen joints inside",
        "missing: " + (", ".join(f"{n} {100 * missing[n]:.0f} %" for n in worst) or "nothing"),
        *_facts(metadata),
    ]
    if plot is not None:
        analysis = None
        if music is not None:
            analysis = analyze_song(song_for(metadata, music))
        plot_dance(plot, poses, analysis)
        lines.append(str(plot))
    emit(result, lines, as_json)


def _facts(metadata: "DanceMetadata") -> list[str]:
    """What a dance knows of itself, in sentences."""
    lines = []
    if metadata.song:
        end = "its end" if metadata.end_s is None else f"{metadata.end_s:g} s"
        lines.append(f"danced to {metadata.song} from {metadata.start_s:g} s to {end}")
    if metadata.model:
        lines.append(f"by {metadata.model}, seed {metadata.seed}, variation {metadata.variation}")
    if metadata.tempo_bpm:
        lines.append(f"{metadata.tempo_bpm:.1f} BPM, {len(metadata.beats)} beats")
    for phrase in metadata.choreography:
        moves = ", ".join(phrase.moves) or "-"
        lines.append(f"  {phrase.start_s:6.2f} to {phrase.end_s:6.2f} s: {moves}")
    return lines
