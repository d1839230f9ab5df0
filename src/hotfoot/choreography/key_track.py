"""Key poses on beats, and the easing between them."""

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

    def controls(self, beat: Array) -> Array:
        """Controls [T, C] at beats: at rest on every key, quick between them."""
        i, u = self.between(beat)
        share = ease(u, self.sharp[i + 1])[:, None]
        return self.keys[i] * (1 - share) + self.keys[i + 1] * share

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


def make_track(phrases: list[Phrase], performer: Performer, upper: bool) -> KeyTrack:
    """Keys of phrases: of their arm patterns, where there are any, if ``upper``."""
    at, keys, sharp, slides = [], [], [], []
    turned = 0.0
    rest = neutral()
    yaw = INDEX["yaw"]
    for phrase in phrases:
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
            keys.append(poses[inside])
            sharp.append(np.full(inside.sum(), np.clip(move.sharp + performer.sharp, 0, 0.8)))
            slides.append(np.full(inside.sum(), move.slides))
            # A turn that is cut short is turned to its nearer end.
            turned = 2 * np.pi * np.round(poses[inside][-1, yaw] / (2 * np.pi))
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
