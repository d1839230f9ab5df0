"""Dance a score: key poses on counts become joints at given times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.arrange import Phrase, Score
from hotfoot.choreography.body import (
    CHANNELS,
    INDEX,
    STANCE,
    center_of_mass,
    neutral,
    pose_body,
)
from hotfoot.choreography.moves import UPPER, Move, mirrored

Array = NDArray[np.float64]

_FEET = [[INDEX[f"{s}f{a}"] for a in "xyz"] for s in "lr"]
_STEP_WINDOW = (0.3, 1.0)  # of the way to a count, in which a foot moves
_FIRST, _SECOND = (0.05, 0.6), (0.45, 1.0)  # where both move, one after the other
_AIR = (0.25, 1.0)
_IN_AIR = (0.4, 0.85)  # where feet change places in a jump
_STILL_M = 0.02
_LIFT = 0.2  # height of a step over its length
_MOST_LIFT = 0.11
_SMOOTH_S = 0.03
_MARGIN_S = 0.8
_ACCENT_S = (0.07, 0.28)  # how quickly an accent comes, and goes
_ACCENT = {"py": -0.06, "nod": 0.22, "lean": 0.12, "chest": -0.03, "ly": -0.09, "ry": -0.09}
_STANDS_M = 0.06  # of an ankle: below it the toes stand still
_FOOT_M = (0.05, 0.17)  # from the ankle to the heel, to the ball
_SIDE_M = 0.05  # half of a foot's width
_MOST_SHIFT_M = 0.15


@dataclass(frozen=True)
class Dancer:
    """A person's way of dancing.

    Attributes:
        size: factor on all amplitudes.
        sharp: added to the moves' sharpness.
        bounce: factor on the knees' give.
        swing: half counts come so much later, in counts.
        looseness: size of slow random deviations.
        stance: feet further apart, meters.
        seed: of the deviations.
    """

    size: float = 1.0
    sharp: float = 0.0
    bounce: float = 1.0
    swing: float = 0.0
    looseness: float = 1.0
    stance: float = 0.0
    seed: int = 0


def random_dancer(rng: np.random.Generator) -> Dancer:
    """Somebody."""
    return Dancer(
        size=float(np.clip(rng.normal(1, 0.13), 0.7, 1.25)),
        sharp=float(rng.normal(0, 0.12)),
        bounce=float(0.75 * np.exp(rng.normal(0, 0.5))),
        swing=float(rng.choice([0, 0, 0.08])),
        looseness=float(rng.uniform(0.5, 1.5)),
        stance=float(rng.uniform(-0.01, 0.05)),
        seed=int(rng.integers(2**31)),
    )


@dataclass(frozen=True, eq=False)
class _Track:
    """Keys in beats: when, what, and how the way to each is gone."""

    at: Array  # [N] beats
    keys: Array  # [N, C]
    sharp: Array  # [N]
    slides: NDArray[np.bool_]  # [N]


def perform(score: Score, times: Array, dancer: Dancer, fps: float = 30.0) -> NDArray[np.float32]:
    """Joints [T, 17, 3] at seconds [T] on the clock of the score, evenly spaced at ``fps``.

    Any part of a song is danced as it is within the whole.
    """
    margin = round(_MARGIN_S * fps)  # where filters do not see the ends
    around = np.arange(1, margin + 1) / fps
    times = np.concatenate([times[0] - around[::-1], times, times[-1] + around])
    beat = np.interp(times, score.beats, np.arange(len(score.beats)))
    low, high = beat.min() - 10, beat.max() + 10
    near = [p for p in score.phrases if p.start + p.beats > low and p.start < high]
    lower = _track(near, dancer, upper=False)
    upper = _track(near, dancer, upper=True)
    controls = _eased(lower, beat)
    controls[:, UPPER] = _eased(upper, beat)[:, UPPER]
    controls = _with_groove(controls, near, beat, dancer)
    controls = _with_accents(controls, score, times)
    controls += _looseness(times, dancer.seed) * dancer.looseness
    controls = gaussian_filter1d(controls, _SMOOTH_S * fps, axis=0, mode="nearest")
    places = _footprints(lower, STANCE + dancer.stance)
    feet, air = _feet(lower, places, beat)
    joints = pose_body(controls, _pelvis(lower, places, beat, controls), feet, air)
    return joints[margin : len(joints) - margin]


def _track(phrases: list[Phrase], dancer: Dancer, upper: bool) -> _Track:
    at, keys, sharp, slides = [], [], [], []
    turned = 0.0
    rest = neutral()
    yaw = INDEX["yaw"]
    for phrase in phrases:
        move = (phrase.upper or phrase.lower) if upper else phrase.lower
        counts = phrase.beats / phrase.pace
        cycle = 0
        while cycle * move.counts < counts - 1e-9:
            poses = _sized(move.keys, rest, phrase.size * dancer.size)
            if phrase.flip != (move.alternates and cycle % 2 == 1):
                poses = mirrored(poses)
            poses[:, yaw] += turned
            swung = move.at + dancer.swing * (move.at % 1 == 0.5)
            when = phrase.start + (swung + cycle * move.counts) * phrase.pace
            inside = when < phrase.start + phrase.beats - 1e-9
            at.append(when[inside])
            keys.append(poses[inside])
            sharp.append(np.full(inside.sum(), np.clip(move.sharp + dancer.sharp, 0, 0.8)))
            slides.append(np.full(inside.sum(), move.slides))
            # A turn that is cut short is turned to its nearer end.
            turned = 2 * np.pi * np.round(poses[inside][-1, yaw] / (2 * np.pi))
            cycle += 1
    return _Track(
        np.concatenate(at), np.concatenate(keys), np.concatenate(sharp), np.concatenate(slides)
    )


def _sized(keys: Array, rest: Array, size: float) -> Array:
    """Key poses as large as wanted; turns stay whole, and feet less affected than arms."""
    factor = np.full(len(CHANNELS), size)
    factor[INDEX["yaw"]] = 1.0
    for foot in _FEET:
        factor[foot] = np.clip(size, 0.75, 1.1)
    factor[[INDEX["sx"], INDEX["sz"]]] = np.clip(size, 0.75, 1.1)
    return rest + (keys - rest) * factor


def _eased(track: _Track, beat: Array) -> Array:
    """Controls at beats: at rest on every key, quick between them."""
    i, u = _between(track.at, beat)
    share = _ease(u, track.sharp[i + 1])[:, None]
    return track.keys[i] * (1 - share) + track.keys[i + 1] * share


def _between(at: Array, beat: Array) -> tuple[NDArray[np.intp], Array]:
    i = np.clip(np.searchsorted(at, beat, side="right") - 1, 0, len(at) - 2)
    return i, np.clip((beat - at[i]) / (at[i + 1] - at[i]), 0, 1)


def _ease(u: Array, sharp: Array) -> Array:
    """From 0 to 1 with no speed at either end; ``sharp`` holds around keys, then goes quickly.

    The hold is centerd on the count, so that the body is stillest there.
    """
    w = np.clip((u - sharp * 0.375) / (1 - sharp * 0.75), 0, 1)
    return w * w * w * (w * (6 * w - 15) + 10)


def _window(u: Array, low: Array, high: Array) -> Array:
    """From 0 to 1 between ``low`` and ``high``."""
    w = np.clip((u - low) / (high - low), 0, 1)
    return w * w * (3 - 2 * w)


def _with_groove(controls: Array, phrases: list[Phrase], beat: Array, dancer: Dancer) -> Array:
    """Knees give on every beat, and the head goes along."""
    depth = np.zeros(len(beat))
    for p in phrases:
        inside = (beat >= p.start) & (beat < p.start + p.beats)
        depth[inside] = p.lower.bounce * p.size * dancer.bounce * (1.0 if p.pace >= 1 else 1.2)
    depth = gaussian_filter1d(depth, 6, mode="nearest")
    down = 0.5 + 0.5 * np.cos(2 * np.pi * beat)
    out = controls.copy()
    out[:, INDEX["py"]] -= depth * down
    out[:, INDEX["nod"]] += 2.2 * depth * down
    out[:, INDEX["lean"]] += 0.6 * depth * down
    for side in "lr":
        out[:, INDEX[f"{side}y"]] -= 0.5 * depth * down
    return out


def _with_accents(controls: Array, score: Score, times: Array) -> Array:
    """A short hit, knees, chest, head and hands, on every onset that stands out."""
    out = controls.copy()
    if not score.accents:
        return out
    at, strengths = np.array(score.accents).T
    seconds = np.interp(at, np.arange(len(score.beats)), score.beats)
    near = (seconds > times[0] - 1) & (seconds < times[-1] + 1)
    for second, strength in zip(seconds[near], strengths[near], strict=True):
        away = times - second
        hit = np.exp(-0.5 * (away / np.where(away < 0, *_ACCENT_S)) ** 2) * strength
        for name, size in _ACCENT.items():
            out[:, INDEX[name]] += size * hit
    return out


def _into_balance(track: _Track, places: Array, over: Array) -> Array:
    """Where the pelvis is over the floor at every key [N, 2], moved into balance from ``over``.

    The center of mass is brought over the feet that stand. On keys, not on frames: between them
    the body is under way, and its easing stays what it is.
    """
    air = np.zeros(len(over))
    center = center_of_mass(pose_body(track.keys, over, places, air))[:, [0, 2]]
    yaw = track.keys[:, INDEX["yaw"]]
    aside = np.stack([np.cos(yaw), -np.sin(yaw)], axis=1)
    ahead = np.stack([np.sin(yaw), np.cos(yaw)], axis=1)
    stands = places[:, :, 1] < _STANDS_M
    stands |= ~stands.any(axis=1, keepdims=True)
    shift = np.zeros_like(over)
    for axis, before, after in ((aside, _SIDE_M, _SIDE_M), (ahead, *_FOOT_M)):
        feet = (places[:, :, [0, 2]] * axis[:, None]).sum(axis=-1)
        low = np.where(stands, feet - before, np.inf).min(axis=1)
        high = np.where(stands, feet + after, -np.inf).max(axis=1)
        at = (center * axis).sum(axis=1)
        back = np.clip(np.clip(at, low, high) - at, -_MOST_SHIFT_M, _MOST_SHIFT_M)
        shift += back[:, None] * axis
    return over + shift


def _looseness(times: Array, seed: int) -> Array:
    """Slow deviations [T, C] of trunk, head and arms: nobody repeats a pose exactly.

    Sums of three slow waves, so that any part of a song is danced as within the whole.
    """
    size = np.zeros(len(CHANNELS))
    for name, amount in (("lean", 0.015), ("side", 0.01), ("twist", 0.025), ("nod", 0.025),
                         ("look", 0.05), ("tilt", 0.02), ("pyaw", 0.02)):  # fmt: skip
        size[INDEX[name]] = amount
    for side in "lr":
        for axis in "xyz":
            size[INDEX[side + axis]] = 0.025
    rng = np.random.default_rng(seed)
    rates = 1 / rng.uniform(2.0, 9.0, (3, 1, len(CHANNELS)))
    phases = rng.uniform(0, 1, rates.shape)
    waves = np.sin(2 * np.pi * (rates * times[None, :, None] + phases))
    return np.asarray(waves.sum(axis=0) * np.sqrt(2 / 3) * size)


def _footprints(track: _Track, stance: float) -> Array:
    """Ankles [N, 2, 3] in the world at every key: left, right; x, height over the floor, z."""
    keys = track.keys
    yaw = keys[:, INDEX["yaw"]]
    cos, sin = np.cos(yaw), np.sin(yaw)
    out = np.zeros((len(keys), 2, 3))
    for i, (foot, sign) in enumerate(zip(_FEET, (1.0, -1.0), strict=True)):
        x, y, z = (keys[:, c] for c in foot)
        x = sign * (stance + x)
        out[:, i, 0] = keys[:, INDEX["sx"]] + cos * x + sin * z
        out[:, i, 1] = np.maximum(y, 0)
        out[:, i, 2] = keys[:, INDEX["sz"]] - sin * x + cos * z
    return out


def _feet(track: _Track, places: Array, beat: Array) -> tuple[Array, Array]:
    """Ankles [T, 2, 3] and height of jumps [T]: feet stand still, or step from key to key."""
    i, u = _between(track.at, beat)
    far = np.linalg.norm(np.diff(places, axis=0)[:, :, [0, 2]], axis=-1)
    hop = track.keys[:, INDEX["hop"]]
    jumps = hop[1:] > 0
    moves = np.linalg.norm(np.diff(places, axis=0), axis=-1) > _STILL_M
    both = moves.all(axis=1) & ~jumps & ~track.slides[1:]
    # A foot in the air lands before the other leaves; else the longer way is gone first.
    down = places[1:, :, 1] - places[:-1, :, 1]
    level = np.abs(down[:, 0] - down[:, 1]) < _STILL_M
    left_first = np.where(level, far[:, 0] >= far[:, 1], down[:, 0] < down[:, 1])
    out = np.zeros((len(beat), 2, 3))
    for side in range(2):
        first = left_first if side == 0 else ~left_first
        windows = np.where(
            (both & first)[:, None], _FIRST, np.where(both[:, None], _SECOND, _STEP_WINDOW)
        )
        windows = np.where(jumps[:, None], _IN_AIR, windows)
        w = _window(u, windows[i, 0], windows[i, 1])[:, None]
        out[:, side] = places[i, side] * (1 - w) + places[i + 1, side] * w
        length = far[:, side]
        lift = np.where(length > _STILL_M, np.minimum(0.015 + _LIFT * length, _MOST_LIFT), 0)
        lift = np.where(jumps | track.slides[1:], 0, lift)
        out[:, side, 1] += lift[i] * (4 * w * (1 - w))[:, 0]
    w = np.clip((u - _AIR[0]) / (_AIR[1] - _AIR[0]), 0, 1)
    return out, hop[i + 1] * 4 * w * (1 - w)


def _pelvis(track: _Track, places: Array, beat: Array, controls: Array) -> Array:
    """Where the pelvis is over the floor [T, 2]: between the feet, over the one that stands."""
    raised = places[:, :, 1] > _STANDS_M
    weight = np.where(raised[:, 0] & ~raised[:, 1], 0.15, 0.5)
    weight = np.where(raised[:, 1] & ~raised[:, 0], 0.85, weight)[:, None]
    over = places[:, 0, [0, 2]] * weight + places[:, 1, [0, 2]] * (1 - weight)
    # What the keys add to that, in their own directions.
    own = _to_world(track.keys)
    over = _into_balance(track, places, over + own) - own
    i, u = _between(track.at, beat)
    share = _ease(u, 0.5 * track.sharp[i + 1])[:, None]
    return over[i] * (1 - share) + over[i + 1] * share + _to_world(controls)


def _to_world(controls: Array) -> Array:
    """The pelvis' own place [T, 2], as the floor sees it."""
    yaw, px, pz = (controls[:, INDEX[name]] for name in ("yaw", "px", "pz"))
    return np.stack(
        [np.cos(yaw) * px + np.sin(yaw) * pz, -np.sin(yaw) * px + np.cos(yaw) * pz], axis=1
    )


def cycle(move: Move, flip: bool = False, pace: float = 1.0, beats: int = 16) -> Phrase:
    """A move alone, as a phrase: to look at it, and for tests."""
    return Phrase(0, beats, move, None, flip, pace, 1.0, 0, 0.0)
