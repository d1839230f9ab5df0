"""Put real motion on a song's beats: clips, their own beats, and how their time is warped."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.optimize import lsq_linear

from hotfoot.data.bodies import BODY_POINTS, Array, Joints
from hotfoot.data.mocap import MotionClip
from hotfoot.errors import InputError
from hotfoot.music.beats import track_beats
from hotfoot.pose.body import mean_speed
from hotfoot.pose.resample import linear

RATE_LIMITS = (0.75, 1.33)
"""Slowest and fastest play of a clip, against its own speed."""

_ENVELOPE_RATE = 120.0
_NEAR_S = 0.08  # an accent this near to a beat is its accent
_LATE_S = 0.03  # one unit of error: an accent so far from its beat ...
_BEND = 0.2  # ... or a change of rate by so much from beat to beat
_MULTIPLES = ((1.0, 0.0), (2.0, 0.03), (0.5, 0.03), (1.5, 0.4), (2 / 3, 0.4))
"""Song beats per clip beat, and what taking it costs, as an octave of rate would."""


def joint_speed(joints: Joints, fps: float) -> Array:
    """Mean joint speed [T] in meters per second, smoothed over about 50 ms."""
    return gaussian_filter1d(mean_speed(joints[:, :BODY_POINTS], fps), 0.05 * fps)


def accent_envelope(joints: Joints, fps: float) -> Array:
    """Strength of movement accents at 120 Hz: impulses at minima of speed, by their depth."""
    speed = joint_speed(joints, fps)
    lows = np.flatnonzero((speed[1:-1] < speed[:-2]) & (speed[1:-1] <= speed[2:])) + 1
    around = max(2, round(0.35 * fps))
    high = maximum_filter1d(speed, 2 * around + 1)[lows]
    out = np.zeros(int(len(joints) / fps * _ENVELOPE_RATE) + 1)
    at = np.minimum(np.round(lows / fps * _ENVELOPE_RATE).astype(int), len(out) - 1)
    np.add.at(out, at, (high - speed[lows]) / (high + 0.2))
    return gaussian_filter1d(out, 0.02 * _ENVELOPE_RATE)


@dataclass(frozen=True, eq=False)
class KinematicBeats:
    """The regular chain through a clip's accents."""

    times: Array  # [N] seconds of the clip
    confidence: Array  # [N] 0..1, how strong an accent is near each beat
    rhythm: float  # 0..1, how much more of the accents lies on beats than would by chance
    phase: int  # 0..3, which beats begin a bar: those with the strongest accents


def kinematic_beats(clip: MotionClip) -> KinematicBeats:
    """The clip's own beats and how sure they are."""
    envelope = accent_envelope(clip.joints, clip.fps)
    times = track_beats(envelope.astype(np.float32), _ENVELOPE_RATE)
    if len(times) < 2:
        return KinematicBeats(times, np.zeros(len(times)), 0.0, 0)
    window = 2 * round(_NEAR_S * _ENVELOPE_RATE) + 1
    at = np.clip(np.round(times * _ENVELOPE_RATE).astype(int), 0, len(envelope) - 1)
    strength = maximum_filter1d(envelope, window)[at]
    usual = float(np.percentile(envelope[envelope > 0.05 * envelope.max()], 75))
    confidence = np.clip(strength / usual, 0, 1)
    inside = maximum_filter1d(np.isin(np.arange(len(envelope)), at), window)
    share, chance = envelope[inside].sum() / envelope.sum(), float(inside.mean())
    rhythm = float(np.clip((share - chance) / max(1 - chance, 1e-6), 0, 1))
    phase = int(np.argmax([confidence[p::4].mean() if p < len(times) else 0 for p in range(4)]))
    return KinematicBeats(times, confidence, rhythm, phase)


@dataclass(frozen=True, eq=False)
class BankedClip:
    """A clip with its own beats; ``energy`` is its rank among the bank by speed, 0..1."""

    clip: MotionClip
    beats: KinematicBeats
    energy: float


@dataclass(frozen=True, eq=False)
class Bank:
    """Clips to choose from, and how often each is tried."""

    clips: tuple[BankedClip, ...]
    weight: Array


def make_bank(clips: list[MotionClip]) -> Bank:
    """Clips of 6 s or more (else InputError): dances by length, karate and floor work seldom."""
    chosen = [c for c in clips if len(c.joints) / c.fps >= 6]
    if not chosen:
        raise InputError("no clip lasts 6 seconds", "Give longer motion clips.")
    speeds = np.array([joint_speed(c.joints, c.fps).mean() for c in chosen])
    weight = np.array([_weight(c) for c in chosen])
    order = np.argsort(speeds)
    # The rank counts seconds of dance, not clips.
    rank = np.empty(len(chosen))
    rank[order] = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    banked = tuple(
        BankedClip(c, kinematic_beats(c), float(e)) for c, e in zip(chosen, rank, strict=True)
    )
    return Bank(banked, weight / weight.sum())


def _weight(clip: MotionClip) -> float:
    seconds = min(len(clip.joints) / clip.fps, 60.0)  # a longer clip counts as no more
    return seconds * (1.0 if clip.is_dance else 0.1) * (1.0 if clip.upright > 0.9 else 0.15)


@dataclass(frozen=True, eq=False)
class TimeWarp:
    """A smooth monotone map from song seconds to clip seconds.

    Between knots the rate of play changes linearly, so it is nowhere outside of the knots' rates.
    """

    song_s: Array  # [N] knots
    clip_s: Array  # [N] where they fall in the clip
    rate: Array  # [N] clip seconds per song second at each knot; constant beyond the ends
    late_s: Array  # [N] how far the accent of each knot stays from its beat

    def __call__(self, times: Array) -> Array:
        """Clip seconds at song seconds."""
        i = np.clip(np.searchsorted(self.song_s, times, side="right") - 1, 0, len(self.song_s) - 2)
        gap = np.diff(self.song_s)
        inside = np.clip(times - self.song_s[i], 0, gap[i])
        slope = np.diff(self.rate) / gap
        clip = self.clip_s[i] + self.rate[i] * inside + 0.5 * slope[i] * inside**2
        before = np.minimum(times - self.song_s[0], 0) * self.rate[0]
        after = np.maximum(times - self.song_s[-1], 0) * self.rate[-1]
        return clip + before + after


def multiples(clip_beats: Array, song_beats: Array) -> list[tuple[float, float]]:
    """Song beats that one clip beat may take, and what each costs, the cheapest first.

    1/2, 2/3, 1, 3/2 and 2 are tried; the cost is the rate of play in octaves, more for thirds. A
    multiple whose rate is outside of :data:`RATE_LIMITS` is none.
    """
    song, clip = (float(np.median(np.diff(beats))) for beats in (song_beats, clip_beats))
    found = []
    for per_beat, extra in _MULTIPLES:
        rate = clip / (song * per_beat)
        if RATE_LIMITS[0] <= rate <= RATE_LIMITS[1]:
            found.append((abs(float(np.log2(rate))) + extra, per_beat))
    return [(per_beat, cost) for cost, per_beat in sorted(found)]


def fit_warp(clip_beats: Array, confidence: Array, song_s: Array) -> TimeWarp:
    """The smooth warp that brings clip beats [N] onto song seconds [N], the sure ones nearest.

    Bounded least squares: rates at the knots within :data:`RATE_LIMITS`; errors of 30 ms at a sure
    beat weigh as much as a change of rate by a fifth from beat to beat.
    """
    half, count = np.diff(song_s) / 2, len(song_s)
    # clip seconds at the knots = first + trapezia of the rates
    steps = np.diag(half, -1) + np.diag(np.r_[0, half])
    place = np.concatenate([np.ones((count, 1)), np.cumsum(steps, axis=0)], axis=1)
    weight = (0.15 + confidence) / _LATE_S
    bend = np.diff(np.eye(count, count + 1, 1), axis=0) / _BEND
    low, high = (np.full(count, limit) for limit in RATE_LIMITS)
    found = lsq_linear(
        np.concatenate([place * weight[:, None], bend]),
        np.concatenate([clip_beats * weight, np.zeros(count - 1)]),
        bounds=(np.r_[-np.inf, low], np.r_[np.inf, high]),
    ).x
    clip_s, rate = place @ found, found[1:]
    return TimeWarp(song_s, clip_s, rate, (clip_beats - clip_s) / rate)


def play(clip: MotionClip, clip_s: Array) -> Joints:
    """Joints at clip seconds; beyond its ends the clip swings back and forth."""
    last = (len(clip.joints) - 1) / clip.fps
    folded = np.abs(np.mod(clip_s + last, 2 * last) - last) if last > 0 else np.zeros_like(clip_s)
    return linear(clip.joints, folded * clip.fps)
