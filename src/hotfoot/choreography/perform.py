"""Performers: key poses on counts become joints at given times, as one person moves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.body import (
    CHANNELS,
    FEET,
    INDEX,
    STANCE,
    Array,
    by_channel,
    neutral,
    pose_body,
)
from hotfoot.choreography.footwork import feet, footprints, pelvis
from hotfoot.choreography.key_poses import TRAVELING, UPPER, mirrored
from hotfoot.choreography.key_track import KeyTrack
from hotfoot.choreography.moves import find
from hotfoot.choreography.phrases import Choreography, Phrase

_SMOOTH_S = 0.03
_MARGIN_S = 0.8
_FEET_SIZES = (0.75, 1.1)  # feet are affected less than arms
_PATH = [INDEX["sx"], INDEX["sz"]]
# Meters or radians for each meter that the knees give: the head goes along.
_GIVE = by_channel({"py": -1, "nod": 2.2, "lean": 0.6, "ly": -0.5, "ry": -0.5})
_ACCENT = by_channel({"py": -0.06, "nod": 0.22, "lean": 0.12, "chest": -0.03,
                      "ly": -0.09, "ry": -0.09})  # fmt: skip
_ACCENT_S = (0.07, 0.28)  # how quickly an accent comes, and goes
_DEVIATIONS = by_channel({
    "lean": 0.015, "side": 0.01, "twist": 0.025, "nod": 0.025, "look": 0.07, "tilt": 0.06,
    "pyaw": 0.03, **{side + axis: 0.025 for side in "lr" for axis in "xyz"},
})  # fmt: skip
_SLOWEST_S, _QUICKEST_S = 9.0, 2.0  # periods of deviations
# Beats after the count: hips lead, hands come last, each direction on its own, so on curves.
_FOLLOW = by_channel({
    "px": -0.12, "pz": -0.02, "proll": -0.12, "pyaw": -0.1, "lean": -0.04, "twist": 0.02,
    "chest": 0.06, "nod": 0.02, "look": 0.06, "tilt": 0.1,
    "lx": 0.09, "ly": -0.05, "lz": 0.2, "le": 0.05, "ls": -0.06,
    "rx": 0.09, "ry": -0.05, "rz": 0.2, "re": 0.05, "rs": -0.06,
})  # fmt: skip
# Spread of where phrases end: aside and ahead in meters, turned in radians.
_STAGE = (0.45, 0.3, 0.4)


@dataclass(frozen=True)
class Performer:
    """How one person moves."""

    size: float = 1.0  # factor on all amplitudes
    sharp: float = 0.0  # added to the moves' sharpness
    bounce: float = 1.0  # factor on the knees' give
    swing: float = 0.0  # half counts come so much later, in counts
    looseness: float = 1.0  # size of slow random deviations
    stance: float = 0.0  # feet further apart, meters
    roams: float = 0.0  # how far the stage is used; 0 stays in place
    follow: float = 1.0  # how far parts of the body follow one another; 0 moves all at once
    seed: int = 0  # of the deviations


def random_performer(rng: np.random.Generator) -> Performer:
    """A performer by chance."""
    return Performer(
        size=float(np.clip(rng.normal(1, 0.13), 0.7, 1.25)),
        sharp=float(rng.normal(0, 0.12)),
        bounce=float(0.75 * np.exp(rng.normal(0, 0.5))),
        swing=float(rng.choice([0, 0, 0.08])),
        looseness=float(rng.uniform(0.5, 1.5)),
        stance=float(rng.uniform(-0.01, 0.05)),
        roams=float(rng.uniform(0.3, 1.3)),
        follow=float(rng.uniform(0.7, 1.5)),
        seed=int(rng.integers(2**31)),
    )


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
    danced, stage = phrases[first:last], _stage(phrases, performer)[first : last + 1]
    lower, upper = (_track(danced, stage, performer, arms) for arms in (False, True))
    follow = performer.follow * _FOLLOW
    controls = lower.controls(beat, follow)
    controls[:, UPPER] = upper.controls(beat, follow)[:, UPPER]
    controls += _groove(danced, beat, performer)
    _add_accents(controls, choreography, times)
    controls += _deviations(times, performer)
    controls = gaussian_filter1d(controls, _SMOOTH_S * fps, axis=0, mode="nearest")
    places = footprints(lower, STANCE + performer.stance)
    ankles, air = feet(lower, places, beat)
    return pose_body(controls, pelvis(lower, places, beat, controls), ankles, air)[margin:-margin]


def _stage(phrases: tuple[Phrase, ...], performer: Performer) -> Array:
    """Where each phrase begins, and the last one ends [P + 1, 3]: aside, ahead, turned.

    Moves that step take the dancer there; over others the feet stand.
    """
    places = np.zeros((len(phrases) + 1, 3))
    for i, phrase in enumerate(phrases):
        rng = np.random.default_rng([performer.seed, phrase.start])
        there = performer.roams * rng.normal(0, _STAGE)
        places[i + 1] = there if phrase.family in TRAVELING else places[i]
    return places


def _track(phrases: tuple[Phrase, ...], stage: Array, performer: Performer, arms: bool) -> KeyTrack:
    """Keys of phrases: of their arm patterns, where there are any, if ``arms``."""
    parts = []
    turned, rest, yaw = 0.0, neutral(), INDEX["yaw"]
    for phrase, begin, end in zip(phrases, stage, stage[1:], strict=False):
        move = find((phrase.upper or phrase.lower) if arms else phrase.lower)
        sharp = np.clip(move.sharp + performer.sharp, 0, 0.8)
        swung = move.at + performer.swing * (move.at % 1 == 0.5)
        factor = np.full(len(CHANNELS), phrase.size * performer.size)
        factor[[*FEET[0], *FEET[1], *_PATH]] = np.clip(factor[0], *_FEET_SIZES)
        factor[yaw] = 1.0  # turns stay whole
        cycles = int(np.ceil((phrase.beats / phrase.pace - 1e-9) / move.counts))
        for cycle in range(cycles):
            poses = rest + (move.keys - rest) * factor
            if phrase.flip != (move.alternates and cycle % 2 == 1):
                poses = mirrored(poses)
            poses[:, yaw] += turned
            when = phrase.start + (swung + cycle * move.counts) * phrase.pace
            inside = when < phrase.end - 1e-9
            # A turn that is cut short is turned to its nearer end.
            turned = 2 * np.pi * np.round(poses[inside][-1, yaw] / (2 * np.pi))
            gone = ((when - phrase.start) / phrase.beats)[:, None]
            poses[:, [*_PATH, yaw]] += begin + gone * (end - begin)
            same = np.full(inside.sum(), sharp), np.full(inside.sum(), move.slides)
            parts.append((when[inside], poses[inside], *same))
    return KeyTrack(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _groove(phrases: tuple[Phrase, ...], beat: Array, performer: Performer) -> Array:
    """What knees and head add to the controls [T, C]: they give on every beat."""
    depth = np.zeros(len(beat))
    for p in phrases:
        inside = (beat >= p.start) & (beat < p.end)
        pace = 1.0 if p.pace >= 1 else 1.2
        depth[inside] = find(p.lower).bounce * p.size * performer.bounce * pace
    depth = gaussian_filter1d(depth, 6, mode="nearest")
    down = 0.5 + 0.5 * np.cos(2 * np.pi * beat)
    return _GIVE * depth[:, None] * down[:, None]


def _add_accents(controls: Array, choreography: Choreography, times: Array) -> None:
    """A short hit, knees, chest, head and hands, on every onset that stands out."""
    for beat, strength in choreography.accents:
        away = times - choreography.seconds(beat)
        if away[0] < 1 and away[-1] > -1:
            hit = np.exp(-0.5 * (away / np.where(away < 0, *_ACCENT_S)) ** 2) * strength
            controls += hit[:, None] * _ACCENT


def _deviations(times: Array, performer: Performer) -> Array:
    """Slow deviations [T, C] of trunk, head and arms: nobody repeats a pose exactly.

    Sums of three slow waves, so that any part of a song is danced as within the whole.
    """
    rng = np.random.default_rng(performer.seed)
    rates = 1 / rng.uniform(_QUICKEST_S, _SLOWEST_S, (3, 1, len(CHANNELS)))
    phases = rng.uniform(0, 1, rates.shape)
    waves = np.sin(2 * np.pi * (rates * times[None, :, None] + phases))
    return np.asarray(waves.sum(axis=0) * np.sqrt(2 / 3) * _DEVIATIONS) * performer.looseness
