"""``hotfoot inspect``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from click import argument, option

from hotfoot.cli import options
from hotfoot.cli.common import PICTURES, check_file, emit, warn
from hotfoot.cli.types import EXISTING, FILE, verb
from hotfoot.errors import PoseError

if TYPE_CHECKING:
    from hotfoot.pose.metadata import DanceMetadata


@verb(
    "hotfoot inspect song.mp3 --plot song.png",
    "hotfoot inspect dance.npz --music song.mp3 --plot dance.png",
)
@argument("path", type=EXISTING)
@option("--music", type=FILE, help="Song of a pose file, for the plot.")
@options.plot
def command(path: Path, music: Path | None, plot: Path | None) -> None:
    """Say what is in a song or in a pose file."""
    from hotfoot.pose.formats import detect_format

    check_file(plot, *PICTURES)
    try:
        kind = detect_format(path)
    except PoseError:
        if path.is_dir() or path.suffix.lower() in (".json", ".npz", ".pkl"):
            raise
        result, lines = _song(path, plot)
    else:
        result, lines = _poses(path, kind, music, plot)
    emit(result, *lines, *([str(plot)] if plot else []))


def _song(path: Path, plot: Path | None) -> tuple[dict[str, Any], list[str]]:
    from hotfoot.music.analysis import analyze_song
    from hotfoot.music.audio import open_song
    from hotfoot.render.sheets import plot_dance

    analysis = analyze_song(open_song(path))
    rhythm, features = analysis.rhythm, analysis.features
    if plot is not None:
        plot_dance(plot, None, analysis)
    result = {
        "kind": "song",
        "duration_s": round(features.duration_s, 4),
        "tempo_bpm": round(rhythm.tempo_bpm, 2),
        "beats": [round(float(b), 4) for b in rhythm.beats],
        "downbeats": [round(float(b), 4) for b in rhythm.downbeats],
        "sections": [round(float(s), 3) for s in rhythm.sections],
        "loudness_db": round(float(features.loudness_db.max()), 1),
        "warnings": features.warnings,
    }
    return result, [
        f"song of {features.duration_s:.2f} s, {rhythm.tempo_bpm:.1f} BPM",
        f"{len(rhythm.beats)} beats, first {', '.join(f'{b:.2f}' for b in rhythm.beats[:4])} s",
        f"sections at {', '.join(f'{s:.1f}' for s in rhythm.sections)} s",
        *features.warnings,
    ]


def _poses(
    path: Path, kind: str, music: Path | None, plot: Path | None
) -> tuple[dict[str, Any], list[str]]:
    from hotfoot.music.analysis import analyze_song
    from hotfoot.pose.body import relative_speed
    from hotfoot.pose.formats import read_dance
    from hotfoot.render.sheets import plot_dance
    from hotfoot.render.video import song_for

    poses, metadata = read_dance(path)
    warn(metadata.warnings)
    if plot is not None:
        plot_dance(plot, poses, analyze_song(song_for(metadata, music)) if music else None)
    seen = poses.confidence > 0
    shares = zip(poses.layout.keypoints, seen.mean(axis=0), strict=True)
    missing = {n: round(1 - float(s), 4) for n, s in shares if s < 1}
    in_canvas = np.all((poses.normalized >= 0) & (poses.normalized <= 1), axis=-1)
    inside = float(in_canvas[seen].mean()) if seen.any() else 0.0
    speed = round(float(np.nan_to_num(relative_speed(poses)).mean()), 4)
    result = {
        "kind": kind,
        "skeleton": poses.skeleton,
        "frames": len(poses),
        "fps": poses.fps,
        "duration_s": round(poses.duration_s, 4),
        "canvas": poses.canvas,
        "missing": missing,
        "inside_canvas": round(inside, 4),
        "mean_speed_body_heights_per_s": speed,
        "dance": metadata.to_json(),
        "warnings": metadata.warnings,
    }
    worst = sorted(missing, key=lambda n: -missing[n])[:5]
    return result, [
        f"{kind}: {len(poses)} frames of {poses.skeleton} at {poses.fps:g} fps "
        f"({poses.duration_s:.2f} s), canvas {poses.canvas[0]}x{poses.canvas[1]}",
        f"mean speed {speed:.2f} body heights per s, {100 * inside:.1f} % of seen joints inside",
        "missing: " + (", ".join(f"{n} {100 * missing[n]:.0f} %" for n in worst) or "nothing"),
        *_facts(metadata),
    ]


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
