"""Tell music from speech and silence in a recording."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hotfoot.music.audio import open_song
from hotfoot.music.beats import onset_strength
from hotfoot.music.features import FEATURE_RATE, extract
from hotfoot.validation import validated

_SPEECH_RATE = 16_000
_MIN_VOICE = 0.5  # share of windows with a voice from which on it may be speech alone ...
_MIN_PULSE = 0.38  # ... unless onsets repeat as those of music do (0.5 to 0.8; speech 0 to 0.3)
_LAGS_S = (0.25, 1.5)
_Share = Annotated[float, Field(ge=0, le=1)]


@validated(kw_only=True)
class SoundClass:
    """What a recording is."""

    kind: Literal["music", "speech", "silence"]
    voice: _Share | None  # of the time, sung or spoken; None where silero-vad is not installed
    pulse: _Share  # how regularly onsets repeat


def classify_sound(path: Path) -> SoundClass:
    """Tell music from speech and silence; AudioError where no sound can be decoded.

    A voice half of the time is taken for speech alone unless there is a pulse under it: songs have
    voices too. Without silero-vad the pulse alone decides.
    """
    features = extract(open_song(path))
    if features.is_silent:
        return SoundClass(kind="silence", voice=None, pulse=0.0)
    pulse = pulse_clarity(onset_strength(features))
    voice = voice_share(path)
    spoken = voice is None or voice > _MIN_VOICE
    kind: Literal["speech", "music"] = "speech" if spoken and pulse < _MIN_PULSE else "music"
    share = None if voice is None else round(voice, 3)
    return SoundClass(kind=kind, voice=share, pulse=round(pulse, 3))


def pulse_clarity(strength: NDArray[np.float32]) -> float:
    """Highest autocorrelation of an onset envelope at the lags of beats, 0..1 (Lartillot, 2008).

    The median over windows of 8 s: a speaker falls into step now and then, a band stays in it. The
    envelope [T] is at :data:`~hotfoot.music.features.FEATURE_RATE`.
    """
    size = min(len(strength), round(8 * FEATURE_RATE))
    low, high = (round(s * FEATURE_RATE) for s in _LAGS_S)
    if size <= 2 * high:
        return 0.0
    peaks = []
    for begin in range(0, len(strength) - size + 1, size // 2):
        window = strength[begin : begin + size].astype(np.float64)
        window = window - window.mean()
        spectrum = np.abs(np.fft.rfft(window, 2 * size)) ** 2
        acf = np.fft.irfft(spectrum)[:size] / (size - np.arange(size))
        peaks.append(float(acf[low:high].max() / acf[0]) if acf[0] > 1e-12 else 0.0)
    return float(np.clip(np.median(peaks), 0, 1))


def voice_share(path: Path) -> float | None:
    """Share of the time with a voice by Silero VAD, 0..1; None where it is not installed."""
    try:
        from silero_vad import load_silero_vad
    except ImportError:
        return None
    samples = np.concatenate(list(open_song(path).blocks(_SPEECH_RATE)))
    probabilities = load_silero_vad(sequence=True).audio_forward(samples)
    return float((probabilities > 0.5).mean()) if len(probabilities) else 0.0
