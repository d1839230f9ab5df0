"""What is known of a song: its features, its rhythm and its sections."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.music.audio import AnySong
from hotfoot.music.beats import Array, onset_strength, track_beats
from hotfoot.music.features import FEATURE_RATE, Features, extract
from hotfoot.music.structure import find_downbeats, find_sections

_LATENCY_S = 0.010  # measured on synthetic songs: the flux of an onset peaks this much early


@dataclass(frozen=True, eq=False)
class Rhythm:
    """What happens when in a song; times in seconds."""

    beats: Array  # [N]
    downbeats: Array  # [M] the beats that start a bar (4 beats are assumed)
    tempo_bpm: float  # median; 0 if there is no beat
    sections: Array  # [S] where a new section begins; the first is at 0
    onset_strength: NDArray[np.float32]  # [frames at 100 Hz], about 1 at clear onsets


@dataclass(frozen=True, eq=False)
class SongAnalysis:
    """Everything that is known of a song: features and rhythm."""

    features: Features
    rhythm: Rhythm

    @property
    def fingerprint(self) -> int:
        """A number of the song's own, 0 to 2^32 - 1, from its beats and its loudness by seconds.

        With it randomness differs between songs and is alike for the same song.
        """
        level = self.features.loudness_db
        whole = len(level) // FEATURE_RATE * FEATURE_RATE
        loud = level[:whole].reshape(-1, FEATURE_RATE).mean(axis=1)
        heard = np.round(loud - np.median(level)), np.round(self.rhythm.beats, 1)
        return zlib.crc32(np.concatenate(heard).astype("<f4").tobytes())


def analyze_song(song: AnySong) -> SongAnalysis:
    """Features and rhythm of a song (a few seconds for each minute); silence has no beats.

    Raises AudioError for one that is unreadable, under a second or over two hours.
    """
    features = extract(song)
    strength = onset_strength(features)
    if features.is_silent:
        return SongAnalysis(features, Rhythm(np.zeros(0), np.zeros(0), 0.0, np.zeros(1), strength))
    beats = track_beats(strength, FEATURE_RATE) + _LATENCY_S
    beats = beats[(beats >= 0) & (beats < features.duration_s)]
    tempo = 60.0 / float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0
    downbeats, sections = find_downbeats(features, beats), find_sections(features, beats)
    return SongAnalysis(features, Rhythm(beats, downbeats, tempo, sections, strength))
