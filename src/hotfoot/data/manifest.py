"""The manifest of a corpus: what is in it, from where, in which split, under which terms."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from hotfoot.data.samples import DataFormat
from hotfoot.errors import InputError
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.validation import read_json, validated

MANIFEST = "manifest.json"
Split = Literal["train", "held-out"]
SPLITS: tuple[Split, Split] = ("train", "held-out")
SOURCES = ("motion", "songs", "videos")
_Count = Annotated[int, Field(ge=0, le=2**40)]
_File = Annotated[str, Field(pattern=r"^(recorded-)?(train|held-out)-\d{5}\.tar$")]
Text = Annotated[str, Field(max_length=10_000)]


@validated(kw_only=True)
class CorpusPlan(DataFormat):
    """What is built, beside the skeleton, frame rate and music encoder of a format."""

    clips: Annotated[int, Field(ge=1, le=10_000_000)] = 2048  # paired, for training; see shards()
    frames: Annotated[int, Field(ge=64, le=9000, multiple_of=FRAMES_PER_COLUMN)] = 352  # of each
    per_shard: Annotated[int, Field(ge=1, le=100_000)] = 128
    procedural: Annotated[float, Field(ge=0, le=1)] = 0.5  # share that the choreographer dances
    cameras: Literal["clean", "detector"] = "clean"  # detector: as it reports web videos
    composed: Annotated[int, Field(ge=0, le=10_000)] = 60  # songs besides the user's
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    def shards(self, split: Split) -> list[int]:
        """Clips in each shard of a split; a sixteenth is held out, beside those for training."""
        total = self.clips if split == "train" else max(1, round(self.clips / 16))
        return [min(self.per_shard, total - i) for i in range(0, total, self.per_shard)]


@validated
class Source:
    """A clip of motion, a song or a video that went into a corpus."""

    name: Text
    split: Split
    style: Text = ""  # in the words of its source
    license: Text = ""
    credit: Text = ""


@validated
class ShardRow:
    """A shard: its file in the folder, and how many clips and frames it has in all."""

    file: _File
    split: Split
    clips: _Count
    frames: _Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@validated(kw_only=True)
class Manifest:
    """What a corpus folder's ``manifest.json`` says."""

    hotfoot: Text  # version of the package that built it
    plan: CorpusPlan
    motion: tuple[Source, ...]
    songs: tuple[Source, ...]  # that motion was paired with
    videos: tuple[Source, ...]  # and other recordings, each with music of its own
    shards: tuple[ShardRow, ...]
    schema: Literal[2] = 2

    def __post_init__(self) -> None:
        if leak := leak_between_splits(self.motion, self.songs, self.videos):
            raise ValueError(leak)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything that went in."""
        return self.motion + self.songs + self.videos

    def clips(self, split: Split) -> int:
        """Clips of a split."""
        return sum(row.clips for row in self.shards if row.split == split)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a corpus folder; InputError if there is none, or a field is wrong."""
    path = folder / MANIFEST
    if not path.exists():
        raise InputError(
            f"{folder} holds no finished corpus", "Make one with hotfoot corpus build."
        )
    return read_json(Manifest, path, InputError)


def leak_between_splits(*kinds: tuple[Source, ...]) -> str:
    """What motion, songs or videos are in both splits, as a message; empty if none are."""
    for kind, rows in zip(SOURCES, kinds, strict=True):
        train, held_out = ({r.name for r in rows if r.split == split} for split in SPLITS)
        if train & held_out:
            return (
                f"{kind}: {', '.join(sorted(train & held_out)[:3])} would be trained on and held "
                "out. Split by source: the same clip, song or video belongs to one split"
            )
    return ""


def check_corpora(manifests: list[Manifest], format: DataFormat) -> None:
    """InputError unless corpora have this format, clips in both splits, and no clip in both."""
    for manifest in manifests:
        if manifest.plan.format != format:
            raise InputError(
                f"a corpus has {manifest.plan.format}, the recipe asks for {format}",
                "Change skeleton, fps or music of the recipe, or build the corpus with the same.",
            )
    kinds = (sum((getattr(m, kind) for m in manifests), ()) for kind in SOURCES)
    if leak := leak_between_splits(*kinds):
        raise InputError(leak, "Leave one of the corpora out.")
    for split in SPLITS:
        if not sum(manifest.clips(split) for manifest in manifests):
            raise InputError(
                f"no {split} clips in the corpora",
                "Build a larger corpus; of videos at least two must have been kept.",
            )
