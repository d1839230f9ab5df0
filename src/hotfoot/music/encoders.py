"""Music tokens, one per latent column; all else knows their encoders by name (:data:`ENCODERS`)."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from hotfoot.errors import OptionError
from hotfoot.music.analysis import Rhythm, SongAnalysis
from hotfoot.music.audio import AnySong
from hotfoot.music.beats import Array, beat_period, beat_phase, level_flux
from hotfoot.music.features import FEATURE_RATE, MEL_BANDS, Features
from hotfoot.timebase import FRAMES_PER_COLUMN

Floats = NDArray[np.floating]
Rows = NDArray[np.intp]

_PULSE_S = 0.035
_QUIETEST_DB = -70.0
_SLOW_S = 1.5  # of loudness and density


class MusicEncoder(ABC):
    """Turns a song into music tokens of ``width`` numbers, the last a spectrum of ``bands``."""

    name: str
    width: int
    bands: int

    def encode(
        self, song: AnySong | None, analysis: SongAnalysis, count: int, fps: float,
        start_s: float = 0.0, rate: float = 1.0,
    ) -> NDArray[np.float32]:  # fmt: skip
        """Tokens [count, width]; token ``u`` covers frames ``8u .. 8u + 7`` at ``fps``.

        The first frame is at second ``start_s`` of the song, which is played ``rate`` times as fast
        and, past its end, backwards. ``song`` gives the waveform in blocks at any sample rate; it
        may be None for encoders that have no weights: the analysis is enough for them.
        """
        times = start_s + np.arange(count * FRAMES_PER_COLUMN) / fps * rate
        # Past its end a song goes on backwards, so that the last segment has full context.
        last = len(analysis.features.mel) - 1
        rows = np.round(times * FEATURE_RATE).astype(int)
        rows = np.abs(np.mod(rows + last, 2 * max(last, 1)) - last)
        window = max(1, round(FEATURE_RATE * rate / fps))
        mel = _means(_mel_bands(analysis.features, self.bands)[rows])
        parts = [*self._parts(analysis, times, rows, window, rate), mel]
        return np.clip(np.concatenate(parts, axis=1), -5, 5).astype(np.float32)

    @abstractmethod
    def _parts(
        self, analysis: SongAnalysis, times: Array, rows: Rows, window: int, rate: float
    ) -> list[Floats]:
        """All of tokens but the spectrum, by column, of frames at ``times`` of the song.

        A frame is at a feature row of ``rows`` and has ``window`` of them, whose strongest onset
        counts, so that none is missed between frames.
        """


class SpectralEncoder(MusicEncoder):
    """Onsets, beats, phase, loudness and a coarse spectrum; no weights, no download.

    Layout of a token: onset strength at 8 frames; closeness to a beat at 8 frames; cosine and sine
    of the beat phase at 4 instants; cosine and sine of the bar phase; log tempo; whether there is
    a beat; loudness, slow loudness, onset density; 10 mel bands.
    """

    name = "spectral-1"
    bands = 10
    width = 8 + 8 + 8 + 2 + 2 + 3 + bands

    def _parts(
        self, analysis: SongAnalysis, times: Array, rows: Rows, window: int, rate: float
    ) -> list[Floats]:
        strength = analysis.rhythm.onset_strength
        density = _slowly(strength)[rows]
        return [
            _columns(maximum_filter1d(strength, window)[rows])[..., 0],
            *_beat_parts(analysis.rhythm, times, rate),
            _means(np.stack([*_loudness(analysis.features, rows), 3 * density], -1)),
        ]


class MelOnsetEncoder(MusicEncoder):
    """Onsets in three bands, loudness and a mel spectrum: no beat tracker, so no beat to get wrong.

    Layout of a token: low, middle and high onsets at 8 frames each; loudness, slow loudness; 20
    mel bands.
    """

    name = "mel-onset-1"
    bands = 20
    width = 8 + 8 + 8 + 2 + bands

    def _parts(
        self, analysis: SongAnalysis, times: Array, rows: Rows, window: int, rate: float
    ) -> list[Floats]:
        onsets = _columns(maximum_filter1d(level_flux(analysis.features), window, axis=0)[rows])
        return [
            onsets.transpose(0, 2, 1).reshape(len(onsets), -1),
            _means(np.stack(_loudness(analysis.features, rows), -1)),
        ]


ENCODERS: dict[str, MusicEncoder] = {e.name: e for e in (SpectralEncoder(), MelOnsetEncoder())}
"""Every encoder by its name, which model folders and corpora keep."""


def get_encoder(name: str) -> MusicEncoder:
    """The encoder of a name; OptionError if there is none."""
    if name not in ENCODERS:
        raise OptionError(f"unknown music encoder '{name}'", f"Known: {', '.join(ENCODERS)}.")
    return ENCODERS[name]


def _columns(values: Floats) -> NDArray[np.float32]:
    """Values at frames [T, ...] by column [count, 8, ...]."""
    columns = len(values) // FRAMES_PER_COLUMN
    return values.astype(np.float32).reshape(columns, FRAMES_PER_COLUMN, -1)


def _means(values: Floats) -> NDArray[np.float32]:
    return _columns(values).mean(axis=1)


def _slowly(values: Floats) -> Floats:
    return gaussian_filter1d(values, _SLOW_S * FEATURE_RATE, mode="nearest")


def _loudness(features: Features, rows: Rows) -> list[Floats]:
    """Loudness and slow loudness against the song's median, in tens of dB."""
    level = np.maximum(features.loudness_db, _QUIETEST_DB)
    middle = float(np.median(level))
    return [(level[rows] - middle) / 10, (_slowly(level)[rows] - middle) / 10]


def _mel_bands(features: Features, count: int) -> Floats:
    """Mel spectrum [N, count], neighboring bands joined, against the song's mean."""
    groups = features.mel.reshape(len(features.mel), count, MEL_BANDS // count)
    mel = np.maximum(groups, -60).mean(-1, dtype=np.float32)
    return (mel - mel.mean(axis=0)) / 15.0


def _beat_parts(rhythm: Rhythm, times: Array, rate: float) -> list[Floats]:
    """Closeness to beats [count, 8], their phase [count, 8], the bar's [count, 2], tempo and
    whether there is a beat [count, 2]."""
    phase, period = beat_phase(rhythm.beats, times), beat_period(rhythm.beats, times)
    has_beat, has_bar = float(len(rhythm.beats) > 1), float(len(rhythm.downbeats) > 1)
    from_beat = np.abs(phase - np.round(phase)) * period / rate
    pulse = np.exp(-0.5 * (from_beat / _PULSE_S) ** 2) * has_beat
    quarters = _columns(_circle(phase) * has_beat)[:, ::2]
    tempo = np.log2(60.0 * rate / np.maximum(period, 0.05) / 120.0)
    return [
        _columns(pulse)[..., 0],
        quarters.reshape(len(quarters), -1),
        _means(_circle(beat_phase(rhythm.downbeats, times)) * has_bar * has_beat),
        _means(np.stack([tempo * has_beat, np.full(len(times), has_beat)], -1)),
    ]


def _circle(phase: Array) -> Array:
    return np.stack([np.cos(2 * np.pi * phase), np.sin(2 * np.pi * phase)], axis=-1)
