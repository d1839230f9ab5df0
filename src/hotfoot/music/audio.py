"""Songs in, of files that FFmpeg's libraries decode or of samples, streamed as mono blocks."""

import hashlib
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotfoot.errors import AudioError
from hotfoot.media import open_media, reason

SAMPLE_RATE = 24_000
"""Hz of everything that this package analyzes; 100 hops of 240 samples a second."""

MIN_SONG_S = 1.0
MAX_SONG_S = 2 * 3600.0
SONG_SUFFIXES = {".mp3", ".ogg", ".wav", ".flac", ".m4a", ".opus", ".aac", ".aiff"}
"""Files that are taken for songs in a folder of them; a single song may be any sound file."""

_RATES = (1_000, 768_000)
_MOST_CHANNELS = 64
_FULL_SCALE = 4.0  # what decoded files are clipped to; more in samples is another unit
_HINT = "Give floating-point samples in -1..1, [N] or [channels, N]."


@dataclass(frozen=True)
class Song:
    """A song on disk, or a part of it."""

    path: Path
    start_s: float = 0.0  # where the part begins, in seconds of the file
    end_s: float | None = None  # where it ends; None is the end of the file

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    def blocks(
        self, sample_rate: int = SAMPLE_RATE, warnings: list[str] | None = None
    ) -> Iterator[NDArray[np.float32]]:
        """Mono blocks, about a second each; ``warnings`` gets a sentence if the file breaks off.

        Raises AudioError for an unreadable file, no sound in it, NaN or infinite samples.
        """
        begin = round(self.start_s * sample_rate)
        end = None if self.end_s is None else round(self.end_s * sample_rate)
        for block in _decode(self.path, sample_rate, warnings):
            part = block[max(begin, 0) : end]
            if len(part):
                yield part
            begin -= len(block)
            if end is not None:
                end -= len(block)
                if end <= 0:
                    return

    def fingerprint(self) -> str:
        """SHA-256 of the file's content and of the part's borders."""
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        digest.update(f"{self.start_s!r}:{self.end_s!r}".encode())
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class SampledSong:
    """A song in memory, or a part of it; made by :func:`song_from_samples`."""

    samples: NDArray[np.float32]  # [N] mono
    sample_rate: int  # Hz
    name: str  # what messages call it
    start_s: float = 0.0  # where the part begins, in seconds of the samples
    end_s: float | None = None  # where it ends; None is the end of the samples

    def blocks(
        self, sample_rate: int = SAMPLE_RATE, warnings: list[str] | None = None
    ) -> Iterator[NDArray[np.float32]]:
        """Mono blocks, float32, about a second each, resampled to ``sample_rate`` Hz."""
        import av

        resampler = av.AudioResampler(format="flt", layout="mono", rate=sample_rate)
        part, rate = self._part(), self.sample_rate
        for begin in range(0, len(part), rate):
            second = part[None, begin : begin + rate]
            frame = av.AudioFrame.from_ndarray(second, format="flt", layout="mono")
            frame.sample_rate, frame.pts = rate, begin
            yield from (out.to_ndarray()[0] for out in resampler.resample(frame))
        yield from (out.to_ndarray()[0] for out in resampler.resample(None))

    def fingerprint(self) -> str:
        """SHA-256 of the part's samples and of their rate."""
        digest = hashlib.sha256(self._part().tobytes())
        digest.update(f"{self.sample_rate}".encode())
        return digest.hexdigest()

    def _part(self) -> NDArray[np.float32]:
        end = None if self.end_s is None else round(self.end_s * self.sample_rate)
        return self.samples[round(self.start_s * self.sample_rate) : end]


AnySong = Song | SampledSong
"""A song, or a part of one."""


def open_song(path: Path, start_s: float = 0.0, end_s: float | None = None) -> Song:
    """The song of a path; AudioError if it is no file, empty, or start and end make no sense."""
    if not path.exists():
        raise AudioError(f"no such file: {path}", "Give the path of a song (mp3, m4a, wav, ...).")
    if path.is_dir():
        raise AudioError(f"{path} is a folder", "Give the path of one song.")
    if path.stat().st_size == 0:
        raise AudioError(f"{path.name} is empty (0 bytes)", "Copy or download the song again.")
    return Song(path, *_borders(start_s, end_s))


def song_from_samples(
    samples: ArrayLike, rate: float, name: str = "the song", start_s: float = 0.0,
    end_s: float | None = None,
) -> SampledSong:  # fmt: skip
    """A song, or its part from ``start_s`` to ``end_s``, of samples at ``rate`` whole Hz.

    Samples are [N] or [channels, N], floating point, full scale -1 to 1: NumPy, a torch tensor on
    the CPU, or nested lists. ``name`` is what messages call the song.

    Raises:
        AudioError: wrong shape, type or scale, NaN, too short or long, or a rate out of range.
    """
    mono = _as_mono(samples, name)
    try:
        hertz = float(rate)
    except (TypeError, ValueError):
        hertz = 0.0
    if not (_RATES[0] <= hertz <= _RATES[1] and hertz.is_integer()):
        raise AudioError(
            f"the sample rate of {name} is {rate!r}",
            f"Allowed: whole Hz from {_RATES[0]} to {_RATES[1]}.",
        )
    song = SampledSong(mono, int(hertz), name, *_borders(start_s, end_s))
    seconds = len(song._part()) / song.sample_rate
    if not MIN_SONG_S <= seconds <= MAX_SONG_S:
        raise AudioError(
            f"{name} lasts {seconds:.2f} s",
            f"Allowed: {MIN_SONG_S:g} s to {MAX_SONG_S / 3600:g} hours.",
        )
    return song


def _as_mono(samples: ArrayLike, name: str) -> NDArray[np.float32]:
    try:
        given: NDArray[Any] = np.asarray(samples)
    except (TypeError, ValueError, RuntimeError) as error:
        raise AudioError(f"{name} is no array of samples ({error})", _HINT) from error
    if given.dtype.kind != "f":
        raise AudioError(f"the samples of {name} are {given.dtype}, not floating point", _HINT)
    if given.ndim not in (1, 2) or not given.size:
        raise AudioError(f"the samples of {name} have the shape {list(given.shape)}", _HINT)
    if given.ndim == 2 and len(given) > _MOST_CHANNELS:
        raise AudioError(
            f"{name} has {len(given)} channels",
            f"Allowed: 1 to {_MOST_CHANNELS}. Samples are [channels, N]: transpose [N, channels].",
        )
    mono = np.atleast_2d(given).mean(axis=0, dtype=np.float32)
    if not np.isfinite(mono).all():
        raise AudioError(f"{name} holds NaN or infinite samples", "Export it again.")
    if np.abs(mono).max() > _FULL_SCALE:
        raise AudioError(f"the samples of {name} reach {np.abs(mono).max():g}", _HINT)
    mono.setflags(write=False)
    return mono


def _borders(start_s: float, end_s: float | None) -> tuple[float, float | None]:
    """Seconds of a part's borders; AudioError unless a song can be cut there."""
    if not (np.isfinite(start_s) and start_s >= 0):
        raise AudioError(f"--start is {start_s}", "Allowed: 0 or more seconds.")
    if end_s is not None and not (np.isfinite(end_s) and end_s - start_s >= MIN_SONG_S):
        raise AudioError(
            f"the part from {start_s:g} s to {end_s:g} s is too short",
            f"At least {MIN_SONG_S:g} s are needed.",
        )
    return float(start_s), None if end_s is None else float(end_s)


def write_wav(path: Path, blocks: Iterable[NDArray[np.float32]], sample_rate: int) -> int:
    """Write mono blocks as a 16-bit .wav file; the number of samples written."""
    samples = 0
    with path.open("wb") as file, wave.open(file, "wb") as out:
        out.setparams((1, 2, sample_rate, 0, "NONE", "not compressed"))
        for block in blocks:
            out.writeframes((np.clip(block, -1, 1) * 32767).astype("<i2").tobytes())
            samples += len(block)
    return samples


def save_part(song: Song, path: Path, rate: float = 1.0) -> float:
    """Write a song (or its part) as mono 16-bit .wav, played ``rate`` times as fast; its seconds.

    Tempo and pitch change together, as on a record player: exact, and nothing is added.
    """
    return write_wav(path, song.blocks(), round(SAMPLE_RATE * rate)) / SAMPLE_RATE / rate


def _decode(
    path: Path, sample_rate: int, warnings: list[str] | None
) -> Iterator[NDArray[np.float32]]:
    import av
    from av.error import FFmpegError

    def mono(frame: "av.AudioFrame | None") -> list[NDArray[np.float32]]:
        return [_mono(out, path) for out in resampler.resample(frame)]

    with open_media(path, "audio", AudioError) as container:
        # Packed samples: planar frames of 8 channels crash PyAV 18 in to_ndarray.
        resampler = av.AudioResampler(format="flt", rate=sample_rate)
        pending: list[NDArray[np.float32]] = []
        decoded, kind = False, None
        try:
            for frame in container.decode(container.streams.audio[0]):
                now = (frame.format.name, frame.layout.name, frame.sample_rate)
                if kind not in (None, now):  # joined files: rate or channels may change half-way
                    pending += mono(None)
                    resampler = av.AudioResampler(format="flt", rate=sample_rate)
                kind = now
                pending += mono(frame)
                decoded = decoded or bool(pending)
                if sum(map(len, pending)) >= sample_rate:
                    yield np.concatenate(pending)
                    pending = []
        except FFmpegError as error:
            if not decoded:
                raise
            if warnings is not None:
                warnings.append(f"{path.name} breaks off ({reason(error)}); using what is there.")
        if decoded:
            pending += mono(None)
        if pending:
            yield np.concatenate(pending)


def _mono(frame: Any, path: Path) -> NDArray[np.float32]:
    packed = frame.to_ndarray().reshape(-1, frame.layout.nb_channels)
    mono: NDArray[np.float32] = packed.mean(axis=1, dtype=np.float32)
    if not np.isfinite(mono).all():
        raise AudioError(
            f"{path.name} holds NaN or infinite samples", "Export it again from its source."
        )
    return np.clip(mono, -_FULL_SCALE, _FULL_SCALE)
