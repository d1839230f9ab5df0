"""Photos and videos as RGB pictures, upright and at a constant rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.media import open_media, read_image

Picture = NDArray[np.uint8]
"""RGB [H, W, 3]."""

_MOST_FPS = 60.0


@dataclass(frozen=True)
class VideoFacts:
    """What a video is.

    Attributes:
        fps: frames per second that :func:`video_pictures` gives.
        size: (width, height) of the upright picture.
        seconds: its length, as the file says.
        has_sound: whether there is an audio stream.
        sound_late_s: seconds by which the sound begins after the pictures.
    """

    fps: float
    size: tuple[int, int]
    seconds: float
    has_sound: bool
    sound_late_s: float


def load_photo(path: Path) -> Picture:
    """A photo, turned as its camera was held.

    Raises:
        PoseError: missing, or not a picture that can be read.
    """
    return read_image(path, PoseError)


def video_facts(path: Path) -> VideoFacts:
    """Frame rate, size and sound of a video.

    Raises:
        PoseError: missing, or no video stream that can be decoded.
    """
    with open_media(path, "video", PoseError) as container:
        stream = container.streams.video[0]
        rate = _rate(stream)
        sound = container.streams.audio[0] if container.streams.audio else None
        late = 0.0
        if sound is not None and sound.start_time is not None and stream.start_time is not None:
            late = float(sound.start_time * (sound.time_base or 0))
            late -= float(stream.start_time * (stream.time_base or 0))
        seconds = (container.duration or 0) / 1e6
        first = next(container.decode(video=0), None)
    if first is None or rate is None:
        raise PoseError(f"{path.name} has no pictures", "Give a video that plays.")
    height, width = _upright(first, first).shape[:2]
    return VideoFacts(float(rate), (width, height), seconds, sound is not None, late)


def video_pictures(
    path: Path, start_s: float = 0.0, end_s: float | None = None
) -> Iterator[Picture]:
    """Pictures of a video at its average rate; of more than 60 a second every second or third.

    Phones record at a varying rate: pictures are repeated or left out, so that the one of second s
    is number s * fps. A file that breaks off ends early.

    Raises:
        PoseError: missing, or no video.
    """
    from av.error import FFmpegError

    with open_media(path, "video", PoseError) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = _rate(stream) or Fraction(30)
        try:
            for number, picture in enumerate(_constant(container.decode(stream), rate)):
                if end_s is not None and number >= end_s * rate:
                    return
                if number >= start_s * rate:
                    yield _upright(*picture)
        except FFmpegError:
            return


def _rate(stream: Any) -> Fraction | None:
    """Average frames per second, at most 60 by leaving out all but every n-th."""
    rate = stream.average_rate or stream.guessed_rate
    if not rate:
        return None
    return Fraction(rate) / max(1, int(np.ceil(float(rate) / _MOST_FPS - 0.01)))


def _constant(frames: Iterator[Any], rate: Fraction) -> Iterator[tuple[Any, Any]]:
    """Frames at a constant rate, each with a decoded one that knows how the camera was held."""
    import av.filter

    graph, decoded = av.filter.Graph(), None
    for number, frame in enumerate(frames):
        if frame.pts is None:  # some old files have no times
            frame.pts, frame.time_base = number, 1 / rate
        if decoded is None:
            source = graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format,
                time_base=frame.time_base,
            )  # fmt: skip
            steady = graph.add("fps", f"fps={rate.numerator}/{rate.denominator}")
            graph.link_nodes(source, steady, graph.add("buffersink")).configure()
        decoded = frame
        graph.push(frame)
        yield from ((made, decoded) for made in _drained(graph))
    if decoded is not None:
        graph.push(None)
        yield from ((made, decoded) for made in _drained(graph))


def _drained(graph: Any) -> Iterator[Any]:
    from av.error import BlockingIOError, EOFError

    while True:
        try:
            yield graph.pull()
        except (BlockingIOError, EOFError):
            return


def _upright(frame: Any, decoded: Any) -> Picture:
    picture = frame.to_ndarray(format="rgb24")
    turns = round(getattr(decoded, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, turns)) if turns else picture
