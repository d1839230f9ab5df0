"""Build a corpus on disk: shards in parallel, the same for the same seed, resumed where begun."""

import hashlib
import pickle
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from hotfoot._version import __version__
from hotfoot.data.cameras import CAMERA_STYLES
from hotfoot.data.manifest import (
    MANIFEST,
    SPLITS,
    CorpusPlan,
    Manifest,
    ShardRow,
    Source,
    Split,
    leak_between_splits,
)
from hotfoot.data.paired import PairedCorpus, open_corpus
from hotfoot.data.recordings import Recording, find_recordings, recorded_clips
from hotfoot.data.samples import PairedClip
from hotfoot.data.store import describe_shard, write_shard
from hotfoot.errors import InputError, OptionError
from hotfoot.files import RunFolder, removing_parts, save_text
from hotfoot.parallel import parallel_map
from hotfoot.pose.metadata import file_sha256
from hotfoot.validation import to_json

_RECORDINGS_PER_SHARD = 32
Progress = Callable[[int, int], None]  # done, of all
Corpora = dict[Split, PairedCorpus]


@dataclass(frozen=True)
class RawData:
    """What a corpus is built from: folders of motion and music, or of recordings, or both."""

    motion: Path | None = None
    music: Path | None = None
    recordings: tuple[Path, ...] = ()  # of hotfoot corpus video or aist

    def __post_init__(self) -> None:
        alone = (self.motion is None) != (self.music is None)
        if alone or (self.motion is None and not self.recordings):
            raise OptionError(
                "nothing to build from", "Give --motion with --music, or --recordings, or both."
            )

    def digest(self) -> str:
        """SHA-256 of all files; InputError if one cannot be read."""
        digest = hashlib.sha256()
        try:
            for folder in filter(None, (self.motion, self.music)):
                for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                    name = path.relative_to(folder).as_posix()
                    digest.update(f"{name} {file_sha256(path)}\n".encode())
            for r in (r for folder in self.recordings for r in find_recordings(folder)):
                files = (file_sha256(Path(r.poses)), file_sha256(Path(r.music)))
                digest.update(f"{(r.start_s, r.split, r.style, *files)}\n".encode())
        except OSError as error:
            said = f"{error.filename} cannot be read ({error.strerror})"
            raise InputError(said, "Make its folder again.") from error
        return digest.hexdigest()


@dataclass(frozen=True)
class _Job:
    """One shard: of so many clips of motion paired with songs, or of recordings."""

    path: Path
    plan: CorpusPlan
    split: Split
    index: int
    clips: int = 0
    recordings: tuple[Recording, ...] = ()

    def make(self, corpora: Corpora) -> ShardRow:
        """The shard's row of the manifest; it is written unless it is there."""
        if not self.path.exists():
            write_shard(self._clips(corpora), self.path)
        return describe_shard(self.path, self.split, self.plan.format)

    def _clips(self, corpora: Corpora) -> Iterator[tuple[str, PairedClip]]:
        """Clips by key; each depends on the seed, its split, shard and place alone."""
        for i in range(self.clips):
            seed = [self.plan.seed, SPLITS.index(self.split), self.index, i]
            clip = corpora[self.split].clip(np.random.default_rng(seed), self.plan.frames)
            yield f"{self.path.stem}-{i:05d}", clip
        for i, recording in enumerate(self.recordings):
            for part, clip in enumerate(recorded_clips(recording, self.plan.format)):
                yield f"{self.path.stem}-{i:05d}-{part:03d}", clip


def build_corpus(
    out: Path, plan: CorpusPlan, data: RawData, jobs: int = 1, progress: Progress | None = None
) -> Manifest:
    """Build, or go on building, a corpus in ``out``, ``jobs`` shards at once; those there are kept.

    OutputError where the folder was begun with another plan, or holds something else; InputError
    or OptionError where there is nothing to build from.
    """
    folder = RunFolder(out, "corpus", {**asdict(plan), "sources": data.digest()})
    folder.check()
    corpora, recordings = _open(plan, data)
    motion, songs, videos = _sources(corpora, recordings)
    if leak := leak_between_splits(motion, songs, videos):
        raise InputError(leak, "Give each to one split.")
    folder.claim()
    todo = _jobs(out, plan, corpora, recordings)
    shards = {job.path: job.make(corpora) for job in todo if job.path.exists()}
    missing = [job for job in todo if job.path not in shards]
    report = progress or (lambda done, total: None)
    report(len(shards), len(todo))
    with removing_parts(out), closing(_made(missing, corpora, jobs)) as made:
        for job, row in zip(missing, made, strict=True):
            shards[job.path] = row
            report(len(shards), len(todo))
    manifest = Manifest(
        hotfoot=__version__, plan=plan, motion=motion, songs=songs, videos=videos,
        shards=tuple(shards[job.path] for job in todo),
    )  # fmt: skip
    save_text(out / MANIFEST, to_json(manifest))
    return manifest


def _open(plan: CorpusPlan, data: RawData) -> tuple[Corpora, list[Recording]]:
    corpora: Corpora = {}
    if data.motion is not None and data.music is not None:
        for split in SPLITS:
            corpora[split] = open_corpus(
                data.motion, data.music, split == "held-out", plan.composed, plan.procedural,
                CAMERA_STYLES[plan.cameras], plan.format,
            )  # fmt: skip
    recordings = [r for folder in data.recordings for r in find_recordings(folder)]
    if data.recordings and not recordings:
        raise InputError(
            f"no recordings in {', '.join(str(f) for f in data.recordings)}",
            "Make some with hotfoot corpus video or hotfoot corpus aist.",
        )
    return corpora, sorted(recordings, key=lambda r: SPLITS.index(r.split))


def _sources(corpora: Corpora, recordings: list[Recording]) -> tuple[tuple[Source, ...], ...]:
    """Motion, songs and videos that go in, with split, license and credit."""
    pairs = corpora.items()
    motion = [Source(c.name, s, c.style, c.license, c.credit) for s, x in pairs for c in x.motion]
    songs = [Source(c.name, s, "", c.license, c.credit) for s, x in pairs for c in x.songs]
    videos = {
        (r.source, r.split): Source(r.source, r.split, "", r.license, r.credit) for r in recordings
    }
    return tuple(motion), tuple(songs), tuple(videos.values())


def _jobs(out: Path, plan: CorpusPlan, corpora: Corpora, recordings: list[Recording]) -> list[_Job]:
    jobs = []
    for split in SPLITS:
        for i, clips in enumerate(plan.shards(split) if corpora else ()):
            jobs.append(_Job(out / f"{split}-{i:05d}.tar", plan, split, i, clips))
        found = tuple(r for r in recordings if r.split == split)
        for i, first in enumerate(range(0, len(found), _RECORDINGS_PER_SHARD)):
            part = found[first : first + _RECORDINGS_PER_SHARD]
            path = out / f"recorded-{split}-{i:05d}.tar"
            jobs.append(_Job(path, plan, split, i, recordings=part))
    return jobs


def _made(jobs: list[_Job], corpora: Corpora, processes: int) -> Generator[ShardRow, None, None]:
    """Shards in their order, made here or by processes that read the corpora from a file."""
    if processes == 1 or len(jobs) < 2:
        yield from (job.make(corpora) for job in jobs)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpora"
        with path.open("wb") as file:
            pickle.dump(corpora, file)
        yield from parallel_map(partial(_make, path), jobs, processes)


def _make(path: Path, job: _Job) -> ShardRow:
    return job.make(_read_corpora(path))


@lru_cache(maxsize=1)
def _read_corpora(path: Path) -> Corpora:
    """What this build's first process wrote a moment ago, read once by each worker."""
    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301
