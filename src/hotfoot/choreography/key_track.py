"""Key poses on beats, and the curves through them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.body import CHANNELS, INDEX, neutral
from hotfoot.choreography.key_poses import mirrored
from hotfoot.choreography.moves import find
from hotfoot.choreography.performer import Performer
from hotfoot.choreography.phrases import Phrase

Array = NDArray[np.float64]

FEET = [[INDEX[f"{s}f{a}"] for a in "xyz"] for s in "lr"]
"""Channels of the left ankle and of the right one."""

_FEET_SIZES = (0.75, 1.1)  # feet are affected less than arms
_HELD_FROM = 0.6  # sharpness from which a key is held, not moved through


@dataclass(frozen=True, eq=False)
class KeyTrack:
    """Key poses and how each is reached.

    Attributes:
        at: [N] beats.
        keys: [N, C] controls.
        sharp: [N] 0 flows, 1 hits and holds.
        slides: [N] whether feet glide on the way to it.
    """

    at: Array
    keys: Array
    sharp: Array
    slides: NDArray[np.bool_]

    def controls(self, beat: Array, follow: Array) -> Array:
        """Controls [T, C] at beats; channel c comes ``follow[c]`` beats after the count."""
        out = np.empty((len(beat), len(CHANNELS)))
        for late in np.unique(follow):
            channels = follow == late
            out[:, channels] = self.through(self.keys[:, channels], beat - late)
        return out

    def through(self, values: Array, beat: Array) -> Array:
        """A curve [T, K] through values [N, K] at the keys: a cubic Hermite spline.

        Tangents are those of Catmull and Rom (1974): movement flows through a key that lies on the
        way, and turns round at an extreme one. Held keys are reached early and left late.
        """
        i, u = self.between(beat)
        hold = np.clip((self.sharp - _HELD_FROM) / (1 - _HELD_FROM), 0, 1)
        h = hold[i + 1]
        u = ((1 - h) * u + h * ease(u, self.sharp[i + 1]))[:, None]
        gap = np.diff(self.at)
        slope = np.zeros_like(values)
        slope[1:-1] = (values[2:] - values[:-2]) / (gap[1:] + gap[:-1])[:, None]
        slope *= (1 - hold)[:, None]
        way = values[i + 1] - values[i]
        span = gap[i][:, None]
        smooth = u * u * (3 - 2 * u)
        leaving, arriving = u * (1 - u) ** 2, u * u * (u - 1)
        return values[i] + smooth * way + span * (leaving * slope[i] + arriving * slope[i + 1])

    def between(self, beat: Array) -> tuple[NDArray[np.intp], Array]:
        """The key before each beat [T], and the share of the way to the next one."""
        i = np.clip(np.searchsorted(self.at, beat, side="right") - 1, 0, len(self.at) - 2)
        return i, np.clip((beat - self.at[i]) / (self.at[i + 1] - self.at[i]), 0, 1)


def ease(u: Array, sharp: Array) -> Array:
    """From 0 to 1 with no speed at either end; ``sharp`` holds around keys, then goes quickly.

    The hold is centered on the count, so that the body is stillest there.
    """
    w = np.clip((u - sharp * 0.375) / (1 - sharp * 0.75), 0, 1)
    return w * w * w * (w * (6 * w - 15) + 10)


def make_track(
    phrases: tuple[Phrase, ...], stage: Array, performer: Performer, upper: bool
) -> KeyTrack:
    """Keys of phrases: of their arm patterns, where there are any, if ``upper``.

    ``stage`` [P + 1, 3] is where phrases begin (:meth:`Performer.stage`).
    """
    at, keys, sharp, slides = [], [], [], []
    turned = 0.0
    rest = neutral()
    yaw = INDEX["yaw"]
    for phrase, begin, end in zip(phrases, stage, stage[1:], strict=False):
        move = find((phrase.upper or phrase.lower) if upper else phrase.lower)
        counts = phrase.beats / phrase.pace
        cycle = 0
        while cycle * move.counts < counts - 1e-9:
            poses = _sized(move.keys, rest, phrase.size * performer.size)
            if phrase.flip != (move.alternates and cycle % 2 == 1):
                poses = mirrored(poses)
            poses[:, yaw] += turned
            swung = move.at + performer.swing * (move.at % 1 == 0.5)
            when = phrase.start + (swung + cycle * move.counts) * phrase.pace
            inside = when < phrase.end - 1e-9
            at.append(when[inside])
            # A turn that is cut short is turned to its nearer end.
            turned = 2 * np.pi * np.round(poses[inside][-1, yaw] / (2 * np.pi))
            gone = ((when - phrase.start) / phrase.beats)[:, None]
            poses[:, [INDEX["sx"], INDEX["sz"], yaw]] += begin + gone * (end - begin)
            keys.append(poses[inside])
            sharp.append(np.full(inside.sum(), np.clip(move.sharp + performer.sharp, 0, 0.8)))
            slides.append(np.full(inside.sum(), move.slides))
            cycle += 1
    return KeyTrack(
        np.concatenate(at), np.concatenate(keys), np.concatenate(sharp), np.concatenate(slides)
    )


def _sized(keys: Array, rest: Array, size: float) -> Array:
    """Key poses as large as wanted; turns stay whole, and feet less affected than arms."""
    factor = np.full(len(CHANNELS), size)
    factor[INDEX["yaw"]] = 1.0
    for foot in FEET:
        factor[foot] = np.clip(size, *_FEET_SIZES)
    factor[[INDEX["sx"], INDEX["sz"]]] = np.clip(size, *_FEET_SIZES)
    return rest + (keys - rest) * factor
