"""What a reader of one format finds in a file, and the metadata block that every writer adds.

No format of other tools has a place for the frame rate, and most have none for the canvas. Their
readers pick the keys that they know, so one more key, ``hotfoot``, stands in the first frame.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, PositiveInt, TypeAdapter, ValidationError

from hotfoot.errors import PoseError
from hotfoot.pose.metadata import DanceMetadata
from hotfoot.pose.sequence import PoseSequence

KEY = "hotfoot"
Points = NDArray[np.float32]
T = TypeVar("T")


class Facts(BaseModel):
    """The metadata block of a file: what the format itself does not hold."""

    fps: float = Field(gt=0, le=1000)
    canvas: tuple[PositiveInt, PositiveInt]
    skeleton: str
    metadata: dict[str, Any] = {}


@dataclass(frozen=True, eq=False)
class Parsed:
    """Poses as a file holds them; None where it does not say."""

    points: Points  # [T, K, 3] x, y and confidence; zeros where nobody is found
    canvas: tuple[int, int] | None = None
    fps: float | None = None
    facts: Facts | None = None


def facts_of(poses: PoseSequence, metadata: DanceMetadata) -> dict[str, Any]:
    """The metadata block that is written, as JSON holds it."""
    facts = Facts(
        fps=poses.fps, canvas=poses.canvas, skeleton=poses.skeleton, metadata=metadata.to_json()
    )
    return facts.model_dump()


@contextmanager
def reading(path: Path, wanted: str, hint: str) -> Iterator[None]:
    """Whatever goes wrong inside is a PoseError that names the file."""
    try:
        yield
    except PoseError as error:
        raise PoseError(f"{path.name}: {error.message}", error.hint) from error
    except Exception as error:  # a damaged file raises whatever its bytes happen to mean
        raise PoseError(f"{path.name} is not {wanted} ({error})", hint) from error


def validated(shape: type[T], data: Any, name: str) -> T:
    """Parsed JSON in the shape that a format asks for; PoseError says where it has another."""
    try:
        return TypeAdapter(shape).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise PoseError(
            f"{name} is damaged or incomplete ({place}: {first['msg']})",
            "Make the file again, or mend it there.",
        ) from error


def stacked(rows: Sequence[Points | None], name: str) -> Points:
    """Frames [T, K, 3] of rows [K, 3]; None is a frame in which nobody is found.

    PoseError if nobody is in any frame, or frames differ in their number of keypoints.
    """
    counts = {len(row) for row in rows if row is not None}
    if not counts:
        raise PoseError(f"{name}: no frame holds a person", "Check the pose detection.")
    if len(counts) > 1:
        raise PoseError(
            f"{name} has {' and '.join(map(str, sorted(counts)))} keypoints in different frames",
            "Every frame must have the same keypoints.",
        )
    empty = np.zeros((counts.pop(), 3), np.float32)
    points = np.stack([empty if row is None else row for row in rows])
    seen = np.isfinite(points).all(axis=-1, keepdims=True)
    return np.asarray(np.where(seen, points, 0), np.float32)


def floats(values: Any) -> Points:
    """Numbers as float32; what is too large for that becomes infinite, which counts as not seen."""
    with np.errstate(over="ignore"):
        return np.asarray(values, np.float32)
