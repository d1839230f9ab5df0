"""What a dance knows about itself, in every pose file that we write: its song, how it was made.

No format of other tools has a place for the frame rate, and most have none for the canvas. Their
readers pick the keys that they know, so one more key, ``hotfoot``, stands in the first frame.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field, PositiveInt, TypeAdapter, ValidationError

from hotfoot.errors import PoseError
from hotfoot.pose.sequence import PoseSequence

KEY = "hotfoot"


@dataclass(frozen=True)
class Phrase:
    """A musical phrase of the choreography: seconds of the dance, and the moves in it."""

    start_s: float
    end_s: float
    moves: tuple[str, ...] = ()


@dataclass(frozen=True)
class DanceMetadata:
    """Facts about a dance; whatever is not known keeps its default.

    Times are seconds from the first frame of the dance, but for ``start_s`` and ``end_s``, which
    are seconds of the song's file.
    """

    start_s: float = 0.0
    end_s: float | None = None  # None is the end of the song
    song: str = ""  # file name
    song_sha256: str = ""  # of the song's content and of the part's borders, its ``fingerprint()``
    options: Mapping[str, Any] = field(default_factory=dict)  # the request, as JSON holds it
    style: str = ""
    energy: float | None = None
    tempo_bpm: float | None = None  # 0 without a beat
    beats: tuple[float, ...] = ()
    seams: tuple[int, ...] = ()  # frames at which segments join
    seed: int | None = None
    variation: int = 0  # number within the request, from 0
    model: str = ""
    choreography: tuple[Phrase, ...] = ()
    hotfoot_version: str = ""
    source_fps: float | None = None  # at which the motion was made, before any resampling
    warnings: tuple[str, ...] = ()  # what reading a file had to assume; never written

    __pydantic_config__: ClassVar[dict[str, Any]] = {"allow_inf_nan": False, "strict": True}

    def resampled(self, old_fps: float, new_fps: float) -> "DanceMetadata":
        """The same facts for poses at another frame rate: seams are frames."""
        seams = tuple(round(s * new_fps / old_fps) for s in self.seams)
        return replace(self, seams=seams, source_fps=self.source_fps or old_fps)

    def to_json(self, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """What differs from the defaults, as JSON holds it, without the fields of these names."""
        unknown, mine = asdict(EMPTY), asdict(replace(self, warnings=()))
        return {k: v for k, v in mine.items() if k not in without and v != unknown[k]}


EMPTY = DanceMetadata()


def metadata_from_json(data: Any, where: str) -> DanceMetadata:
    """Metadata from what :meth:`DanceMetadata.to_json` gave, read from the file ``where``.

    Unknown keys are ignored: a newer version may have written them. PoseError names a wrong field.
    """
    try:
        return TypeAdapter(DanceMetadata).validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "metadata"
        raise PoseError(
            f"{where}: the dance's metadata are damaged ({place}: {first['msg']})",
            "Make the dance again, or remove its metadata.",
        ) from error


class Facts(BaseModel):
    """The metadata block of a file: what the format itself does not hold."""

    fps: float = Field(gt=0, le=1000)
    canvas: tuple[PositiveInt, PositiveInt]
    skeleton: str
    metadata: dict[str, Any] = {}


def facts_of(poses: PoseSequence, metadata: DanceMetadata) -> dict[str, Any]:
    """The metadata block that is written, as JSON holds it."""
    facts = Facts(
        fps=poses.fps, canvas=poses.canvas, skeleton=poses.skeleton, metadata=metadata.to_json()
    )
    return facts.model_dump()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
