"""Photos and videos as RGB images, upright and at a constant rate."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import PoseError
from hotfoot.media import open_media

Image = NDArray[np.uint8]
"""RGB [H, W, 3]."""

_MAX_FPS = 60.0


@dataclass(frozen=True)
class VideoInfo:
    """What a video is."""

    fps: float  # frames per second that :func:`video_frames` gives
    size: tuple[int, int]  # (width, height) of the upright image
    seconds: float  # its length, as the file says
    has_audio: bool
    audio_delay_s: float  # by which the audio begins after the first frame


def video_info(path: Path) -> VideoInfo:
    """Frame rate, size and sound of a video; PoseError if there is none that can be decoded."""
    with open_media(path, "video", PoseError) as container:
        stream = container.streams.video[0]
        rate = _frame_rate(stream)
        audio = container.streams.audio[0] if container.streams.audio else None
        delay = 0.0
        if audio is not None and audio.start_time is not None and stream.start_time is not None:
            delay = float(audio.start_time * (audio.time_base or 0))
            delay -= float(stream.start_time * (stream.time_base or 0))
        seconds = (container.duration or 0) / 1e6
        first = next(container.decode(stream), None)
    if first is None or rate is None:
        raise PoseError(f"{path.name} has no frames", "Give a video that plays.")
    height, width = _upright(first, first).shape[:2]
    return VideoInfo(float(rate), (width, height), seconds, audio is not None, delay)


def video_frames(path: Path, start_s: float = 0.0, end_s: float | None = None) -> Iterator[Image]:
    """Frames of a video at its average rate; of more than 60 per second every second or third.

    Phones record at a varying rate: frames are repeated or dropped, so that the one of second s is
    number s * fps. A file that breaks off ends early; PoseError if there is no video.
    """
    from av.error import FFmpegError

    with open_media(path, "video", PoseError) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        rate = _frame_rate(stream) or Fraction(30)
        try:
            for number, frame in enumerate(_constant_rate(container.decode(stream), rate)):
                if end_s is not None and number >= end_s * rate:
                    return
                if number >= start_s * rate:
                    yield _upright(*frame)
        except FFmpegError:
            return


def _frame_rate(stream: Any) -> Fraction | None:
    """Average frames per second, at most 60 by dropping all but every n-th."""
    rate = stream.average_rate or stream.guessed_rate
    if not rate:
        return None
    return Fraction(rate) / max(1, int(np.ceil(float(rate) / _MAX_FPS - 0.01)))


def _constant_rate(frames: Iterator[Any], rate: Fraction) -> Iterator[tuple[Any, Any]]:
    """Frames at a constant rate, each with a decoded one, which knows how the camera was held."""
    import av.filter

    graph, decoded = av.filter.Graph(), None
    for number, frame in enumerate(frames):
        if frame.pts is None:  # some old files have no timestamps
            frame.pts, frame.time_base = number, 1 / rate
        if decoded is None:
            source = graph.add_buffer(
                width=frame.width, height=frame.height, format=frame.format,
                time_base=frame.time_base,
            )  # fmt: skip
            constant = graph.add("fps", f"fps={rate.numerator}/{rate.denominator}")
            graph.link_nodes(source, constant, graph.add("buffersink")).configure()
        decoded = frame
        graph.push(frame)
        yield from ((out, decoded) for out in _pull_all(graph))
    if decoded is not None:
        graph.push(None)
        yield from ((out, decoded) for out in _pull_all(graph))


def _pull_all(graph: Any) -> Iterator[Any]:
    from av.error import BlockingIOError, EOFError

    while True:
        try:
            yield graph.pull()
        except (BlockingIOError, EOFError):
            return


def _upright(frame: Any, decoded: Any) -> Image:
    image = frame.to_ndarray(format="rgb24")
    turns = round(getattr(decoded, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image
