"""Bars, sections and repeats of a song, on its beats.

Sections begin at peaks of checkerboard novelty (Foote, "Automatic audio segmentation using a
measure of audio novelty", 2000) on the beat-synchronous self-similarity.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d

from hotfoot.music.beats import Array
from hotfoot.music.features import FEATURE_RATE, Features

_ALIKE = 0.8  # mean cosine over half beats: of unlike phrases about 0, of repeated ones 0.85 to 1


@dataclass(frozen=True)
class MusicPhrase:
    """``beats`` beats from index ``start`` on, in a section of the song."""

    start: int
    beats: int
    section: int


def recurrences(features: Features, beats: Array, phrases: list[MusicPhrase]) -> list[int]:
    """For every phrase the first one that it repeats, or itself.

    Phrases, in order, are compared beat by beat in harmony and melody; who plays them may change.
    Those of another length than the longest are compared with nothing. Only those of earlier
    sections count, since a loop within a section is no reason to dance one move all the time. A
    phrase after one that repeats is first compared with what came next there.
    """
    sound = _pitches_of_beats(features, beats)
    length = max(p.beats for p in phrases)
    longest = [i for i, p in enumerate(phrases) if p.beats == length]
    whole = [i for i in longest if phrases[i].start + length <= len(sound)]
    out = list(range(len(phrases)))
    if not whole:
        return out
    vectors = np.array([sound[phrases[i].start : phrases[i].start + length].ravel() for i in whole])
    alike = vectors @ vectors.T / length
    sections = np.array([phrases[i].section for i in whole])
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


def _beat_features(features: Features, beats: Array) -> Array:
    """Mean mel (dB, standardized) and chroma between beats, [N beats, 52]."""
    edges = np.clip((beats * FEATURE_RATE).round().astype(int), 0, len(features.mel) - 1)
    edges = np.append(edges, len(features.mel))
    rows = [slice(a, max(b, a + 1)) for a, b in itertools.pairwise(edges)]
    mel = np.stack([features.mel[s].mean(axis=0, dtype=np.float64) for s in rows])
    chroma = np.stack([features.chroma[s].mean(axis=0, dtype=np.float64) for s in rows])
    mel = (mel - mel.mean(axis=0)) / (2 * mel.std(axis=0) + 1e-3)
    return np.concatenate([mel, 3 * chroma], axis=1)


def find_downbeats(features: Features, beats: Array) -> Array:
    """Every fourth beat, at the phase with the strongest low onsets and harmonic change."""
    if len(beats) < 8:
        return beats[:1]
    table = _beat_features(features, beats)
    change = np.linalg.norm(np.diff(table, axis=0, prepend=table[:1]), axis=1)
    at = np.clip((beats * FEATURE_RATE).round().astype(int), 0, len(features.flux) - 1)
    low = maximum_filter1d(features.flux[:, 0], 7)[at]
    salience = change / (change.std() + 1e-6) + 0.7 * low / (low.std() + 1e-6)
    phase = int(np.argmax([salience[p::4].mean() for p in range(4)]))
    return beats[phase::4]


def find_sections(features: Features, beats: Array) -> Array:
    """Section starts: peaks of checkerboard novelty with a kernel of 32 beats."""
    half = 16
    if len(beats) < 3 * half:
        return np.zeros(1)
    table = _beat_features(features, beats)
    table = table - table.mean(axis=0)
    unit = table / (np.linalg.norm(table, axis=1, keepdims=True) + 1e-6)
    at = np.arange(2 * half) - half + 0.5
    side = np.exp(-0.5 * (at / (half / 2)) ** 2)
    kernel = np.outer(side, side) * np.outer(np.sign(at), np.sign(at))
    novelty = np.zeros(len(unit))
    for i in range(half // 2, len(unit) - half // 2):
        a, b = max(0, i - half), min(len(unit), i + half)
        part = unit[a:b] @ unit[a:b].T
        near = slice(half - (i - a), half + (b - i))
        cut = kernel[near, near]
        novelty[i] = (part * cut).sum() / np.abs(cut).sum()
    high = novelty > max(0.08, novelty.mean() + novelty.std())
    starts = beats[high & (novelty == maximum_filter1d(novelty, half + 1))]
    return np.concatenate([[0.0], starts[starts > 4.0]])
