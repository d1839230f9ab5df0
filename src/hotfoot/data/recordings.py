"""Recordings: 2D poses with the music that they were danced to, from AIST++ or from videos."""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from hotfoot.data.manifest import Split, Text
from hotfoot.data.samples import DataFormat, PairedClip
from hotfoot.errors import InputError
from hotfoot.files import save_text
from hotfoot.music.analysis import SongAnalysis, analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.encoders import get_encoder
from hotfoot.pose.formats import read_poses
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.validation import read_json, to_json, validated

RECORDINGS = "recordings.json"
_LONGEST_S, _SHORTEST_S = 1024 / 30, 256 / 30
_Path = Annotated[str, Field(min_length=1, max_length=4096)]
_LAST = 511.5 / 512  # what is further right or down is out of the picture


@validated
class Recording:
    """One dancer, without a cut, and the song."""

    poses: _Path
    music: _Path  # the same for all recordings of a video
    start_s: Annotated[float, Field(ge=0, lt=1e6)]  # of the song at the first pose
    source: Annotated[str, Field(min_length=1, max_length=1000)]  # what is split by: video or song
    split: Split
    style: Text = ""
    credit: Text = ""
    license: Text = ""


@validated
class RecordingsFile:
    """What ``recordings.json`` says; its paths are relative to the folder."""

    recordings: tuple[Recording, ...]
    schema: Literal[2] = 2


def write_recordings(folder: Path, recordings: list[Recording]) -> None:
    """Write ``recordings.json``; paths in it become relative to the folder."""

    def relative(path: str) -> str:
        return Path(os.path.relpath(path, folder)).as_posix()

    rows = (replace(r, poses=relative(r.poses), music=relative(r.music)) for r in recordings)
    save_text(folder / RECORDINGS, to_json(RecordingsFile(tuple(rows))))


def find_recordings(folder: Path) -> list[Recording]:
    """The recordings of a folder; InputError if there are none, or a field is wrong."""
    path = folder / RECORDINGS
    if not path.exists():
        raise InputError(
            f"{folder} holds no {RECORDINGS}",
            "Make it with hotfoot corpus video, or corpus aist --music.",
        )
    found: RecordingsFile = read_json(RecordingsFile, path, InputError)
    return [
        replace(r, poses=str(folder / r.poses), music=str(folder / r.music))
        for r in found.recordings
    ]


def recorded_clips(recording: Recording, format: DataFormat) -> Iterator[PairedClip]:
    """A recording in equal clips of at most 34 s; one under 8.5 s has none."""
    fps = format.fps
    poses = read_poses(Path(recording.poses)).to_skeleton(format.skeleton).resampled(fps)
    analysis = _analyzed(recording.music)
    pieces = max(1, -(-len(poses) // round(_LONGEST_S * fps)))
    size = len(poses) // pieces // FRAMES_PER_COLUMN * FRAMES_PER_COLUMN
    if size < round(_SHORTEST_S * fps):
        return
    for piece in range(pieces):
        part = poses.frames(piece * size, (piece + 1) * size)
        xy = part.normalized
        inside = ((xy >= 0) & (xy <= _LAST)).all(axis=-1)
        confidence = (part.confidence * inside).astype(np.float32)
        music = get_encoder(format.music).encode(
            None, analysis, size // FRAMES_PER_COLUMN, fps, recording.start_s + piece * size / fps
        )
        yield PairedClip(
            np.where((confidence > 0)[..., None], xy, np.float32(0)),
            confidence,
            music,
            recording.style,
            False,
            analysis.rhythm.tempo_bpm,
            part.canvas[0] / part.canvas[1],
            format,
            (Path(recording.poses).stem,),
            recording.source,
        )


@lru_cache(maxsize=4)
def _analyzed(music: str) -> SongAnalysis:
    return analyze_song(open_song(Path(music)))
