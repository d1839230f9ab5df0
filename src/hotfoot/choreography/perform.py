"""Perform a choreography: key poses on counts become joints at given times."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.body import INDEX, STANCE, pose_body
from hotfoot.choreography.footwork import feet, footprints, pelvis
from hotfoot.choreography.key_poses import UPPER
from hotfoot.choreography.key_track import make_track
from hotfoot.choreography.moves import find
from hotfoot.choreography.performer import Performer
from hotfoot.choreography.phrases import Choreography, Phrase

Array = NDArray[np.float64]

_SMOOTH_S = 0.03
_MARGIN_S = 0.8
_ACCENT_S = (0.07, 0.28)  # how quickly an accent comes, and goes
_ACCENT = {"py": -0.06, "nod": 0.22, "lean": 0.12, "chest": -0.03, "ly": -0.09, "ry": -0.09}


def perform(
    choreography: Choreography, times: Array, performer: Performer, fps: float = 30.0
) -> NDArray[np.float32]:
    """Joints [T, 17, 3] at seconds [T] of the song as played, evenly spaced at ``fps``.

    Any part of a song is danced as it is within the whole.
    """
    margin = round(_MARGIN_S * fps)  # where filters do not see the ends
    around = np.arange(1, margin + 1) / fps
    times = np.concatenate([times[0] - around[::-1], times, times[-1] + around])
    beat = np.interp(times, choreography.beats, np.arange(len(choreography.beats)))
    low, high = beat.min() - 10, beat.max() + 10
    phrases = choreography.phrases
    near = [i for i, p in enumerate(phrases) if p.end > low and p.start < high]
    first, last = near[0], near[-1] + 1
    danced = phrases[first:last]
    stage = performer.stage(phrases)[first : last + 1]
    lower = make_track(danced, stage, performer, upper=False)
    follow = performer.following()
    controls = lower.controls(beat, follow)
    upper = make_track(danced, stage, performer, upper=True)
    controls[:, UPPER] = upper.controls(beat, follow)[:, UPPER]
    controls = _with_groove(controls, danced, beat, performer)
    controls = _with_accents(controls, choreography, times)
    controls += performer.deviations(times)
    controls = gaussian_filter1d(controls, _SMOOTH_S * fps, axis=0, mode="nearest")
    places = footprints(lower, STANCE + performer.stance)
    ankles, air = feet(lower, places, beat)
    joints = pose_body(controls, pelvis(lower, places, beat, controls), ankles, air)
    return joints[margin : len(joints) - margin]


def _with_groove(
    controls: Array, phrases: tuple[Phrase, ...], beat: Array, performer: Performer
) -> Array:
    """Knees give on every beat, and the head goes along."""
    depth = np.zeros(len(beat))
    for p in phrases:
        inside = (beat >= p.start) & (beat < p.end)
        pace = 1.0 if p.pace >= 1 else 1.2
        depth[inside] = find(p.lower).bounce * p.size * performer.bounce * pace
    depth = gaussian_filter1d(depth, 6, mode="nearest")
    down = 0.5 + 0.5 * np.cos(2 * np.pi * beat)
    out = controls.copy()
    out[:, INDEX["py"]] -= depth * down
    out[:, INDEX["nod"]] += 2.2 * depth * down
    out[:, INDEX["lean"]] += 0.6 * depth * down
    for side in "lr":
        out[:, INDEX[f"{side}y"]] -= 0.5 * depth * down
    return out


def _with_accents(controls: Array, choreography: Choreography, times: Array) -> Array:
    """A short hit, knees, chest, head and hands, on every onset that stands out."""
    out = controls.copy()
    if not choreography.accents:
        return out
    at, strengths = np.array(choreography.accents).T
    seconds = np.interp(at, np.arange(len(choreography.beats)), choreography.beats)
    near = (seconds > times[0] - 1) & (seconds < times[-1] + 1)
    for second, strength in zip(seconds[near], strengths[near], strict=True):
        away = times - second
        hit = np.exp(-0.5 * (away / np.where(away < 0, *_ACCENT_S)) ** 2) * strength
        for name, size in _ACCENT.items():
            out[:, INDEX[name]] += size * hit
    return out
