"""Key poses on beats, and the curves through them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.body import CHANNELS, Array

_HELD_FROM = 0.6  # sharpness from which a key is held, not moved through


@dataclass(frozen=True, eq=False)
class KeyTrack:
    """Key poses and how each is reached."""

    at: Array  # [N] beats
    keys: Array  # [N, C] controls
    sharp: Array  # [N] 0 flows, 1 hits and holds
    slides: NDArray[np.bool_]  # [N] whether feet glide on the way to it

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
        u = ((1 - h) * u + h * _ease(u, self.sharp[i + 1]))[:, None]
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


def _ease(u: Array, sharp: Array) -> Array:
    """From 0 to 1 with no speed at either end; ``sharp`` holds around keys, then goes quickly.

    The hold is centered on the count, so that the body is stillest there.
    """
    w = np.clip((u - sharp * 0.375) / (1 - sharp * 0.75), 0, 1)
    return w * w * w * (w * (6 * w - 15) + 10)
