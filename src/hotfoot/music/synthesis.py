"""Compose songs whose beats are known exactly: for tests, demonstrations and training pairs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from hotfoot.errors import OptionError
from hotfoot.files import replacing
from hotfoot.music.audio import write_wav

Floats = NDArray[np.float32]
Array = NDArray[np.float64]

_PROGRESSIONS = ((0, 5, 3, 4), (0, 3, 4, 4), (5, 3, 0, 4), (0, 4, 5, 3), (0, 0, 3, 4))
_BASS = ("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x..x..x.x..x..x.")
_MAJOR = (0, 2, 4, 5, 7, 9, 11)
# 16 steps to a bar; kick, snare, hat.
_PATTERNS = {
    "house": ("x...x...x...x...", "....x.......x...", "..x...x...x...x."),
    "rock": ("x.......x.x.....", "....x.......x...", "x.x.x.x.x.x.x.x."),
    "break": ("x.....x...x.....", "....x.......x..x", "x.x.xxx.x.x.x.xx"),
    "half": ("x.........x.....", "........x.......", "x...x...x...x..."),
    "disco": ("x...x...x...x...", "....x.......x...", "x.xxx.xxx.xxx.xx"),
    "funk": ("x..x..x...x..x..", "....x..x.x..x...", "x.x.x.x.x.x.x.x."),
}
STYLES = tuple(_PATTERNS)


@dataclass(frozen=True, eq=False)
class ComposedSong:
    """A composed song and its truth."""

    samples: Floats  # mono, -1..1
    sample_rate: int  # Hz
    beats: Array  # seconds of every beat
    downbeats: Array  # seconds of every bar's first beat
    sections: Array  # seconds at which sections begin
    levels: tuple[float, ...]  # loudness of each section, 0..1

    def save(self, path: Path) -> None:
        """Write a 16-bit WAV file, whole or not at all."""
        with replacing(path) as temporary:
            write_wav(temporary, [self.samples], self.sample_rate)


def compose(
    duration_s: float = 30.0,
    bpm: float = 120.0,
    *,
    seed: int = 0,
    style: str | None = None,
    swing: float = 0.0,
    drift: float = 0.0,
    sections: int | None = None,
    sample_rate: int = 24_000,  # Hz
) -> ComposedSong:
    """Compose a song of sections of 4/4 bars; the same for the same seed, 0 or more.

    Args:
        style: drum pattern, one of :data:`STYLES`; None draws one per section.
        swing: 0 straight to 0.33 triplet feel; delays every second sixteenth pair.
        drift: relative tempo swing over the song, e.g. 0.03.
        sections: how many; None is about one per 8 bars.

    Raises:
        OptionError: tempo, length, swing or style out of range.
    """
    _check(bpm, duration_s, swing, drift, seed, style)
    rng = np.random.default_rng(seed)
    beats = _beats(rng, duration_s, bpm, drift)
    bars = int(np.ceil(np.searchsorted(beats, duration_s) / 4)) or 1
    count = max(1, round(bars / 8)) if sections is None else sections
    borders = np.unique(np.round(np.linspace(0, bars, count + 1)[:-1]).astype(int))
    out = np.zeros(int(duration_s * sample_rate) + sample_rate * 2, np.float32)
    kit = _kit(rng, sample_rate)
    band = _Band(out, sample_rate, beats, swing, kit, key=int(rng.integers(0, 12)))
    parts = _sections(rng, len(borders), style)
    for part, first, last in zip(parts, borders, [*borders[1:], bars], strict=True):
        for bar in range(first, last):
            band.play_drums(part, bar)
            band.play_notes(part, bar)
    out = out[: int(duration_s * sample_rate)]
    out = (0.9 * np.tanh(1.2 * out / max(float(np.abs(out).max()), 1e-6))).astype(np.float32)
    beats = beats[beats < duration_s]
    starts = beats[np.minimum(borders * 4, len(beats) - 1)]
    levels = tuple(part.level for part in parts)
    return ComposedSong(out, sample_rate, beats, beats[::4], starts, levels)


def _check(
    bpm: float, duration_s: float, swing: float, drift: float, seed: int, style: str | None
) -> None:
    if not 30 <= bpm <= 300:
        raise OptionError(f"tempo is {bpm:g} BPM", "Allowed: 30 to 300.")
    if not 0.1 <= duration_s <= 7200:
        raise OptionError(f"duration is {duration_s:g} s", "Allowed: 0.1 to 7200.")
    if not 0 <= swing <= 0.34 or not 0 <= drift <= 0.2:
        raise OptionError(f"swing {swing:g}, drift {drift:g}", "Allowed: 0..0.34 and 0..0.2.")
    if not 0 <= seed < 2**63:
        raise OptionError(f"seed is {seed}", "Allowed: 0 to 2^63 - 1.")
    if style is not None and style not in _PATTERNS:
        raise OptionError(f"unknown style '{style}'", f"Known: {', '.join(STYLES)}.")


def _beats(rng: Generator, duration_s: float, bpm: float, drift: float) -> Array:
    """Seconds of beats from 0 to some bars past the end."""
    count = int(np.ceil(duration_s * bpm / 60 * (1 + drift))) + 8
    phase = rng.uniform(0, 2 * np.pi)
    local = bpm * (1 + drift * np.sin(phase + 2 * np.pi * np.arange(count) / count))
    return np.concatenate([[0.0], np.cumsum(60.0 / local)])


@dataclass(frozen=True, eq=False)
class _Section:
    """What is played in one section."""

    level: float
    pattern: tuple[str, ...]
    chords: tuple[int, ...]
    bass: str
    motif: NDArray[np.int64]  # of the lead, if any


def _sections(rng: Generator, count: int, style: str | None) -> list[_Section]:
    """Sections by chance, loud and quiet by turns."""
    out = []
    quiet_next = rng.random() < 0.5
    for _ in range(count):
        level = float(rng.uniform(0.25, 0.5) if quiet_next else rng.uniform(0.7, 1.0))
        quiet_next = not quiet_next and count > 1
        pattern = _PATTERNS[style or str(rng.choice(STYLES))]
        chords = _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))]
        bass = _BASS[rng.integers(len(_BASS))]
        lead, motif = rng.random() < 0.6, rng.integers(0, 7, 8)
        out.append(_Section(level, pattern, chords, bass, motif if lead else motif[:0]))
    return out


@dataclass(frozen=True, eq=False)
class _Band:
    """Adds sounds to ``out`` on the grid of beats."""

    out: Floats
    rate: int
    beats: Array
    swing: float
    kit: tuple[Floats, ...]
    key: int

    def play_drums(self, part: _Section, bar: int) -> None:
        for sound, steps in zip(self.kit, part.pattern, strict=True):
            for step, mark in enumerate(steps):
                if mark == "x":
                    accent = part.level * (1.0 if step % 4 == 0 else 0.75)
                    self._add(sound * np.float32(accent), self._step_s(bar, step, self.swing))

    def play_notes(self, part: _Section, bar: int) -> None:
        start, end = self._step_s(bar, 0), self._step_s(bar + 1, 0)
        if not np.isfinite(end):
            return
        chord = part.chords[bar % 4]
        for degree in (0, 2, 4):
            tone = self._tone(chord + degree, 60, end - start, (1, 0.3, 0.1), 0.05)
            self._add(0.05 * part.level * tone, start)
        step_s = (end - start) / 16
        for step, mark in enumerate(part.bass):
            if mark == "x":
                tone = self._tone(chord, 36, 1.8 * step_s, (1, 0.4, 0.2))
                self._add(0.22 * part.level * tone, start + step * step_s)
        for i, degree in enumerate(part.motif):
            tone = self._tone(int(degree), 72, 1.6 * step_s, (1, 0, 0.3))
            self._add(0.08 * part.level * tone, start + 2 * i * step_s)

    def _step_s(self, bar: int, step: int, swing: float = 0.0) -> float:
        """When a sixteenth of a bar is; infinite past the last beat."""
        beat = bar * 4 + step // 4
        if beat + 1 >= len(self.beats):
            return float("inf")
        fraction = (step % 4) / 4 + (swing / 2 if step % 4 == 2 else 0)
        return float(self.beats[beat] + fraction * (self.beats[beat + 1] - self.beats[beat]))

    def _add(self, sound: Floats, time_s: float) -> None:
        start = round(time_s * self.rate) if np.isfinite(time_s) else len(self.out)
        stop = min(len(self.out), start + len(sound))
        if stop > start:
            self.out[start:stop] += sound[: stop - start]

    def _tone(
        self, degree: int, octave: int, length_s: float, parts: tuple[float, ...],
        attack_s: float = 0.004,
    ) -> Floats:  # fmt: skip
        """A degree of the key's major scale over a MIDI note, dying away."""
        note = self.key + _MAJOR[degree % 7] + 12 * (degree // 7) + octave
        t = np.arange(max(1, int(length_s * self.rate)), dtype=np.float32) / self.rate
        base = 2 * np.pi * 440 * 2 ** ((note - 69) / 12)
        wave_ = sum(a * np.sin(base * (k + 1) * t) for k, a in enumerate(parts) if a)
        envelope = np.minimum(t / attack_s, 1) * np.exp(-2.5 * t / max(length_s, 1e-3))
        return (wave_ * envelope).astype(np.float32)


def _kit(rng: Generator, rate: int) -> tuple[Floats, ...]:
    """Kick, snare and hat; all begin at their first sample."""
    t = np.arange(int(0.3 * rate), dtype=np.float32) / rate
    low = rng.uniform(42, 60)
    kick = np.sin(2 * np.pi * (low * t + 1.6 * (1 - np.exp(-t * 35)))) * np.exp(-t * 14)
    noise = rng.normal(0, 1, len(t))
    snare = (0.5 * noise + 0.4 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t * 22)
    hat = 0.25 * np.diff(noise, prepend=0) * np.exp(-t * rng.uniform(40, 80))
    return tuple(np.asarray(s, np.float32) for s in (0.95 * kick, 0.5 * snare, hat))
