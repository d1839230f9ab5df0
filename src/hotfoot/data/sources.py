"""Where training data comes from: folders of motion and music, or corpora on disk."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from hotfoot.data.manifest import MANIFEST, Source, check_corpora, read_manifest
from hotfoot.data.mocap import load_clips
from hotfoot.data.paired import open_corpus
from hotfoot.data.samples import BODY_FORMAT, DataFormat, SampleSource
from hotfoot.data.songs import song_terms
from hotfoot.data.store import StoredCorpus
from hotfoot.errors import InputError, OptionError

_BOUND = re.compile(
    r"\b(NC|ND|non-?commercial|no-?deriv\w*|research|academic|restrict\w*|may not|not be used)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Data:
    """Training data: folders of motion and music, which give samples without end, or of corpora."""

    motion: Path | None = None
    music: Path | None = None
    corpora: tuple[Path, ...] = ()  # instead of the others

    @property
    def folders(self) -> tuple[Path, Path]:
        """Motion and music; OptionError if they are not given."""
        if self.motion is None or self.music is None:
            raise OptionError("no training data", "Give --motion with --music, or --corpus.")
        return self.motion, self.music

    def sources(self) -> tuple[Source, ...]:
        """Everything that is trained on, with licenses and credits."""
        if self.corpora:
            return tuple(s for folder in self.corpora for s in read_manifest(folder).sources)
        motion, music = self.folders
        return (
            *(Source(c.name, "train", c.style, c.license, c.credit) for c in load_clips(motion)),
            *(Source(name, "train", "", *terms) for name, terms in song_terms(music).items()),
        )


def restrictions(sources: tuple[Source, ...]) -> tuple[str, ...]:
    """Terms of the sources that forbid something, each once."""
    terms = {text for s in sources for text in (s.license, s.credit) if _BOUND.search(text)}
    return tuple(sorted(terms))


def fingerprint(data: Data) -> str:
    """SHA-256 of what tells data from other data: names and sizes of files, corpora's manifests."""
    digest = hashlib.sha256()
    for folder in data.corpora:
        digest.update((folder / MANIFEST).read_bytes())
    for root in (data.motion, data.music):
        digest.update(b"|")
        if root is not None:
            for path in sorted(p for p in root.rglob("*") if p.is_file()):
                digest.update(f"{path.relative_to(root)} {path.stat().st_size};".encode())
    return digest.hexdigest()


def check_data(data: Data, format: DataFormat = BODY_FORMAT) -> None:
    """Raise InputError or OptionError unless there are clips and songs, or fitting corpora."""
    if data.corpora:
        if data.motion is not None or data.music is not None:
            raise OptionError("--corpus beside --motion or --music", "Give one kind of data.")
        check_corpora([read_manifest(folder) for folder in data.corpora], format)
        return
    motion, music = data.folders
    load_clips(motion)
    if not music.is_dir():
        raise InputError(f"no such folder: {music}", "Give a folder of songs.")


def open_source(
    data: Data, held_out: bool, procedural: float, composed: int = 60,
    format: DataFormat = BODY_FORMAT,
) -> SampleSource:  # fmt: skip
    """Samples of the training or the held-out split; see :func:`check_data` for errors.

    Corpora have been built with their own ``procedural``, the share that the choreographer dances,
    and ``composed``, the number of songs that are composed besides the user's.
    """
    check_data(data, format)
    if data.corpora:
        return StoredCorpus(data.corpora, held_out)
    return open_corpus(*data.folders, held_out, composed, procedural, format=format)
