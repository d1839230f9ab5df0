"""What a writer says of what is on disk."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Written:
    """A file or folder that was written, and what is in it.

    Attributes:
        path: of it.
        frames: how many.
        fps: frames per second.
        canvas: (width, height) in pixels.
        warnings: sentences about what it does not hold.
    """

    path: Path
    frames: int
    fps: float
    canvas: tuple[int, int]
    warnings: tuple[str, ...] = ()
