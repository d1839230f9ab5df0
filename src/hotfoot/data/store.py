"""Corpora on disk: a manifest, and tar shards of takes with their music tokens.

In: takes. Out: a folder with ``manifest.json`` and ``SPLIT-NNNNN.tar``; in a shard each take is
``KEY.xy.npy``, ``KEY.confidence.npy``, ``KEY.music.npy`` and ``KEY.json``, as webdataset reads it.
The same takes give the same bytes; a shard appears under its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.data.samples import Segment, Take, cut
from hotfoot.errors import InputError
from hotfoot.files import replacing, save_text
from hotfoot.timebase import FRAMES_PER_COLUMN

SCHEMA = 1
SPLITS = ("train", "held-out")
SOURCES = ("clips", "songs", "videos")
MANIFEST = "manifest.json"
_ARRAYS = ("xy", "confidence", "music")
_ATTEMPTS = 500


def shard_name(split: str, index: int) -> str:
    """File name of a shard."""
    return f"{split}-{index:05d}.tar"


def write_shard(takes: Iterable[tuple[str, Take]], path: Path) -> dict[str, Any]:
    """Write takes under their keys; returns what the manifest says of the shard."""
    count, frames = 0, 0
    with replacing(path) as temporary:
        with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as archive:
            for key, take in takes:
                for name, data in _parts(take).items():
                    entry = tarfile.TarInfo(f"{key}.{name}")
                    entry.size, entry.mtime, entry.mode = len(data), 0, 0o644
                    archive.addfile(entry, io.BytesIO(data))
                count, frames = count + 1, frames + len(take.xy)
    return describe_shard(path, count, frames)


def describe_shard(
    path: Path, takes: int | None = None, frames: int | None = None
) -> dict[str, Any]:
    """A finished shard's row of the manifest; what is not given is counted."""
    if takes is None or frames is None:
        read = [take for _, take in read_shard(path)]
        takes, frames = len(read), sum(len(t.xy) for t in read)
    return {"file": path.name, "split": path.name.rsplit("-", 1)[0], "takes": takes,
            "frames": frames, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}  # fmt: skip


def read_shard(path: Path) -> Iterable[tuple[str, Take]]:
    """Takes of a shard by key.

    Raises:
        InputError: damaged, or not a shard.
    """
    for key, parts in _Index(path).takes.items():
        yield key, _take(path, parts)


def _parts(take: Take) -> dict[str, bytes]:
    facts = {
        "style": take.style, "procedural": take.procedural, "tempo_bpm": take.tempo_bpm,
        "aspect": take.aspect, "clips": list(take.clips), "song": take.song,
    }  # fmt: skip
    out = {}
    for name in _ARRAYS:
        # Places need more than half precision has: 1/2048 of the canvas is a quarter of a bin.
        kind = np.float32 if name == "xy" else np.float16
        file = io.BytesIO()
        np.lib.format.write_array(
            file, np.ascontiguousarray(getattr(take, name), kind), allow_pickle=False
        )
        out[f"{name}.npy"] = file.getvalue()
    out["json"] = json.dumps(facts, sort_keys=True).encode()
    return out


class _Index:
    """Where the parts of every take lie in a shard: name to (offset, size)."""

    def __init__(self, path: Path) -> None:
        self.takes: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        try:
            with tarfile.open(path, "r:") as archive:
                for entry in archive:
                    key, _, name = entry.name.partition(".")
                    self.takes[key][name] = (entry.offset_data, entry.size)
        except (tarfile.TarError, OSError) as error:
            raise _damaged(path, error) from error


def _take(path: Path, parts: dict[str, tuple[int, int]]) -> Take:
    def data(name: str) -> bytes:
        offset, size = parts[name]
        file.seek(offset)
        return file.read(size)

    def array(name: str) -> NDArray[np.float32]:
        loaded = np.load(io.BytesIO(data(f"{name}.npy")), allow_pickle=False)
        return np.asarray(loaded, np.float32)

    try:
        with path.open("rb") as file:
            facts = json.loads(data("json"))
            take = Take(
                array("xy"), array("confidence"), array("music"),
                **{**facts, "clips": tuple(facts["clips"])},
            )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error
    frames = len(take.xy)
    if take.xy.shape != (frames, 18, 2) or frames != len(take.music) * FRAMES_PER_COLUMN:
        raise _damaged(path, ValueError(f"arrays of shapes {take.xy.shape}, {take.music.shape}"))
    return take


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is no shard of a corpus ({error})", "Build or copy it again.")


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest, with its schema.

    Raises:
        InputError: a clip or song would be in both splits.
    """
    check_splits(manifest)
    save_text(folder / MANIFEST, json.dumps({"schema": SCHEMA, **manifest}, indent=1) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a corpus folder.

    Raises:
        InputError: none there, another schema, or a leak between splits.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise InputError(
            f"{folder} holds no finished corpus", "Make one with hotfoot corpus build."
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not valid JSON", "Build the corpus again.") from error
    if not isinstance(manifest, dict) or "shards" not in manifest:
        raise InputError(f"{path} is of another kind", "Give a folder of hotfoot corpus build.")
    if manifest.get("schema") != SCHEMA:
        raise InputError(
            f"{path} has schema {manifest.get('schema')}; this hotfoot reads {SCHEMA}",
            "Build the corpus again with this version.",
        )
    try:
        shards = [(str(r["file"]), str(r["split"]), int(r["takes"])) for r in manifest["shards"]]
        rows = [(str(r["name"]), r["split"]) for k in SOURCES for r in manifest[k]]
        ours = isinstance(manifest["music"], str)
        splits = {split for _, split, _ in shards} | {split for _, split in rows}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error!r})", "Build the corpus again.") from error
    if not ours or not splits <= set(SPLITS):
        raise InputError(f"{path} is damaged", "Build the corpus again.")
    check_splits(manifest)
    return manifest


def verify_corpus(folder: Path) -> None:
    """Read every take of a corpus; InputError if a shard is missing, changed or damaged."""
    for row in read_manifest(folder)["shards"]:
        path = folder / row["file"]
        if not path.exists():
            raise InputError(f"{path} is missing", "Run hotfoot corpus build again.")
        found = describe_shard(path)
        if found["sha256"] != row["sha256"] or found["takes"] != row["takes"]:
            raise InputError(f"{path} was changed", "Delete it and run hotfoot corpus build again.")


def check_splits(manifest: dict[str, Any]) -> None:
    """Raise InputError if a clip, song or video is in both splits."""
    for kind in SOURCES:
        names: dict[str, set[str]] = {s: set() for s in SPLITS}
        for row in manifest.get(kind, []):
            names[row["split"]].add(row["name"])
        both = names["train"] & names["held-out"]
        if both:
            raise InputError(
                f"{', '.join(sorted(both)[:3])} of the {kind} would be trained on and held out",
                "Split by source: the same clip, song or video belongs to one split.",
            )


def check_corpora(manifests: list[dict[str, Any]]) -> None:
    """Make sure that corpora can be trained on together.

    Raises:
        InputError: what one trains on another holds out, or there are no takes of a split.
    """
    check_splits({kind: [row for m in manifests for row in m[kind]] for kind in SOURCES})
    for split in SPLITS:
        if not sum(r["takes"] for m in manifests for r in m["shards"] if r["split"] == split):
            raise InputError(
                f"no {split} takes in the corpora",
                "Build a larger corpus; of videos at least two must have been kept.",
            )


class StoredCorpus:
    """Takes on disk, read one by one as they are drawn.

    Args:
        folders: of corpora; takes of all are drawn alike often.
        held_out: draw from the held-out split instead of the training split.
        music: name of the encoder whose tokens are wanted.

    Raises:
        InputError: no corpus, no take of the split, or tokens of another encoder.
    """

    def __init__(self, folders: list[Path], held_out: bool, music: str) -> None:
        split = SPLITS[held_out]
        self._takes: list[tuple[Path, dict[str, tuple[int, int]]]] = []
        for folder in folders:
            manifest = read_manifest(folder)
            if manifest["music"] != music:
                raise InputError(
                    f"{folder} has music tokens of {manifest['music']}",
                    f"Build it again with {music}.",
                )
            for row in manifest["shards"]:
                if row["split"] == split:
                    path = folder / row["file"]
                    takes = _Index(path).takes
                    stem = path.name.removesuffix(".tar")
                    if len(takes) < row["takes"] or not all(k.startswith(stem) for k in takes):
                        raise InputError(
                            f"{path} is not the shard that the manifest tells of",
                            "Build or copy the corpus again; hotfoot corpus stats --verify reads "
                            "everything.",
                        )
                    self._takes += [(path, parts) for parts in takes.values()]
        if not self._takes:
            raise InputError(
                f"no {split} takes in {', '.join(str(f) for f in folders)}",
                "Build a larger corpus.",
            )

    def __len__(self) -> int:
        return len(self._takes)

    def draw(self, rng: np.random.Generator, frames: int) -> Segment:
        """One segment of ``frames`` frames."""
        for _ in range(_ATTEMPTS):
            take = _take(*self._takes[rng.integers(len(self._takes))])
            segment = cut(take, rng, frames) if len(take.xy) >= frames else None
            if segment is not None:
                return segment
        raise InputError(
            f"no take has {frames} frames with a body in them",
            "Build the corpus with longer takes.",
        )
