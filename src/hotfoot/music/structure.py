"""Where a song repeats itself: phrases that sound like earlier ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.music.features import FEATURE_RATE, Features

Array = NDArray[np.float64]

_ALIKE = 0.8  # mean cosine over half beats: of unlike phrases about 0, of repeated ones 0.85 to 1


@dataclass(frozen=True)
class Span:
    """A phrase: ``beats`` beats from index ``start`` on, in a section of the song."""

    start: int
    beats: int
    section: int


def recurrences(features: Features, beats: Array, spans: list[Span]) -> list[int]:
    """For every phrase the first one that it repeats, or itself.

    Phrases are compared beat by beat in harmony and melody; who plays them may change. Only those
    of earlier sections count, since a loop within a section is no reason to dance one move all the
    time. A phrase after one that repeats is first compared with what came next there.

    Args:
        features: of the song.
        beats: in seconds.
        spans: in order; those of another length than the longest are compared with nothing.
    """
    sound = _pitches_of_beats(features, beats)
    length = max(span.beats for span in spans)
    whole = [i for i, s in enumerate(spans) if s.beats == length and s.start + length <= len(sound)]
    out = list(range(len(spans)))
    if not whole:
        return out
    vectors = np.array([sound[spans[i].start : spans[i].start + length].ravel() for i in whole])
    alike = vectors @ vectors.T / length
    sections = np.array([spans[i].section for i in whole])
    after = 0  # the one that came after what the last phrase repeats
    for row, i in enumerate(whole):
        earlier = int(np.searchsorted(sections, sections[row]))
        if not earlier:
            continue
        goes_on = 0 < after < earlier and alike[row, after] > _ALIKE
        found = after if goes_on else int(alike[row, :earlier].argmax())
        after = 0
        if alike[row, found] > _ALIKE:
            out[i] = out[whole[found]]
            after = found + 1
    return out


def _pitches_of_beats(features: Features, beats: Array) -> Array:
    """[B - 1, 24]: chroma of both halves of each beat against the song's, of length 1."""
    chroma = features.chroma.astype(np.float64)
    chroma = (chroma - chroma.mean(axis=0)) / (chroma.std(axis=0) + 1e-6)
    halves = np.interp(np.arange(2 * len(beats) - 1) / 2, np.arange(len(beats)), beats)
    edges = np.clip(np.round(halves * FEATURE_RATE).astype(int), 0, len(chroma))
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0)])
    means = np.diff(total[edges], axis=0) / np.maximum(np.diff(edges), 1)[:, None]
    size = np.linalg.norm(means, axis=1, keepdims=True)
    each = np.where(size > 1e-3, means / np.maximum(size, 1e-3), 0.0)  # nothing in silence
    return each.reshape(len(beats) - 1, 24) / np.sqrt(2)
