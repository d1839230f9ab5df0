"""Frames and a song into a video file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import OutputError
from hotfoot.files import replacing
from hotfoot.media import media_url
from hotfoot.music.samples import AnySong
from hotfoot.render.figures import Frame
from hotfoot.render.written import Written

VIDEO_SUFFIXES = (".mp4", ".webm", ".gif")
_AUDIO_RATE = 48_000
_GIF_FPS = 25  # times are hundredths of a second; browsers slow down anything under 2
_AUDIO_BLOCK = 960  # samples of an audio frame

Progress = Callable[[int, int], None]


def write_video(
    frames: Iterable[Frame],
    count: int,
    fps: float,
    path: Path,
    song: AnySong | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write ``count`` frames, and the song if given, cut to the length of the picture.

    ``.mp4`` is H.264 + AAC, ``.webm`` VP9 + Opus; both play in browsers. ``.gif`` has no sound, and
    at most 25 frames per second. Odd sides are padded by one black pixel where the codec needs even
    ones.

    Raises:
        OutputError: unknown suffix, or the place cannot be written.
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
        for i, frame in enumerate(frames)
        if i % step == 0
    )
    first = next(pictures)
    ends = np.round(np.arange(len(range(0, count, step)) + 1) * step / fps * 100) * 10
    first.save(
        path, format="GIF", save_all=True, append_images=pictures, loop=0,
        duration=[int(d) for d in np.diff(ends)],
    )  # fmt: skip
    return Written(path, len(ends) - 1, fps / step, first.size)


def _write_muxed(
    frames: Iterator[Frame], count: int, fps: float, path: Path, song: AnySong | None
) -> Written:
    import av

    rate = Fraction(fps).limit_denominator(1001)
    first = next(frames)
    height, width = _even(first).shape[:2]
    with av.open(media_url(path), "w", format=path.suffix[1:].lower()) as container:
        video: Any = container.add_stream(
            "libx264" if path.suffix.lower() == ".mp4" else "libvpx-vp9", rate=rate
        )
        video.pix_fmt, video.width, video.height = "yuv420p", width, height
        video.time_base, video.thread_count = 1 / rate, 2
        video.options = _CODEC_OPTIONS[path.suffix.lower()]
        sound: Iterator[tuple[float, Any]] = iter(())
        if song is not None:
            sound = _packets(_sound_stream(container, path), song, round(count / fps * _AUDIO_RATE))
        pending = next(sound, None)
        for i, picture in enumerate(chain([first], frames)):
            frame = av.VideoFrame.from_ndarray(_even(picture), format="rgb24")
            frame.pts, frame.time_base = i, 1 / rate
            container.mux(video.encode(frame))
            while pending is not None and pending[0] <= (i + 1) / fps:
                container.mux(pending[1])
                pending = next(sound, None)
        container.mux(video.encode(None))
        while pending is not None:
            container.mux(pending[1])
            pending = next(sound, None)
    return Written(path, count, float(rate), (width, height))


_CODEC_OPTIONS = {
    ".mp4": {"preset": "veryfast", "crf": "18"},
    ".webm": {"deadline": "realtime", "cpu-used": "6", "crf": "24", "b:v": "0"},
}


def _sound_stream(container: Any, path: Path) -> Any:
    codec = "aac" if path.suffix.lower() == ".mp4" else "libopus"
    stream = container.add_stream(codec, rate=_AUDIO_RATE, layout="mono")
    stream.bit_rate = 160_000
    return stream


def _packets(stream: Any, song: AnySong, total: int) -> Iterator[tuple[float, Any]]:
    """Seconds and encoded packets of a song's first ``total`` samples."""
    for frame in _audio_frames(song, total):
        yield frame.time, stream.encode(frame)
    yield total / _AUDIO_RATE, stream.encode(None)


def _even(picture: Frame) -> Frame:
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)))
    return picture


def _audio_frames(song: AnySong, total: int) -> Iterator[Any]:
    """Audio frames of exactly ``total`` samples: cut, or padded with silence."""
    import av

    written = 0
    for samples in _of_length(song.blocks(_AUDIO_RATE), total):
        frame: Any = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[None]), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = _AUDIO_RATE, written, _TICK
        written += len(samples)
        yield frame


_TICK = Fraction(1, _AUDIO_RATE)


def _of_length(blocks: Iterable[NDArray[np.float32]], total: int) -> Iterator[NDArray[np.float32]]:
    """Blocks of 960 samples and a shorter last one, together ``total``."""
    held: NDArray[np.float32] = np.zeros(0, np.float32)
    silence = repeat(np.zeros(_AUDIO_BLOCK, np.float32))
    left = total
    for block in chain(blocks, silence):
        held = np.concatenate([held, np.clip(block, -1, 1)])
        while left and len(held) >= min(_AUDIO_BLOCK, left):
            size = min(_AUDIO_BLOCK, left)
            yield held[:size]
            held, left = held[size:], left - size
        if not left:
            return
