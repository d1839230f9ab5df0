"""What was read of each video: parts that were kept, and why the rest was left out."""

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from hotfoot.capture.sound import SoundClass
from hotfoot.data.recordings import Recording
from hotfoot.validation import validated

_HELD_OUT = 16  # one video in so many
_Seconds = Annotated[float, Field(ge=0, le=1e6)]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Text = Annotated[str, Field(max_length=10_000)]


@validated
@dataclass(frozen=True, kw_only=True)
class KeptPart:
    """A recording in a video."""

    start_s: _Seconds  # of the video
    seconds: _Seconds
    poses: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$", max_length=200)]  # name of the file
    shot: _Count  # its number
    others: _Count  # people besides the one who dances
    song_s: Annotated[float, Field(ge=-1e6, le=1e6)]  # second of the video's sound
    seen: _Share  # of joints and frames


@validated
@dataclass(frozen=True, kw_only=True)
class LeftOutPart:
    """A part of a video that was left out, and why."""

    start_s: _Seconds
    seconds: _Seconds
    why: _Text


@validated
@dataclass(frozen=True, kw_only=True)
class VideoReport:
    """What was read of a video; ``why`` nothing of it was used, or empty."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$", max_length=100)]
    video: _Text  # name of the file
    seconds: _Seconds = 0.0  # that were decoded
    why: _Text = ""
    sound: SoundClass | None = None  # None where it was not asked
    fps: Annotated[float, Field(ge=0, le=1e4)] | None = None
    size: tuple[_Count, _Count] | None = None
    shots: _Count = 0
    recordings: tuple[KeptPart, ...] = ()
    left_out: tuple[LeftOutPart, ...] = ()


def summary(reports: list[VideoReport]) -> dict[str, Any]:
    """What was kept, and why the rest was not, over all videos."""
    left: dict[str, float] = defaultdict(float)
    for report in reports:
        if report.why:
            left[report.why] += report.seconds
        for part in report.left_out:
            left[part.why] += part.seconds
    kept = [part.seconds for report in reports for part in report.recordings]
    return {
        "videos": len(reports),
        "used": sum(bool(r.recordings) for r in reports),
        "recordings": len(kept),
        "seconds": round(sum(r.seconds for r in reports), 1),
        "kept_seconds": round(sum(kept), 1),
        "left_out_seconds": {why: round(s, 1) for why, s in Counter(left).most_common()},
    }


def recordings_of(
    reports: list[VideoReport], folder: Path, style: str, credit: str
) -> list[Recording]:
    """Recordings in a folder, each in the split of its video."""
    held = held_out([report.name for report in reports if report.recordings])
    return [
        Recording(
            str(folder / "poses" / f"{part.poses}.npz"),
            str(folder / "music" / f"{report.name}.wav"),
            max(0.0, part.song_s),  # rounding
            report.name,
            "held-out" if report.name in held else "train",
            style,
            credit,
        )
        for report in reports
        for part in report.recordings
    ]


def held_out(names: list[str]) -> set[str]:
    """Videos that nobody trains on: one in sixteen by their names, and one of a few."""
    numbers = {name: int(hashlib.sha256(name.encode()).hexdigest(), 16) for name in names}
    held = {name for name, number in numbers.items() if number % _HELD_OUT == 0}
    return held or ({min(numbers, key=numbers.__getitem__)} if len(numbers) > 1 else set())
