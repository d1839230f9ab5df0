"""Music tokens: exactly one per latent column, whatever the frame rate.

An encoder turns a song into ``count`` tokens of its ``width``. The default, spectral, needs no
weights: onsets, beats and their phase at every frame of the column, loudness, and a coarse
spectrum. Others plug in through :class:`MusicEncoder`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from hotfoot.music.beats import Rhythm
from hotfoot.music.beats import analyze as analyze_rhythm
from hotfoot.music.features import FEATURE_RATE, Features, extract
from hotfoot.music.samples import AnySong
from hotfoot.timebase import FRAMES_PER_COLUMN


@dataclass(frozen=True, eq=False)
class SongAnalysis:
    """Everything that is known of a song: features and rhythm."""

    features: Features
    rhythm: Rhythm


class MusicEncoder(Protocol):
    """Turns a song into music tokens."""

    name: str
    width: int
    cached: bool
    """Whether its tokens are worth keeping on disk."""

    def encode(
        self, song: AnySong, analysis: SongAnalysis, count: int, fps: float
    ) -> NDArray[np.float32]:
        """Tokens [count, width]; token ``u`` covers frames ``8u .. 8u + 7`` at ``fps``.

        Args:
            song: gives the waveform in blocks at any sample rate.
            analysis: features and rhythm, computed once.
            count: tokens wanted.
            fps: frames per second of the dance.
        """
        ...


def analyze_song(song: AnySong) -> SongAnalysis:
    """Features and rhythm of a song (a few seconds for each minute of music)."""
    features = extract(song)
    return SongAnalysis(features, analyze_rhythm(features))


_PULSE_S = 0.035
_MEL_GROUPS = 10


class SpectralEncoder:
    """Onsets, beats, phase, loudness and a coarse spectrum; no weights, no download.

    Layout of a token: onset strength at 8 frames; closeness to a beat at 8 frames; cosine and sine
    of the beat phase at 4 instants; cosine and sine of the bar phase; log tempo; whether there is
    a beat; loudness, slow loudness, onset density; 10 mel bands.
    """

    name = "spectral-1"
    width = 8 + 8 + 8 + 2 + 2 + 3 + _MEL_GROUPS
    cached = False

    def encode(
        self, song: AnySong | None, analysis: SongAnalysis, count: int, fps: float
    ) -> NDArray[np.float32]:
        """See :class:`MusicEncoder`; the waveform itself is not needed."""
        return self.tokens(analysis, count, fps)

    def tokens(
        self,
        analysis: SongAnalysis,
        count: int,
        fps: float,
        start_s: float = 0.0,
        rate: float = 1.0,
    ) -> NDArray[np.float32]:
        """Tokens of the song from ``start_s`` on, played ``rate`` times as fast.

        The rate serves training: a song at another tempo, without touching its sound.
        """
        features, rhythm = analysis.features, analysis.rhythm
        frames = count * FRAMES_PER_COLUMN
        times = start_s + np.arange(frames) / fps * rate  # seconds of the song
        # Past its end the song is heard backwards, so that the last segment has full context.
        last = len(features.mel) - 1
        at = np.round(times * FEATURE_RATE).astype(int)
        at = np.abs(np.mod(at + last, 2 * max(last, 1)) - last)
        span = max(1, round(FEATURE_RATE * rate / fps))
        onset = maximum_filter1d(rhythm.onset_strength, span)[at]
        phase, has_beat = beat_phase(rhythm.beats, times)
        from_beat = np.abs(phase - np.round(phase)) * _period_at(rhythm.beats, times) / rate
        pulse = np.exp(-0.5 * (from_beat / _PULSE_S) ** 2) * has_beat
        quarter = slice(0, FRAMES_PER_COLUMN, 2)
        angle = 2 * np.pi * phase
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1) * has_beat[:, None]
        bar, has_bar = beat_phase(rhythm.downbeats, times)
        bar_circle = np.stack([np.cos(2 * np.pi * bar), np.sin(2 * np.pi * bar)], -1)
        bar_circle *= (has_bar * has_beat)[:, None]
        tempo = np.log2(60.0 * rate / np.maximum(_period_at(rhythm.beats, times), 0.05) / 120.0)
        level = np.maximum(features.loudness_db, -70.0)
        middle = float(np.median(level))
        slow = gaussian_filter1d(level, 1.5 * FEATURE_RATE, mode="nearest")
        density = gaussian_filter1d(rhythm.onset_strength, 1.5 * FEATURE_RATE, mode="nearest")
        groups = features.mel.reshape(len(features.mel), _MEL_GROUPS, -1)
        mel = np.stack(
            [np.maximum(groups[:, g], -60).mean(-1, dtype=np.float32) for g in range(_MEL_GROUPS)],
            axis=1,
        )
        mel = (mel - mel.mean(axis=0)) / 15.0

        def columns(values: NDArray[np.floating]) -> NDArray[np.float32]:
            values = values.reshape(frames, -1).astype(np.float32)
            return values.reshape(count, FRAMES_PER_COLUMN, -1)

        def mean(values: NDArray[np.floating]) -> NDArray[np.float32]:
            return columns(values).mean(axis=1)

        parts = [
            columns(onset)[..., 0],
            columns(pulse)[..., 0],
            columns(circle)[:, quarter].reshape(count, -1),
            mean(bar_circle),
            mean(np.stack([tempo * has_beat, has_beat], -1)),
            mean(
                np.stack([(level[at] - middle) / 10, (slow[at] - middle) / 10, 3 * density[at]], -1)
            ),
            mean(mel[at]),
        ]
        return np.clip(np.concatenate(parts, axis=1), -5, 5).astype(np.float32)


def beat_phase(
    beats: NDArray[np.float64], times: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Beats elapsed at each time (integer on a beat) and 1 where there is a beat, 0 where not.

    Beyond the first and last beat the nearest interval goes on.
    """
    if len(beats) < 2:
        return np.zeros(len(times)), np.zeros(len(times))
    first, last = beats[1] - beats[0], beats[-1] - beats[-2]
    phase = np.interp(times, beats, np.arange(len(beats)))
    phase = np.where(times < beats[0], (times - beats[0]) / first, phase)
    phase = np.where(times > beats[-1], len(beats) - 1 + (times - beats[-1]) / last, phase)
    return phase, np.ones(len(times))


def _period_at(beats: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(beats) < 2:
        return np.full(len(times), 0.5)
    i = np.clip(np.searchsorted(beats, times, side="right") - 1, 0, len(beats) - 2)
    smooth = gaussian_filter1d(np.diff(beats), 2, mode="nearest")
    return smooth[i]


ENCODERS: dict[str, type[SpectralEncoder]] = {SpectralEncoder.name: SpectralEncoder}


def get_encoder(name: str) -> SpectralEncoder:
    """The music encoder of a name."""
    return ENCODERS[name]()


def cache_folder() -> Path:
    """Where analyses are kept: ``HOTFOOT_CACHE`` or the user's cache folder."""
    from platformdirs import user_cache_path

    return Path(os.environ.get("HOTFOOT_CACHE") or user_cache_path("hotfoot"))


def encode_song(
    encoder: MusicEncoder, song: AnySong, analysis: SongAnalysis, count: int, fps: float
) -> NDArray[np.float32]:
    """Tokens of a song, from the disk cache where the encoder asks for it."""
    encode = cached_tokens if encoder.cached else _encode
    return encode(encoder, song, analysis, count, fps)


def _encode(
    encoder: MusicEncoder, song: AnySong, analysis: SongAnalysis, count: int, fps: float
) -> NDArray[np.float32]:
    return encoder.encode(song, analysis, count, fps)


def cached_tokens(
    encoder: MusicEncoder, song: AnySong, analysis: SongAnalysis, count: int, fps: float
) -> NDArray[np.float32]:
    """Tokens of a song, kept on disk under the content of the song and the encoder's name.

    For encoders that take long. A cache that cannot be read or written is passed over.
    """
    path = cache_folder() / "tokens" / f"{song.fingerprint()}-{encoder.name}-{count}-{fps:g}.npy"
    try:
        stored = np.load(path, allow_pickle=False)
        if stored.shape == (count, encoder.width):
            return stored
    except (OSError, ValueError):
        pass
    tokens = encoder.encode(song, analysis, count, fps)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        with temporary.open("wb") as file:
            np.save(file, tokens)
        temporary.replace(path)
    except OSError:
        pass
    return tokens
