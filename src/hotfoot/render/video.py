"""Frames and a song into a video file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import OutputError
from hotfoot.files import replacing
from hotfoot.media import media_url
from hotfoot.music.samples import AnySong
from hotfoot.render.figures import Frame

VIDEO_SUFFIXES = (".mp4", ".webm", ".gif")
_AUDIO_RATE = 48_000


def write_video(
    frames: Iterable[Frame],
    count: int,
    fps: float,
    path: Path,
    song: AnySong | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write ``count`` frames, and the song if given, cut to the length of the picture.

    ``.mp4`` is H.264 + AAC, ``.webm`` VP9 + Opus; both play in browsers. ``.gif`` has no sound.
    Odd sides are padded by one black pixel where the codec needs even ones.

    Raises:
        OutputError: unknown suffix, or the place cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in VIDEO_SUFFIXES:
        raise OutputError(f"cannot write {path.name}", f"Allowed: {', '.join(VIDEO_SUFFIXES)}.")
    with replacing(path) as temporary:
        if suffix == ".gif":
            _write_gif(frames, count, fps, temporary, progress)
        else:
            _write_muxed(frames, count, fps, temporary, song, suffix, progress)


def _write_gif(
    frames: Iterable[Frame],
    count: int,
    fps: float,
    path: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    from PIL import Image

    # GIF times are hundredths of a second; browsers slow down anything under 2.
    step = max(1, int(np.ceil(fps / 25)))

    def pictures() -> Iterator[Image.Image]:
        for i, frame in enumerate(frames):
            if progress is not None:
                progress(i + 1, count)
            if i % step == 0:
                yield Image.fromarray(frame).quantize(64, method=Image.Quantize.FASTOCTREE)

    stream = pictures()
    first = next(stream)
    ends = np.round(np.arange(len(range(0, count, step)) + 1) * step / fps * 100) * 10
    first.save(
        path, format="GIF", save_all=True, append_images=stream, loop=0,
        duration=[int(d) for d in np.diff(ends)],
    )  # fmt: skip


def _write_muxed(
    frames: Iterable[Frame],
    count: int,
    fps: float,
    path: Path,
    song: AnySong | None,
    suffix: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    import av

    rate = Fraction(fps).limit_denominator(1001)
    with av.open(media_url(path), "w", format=suffix[1:]) as container:
        video_name = "libx264" if suffix == ".mp4" else "libvpx-vp9"
        video: Any = container.add_stream(video_name, rate=rate)
        video.pix_fmt = "yuv420p"
        video.time_base = 1 / rate
        video.thread_count = 2
        if suffix == ".mp4":
            video.options = {"preset": "veryfast", "crf": "18"}
        else:
            video.options = {"deadline": "realtime", "cpu-used": "6", "crf": "24", "b:v": "0"}
        audio: Any = None
        if song is not None:
            audio = container.add_stream(
                "aac" if suffix == ".mp4" else "libopus", rate=_AUDIO_RATE, layout="mono"
            )
            audio.bit_rate = 160_000
        sound = _audio_frames(song, round(count / fps * _AUDIO_RATE)) if song else iter(())
        pending = next(sound, None)
        sized = False
        for i, picture in enumerate(frames):
            if not sized:
                video.height = picture.shape[0] + picture.shape[0] % 2
                video.width = picture.shape[1] + picture.shape[1] % 2
                sized = True
            frame = av.VideoFrame.from_ndarray(_even(picture), format="rgb24")
            frame.pts = i
            frame.time_base = 1 / rate
            container.mux(video.encode(frame))
            while pending is not None and audio is not None and pending.time <= (i + 1) / fps:
                container.mux(audio.encode(pending))
                pending = next(sound, None)
            if progress is not None:
                progress(i + 1, count)
        container.mux(video.encode(None))
        while pending is not None and audio is not None:
            container.mux(audio.encode(pending))
            pending = next(sound, None)
        if audio is not None:
            container.mux(audio.encode(None))


def _even(picture: Frame) -> Frame:
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        return np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)))
    return picture


def _audio_frames(song: AnySong, total: int) -> Iterator:  # type: ignore[type-arg]
    """Audio frames of exactly ``total`` samples: cut, or padded with silence."""
    import av

    written = 0
    held: NDArray[np.float32] = np.zeros(0, np.float32)

    def cut(samples: NDArray[np.float32]) -> Iterator:  # type: ignore[type-arg]
        nonlocal written
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[None]), format="fltp", layout="mono"
        )
        frame.sample_rate = _AUDIO_RATE
        frame.pts = written
        frame.time_base = Fraction(1, _AUDIO_RATE)
        written += len(samples)
        yield frame

    for block in song.blocks(_AUDIO_RATE):
        held = np.concatenate([held, np.clip(block, -1, 1)])
        while len(held) >= 960 and written + 960 <= total:
            yield from cut(held[:960])
            held = held[960:]
        if written + 960 > total:
            break
    while written < total:
        size = min(960, total - written)
        part = np.zeros(size, np.float32)
        part[: min(size, len(held))] = held[:size]
        held = held[size:]
        yield from cut(part)
