"""Whole songs danced once, and samples that are drawn from these dances again and again.

Making a dance costs as much as a short clip of it does; bodies, cameras, mirror images, references
and places in time are drawn anew for every sample. In a folder, files ``SPLIT-NNNNN.npz`` have 32
dances each; every dance depends on the seed, its split and its number alone.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from hotfoot.data.body_views import body_view
from hotfoot.data.cameras import CLEAN, View, render_view
from hotfoot.data.manifest import SPLITS
from hotfoot.data.paired import Dance, PairedCorpus, open_corpus
from hotfoot.data.samples import DataFormat, Sample, cut, draw_known
from hotfoot.data.sources import Data
from hotfoot.errors import InputError
from hotfoot.files import make_folder, removing_parts, replacing
from hotfoot.parallel import parallel_map
from hotfoot.timebase import FRAMES_PER_COLUMN

_PER_FILE = 32
_ATTEMPTS = 500


@dataclass(frozen=True)
class DancePlan:
    """What is danced.

    Attributes:
        count: dances for training; 32 at most are held out.
        frames: of the shortest dance.
        procedural: share that the choreographer dances; the rest is retimed real motion.
        composed: songs that are composed besides the user's.
        seed: of all of them.
        format: of motion and tokens.
    """

    count: int
    frames: int
    procedural: float
    composed: int
    seed: int
    format: DataFormat


_Task = tuple[Data, DancePlan, bool, range, Path]


def make_dances(data: Data, plan: DancePlan, folder: Path, jobs: int = 1) -> None:
    """Dance, or go on dancing; files that are there are kept.

    Args:
        data: motion and music.
        plan: what is danced.
        folder: of the files.
        jobs: files at once.

    Raises:
        InputError, OptionError: data that no dance can be made of.
    """
    make_folder(folder)
    tasks: list[_Task] = []
    for held_out in (True, False):
        count = min(plan.count, _PER_FILE) if held_out else plan.count
        for first in range(0, count, _PER_FILE):
            path = _path(folder, held_out, first // _PER_FILE)
            part = range(first, min(first + _PER_FILE, count))
            if not path.exists():
                tasks.append((data, plan, held_out, part, path))
    with removing_parts(folder):
        for _ in parallel_map(_make_file, tasks, min(jobs, max(1, len(tasks)))):
            pass
    _open.cache_clear()


def _path(folder: Path, held_out: bool, index: int) -> Path:
    return folder / f"{SPLITS[held_out]}-{index:05d}.npz"


@lru_cache(maxsize=1)
def _open(data: Data, plan: DancePlan, held_out: bool) -> PairedCorpus:
    return open_corpus(
        *data.folders, held_out, plan.composed, plan.procedural, format=plan.format
    )  # fmt: skip


def _make_file(task: _Task) -> None:
    data, plan, held_out, part, path = task
    corpus = _open(data, plan, held_out)
    dances = [
        corpus.whole_dance(np.random.default_rng([plan.seed, int(held_out), i]), plan.frames)
        for i in part
    ]
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            joints=np.concatenate([d.joints for d in dances]),
            music=np.concatenate([d.music for d in dances]).astype(np.float16),
            frames=np.array([len(d.joints) for d in dances]),
            style=np.array([d.style for d in dances]),
            procedural=np.array([d.procedural for d in dances]),
            tempo_bpm=np.array([d.tempo_bpm for d in dances]),
            song=np.array([d.song for d in dances]),
        )


def load_dances(folder: Path, held_out: bool) -> list[Dance]:
    """All dances of a split.

    Raises:
        InputError: none, or a damaged file.
    """
    paths = sorted(folder.glob(f"{SPLITS[held_out]}-?????.npz"))
    if not paths:
        raise InputError(f"no {SPLITS[held_out]} dances in {folder}", "Train from the beginning.")
    return [dance for path in paths for dance in _read(path)]


def _read(path: Path) -> Iterator[Dance]:
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        ends = np.cumsum(arrays["frames"])[:-1]
        joints = np.split(arrays["joints"].astype(np.float32), ends)
        music = np.split(arrays["music"].astype(np.float32), ends // FRAMES_PER_COLUMN)
        rest = [arrays[n].tolist() for n in ("style", "procedural", "tempo_bpm", "song")]
        dances = [Dance(*row) for row in zip(joints, music, *rest, strict=True)]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is damaged ({error})", "Delete it; it is made again.") from error
    yield from dances


class DanceSource:
    """Draws samples from whole dances, longer ones more often.

    Args:
        dances: to draw from.
        format: of motion and tokens.
        framing: that samples are made for: cameras are drawn accordingly.
    """

    def __init__(
        self, dances: list[Dance], format: DataFormat, framing: Literal["canvas", "body"]
    ) -> None:
        self._dances, self._format, self._framing = dances, format, framing
        frames = np.array([len(d.joints) for d in dances], np.float64)
        self._chance = frames / frames.sum()

    def draw(self, rng: np.random.Generator, frames: int, overlap: int = 16) -> Sample:
        """One sample of ``frames`` frames."""
        for _ in range(_ATTEMPTS):
            dance = self._dances[rng.choice(len(self._dances), p=self._chance)]
            if len(dance.joints) < frames:
                continue
            if self._framing == "body":
                return self._whole(dance, rng, frames, overlap)
            length = min(len(dance.joints), frames + self._format.spare_frames)
            part = _part(dance, _choose_first(dance, rng, length), length)
            view = render_view(part.joints, rng, CLEAN, self._format)
            sample = cut(part.seen(view, self._format), rng, frames, overlap)
            if sample is not None:
                return sample
        raise InputError(f"no dance has {frames} frames with a body in them", "Give longer songs.")

    def _whole(self, dance: Dance, rng: np.random.Generator, frames: int, overlap: int) -> Sample:
        """A sample that shows all of the body, to be framed by its reference."""
        first = _choose_first(dance, rng, frames)
        view = body_view(dance.joints, first, frames, rng, self._format.fps)
        part = _part(dance, first, frames)
        sure = np.ones(view.xy.shape[:2], np.float32)
        clip = part.seen(View(view.xy, sure, 1.0), self._format)
        known = draw_known(rng, frames, overlap)
        return Sample(view.xy, sure, view.reference_xy, sure[0], part.music, known, clip)


def _choose_first(dance: Dance, rng: np.random.Generator, frames: int) -> int:
    """Where a part of so many frames begins; a multiple of 8."""
    columns = (len(dance.joints) - frames) // FRAMES_PER_COLUMN
    return int(rng.integers(columns + 1)) * FRAMES_PER_COLUMN


def _part(dance: Dance, first: int, frames: int) -> Dance:
    columns = slice(first // FRAMES_PER_COLUMN, (first + frames) // FRAMES_PER_COLUMN)
    joints = dance.joints[first : first + frames]
    return replace(dance, joints=joints, music=dance.music[columns])


def open_dances(
    folder: Path, held_out: bool, format: DataFormat, framing: Literal["canvas", "body"]
) -> DanceSource:
    """Samples of the dances of one split in a folder."""
    return DanceSource(load_dances(folder, held_out), format, framing)
