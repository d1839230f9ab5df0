"""Whole songs danced once, and samples that are drawn from these dances again and again.

In a folder, files ``SPLIT-NNNNN.npz`` have 32 dances each, which depend on the seed, their split
and their number alone.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.random import Generator

from hotfoot.data.cameras import CLEAN, body_view, render_view
from hotfoot.data.manifest import SPLITS
from hotfoot.data.paired import Dance, PairedCorpus, open_corpus
from hotfoot.data.samples import DataFormat, Sample, cut, draw_known
from hotfoot.data.sources import Data
from hotfoot.errors import InputError
from hotfoot.files import make_folder, reading, removing_parts, replacing
from hotfoot.parallel import parallel_map
from hotfoot.timebase import FRAMES_PER_COLUMN

_PER_FILE = 32
_ATTEMPTS = 500
_FACTS = ("style", "procedural", "tempo_bpm", "song")  # of a dance, in files


@dataclass(frozen=True)
class DancePlan:
    """What is danced."""

    count: int  # dances for training; 32 at most are held out
    frames: int  # of the shortest dance
    procedural: float  # share that the choreographer dances; the rest is retimed real motion
    composed: int  # songs that are composed besides the user's
    seed: int
    format: DataFormat


_Task = tuple[Data, DancePlan, bool, range, Path]


def make_dances(data: Data, plan: DancePlan, folder: Path, jobs: int = 1) -> None:
    """Dance the missing files, ``jobs`` at once; InputError or OptionError if none can be made."""
    make_folder(folder)
    tasks: list[_Task] = []
    for held_out in (True, False):
        count = min(plan.count, _PER_FILE) if held_out else plan.count
        for first in range(0, count, _PER_FILE):
            path = folder / f"{SPLITS[held_out]}-{first // _PER_FILE:05d}.npz"
            if not path.exists():
                part = range(first, min(first + _PER_FILE, count))
                tasks.append((data, plan, held_out, part, path))
    with removing_parts(folder):
        for _ in parallel_map(_make_file, tasks, min(jobs, max(1, len(tasks)))):
            pass
    _open.cache_clear()


@lru_cache(maxsize=1)
def _open(data: Data, plan: DancePlan, held_out: bool) -> PairedCorpus:
    folders, format = data.folders, plan.format
    return open_corpus(*folders, held_out, plan.composed, plan.procedural, format=format)


def _make_file(task: _Task) -> None:
    data, plan, held_out, part, path = task
    corpus = _open(data, plan, held_out)
    seeds = [[plan.seed, int(held_out), i] for i in part]
    dances = [corpus.whole_dance(np.random.default_rng(s), plan.frames) for s in seeds]
    facts: dict[str, Any] = {n: np.array([getattr(d, n) for d in dances]) for n in _FACTS}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            joints=np.concatenate([d.joints for d in dances]),
            music=np.concatenate([d.music for d in dances]).astype(np.float16),
            frames=np.array([len(d.joints) for d in dances]),
            **facts,
        )


def load_dances(folder: Path, held_out: bool) -> list[Dance]:
    """All dances of a split; InputError if there are none, or a file is damaged."""
    paths = sorted(folder.glob(f"{SPLITS[held_out]}-?????.npz"))
    if not paths:
        raise InputError(f"no {SPLITS[held_out]} dances in {folder}", "Train from the beginning.")
    return [dance for path in paths for dance in _read(path)]


def _read(path: Path) -> list[Dance]:
    again = "Delete it; it is made again."
    with reading(path, "is damaged", again, InputError), np.load(path) as arrays:
        ends = np.cumsum(arrays["frames"])[:-1]
        joints = np.split(arrays["joints"].astype(np.float32), ends)
        music = np.split(arrays["music"].astype(np.float32), ends // FRAMES_PER_COLUMN)
        facts = [arrays[name].tolist() for name in _FACTS]
        return [Dance(*row) for row in zip(joints, music, *facts, strict=True)]


class DanceSource:
    """Draws samples for a framing from whole dances, longer ones more often."""

    def __init__(
        self, dances: list[Dance], format: DataFormat, framing: Literal["canvas", "body"]
    ) -> None:
        self._dances, self._format, self._framing = dances, format, framing
        frames = np.array([len(d.joints) for d in dances], np.float64)
        self._chance = frames / frames.sum()

    def draw(self, rng: Generator, frames: int, overlap: int = 16) -> Sample:
        """One sample of ``frames`` frames."""
        for _ in range(_ATTEMPTS):
            dance = self._dances[rng.choice(len(self._dances), p=self._chance)]
            if len(dance.joints) < frames:
                continue
            if self._framing == "body":
                return self._whole(dance, rng, frames, overlap)
            length = min(len(dance.joints), frames + self._format.spare_frames)
            _, part = _draw_part(dance, rng, length)
            view = render_view(part.joints, rng, CLEAN, self._format)
            sample = cut(part.seen(view, self._format), rng, frames, overlap)
            if sample is not None:
                return sample
        raise InputError(f"no dance has {frames} frames with a body in them", "Give longer songs.")

    def _whole(self, dance: Dance, rng: Generator, frames: int, overlap: int) -> Sample:
        """A sample that shows all of the body, to be framed by its reference."""
        first, part = _draw_part(dance, rng, frames)
        view = body_view(dance.joints, first, frames, rng, self._format.fps)
        sure, known = view.confidence, draw_known(rng, frames, overlap)
        clip = part.seen(view, self._format)
        return Sample(view.xy, sure, view.reference_xy, sure[0], part.music, known, clip)


def _draw_part(dance: Dance, rng: Generator, frames: int) -> tuple[int, Dance]:
    """Where a part of so many frames begins, a multiple of 8, and the part."""
    column = int(rng.integers((len(dance.joints) - frames) // FRAMES_PER_COLUMN + 1))
    first = column * FRAMES_PER_COLUMN
    music = dance.music[column : (first + frames) // FRAMES_PER_COLUMN]
    return first, replace(dance, joints=dance.joints[first : first + frames], music=music)
