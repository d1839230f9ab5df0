"""Frames and the part of a song that belongs to them into a video file."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, islice, repeat
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from hotfoot.errors import OutputError
from hotfoot.files import replacing
from hotfoot.media import media_url
from hotfoot.music.audio import AnySong, Song, open_song
from hotfoot.pose.metadata import DanceMetadata
from hotfoot.render.figures import Frame

VIDEO_SUFFIXES = (".mp4", ".webm", ".gif")
_GIF_FPS = 25  # times are hundredths of a second; browsers slow down anything under 2
_AUDIO_RATE = 48_000
_CODECS: dict[str, tuple[str, str, dict[str, str]]] = {  # of picture and sound, and options
    ".mp4": ("libx264", "aac", {"preset": "veryfast", "crf": "18"}),
    ".webm": ("libvpx-vp9", "libopus",
              {"deadline": "realtime", "cpu-used": "6", "crf": "24", "b:v": "0"}),
}  # fmt: skip

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Written:
    """A file or folder that was written, and what is in it; warnings say what it does not hold."""

    path: Path
    frames: int
    fps: float
    canvas: tuple[int, int]
    warnings: tuple[str, ...] = ()


def write_video(
    frames: Iterable[Frame],
    count: int,
    fps: float,
    path: Path,
    song: AnySong | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write ``count`` frames, and the song if given, cut to the length of the picture.

    ``.mp4`` is H.264 + AAC, ``.webm`` VP9 + Opus; both play in browsers, their sides are padded by
    a black pixel to even ones. ``.gif`` has no sound, and at most 25 frames per second. Raises
    OutputError for another suffix, and where the place cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        raise OutputError(f"cannot write {path.name}", f"Allowed: {', '.join(VIDEO_SUFFIXES)}.")
    reported = _reported(frames, count, progress)
    with replacing(path) as temporary:
        if suffix == ".gif":
            written = _write_gif(reported, count, fps, temporary)
        else:
            written = _write_muxed(reported, count, fps, temporary, song)
    return replace(written, path=path)


def _reported(frames: Iterable[Frame], count: int, progress: Progress | None) -> Iterator[Frame]:
    for i, frame in enumerate(frames):
        yield frame
        if progress is not None:
            progress(i + 1, count)


def _write_gif(frames: Iterator[Frame], count: int, fps: float, path: Path) -> Written:
    from PIL import Image

    step = max(1, int(np.ceil(fps / _GIF_FPS)))
    pictures = (
        Image.fromarray(frame).quantize(64, method=Image.Quantize.FASTOCTREE)
        for frame in islice(frames, 0, None, step)
    )
    first = next(pictures)
    ends = np.round(np.arange(len(range(0, count, step)) + 1) * step / fps * 100) * 10
    durations = [int(d) for d in np.diff(ends)]
    first.save(path, "GIF", save_all=True, append_images=pictures, loop=0, duration=durations)
    return Written(path, len(durations), fps / step, first.size)


def _write_muxed(
    frames: Iterator[Frame], count: int, fps: float, path: Path, song: AnySong | None
) -> Written:
    import av

    suffix = path.suffix.lower()
    picture_codec, sound_codec, options = _CODECS[suffix]
    rate = Fraction(fps).limit_denominator(1001)
    first = next(frames)
    height, width = (side + side % 2 for side in first.shape[:2])
    with av.open(media_url(path), "w", format=suffix[1:]) as container:
        video: Any = container.add_stream(picture_codec, rate=rate)
        video.pix_fmt, video.width, video.height = "yuv420p", width, height
        video.time_base, video.thread_count, video.options = 1 / rate, 2, options
        streams = [_pictures(video, chain([first], frames), rate)]
        if song is not None:
            sound: Any = container.add_stream(sound_codec, rate=_AUDIO_RATE, layout="mono")
            sound.bit_rate = 160_000
            streams.append(_sound(sound, song, round(count / fps * _AUDIO_RATE)))
        for _, packets in heapq.merge(*streams, key=itemgetter(0)):
            container.mux(packets)
    return Written(path, count, float(rate), (width, height))


def _pictures(stream: Any, frames: Iterable[Frame], rate: Fraction) -> Iterator[tuple[float, Any]]:
    """Seconds and encoded packets of frames, padded to the size of the stream."""
    import av

    for i, picture in enumerate(frames):
        missing = (stream.height - picture.shape[0], stream.width - picture.shape[1], 0)
        even = np.pad(picture, [(0, n) for n in missing])
        frame = av.VideoFrame.from_ndarray(even, format="rgb24")
        frame.pts, frame.time_base = i, 1 / rate
        yield float(i / rate), stream.encode(frame)
    yield np.inf, stream.encode(None)


def _sound(stream: Any, song: AnySong, total: int) -> Iterator[tuple[float, Any]]:
    """Seconds and encoded packets of exactly ``total`` samples: cut, or padded with silence."""
    import av

    written = 0
    for block in chain(song.blocks(_AUDIO_RATE), repeat(np.zeros(_AUDIO_RATE, np.float32))):
        samples = np.clip(block[: total - written], -1, 1)
        frame: Any = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = _AUDIO_RATE, written
        yield written / _AUDIO_RATE, stream.encode(frame)
        written += len(samples)
        if written == total:
            break
    yield np.inf, stream.encode(None)


def song_for(metadata: DanceMetadata, path: Path, start_s: float | None = None) -> Song:
    """The part of a song's file that a dance was made for; all of it if the dance does not say.

    ``start_s`` is where the dance begins in it, in place of where the metadata say. Raises
    AudioError where the file is missing or unreadable.
    """
    start, end = metadata.start_s, metadata.end_s
    if start_s is not None:
        start, end = start_s, None if end is None else end - start + start_s
    return open_song(path, start, end)


def song_warnings(metadata: DanceMetadata, path: Path) -> tuple[str, ...]:
    """A sentence if a file, by its content, is not the song that the dance was made for.

    Of the same name, one is often a cut or a new encoding of the other, with seconds elsewhere.
    """
    own = metadata.song_sha256
    if not own or song_for(metadata, path).fingerprint() == own:
        return ()
    return (f"the dance was made for another file than {path.name}; its beats may be elsewhere",)
