"""What is to be heard in a video: music, speech alone, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.music.audio import open_song
from hotfoot.music.beats import onset_strength
from hotfoot.music.features import FEATURE_RATE, extract

_SPEECH_RATE = 16_000
_WINDOW = 512
_CONTEXT = 64
_SPOKEN = 0.5  # share of windows with a voice from which on it may be speech alone ...
_PULSE = 0.38  # ... unless onsets repeat as those of music do (0.5 to 0.8; speech 0 to 0.3)
_LAGS_S = (0.25, 1.5)


@dataclass(frozen=True)
class Heard:
    """A verdict on a recording.

    Attributes:
        kind: music, speech or silence.
        voice: share of the time with a voice (sung or spoken), 0..1; None where silero-vad is not
            installed.
        pulse: 0..1, how regularly onsets repeat.
    """

    kind: str
    voice: float | None
    pulse: float


def hear(path: Path) -> Heard:
    """Tell music from speech and silence.

    A voice half of the time is taken for speech alone unless there is a pulse under it: songs have
    voices too. Without silero-vad the pulse alone decides.

    Raises:
        AudioError: no sound that can be decoded.
    """
    features = extract(open_song(path))
    if features.is_silent:
        return Heard("silence", None, 0.0)
    pulse = regularity(onset_strength(features))
    voice = voice_share(path)
    spoken = voice is None or voice > _SPOKEN
    kind = "speech" if spoken and pulse < _PULSE else "music"
    return Heard(kind, None if voice is None else round(voice, 3), round(pulse, 3))


def regularity(strength: NDArray[np.float32]) -> float:
    """Highest autocorrelation of an onset envelope at the lags of beats, 0..1.

    The median over windows of 8 s: a speaker falls into step now and then, a band stays in it.
    """
    size = min(len(strength), round(8 * FEATURE_RATE))
    low, high = (round(s * FEATURE_RATE) for s in _LAGS_S)
    if size <= 2 * high:
        return 0.0
    found = []
    for begin in range(0, len(strength) - size + 1, size // 2):
        part = strength[begin : begin + size].astype(np.float64)
        part = part - part.mean()
        spectrum = np.abs(np.fft.rfft(part, 2 * size)) ** 2
        acf = np.fft.irfft(spectrum)[:size] / (size - np.arange(size))
        found.append(float(acf[low:high].max() / acf[0]) if acf[0] > 1e-12 else 0.0)
    return float(np.clip(np.median(found), 0, 1))


def voice_share(path: Path) -> float | None:
    """Share of the time with a voice by Silero VAD; None where it is not installed."""
    detector = _silero()
    if detector is None:
        return None
    state = np.zeros((2, 1, 128), np.float32)
    context = np.zeros(_CONTEXT, np.float32)
    rate = np.array(_SPEECH_RATE, np.int64)
    rest = np.zeros(0, np.float32)
    voiced, count = 0, 0
    for block in open_song(path).blocks(_SPEECH_RATE):
        samples = np.concatenate([rest, block])
        whole = len(samples) // _WINDOW * _WINDOW
        for window in samples[:whole].reshape(-1, _WINDOW):
            chance, state = detector.run(
                None, {"input": np.concatenate([context, window])[None], "state": state, "sr": rate}
            )
            context = window[-_CONTEXT:]
            voiced += float(chance[0, 0]) > 0.5
            count += 1
        rest = samples[whole:]
    return voiced / max(count, 1)


def _silero() -> Any:
    from importlib.util import find_spec

    spec = find_spec("silero_vad")
    if spec is None or spec.origin is None or find_spec("onnxruntime") is None:
        return None
    import onnxruntime

    path = Path(spec.origin).parent / "data" / "silero_vad.onnx"
    if not path.exists():
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
