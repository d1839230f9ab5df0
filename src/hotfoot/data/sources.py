"""Where training data comes from: folders of motion and music, or corpora on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from hotfoot.data.mocap import load_clips
from hotfoot.data.paired import open_corpus
from hotfoot.data.samples import SegmentSource
from hotfoot.data.store import MANIFEST, StoredCorpus, check_corpora, read_manifest
from hotfoot.errors import InputError, OptionError
from hotfoot.music.encoders import SpectralEncoder


@dataclass(frozen=True)
class Data:
    """Training data: motion and music, from which segments are made without end, or corpora.

    Attributes:
        motion: folder of clips.
        music: folder of songs.
        corpora: folders of ``hotfoot corpus build``; given instead of the others.
    """

    motion: Path | None = None
    music: Path | None = None
    corpora: tuple[Path, ...] = ()

    @property
    def folders(self) -> tuple[Path, Path]:
        """Motion and music.

        Raises:
            OptionError: not given.
        """
        if self.motion is None or self.music is None:
            raise OptionError("no training data", "Give --motion with --music, or --corpus.")
        return self.motion, self.music


def fingerprint(data: Data) -> str:
    """SHA-256 that tells data from other data: names and sizes of files, manifests of corpora.

    Where the folders lie does not matter.
    """
    digest = hashlib.sha256()
    for folder in data.corpora:
        digest.update((folder / MANIFEST).read_bytes())
    for root in (data.motion, data.music):
        digest.update(b"|")
        if root is not None:
            for path in sorted(p for p in root.rglob("*") if p.is_file()):
                digest.update(f"{path.relative_to(root)} {path.stat().st_size};".encode())
    return digest.hexdigest()


def check_data(data: Data) -> None:
    """Raise InputError unless there are clips and songs, or corpora with both splits."""
    if data.corpora:
        if data.motion is not None or data.music is not None:
            raise OptionError("--corpus beside --motion or --music", "Give one kind of data.")
        check_corpora([read_manifest(folder) for folder in data.corpora])
        return
    motion, music = data.folders
    load_clips(motion)
    if not music.is_dir():
        raise InputError(f"no such folder: {music}", "Give a folder of songs.")


def open_source(data: Data, held_out: bool, procedural: float, composed: int = 60) -> SegmentSource:
    """Segments of the training or the held-out split.

    Args:
        data: where they come from.
        held_out: of the held-out split.
        procedural: share that the choreographer dances; corpora on disk have their own.
        composed: songs that are composed besides the user's; likewise.

    Raises:
        InputError, OptionError: see :func:`check_data`.
    """
    check_data(data)
    if data.corpora:
        return StoredCorpus(list(data.corpora), held_out, SpectralEncoder.name)
    return open_corpus(*data.folders, held_out, composed, procedural)
