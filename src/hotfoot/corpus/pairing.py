"""Pair real motion with real music: warp time so that movement accents fall on beats.

In: a motion clip and a song. Out: joints at song time, accents on beats. The warp is monotone and
its rate stays within limits where motion looks natural.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from hotfoot.corpus.mocap import MotionClip, resample
from hotfoot.music.beats import track_beats

_RATE_LIMITS = (0.72, 1.38)
_ENVELOPE_RATE = 120.0


def joint_speed(joints: NDArray[np.float32], fps: float) -> NDArray[np.float64]:
    """Mean joint speed [T] in metres per second, smoothed over about 50 ms."""
    velocity = np.gradient(joints.astype(np.float64), 1 / fps, axis=0)
    return gaussian_filter1d(np.linalg.norm(velocity, axis=-1).mean(axis=1), 0.05 * fps)


def accent_envelope(joints: NDArray[np.float32], fps: float) -> NDArray[np.float64]:
    """Strength of movement accents at 120 Hz: impulses at minima of speed, by their depth."""
    speed = joint_speed(joints, fps)
    lows = np.flatnonzero((speed[1:-1] < speed[:-2]) & (speed[1:-1] <= speed[2:])) + 1
    reach = max(2, round(0.35 * fps))
    duration = len(joints) / fps
    out = np.zeros(int(duration * _ENVELOPE_RATE) + 1)
    for i in lows:
        around = speed[max(0, i - reach) : i + reach + 1].max()
        depth = (around - speed[i]) / (around + 0.2)
        out[min(round(i / fps * _ENVELOPE_RATE), len(out) - 1)] += depth
    return gaussian_filter1d(out, 0.02 * _ENVELOPE_RATE)


def motion_beats(clip: MotionClip) -> NDArray[np.float64]:
    """Seconds of the clip's own beats: the regular chain through its accents."""
    return track_beats(accent_envelope(clip.joints, clip.fps).astype(np.float32), _ENVELOPE_RATE)


@dataclass(frozen=True, eq=False)
class TimeWarp:
    """A monotone map from song seconds to clip seconds, given by knots."""

    song_s: NDArray[np.float64]
    clip_s: NDArray[np.float64]

    def __call__(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Clip seconds at song seconds (monotone cubic between knots, linear outside)."""
        curve = PchipInterpolator(self.song_s, self.clip_s)
        inside = np.clip(times, self.song_s[0], self.song_s[-1])
        slope = (self.clip_s[-1] - self.clip_s[0]) / (self.song_s[-1] - self.song_s[0])
        return curve(inside) + (times - inside) * slope


def warp_to_beats(
    clip_beats: NDArray[np.float64],
    song_beats: NDArray[np.float64],
    start_s: float,
    duration_s: float,
    rng: np.random.Generator,
    clip_duration_s: float,
) -> TimeWarp | None:
    """A warp that puts clip beats on song beats from ``start_s`` on for ``duration_s``.

    One clip beat may take half a song beat, one, or two. None if no multiple keeps the rate of
    play within 0.72 to 1.38, or either has too few beats.
    """
    song = song_beats[(song_beats > start_s - 4) & (song_beats < start_s + duration_s + 4)]
    if len(song) < 4 or len(clip_beats) < 4:
        return None
    song_period = float(np.median(np.diff(song)))
    clip_period = float(np.median(np.diff(clip_beats)))
    options = []
    for per_beat in (0.5, 1.0, 2.0):  # song beats per clip beat
        rate = clip_period / (song_period * per_beat)
        if _RATE_LIMITS[0] <= rate <= _RATE_LIMITS[1]:
            options.append((abs(np.log(rate)), per_beat))
    if not options:
        return None
    per_beat = min(options)[1]
    index = np.arange(len(song))
    if per_beat == 0.5:
        grid = np.interp(np.arange(0, len(song) - 1, 0.5), index, song)
    elif per_beat == 2.0:
        grid = song[int(rng.integers(0, 2)) :: 2]
    else:
        grid = song
    # Smooth the clip's own beats a little: the grid is regular, a late accent stays late.
    needed = len(grid)
    longest = clip_duration_s - duration_s
    first = int(rng.integers(0, max(1, len(clip_beats) - needed + 1)))
    if longest <= 0:
        first = 0
    chosen = clip_beats[first : first + needed]
    grid = grid[: len(chosen)]
    if len(grid) < 4:
        return None
    rates = np.diff(chosen) / np.diff(grid)
    if rates.min() < 0.5 or rates.max() > 1.9:
        return None
    return TimeWarp(grid, chosen)


def play(clip: MotionClip, clip_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Joints at clip seconds; beyond its ends the clip swings back and forth."""
    last = (len(clip.joints) - 1) / clip.fps
    folded = np.abs(np.mod(clip_s + last, 2 * last) - last) if last > 0 else np.zeros_like(clip_s)
    return resample(clip.joints, folded * clip.fps)
