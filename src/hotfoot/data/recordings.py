"""Runs: 2D poses with the music that they were danced to, from AIST++ or from videos.

In: a folder with ``runs.json`` that names pose files and songs. Out: takes at 30 fps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from hotfoot.data.samples import FPS, Take
from hotfoot.errors import InputError
from hotfoot.files import save_text
from hotfoot.music.analysis import SongAnalysis, analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.encoders import SpectralEncoder
from hotfoot.pose.formats import read_poses
from hotfoot.timebase import FRAMES_PER_COLUMN

RUNS = "runs.json"
_SCHEMA = 1
_LONGEST = 1024
_SHORTEST = 256


@dataclass(frozen=True)
class Run:
    """One dancer, without a cut, and the song.

    Attributes:
        poses: pose file.
        music: song file; the same for all runs of a video.
        start_s: second of the song at the first pose.
        source: name of the video or recording; what is split by.
        split: train or held-out.
        style: a name, or empty.
        credit: whom to credit, or empty.
    """

    poses: Path
    music: Path
    start_s: float
    source: str
    split: str
    style: str = ""
    credit: str = ""


def write_runs(folder: Path, runs: list[Run]) -> None:
    """Write ``runs.json``; paths in it are relative to the folder."""
    rows = []
    for run in runs:
        paths = {k: Path(os.path.relpath(getattr(run, k), folder)) for k in ("poses", "music")}
        rows.append({**asdict(run), **{k: p.as_posix() for k, p in paths.items()}})
    save_text(folder / RUNS, json.dumps({"schema": _SCHEMA, "runs": rows}, indent=1) + "\n")


def find_runs(folder: Path) -> list[Run]:
    """The runs of a folder.

    Raises:
        InputError: no ``runs.json``, or not ours.
    """
    path = folder / RUNS
    try:
        found = json.loads(path.read_text())
        if found["schema"] != _SCHEMA:
            raise ValueError(f"schema {found['schema']}")
        return [
            Run(**{**row, "poses": folder / row["poses"], "music": folder / row["music"]})
            for row in found["runs"]
        ]
    except FileNotFoundError:
        raise InputError(
            f"{folder} holds no {RUNS}",
            "Make it with hotfoot corpus video, or corpus aist --music.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read ({error})", "Make the folder again.") from error


def run_takes(run: Run) -> Iterator[Take]:
    """A run in equal takes of at most 34 s; one under 8.5 s has none."""
    poses = read_poses(run.poses).to_skeleton("body-18").resampled(FPS)
    analysis = _analyzed(run.music)
    encoder = SpectralEncoder()
    pieces = max(1, -(-len(poses) // _LONGEST))
    size = len(poses) // pieces // FRAMES_PER_COLUMN * FRAMES_PER_COLUMN
    if size < _SHORTEST:
        return
    for piece in range(pieces):
        part = poses.frames(piece * size, (piece + 1) * size)
        xy = part.normalized.astype(np.float32)
        inside = ((xy >= 0) & (xy <= 511.5 / 512)).all(axis=-1)
        confidence = (part.confidence * inside).astype(np.float32)
        start = run.start_s + piece * size / FPS
        yield Take(
            np.where((confidence > 0)[..., None], xy, 0).astype(np.float32),
            confidence,
            encoder.encode(None, analysis, size // FRAMES_PER_COLUMN, FPS, start),
            run.style,
            False,
            analysis.rhythm.tempo_bpm,
            part.canvas[0] / part.canvas[1],
            (run.poses.stem,),
            run.source,
        )


@lru_cache(maxsize=4)
def _analyzed(music: Path) -> SongAnalysis:
    return analyze_song(open_song(music))
