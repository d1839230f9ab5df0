"""Build a corpus on disk: shards in parallel, alike for the same seed, gone on with after a stop.

In: motion and songs (takes without end), and folders of runs (2D poses with their own music, from
AIST++ or videos). Out: a folder as :mod:`~hotfoot.data.store` describes it.
"""

from __future__ import annotations

import hashlib
import pickle
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from hotfoot._version import __version__
from hotfoot.data.cameras import FILM_STYLES
from hotfoot.data.paired import PairedCorpus, open_corpus
from hotfoot.data.recordings import Run, find_runs, run_takes
from hotfoot.data.samples import FPS, Take
from hotfoot.data.store import (
    SPLITS,
    check_splits,
    describe_shard,
    shard_name,
    write_manifest,
    write_shard,
)
from hotfoot.errors import InputError, OptionError
from hotfoot.files import RunFolder, removing_parts
from hotfoot.music.encoders import SpectralEncoder
from hotfoot.parallel import parallel_map
from hotfoot.timebase import FRAMES_PER_COLUMN

_HELD_OUT = 1 / 16
_RUNS_PER_SHARD = 32


@dataclass(frozen=True)
class Plan:
    """What is built.

    Attributes:
        takes: of motion paired with songs, for training; a sixteenth more is held out.
        frames: of each; a multiple of 8, longer than a training segment.
        per_shard: takes in a shard.
        procedural: share that the choreographer dances.
        films: how they are filmed: clean, or detector (as detectors see web videos).
        composed: songs that are composed besides the user's, for all tempi.
        seed: of everything.
    """

    takes: int = 2048
    frames: int = 352
    per_shard: int = 128
    procedural: float = 0.5
    films: str = "clean"
    composed: int = 60
    seed: int = 0

    def check(self) -> None:
        """Raise OptionError for what cannot be built."""
        if not 1 <= self.takes <= 10_000_000 or not 1 <= self.per_shard <= 100_000:
            raise OptionError(
                f"{self.takes} takes, {self.per_shard} a shard", "At least 1 of either."
            )
        if self.frames % FRAMES_PER_COLUMN or not 64 <= self.frames <= 9000:
            raise OptionError(
                f"takes of {self.frames} frames", "Allowed: multiples of 8 from 64 to 9000."
            )
        if not 0 <= self.procedural <= 1:
            raise OptionError(f"procedural share {self.procedural:g}", "Allowed: 0 to 1.")
        if self.films not in FILM_STYLES:
            raise OptionError(f"films '{self.films}'", f"Allowed: {', '.join(FILM_STYLES)}.")
        if not 0 <= self.composed <= 10_000 or self.seed < 0:
            raise OptionError(
                f"{self.composed} composed songs, seed {self.seed}", "Allowed: 0 or more."
            )

    def shards(self, split: str) -> list[int]:
        """Takes in each shard of a split."""
        total = self.takes if split == "train" else max(1, round(self.takes * _HELD_OUT))
        return [min(self.per_shard, total - i) for i in range(0, total, self.per_shard)]


@dataclass(frozen=True, eq=False)
class _Sources:
    corpora: dict[str, PairedCorpus]
    runs: dict[str, list[Run]]


@dataclass(frozen=True)
class _Job:
    split: str
    index: int
    takes: int
    paired: bool


Progress = Callable[[int, int], None]
"""``progress(done, total)`` in shards."""


def build_corpus(
    out: Path, plan: Plan, motion: Path | None = None, music: Path | None = None,
    runs: tuple[Path, ...] = (), jobs: int = 1, progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Build, or go on building, a corpus in ``out``; returns its manifest.

    Shards that are there are kept. Motion is paired with songs if both are given.

    Raises:
        OptionError: an impossible plan.
        OutputError: the folder was begun with another, or holds something else.
        InputError: nothing to build from.
    """
    plan.check()
    if (motion is None) != (music is None) or (motion is None and not runs):
        raise OptionError(
            "nothing to build from", "Give --motion with --music, or --runs, or both."
        )
    folder = RunFolder(out, "corpus", _made_from(plan, motion, music, runs))
    folder.check()
    sources = _open(plan, motion, music, runs)
    check_splits(_rows(sources))
    folder.claim()
    todo = _jobs(plan, sources)
    missing = [j for j in todo if not (out / _file(j)).exists()]
    done = len(todo) - len(missing)
    rows: dict[str, dict[str, Any]] = {}
    if progress:
        progress(done, len(todo))
    with removing_parts(out), closing(_made(out, plan, sources, missing, jobs)) as made:
        for row in made:
            rows[row["file"]] = row
            done += 1
            if progress:
                progress(done, len(todo))
    for job in todo:  # what was there already
        if _file(job) not in rows:
            rows[_file(job)] = describe_shard(out / _file(job))
    shards = [{**rows[_file(job)], "split": job.split} for job in todo]
    manifest = _manifest(plan, sources, shards)
    write_manifest(out, manifest)
    return manifest


def _made_from(
    plan: Plan, motion: Path | None, music: Path | None, runs: tuple[Path, ...]
) -> dict[str, Any]:
    """The plan and a digest of all the data."""
    digest = hashlib.sha256()
    for folder in filter(None, (motion, music)):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            digest.update(f"{path.relative_to(folder).as_posix()} {_digest(path)}\n".encode())
    for folder in runs:
        for run in find_runs(folder):
            row = (run.start_s, run.split, run.style, _digest(run.poses), _digest(run.music))
            digest.update(f"{row}\n".encode())
    return {**asdict(plan), "sources": digest.hexdigest()}


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror})", "Make its folder again."
        ) from error


def _open(
    plan: Plan, motion: Path | None, music: Path | None, folders: tuple[Path, ...]
) -> _Sources:
    corpora: dict[str, PairedCorpus] = {}
    if motion is not None and music is not None:
        for split in SPLITS:
            corpora[split] = open_corpus(
                motion, music, split == "held-out", plan.composed, plan.procedural,
                FILM_STYLES[plan.films],
            )  # fmt: skip
    found = [run for folder in folders for run in find_runs(folder)]
    runs = {split: [r for r in found if r.split == split] for split in SPLITS}
    if folders and not found:
        raise InputError(f"no runs in {', '.join(str(f) for f in folders)}",
                         "Make some with hotfoot corpus video or hotfoot corpus aist.")  # fmt: skip
    return _Sources(corpora, runs)


def _jobs(plan: Plan, sources: _Sources) -> list[_Job]:
    out = []
    for split in SPLITS:
        if split in sources.corpora:
            out += [_Job(split, i, n, True) for i, n in enumerate(plan.shards(split))]
        count = len(sources.runs[split])
        out += [
            _Job(split, i, min(_RUNS_PER_SHARD, count - i * _RUNS_PER_SHARD), False)
            for i in range(-(-count // _RUNS_PER_SHARD))
        ]
    return out


def _file(job: _Job) -> str:
    return shard_name(job.split if job.paired else f"runs-{job.split}", job.index)


def _made(
    out: Path, plan: Plan, sources: _Sources, jobs: list[_Job], processes: int
) -> Generator[dict[str, Any], None, None]:
    """Make shards here, or by processes that read the analyzed sources from a file.

    Yields their rows of the manifest, in the order of the jobs.
    """
    if processes == 1 or len(jobs) < 2:
        for job in jobs:
            yield _make(out, plan, sources, job)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sources"
        with path.open("wb") as file:
            pickle.dump(sources, file)
        yield from parallel_map(_work, [(path, out, plan, job) for job in jobs], processes)


def _work(task: tuple[Path, Path, Plan, _Job]) -> dict[str, Any]:
    path, out, plan, job = task
    return _make(out, plan, _read_sources(path), job)


@lru_cache(maxsize=1)
def _read_sources(path: Path) -> _Sources:
    """What this build's first process wrote a moment ago, read once by each worker."""
    with path.open("rb") as file:
        sources = pickle.load(file)  # noqa: S301
    assert isinstance(sources, _Sources)
    return sources


def _make(out: Path, plan: Plan, sources: _Sources, job: _Job) -> dict[str, Any]:
    takes = _paired(plan, sources, job) if job.paired else _of_runs(sources, job)
    return write_shard(takes, out / _file(job))


def _paired(plan: Plan, sources: _Sources, job: _Job) -> Iterator[tuple[str, Take]]:
    """Takes of one shard; each depends on the seed, its split, shard and place alone."""
    corpus = sources.corpora[job.split]
    for i in range(job.takes):
        rng = np.random.default_rng([plan.seed, SPLITS.index(job.split), job.index, i])
        yield f"{job.split}-{job.index:05d}-{i:05d}", corpus.take(rng, plan.frames)


def _of_runs(sources: _Sources, job: _Job) -> Iterator[tuple[str, Take]]:
    first = job.index * _RUNS_PER_SHARD
    for i, run in enumerate(sources.runs[job.split][first : first + job.takes]):
        for part, take in enumerate(run_takes(run)):
            yield f"runs-{job.split}-{job.index:05d}-{i:05d}-{part:03d}", take


def _rows(sources: _Sources) -> dict[str, Any]:
    """Clips, songs and videos of a corpus, each with its split, license and credit."""
    clips = [
        {"name": c.name, "split": s, "style": c.style, "license": c.license, "credit": c.credit}
        for s, corpus in sources.corpora.items() for c in corpus.clips
    ]  # fmt: skip
    songs = [
        {"name": song.name, "split": s, "license": song.license, "credit": song.credit}
        for s, corpus in sources.corpora.items() for song in corpus.songs
    ]  # fmt: skip
    videos = {
        (run.source, s): {"name": run.source, "split": s, "credit": run.credit}
        for s, found in sources.runs.items() for run in found
    }  # fmt: skip
    return {"clips": clips, "songs": songs, "videos": list(videos.values())}


def _manifest(plan: Plan, sources: _Sources, shards: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "hotfoot": __version__, "plan": asdict(plan), "skeleton": "body-18", "fps": FPS,
        "music": SpectralEncoder.name, "music_width": SpectralEncoder.width,
        **_rows(sources), "shards": shards,
    }  # fmt: skip
