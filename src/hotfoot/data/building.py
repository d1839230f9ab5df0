"""Build a corpus on disk: shards in parallel, the same for the same seed, resumed where it stopped.

In: motion and songs (clips without end), and folders of recordings (2D poses with their own music,
from AIST++ or videos). Out: a folder as :mod:`~hotfoot.data.store` describes it.
"""

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
from hotfoot.data.cameras import CAMERA_STYLES
from hotfoot.data.manifest import (
    SPLITS,
    CorpusPlan,
    Manifest,
    ShardRow,
    Source,
    Split,
    check_splits,
    write_manifest,
)
from hotfoot.data.paired import PairedCorpus, open_corpus
from hotfoot.data.recordings import Recording, find_recordings, recorded_clips
from hotfoot.data.samples import PairedClip
from hotfoot.data.store import describe_shard, shard_name, write_shard
from hotfoot.errors import InputError, OptionError
from hotfoot.files import RunFolder, removing_parts
from hotfoot.parallel import parallel_map

_RECORDINGS_PER_SHARD = 32


@dataclass(frozen=True)
class RawData:
    """What a corpus is built from.

    Attributes:
        motion: folder of clips, paired with songs.
        music: folder of songs.
        recordings: folders of ``hotfoot corpus video`` or ``aist``.
    """

    motion: Path | None = None
    music: Path | None = None
    recordings: tuple[Path, ...] = ()

    def check(self) -> None:
        """Raise OptionError unless there is something to build from."""
        alone = (self.motion is None) != (self.music is None)
        if alone or (self.motion is None and not self.recordings):
            raise OptionError(
                "nothing to build from", "Give --motion with --music, or --recordings, or both."
            )

    def digest(self) -> str:
        """SHA-256 of all files."""
        digest = hashlib.sha256()
        for folder in filter(None, (self.motion, self.music)):
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                digest.update(f"{path.relative_to(folder).as_posix()} {_digest(path)}\n".encode())
        for folder in self.recordings:
            for r in find_recordings(folder):
                row = (r.start_s, r.split, r.style, _digest(Path(r.poses)), _digest(Path(r.music)))
                digest.update(f"{row}\n".encode())
        return digest.hexdigest()


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror})", "Make its folder again."
        ) from error


@dataclass(frozen=True, eq=False)
class _Sources:
    corpora: dict[Split, PairedCorpus]
    recordings: dict[Split, list[Recording]]

    def rows(self) -> tuple[tuple[Source, ...], ...]:
        """Motion, songs and videos that go in, with split, license and credit."""
        corpora = self.corpora.items()
        motion = [
            Source(name=c.name, split=s, style=c.style, license=c.license, credit=c.credit)
            for s, corpus in corpora for c in corpus.motion
        ]  # fmt: skip
        songs = [
            Source(name=song.name, split=s, license=song.license, credit=song.credit)
            for s, corpus in corpora for song in corpus.songs
        ]  # fmt: skip
        videos = {
            (r.source, s): Source(name=r.source, split=s, license=r.license, credit=r.credit)
            for s, found in self.recordings.items() for r in found
        }  # fmt: skip
        return tuple(motion), tuple(songs), tuple(videos.values())


@dataclass(frozen=True)
class _Job:
    """One shard: of motion paired with songs, or of recordings."""

    split: Split
    index: int
    clips: int
    paired: bool

    @property
    def file(self) -> str:
        return shard_name(self.split if self.paired else f"recorded-{self.split}", self.index)


Progress = Callable[[int, int], None]
"""``progress(done, total)`` in shards."""


def build_corpus(
    out: Path, plan: CorpusPlan, data: RawData, jobs: int = 1, progress: Progress | None = None
) -> Manifest:
    """Build, or go on building, a corpus in ``out``; returns its manifest.

    Shards that are there are kept.

    Args:
        out: folder.
        plan: what is built.
        data: what from.
        jobs: shards at once.
        progress: called after each shard.

    Raises:
        OutputError: the folder was begun with another plan, or holds something else.
        InputError, OptionError: nothing to build from.
    """
    data.check()
    folder = RunFolder(out, "corpus", {**asdict(plan), "sources": data.digest()})
    folder.check()
    sources = _open(plan, data)
    rows = sources.rows()
    try:
        check_splits(*rows)
    except ValueError as error:
        raise InputError(str(error), "Give each to one split.") from error
    folder.claim()
    todo = _jobs(plan, sources)
    missing = [j for j in todo if not (out / j.file).exists()]
    shards: dict[str, ShardRow] = {}
    report = progress or (lambda done, total: None)
    done = len(todo) - len(missing)
    report(done, len(todo))
    with removing_parts(out), closing(_made(out, plan, sources, missing, jobs)) as made:
        for row in made:
            shards[row.file] = row
            report(done + len(shards), len(todo))
    for job in todo:  # what was there already
        if job.file not in shards:
            shards[job.file] = describe_shard(out / job.file, job.split, plan.format)
    manifest = Manifest(
        hotfoot=__version__, plan=plan, motion=rows[0], songs=rows[1], videos=rows[2],
        shards=tuple(shards[j.file] for j in todo),
    )  # fmt: skip
    write_manifest(out, manifest)
    return manifest


def _open(plan: CorpusPlan, data: RawData) -> _Sources:
    corpora: dict[Split, PairedCorpus] = {}
    if data.motion is not None and data.music is not None:
        for split in SPLITS:
            corpora[split] = open_corpus(
                data.motion, data.music, split == "held-out", plan.composed, plan.procedural,
                CAMERA_STYLES[plan.cameras], plan.format,
            )  # fmt: skip
    found = [r for folder in data.recordings for r in find_recordings(folder)]
    if data.recordings and not found:
        raise InputError(
            f"no recordings in {', '.join(str(f) for f in data.recordings)}",
            "Make some with hotfoot corpus video or hotfoot corpus aist.",
        )
    return _Sources(corpora, {split: [r for r in found if r.split == split] for split in SPLITS})


def _jobs(plan: CorpusPlan, sources: _Sources) -> list[_Job]:
    out = []
    for split in SPLITS:
        if split in sources.corpora:
            out += [_Job(split, i, n, True) for i, n in enumerate(plan.shards(split))]
        count, size = len(sources.recordings[split]), _RECORDINGS_PER_SHARD
        out += [
            _Job(split, i, min(size, count - i * size), False) for i in range(-(-count // size))
        ]
    return out


def _made(
    out: Path, plan: CorpusPlan, sources: _Sources, jobs: list[_Job], processes: int
) -> Generator[ShardRow, None, None]:
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


def _work(task: tuple[Path, Path, CorpusPlan, _Job]) -> ShardRow:
    path, out, plan, job = task
    return _make(out, plan, _read_sources(path), job)


@lru_cache(maxsize=1)
def _read_sources(path: Path) -> _Sources:
    """What this build's first process wrote a moment ago, read once by each worker."""
    with path.open("rb") as file:
        sources: Any = pickle.load(file)  # noqa: S301
    return sources


def _make(out: Path, plan: CorpusPlan, sources: _Sources, job: _Job) -> ShardRow:
    clips = _paired(plan, sources, job) if job.paired else _recorded(plan, sources, job)
    return write_shard(clips, out / job.file, job.split)


def _paired(plan: CorpusPlan, sources: _Sources, job: _Job) -> Iterator[tuple[str, PairedClip]]:
    """Clips of one shard; each depends on the seed, its split, shard and place alone."""
    corpus = sources.corpora[job.split]
    for i in range(job.clips):
        rng = np.random.default_rng([plan.seed, SPLITS.index(job.split), job.index, i])
        yield f"{job.split}-{job.index:05d}-{i:05d}", corpus.clip(rng, plan.frames)


def _recorded(plan: CorpusPlan, sources: _Sources, job: _Job) -> Iterator[tuple[str, PairedClip]]:
    first = job.index * _RECORDINGS_PER_SHARD
    for i, recording in enumerate(sources.recordings[job.split][first : first + job.clips]):
        for part, clip in enumerate(recorded_clips(recording, plan.format)):
            yield f"recorded-{job.split}-{job.index:05d}-{i:05d}-{part:03d}", clip
