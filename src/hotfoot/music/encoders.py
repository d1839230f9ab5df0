"""Music tokens: exactly one per latent column, whatever the frame rate.

An encoder turns a song into ``count`` tokens of its ``width``. Everything else, from a corpus to
a dance, knows encoders by their names in :data:`ENCODERS` alone.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from hotfoot.errors import OptionError
from hotfoot.music.analysis import Rhythm, SongAnalysis
from hotfoot.music.beats import beat_period, beat_phase, level_flux
from hotfoot.music.features import FEATURE_RATE, MEL_BANDS, Features
from hotfoot.music.samples import AnySong
from hotfoot.timebase import FRAMES_PER_COLUMN

Floats = NDArray[np.floating]

_PULSE_S = 0.035
_QUIETEST_DB = -70.0
_SLOW_S = 1.5  # of loudness and density


class MusicEncoder(Protocol):
    """Turns a song into music tokens."""

    name: str
    width: int
    bands: int
    """The last numbers of a token are a coarse spectrum of so many bands."""

    def encode(
        self,
        song: AnySong | None,
        analysis: SongAnalysis,
        count: int,
        fps: float,
        start_s: float = 0.0,
        rate: float = 1.0,
    ) -> NDArray[np.float32]:
        """Tokens [count, width]; token ``u`` covers frames ``8u .. 8u + 7`` at ``fps``.

        Args:
            song: gives the waveform in blocks at any sample rate; None where only the analysis is
                at hand, which is enough for every encoder that has no weights.
            analysis: features and rhythm, computed once.
            count: tokens wanted; past its end the song is played backwards.
            fps: frames per second of the dance.
            start_s: second of the song at the first frame.
            rate: the song is played so many times as fast.
        """
        ...


class SpectralEncoder:
    """Onsets, beats, phase, loudness and a coarse spectrum; no weights, no download.

    Layout of a token: onset strength at 8 frames; closeness to a beat at 8 frames; cosine and sine
    of the beat phase at 4 instants; cosine and sine of the bar phase; log tempo; whether there is
    a beat; loudness, slow loudness, onset density; 10 mel bands.
    """

    name = "spectral-1"
    bands = 10
    width = 8 + 8 + 8 + 2 + 2 + 3 + bands

    def encode(
        self, song: AnySong | None, analysis: SongAnalysis, count: int, fps: float,
        start_s: float = 0.0, rate: float = 1.0,
    ) -> NDArray[np.float32]:  # fmt: skip
        """See :class:`MusicEncoder`."""
        features, rhythm = analysis.features, analysis.rhythm
        times = start_s + np.arange(count * FRAMES_PER_COLUMN) / fps * rate
        rows = _rows(features, times)
        onset = _per_frame(rhythm.onset_strength, fps, rate)[rows]
        density = _slowly(rhythm.onset_strength)
        parts = [
            _columns(onset)[..., 0],
            *_beat_parts(rhythm, times, rate),
            _means(np.stack([*_loudness(features, rows), 3 * density[rows]], -1)),
            _means(_mel_bands(features, self.bands)[rows]),
        ]
        return np.clip(np.concatenate(parts, axis=1), -5, 5).astype(np.float32)


class MelOnsetEncoder:
    """Onsets in three bands, loudness and a mel spectrum: no beat tracker, so no beat to get wrong.

    Layout of a token: low, middle and high onsets at 8 frames each; loudness, slow loudness; 20
    mel bands.
    """

    name = "mel-onset-1"
    bands = 20
    width = 8 + 8 + 8 + 2 + bands

    def encode(
        self, song: AnySong | None, analysis: SongAnalysis, count: int, fps: float,
        start_s: float = 0.0, rate: float = 1.0,
    ) -> NDArray[np.float32]:  # fmt: skip
        """See :class:`MusicEncoder`."""
        features = analysis.features
        rows = _rows(features, start_s + np.arange(count * FRAMES_PER_COLUMN) / fps * rate)
        onsets = _per_frame(level_flux(features), fps, rate)[rows]
        parts = [
            _columns(onsets).transpose(0, 2, 1).reshape(count, -1),
            _means(np.stack(_loudness(features, rows), -1)),
            _means(_mel_bands(features, self.bands)[rows]),
        ]
        return np.clip(np.concatenate(parts, axis=1), -5, 5).astype(np.float32)


ENCODERS: dict[str, MusicEncoder] = {e.name: e for e in (SpectralEncoder(), MelOnsetEncoder())}
"""Every encoder by its name, which model folders and corpora keep."""


def get_encoder(name: str) -> MusicEncoder:
    """The encoder of a name.

    Raises:
        OptionError: there is none.
    """
    if name not in ENCODERS:
        raise OptionError(f"unknown music encoder '{name}'", f"Known: {', '.join(ENCODERS)}.")
    return ENCODERS[name]


def _rows(features: Features, times: NDArray[np.float64]) -> NDArray[np.intp]:
    """Feature rows at seconds of the song.

    Past its end it goes on backwards, so that the last segment has full context.
    """
    last = len(features.mel) - 1
    rows = np.round(times * FEATURE_RATE).astype(int)
    return np.abs(np.mod(rows + last, 2 * max(last, 1)) - last)


def _columns(values: Floats) -> NDArray[np.float32]:
    """Values at frames [T, ...] by column [count, 8, ...]."""
    values = values.reshape(len(values), -1).astype(np.float32)
    return values.reshape(-1, FRAMES_PER_COLUMN, values.shape[1])


def _means(values: Floats) -> NDArray[np.float32]:
    return _columns(values).mean(axis=1)


def _per_frame(onsets: NDArray[np.float32], fps: float, rate: float) -> NDArray[np.float32]:
    """The strongest onset within a frame, at every feature row: none is missed between frames."""
    return maximum_filter1d(onsets, max(1, round(FEATURE_RATE * rate / fps)), axis=0)


def _slowly(values: Floats) -> Floats:
    return gaussian_filter1d(values, _SLOW_S * FEATURE_RATE, mode="nearest")


def _loudness(features: Features, rows: NDArray[np.intp]) -> list[Floats]:
    """Loudness and slow loudness against the song's median, in tens of dB."""
    level = np.maximum(features.loudness_db, _QUIETEST_DB)
    middle = float(np.median(level))
    return [(level[rows] - middle) / 10, (_slowly(level)[rows] - middle) / 10]


def _mel_bands(features: Features, count: int) -> Floats:
    """Mel spectrum [N, count], neighboring bands joined, against the song's mean."""
    groups = features.mel.reshape(len(features.mel), count, MEL_BANDS // count)
    mel = np.stack(
        [np.maximum(groups[:, g], -60).mean(-1, dtype=np.float32) for g in range(count)], axis=1
    )
    return (mel - mel.mean(axis=0)) / 15.0


def _beat_parts(rhythm: Rhythm, times: NDArray[np.float64], rate: float) -> list[Floats]:
    """Closeness to beats [count, 8], their phase [count, 8], the bar's [count, 2], tempo and
    whether there is a beat [count, 2]."""
    phase, has_beat = beat_phase(rhythm.beats, times)
    period = beat_period(rhythm.beats, times)
    from_beat = np.abs(phase - np.round(phase)) * period / rate
    pulse = np.exp(-0.5 * (from_beat / _PULSE_S) ** 2) * has_beat
    circle = _circle(phase) * has_beat[:, None]
    bar, has_bar = beat_phase(rhythm.downbeats, times)
    bar_circle = _circle(bar) * (has_bar * has_beat)[:, None]
    tempo = np.log2(60.0 * rate / np.maximum(period, 0.05) / 120.0)
    quarters = _columns(circle)[:, ::2]
    return [
        _columns(pulse)[..., 0],
        quarters.reshape(len(quarters), -1),
        _means(bar_circle),
        _means(np.stack([tempo * has_beat, has_beat], -1)),
    ]


def _circle(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.cos(2 * np.pi * phase), np.sin(2 * np.pi * phase)], axis=-1)
