"""Analytic dancers: people whose every number is known."""

import numpy as np

from hotfoot.choreography.perform import Performer, perform
from hotfoot.choreography.phrases import Choreography, Phrase
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence

STIFF = Performer(looseness=0.0)
HEIGHT_SHARE = 0.818  # shoulders, of the stature


def beats_of(bpm, seconds, start=0.3):
    return np.arange(start, seconds, 60.0 / bpm)


def phase_of(beats, times):
    period = beats[1] - beats[0]
    return (times - beats[0]) / period


def sway(phase, fps=30.0, size=0.06, canvas=None):
    """Every part of the body goes from side to side, the arms further; at rest where phase is whole."""
    pose = figure_pose("average")
    phase = np.asarray(phase, float)
    rest = pose.keypoints[0].astype(float)
    height = np.ptp(rest[[2, 10], 1]) / HEIGHT_SHARE
    swing = size * height * np.cos(np.pi * phase)
    xy = np.repeat(rest[None], len(phase), 0)
    weight = np.ones(18)
    weight[[3, 4, 6, 7]] = 1.5
    weight[[9, 12]], weight[[10, 13]] = 0.6, 0.2
    xy[..., 0] += swing[:, None] * weight
    xy[:, [3, 4, 6, 7], 1] += (0.7 * swing)[:, None]
    made = PoseSequence(xy.astype(np.float32), np.ones(xy.shape[:2], np.float32), fps, pose.canvas)
    return made if canvas is None else made.with_canvas(canvas)


def on_beat(beats, seconds, fps=30.0, lag=0.0, per_beat=1.0, size=0.06):
    times = np.arange(round(seconds * fps)) / fps
    return sway(phase_of(beats, times - lag) * per_beat, fps, size)


def step_touch(beats, seconds, fps=30.0):
    """To one side on one, back on three, at rest in between: two moves in four beats."""
    bars, beat = np.divmod(phase_of(beats, np.arange(round(seconds * fps)) / fps), 4)
    return sway(2 * bars + np.clip(beat, 0, 1) + np.clip(beat - 2, 0, 1), fps)


def still(seconds, fps=30.0):
    return sway(np.full(round(seconds * fps), 0.5), fps)


def noise(seconds, fps, seed, cutoff_hz=None, size=8.0):
    """White jitter of every joint, or low-pass noise."""
    from scipy.ndimage import gaussian_filter1d

    pose = figure_pose("average")
    rng = np.random.default_rng(seed)
    moved = rng.normal(0, 1, (round(seconds * fps), 18, 2))
    if cutoff_hz:
        sigma = fps / (2 * np.pi * cutoff_hz)
        moved = gaussian_filter1d(moved, sigma, axis=0)
        moved /= moved.std()
    xy = pose.keypoints[:1] + size * moved
    return PoseSequence(xy.astype(np.float32), np.ones(xy.shape[:2], np.float32), fps, pose.canvas)


def repeated(move, beats=60, period=0.5, **fields):
    """The choreography of one move over and over on regular beats."""
    return Choreography(np.arange(beats) * period, (Phrase(0, beats - 1, move, **fields),))


def dance_alone(move, seconds=8.0, period=0.5, fps=60.0, performer=STIFF):
    """Joints [T, 17, 3] of a move over and over, and their times."""
    times = 2 * period + np.arange(round(seconds * fps)) / fps
    return perform(repeated(move, 60, period), times, performer, fps), times


def circling(beats, seconds, fps=30.0, size=0.06):
    """Every part of the body goes round a circle in two beats, at a speed that never changes."""
    pose = figure_pose("average")
    height = np.ptp(pose.keypoints[0, [2, 10], 1]) / HEIGHT_SHARE
    angle = np.pi * phase_of(beats, np.arange(round(seconds * fps)) / fps)
    circle = size * height * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    xy = pose.keypoints[:1] + circle[:, None]
    return PoseSequence(xy.astype(np.float32), np.ones(xy.shape[:2], np.float32), fps, pose.canvas)
