"""Songs from samples in memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hotfoot.errors import AudioError
from hotfoot.music.audio import MAX_SONG_S, MIN_SONG_S, SAMPLE_RATE, Song, check_part

_RATES = (1_000, 768_000)
_MOST_CHANNELS = 64
_FULL_SCALE = 4.0  # what decoded files are clipped to; more is another unit
_HINT = "Give floating-point samples in -1..1, [N] or [channels, N]."


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
    check_part(start_s, end_s)
    end_s = None if end_s is None else float(end_s)
    song = SampledSong(mono, int(hertz), name, float(start_s), end_s)
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
