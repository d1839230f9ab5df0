"""Sound files made for tests."""

import wave
from functools import cache

import av
import numpy as np

from hotfoot.choreography.counts import count_song
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import song_from_samples
from hotfoot.music.synthesis import compose


def write_audio(path, samples, rate, codec, container=None, channels=1, layout=None):
    """Encode mono samples (copied to all channels) with PyAV."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout or "mono")
        planes = np.repeat(samples[None].astype(np.float32), channels, 0)
        step = 1024
        for i in range(0, planes.shape[1], step):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(planes[:, i : i + step]), format="fltp",
                layout=layout or "mono",
            )  # fmt: skip
            frame.sample_rate = rate
            frame.pts = i
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def write_wav(path, samples, rate, width=2, channels=1):
    with wave.open(str(path), "wb") as f:
        f.setnchannels(channels)
        f.setsampwidth(width)
        f.setframerate(rate)
        data = (np.clip(samples, -1, 1) * 32767).astype("<i2")
        f.writeframes(np.repeat(data[:, None], channels, 1).tobytes())


def bad_song(kind, folder):
    path = folder / "song.mp3"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("these are not the droids\n" * 99)
    elif kind == "picture only":
        with av.open(str(path.with_suffix(".mp4")), "w") as out:
            stream = out.add_stream("libx264", rate=5)
            stream.width = stream.height = 64
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
            out.mux(stream.encode(None))
        path = path.with_suffix(".mp4")
    elif kind == "short":
        write_wav(path, np.ones(4800), 24_000)
    elif kind == "nan":
        samples = compose(2.0).samples.copy()
        samples[1000] = np.nan
        path = path.with_suffix(".wav")
        write_float_wav(path, samples, 24_000)
    return path


def write_float_wav(path, samples, rate):
    data = samples.astype("<f4").tobytes()
    u4 = lambda v: int(v).to_bytes(4, "little")  # noqa: E731
    u2 = lambda v: int(v).to_bytes(2, "little")  # noqa: E731
    head = b"RIFF" + u4(36 + len(data)) + b"WAVEfmt " + u4(16) + u2(3) + u2(1) + u4(rate)
    path.write_bytes(head + u4(rate * 4) + u2(4) + u2(32) + b"data" + u4(len(data)) + data)


def f_measure(truth, found, tolerance=0.07):
    """One-to-one matches within 70 ms; also the median offset in seconds."""
    used, offsets = set(), []
    for t in truth:
        if not len(found):
            break
        i = int(np.abs(found - t).argmin())
        if abs(found[i] - t) <= tolerance and i not in used:
            used.add(i)
            offsets.append(found[i] - t)
    f = 2 * len(offsets) / max(1, len(truth) + len(found))
    return f, float(np.median(offsets)) if offsets else np.nan


def analysis_of(samples, rate=24_000):
    return analyze_song(song_from_samples(samples, rate))


@cache
def composed_analysis(bpm, seconds=48.0, seed=0, sections=3):
    return analysis_of(compose(seconds, bpm, seed=seed, sections=sections).samples)


@cache
def composed_counts(bpm, rate=1.0, **song):
    return count_song(composed_analysis(bpm, **song), rate)
