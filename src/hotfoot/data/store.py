"""Corpora on disk: tar shards of paired clips, as webdataset reads them.

Shards ``SPLIT-NNNNN.tar`` lie beside a ``manifest.json`` (:mod:`~hotfoot.data.manifest`); in them
each clip is ``KEY.xy.npy``, ``KEY.confidence.npy``, ``KEY.music.npy`` and ``KEY.json``. The same
clips give the same bytes; a shard appears under its name only when it is complete.
"""

import io
import tarfile
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from hotfoot.data.manifest import SPLITS, ShardRow, Split, read_manifest
from hotfoot.data.samples import DataFormat, PairedClip, Sample, cut
from hotfoot.errors import HotfootError, InputError
from hotfoot.files import reading, replacing
from hotfoot.music.encoders import get_encoder
from hotfoot.pose.metadata import file_sha256
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.validation import parse_json, to_json, validated

_ARRAYS = ("xy", "confidence", "music")
_ATTEMPTS = 500
_NO_SHARD, _AGAIN = "is no shard of a corpus", "Build or copy it again."
Parts = dict[str, tuple[int, int]]  # of a clip in a shard: name to offset and size


@validated(kw_only=True)
class ClipRow:
    """What a shard says of a clip beside its arrays; see :class:`PairedClip`."""

    style: str
    procedural: bool
    tempo_bpm: Annotated[float, Field(ge=0, le=1000)]
    aspect: Annotated[float, Field(gt=0.01, lt=100)]
    motion: tuple[str, ...]
    song: str


def write_shard(clips: Iterable[tuple[str, PairedClip]], path: Path) -> None:
    """Write clips under their keys."""
    with replacing(path) as temporary:
        with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as archive:
            for key, clip in clips:
                for name, data in _parts(clip).items():
                    entry = tarfile.TarInfo(f"{key}.{name}")
                    entry.size, entry.mtime, entry.mode = len(data), 0, 0o644
                    archive.addfile(entry, io.BytesIO(data))


def describe_shard(path: Path, split: Split, format: DataFormat) -> ShardRow:
    """A shard's row of the manifest, from reading all of it; see :func:`read_shard`."""
    lengths = [len(clip.xy) for _, clip in read_shard(path, format)]
    return ShardRow(path.name, split, len(lengths), sum(lengths), file_sha256(path))


def read_shard(path: Path, format: DataFormat) -> Iterable[tuple[str, PairedClip]]:
    """Clips of a shard by key; InputError if it is damaged, or no shard."""
    for key, parts in _index(path).items():
        yield key, _read_clip(path, parts, format)


def _parts(clip: PairedClip) -> dict[str, bytes]:
    row = ClipRow(**{f.name: getattr(clip, f.name) for f in fields(ClipRow)})
    out = {}
    for name in _ARRAYS:
        # Places need more than half precision has: 1/2048 of the canvas is a quarter of a bin.
        kind = np.float32 if name == "xy" else np.float16
        file = io.BytesIO()
        np.save(file, np.ascontiguousarray(getattr(clip, name), kind), allow_pickle=False)
        out[f"{name}.npy"] = file.getvalue()
    return {**out, "json": to_json(row).encode()}


def _index(path: Path) -> dict[str, Parts]:
    clips: dict[str, Parts] = defaultdict(dict)
    with reading(path, _NO_SHARD, _AGAIN, InputError), tarfile.open(path, "r:") as archive:
        for entry in archive:
            key, _, name = entry.name.partition(".")
            clips[key][name] = (entry.offset_data, entry.size)
    return clips


def _read_clip(path: Path, parts: Parts, format: DataFormat) -> PairedClip:
    try:
        with path.open("rb") as file:
            data = {}
            for name, (offset, size) in parts.items():
                file.seek(offset)
                data[name] = file.read(size)
        xy, confidence, music = arrays = [
            np.asarray(np.load(io.BytesIO(data[f"{name}.npy"]), allow_pickle=False), np.float32)
            for name in _ARRAYS
        ]
        row = parse_json(ClipRow, data["json"], path, InputError)
        columns, rest = divmod(len(xy), FRAMES_PER_COLUMN)
        seen, tokens = (len(xy), format.points), (columns, get_encoder(format.music).width)
        if rest or [a.shape for a in arrays] != [(*seen, 2), seen, tokens]:
            raise ValueError(f"arrays of shapes {[a.shape for a in arrays]}")
        if not all(np.isfinite(a).all() for a in arrays):
            raise ValueError("values that are not finite")
    except (OSError, ValueError, KeyError, TypeError, EOFError, InputError) as error:
        said = error.message if isinstance(error, HotfootError) else error
        raise InputError(f"{path} {_NO_SHARD} ({said})", _AGAIN) from error
    return PairedClip(xy, confidence, music, format=format, **asdict(row))


def verify_corpus(folder: Path) -> None:
    """Read every clip of a corpus; InputError if a shard is missing, changed or damaged."""
    manifest = read_manifest(folder)
    for row in manifest.shards:
        path = folder / row.file
        if not path.exists():
            raise InputError(f"{path} is missing", "Run hotfoot corpus build again.")
        if describe_shard(path, row.split, manifest.plan.format) != row:
            raise InputError(f"{path} was changed", "Delete it and run hotfoot corpus build again.")


class StoredCorpus:
    """Clips on disk, read one by one as they are drawn; those of all folders alike often.

    InputError if a folder holds no corpus, or other shards than its manifest says.
    """

    def __init__(self, folders: tuple[Path, ...], held_out: bool) -> None:
        self._clips: list[tuple[Path, Parts, DataFormat]] = []
        for folder in folders:
            manifest = read_manifest(folder)
            for row in (row for row in manifest.shards if row.split == SPLITS[held_out]):
                path = folder / row.file
                clips = _index(path)
                if len(clips) < row.clips or not all(k.startswith(path.stem) for k in clips):
                    raise InputError(
                        f"{path} is not the shard that the manifest describes",
                        "Build or copy the corpus again; hotfoot corpus stats --verify reads "
                        "everything.",
                    )
                self._clips += [(path, parts, manifest.plan.format) for parts in clips.values()]

    def draw(self, rng: np.random.Generator, frames: int, overlap: int = 16) -> Sample:
        """One sample of ``frames`` frames."""
        for _ in range(_ATTEMPTS):
            clip = _read_clip(*self._clips[rng.integers(len(self._clips))])
            sample = cut(clip, rng, frames, overlap) if len(clip.xy) >= frames else None
            if sample is not None:
                return sample
        raise InputError(
            f"no clip has {frames} frames with a body in them",
            "Build the corpus with longer clips.",
        )
