"""Frame-wise features of a song: spectral flux in three bands, mel spectrum, loudness, chroma."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft
from scipy.ndimage import gaussian_filter1d

from hotfoot.errors import AudioError
from hotfoot.music.audio import MAX_SONG_S, MIN_SONG_S, SAMPLE_RATE, AnySong

FEATURE_RATE = 100
"""Feature frames per second."""

_HOP = SAMPLE_RATE // FEATURE_RATE
_WINDOW = 1024
MEL_BANDS = 40
_FLUX_BANDS = ((0, 6), (6, 22), (22, MEL_BANDS))  # mel bands: below 300 Hz, to 2 kHz, above
_SILENCE_DB = -60.0
_CHUNK = 20_000


@dataclass(frozen=True, eq=False)
class Features:
    """Features of one song, N frames at 100 Hz; frame ``i`` is centered on second ``i / 100``."""

    duration_s: float
    mel: NDArray[np.float16]  # [N, 40] log-mel spectrum in dB
    flux: NDArray[np.float32]  # [N, 3] positive spectral flux of low, middle and high bands
    loudness_db: NDArray[np.float32]  # [N] RMS level in dB of full scale
    chroma: NDArray[np.float16]  # [N, 12] energy of pitch classes, sums to 1 (0 in silence)
    warnings: tuple[str, ...] = ()  # sentences for the user

    @property
    def is_silent(self) -> bool:
        """Nothing louder than -60 dB of full scale."""
        return bool(self.loudness_db.max(initial=-120) < _SILENCE_DB)


def extract(song: AnySong) -> Features:
    """Features of a song; AudioError if it is unreadable or lasts under 1 s or over two hours."""
    warnings: list[str] = []
    frames = _Frames()
    for block in song.blocks(warnings=warnings):
        frames.add(block)
        if frames.samples > MAX_SONG_S * SAMPLE_RATE:
            raise AudioError(
                f"{song.name} is longer than {MAX_SONG_S / 3600:g} hours",
                "Cut it with --start and --end.",
            )
    duration = frames.samples / SAMPLE_RATE
    if duration < MIN_SONG_S:
        raise AudioError(
            f"{song.name} lasts {duration:.2f} s", f"At least {MIN_SONG_S:g} s are needed."
        )
    frames.add(np.zeros(_WINDOW // 2 + _HOP, np.float32))
    count = int(np.ceil(duration * FEATURE_RATE))
    mel, chroma, loudness = (np.concatenate(x)[:count] for x in zip(*frames.rows, strict=True))
    if loudness.max() < _SILENCE_DB:
        warnings.append(f"{song.name} is silent; the dance will be quiet.")
    return Features(duration, mel, _flux(mel), loudness, chroma, tuple(warnings))


class _Frames:
    """Mel, chroma and levels of all frames of the blocks so far; half a window comes first."""

    def __init__(self) -> None:
        self.rows: list[tuple[NDArray[Any], ...]] = []
        self.samples = 0
        self._mel_bank, self._chroma_bank = _mel_filters(), _chroma_filters()
        self._window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
        self._rest = np.zeros(_WINDOW // 2, np.float32)

    def add(self, block: NDArray[np.float32]) -> None:
        self.samples += len(block)
        signal = np.concatenate([self._rest, block])
        count = max(0, (len(signal) - _WINDOW) // _HOP + 1)
        self._rest = signal[count * _HOP :]
        if not count:
            return
        frames = np.lib.stride_tricks.sliding_window_view(signal, _WINDOW)[: count * _HOP : _HOP]
        power = np.abs(rfft(frames * self._window, axis=1)).astype(np.float32) ** 2
        mel = (10 * np.log10(power @ self._mel_bank + 1e-8)).astype(np.float16)
        pitches = power @ self._chroma_bank
        pitches /= np.maximum(pitches.sum(axis=1, keepdims=True), 1e-6)
        middle = frames[:, _WINDOW // 2 - _HOP : _WINDOW // 2 + _HOP]
        level = (10 * np.log10(np.mean(middle * middle, axis=1) + 1e-12)).astype(np.float32)
        self.rows.append((mel, pitches.astype(np.float16), level))


def _flux(mel_db: NDArray[np.float16]) -> NDArray[np.float32]:
    """Half-wave rectified rise of the log spectrum over 20 ms, mean per band group.

    The spectrum is floored 60 dB below the song's peak, so that noise in silence is no onset.
    """
    floor = max(float(mel_db.max(initial=-80)) - 60, -50)
    flux = np.zeros((len(mel_db), len(_FLUX_BANDS)), np.float32)
    for start in range(0, len(mel_db) - 2, _CHUNK):
        part = np.maximum(mel_db[start : start + _CHUNK + 2].astype(np.float32), floor)
        rise = np.maximum(part[2:] - part[:-2], 0)
        # A rise between frames i and i + 2 is seen at frame i + 1.
        for band, (a, b) in enumerate(_FLUX_BANDS):
            flux[start + 1 : start + 1 + len(rise), band] = rise[:, a:b].mean(axis=1)
    return flux


def _mel_filters() -> NDArray[np.float32]:
    """Triangular filters [513, 40] on the mel scale (O'Shaughnessy), 30 Hz to 11 kHz."""
    low, high = 2595 * np.log10(1 + np.array([30.0, 11_000.0]) / 700)
    edges = 700 * (10 ** (np.linspace(low, high, MEL_BANDS + 2) / 2595) - 1)
    freqs = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)[:, None]
    up = (freqs - edges[:-2]) / np.maximum(np.diff(edges)[:-1], 1e-9)
    down = (edges[2:] - freqs) / np.maximum(np.diff(edges)[1:], 1e-9)
    bank = np.maximum(np.minimum(up, down), 0)
    # Narrow low bands can fall between FFT bins; each takes at least its nearest bin.
    nearest = (np.abs(freqs - edges[1:-1]).argmin(axis=0), np.arange(MEL_BANDS))
    bank[nearest] = np.maximum(bank[nearest], 0.5)
    return (bank / bank.sum(axis=0)).astype(np.float32)


def _chroma_filters() -> NDArray[np.float32]:
    """FFT bins to pitch classes [513, 12], 100 Hz to 2 kHz."""
    freqs = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    bank = np.zeros((len(freqs), 12), np.float32)
    used = (freqs > 100) & (freqs < 2000)
    pitch = 12 * np.log2(freqs[used] / 440) + 69
    bank[np.flatnonzero(used), np.mod(np.round(pitch).astype(int), 12)] = 1
    return bank


def loudness_level(loudness_db: NDArray[np.floating]) -> NDArray[np.float64]:
    """Loudness [N] at 100 Hz, over about 3 s, against the song's median: -1..1 for -10..10 dB."""
    level = np.maximum(np.asarray(loudness_db, np.float64), -70.0)
    slow = gaussian_filter1d(level, 1.5 * FEATURE_RATE, mode="nearest")
    return np.clip((slow - np.median(level)) / 10.0, -1, 1)
