"""Retrieval: clips of real dance, retimed to the beat and joined. No network at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.baselines.common import BaselineConfig, crossfade
from hotfoot.errors import InputError
from hotfoot.music.tokens import SongAnalysis
from hotfoot.pose.body import body_speed, stops
from hotfoot.pose.retarget import retargeted
from hotfoot.pose.sequence import PoseSequence

_CLIP_S = 8.0
_FADE = 12
_FOLLOW_S = 0.5
_RATES = (0.75, 1.33)


class Retrieval:
    """Dances from a bank of films.

    Args:
        config: facts.
        films: keypoints [T, 18, 2] in pixels of one canvas, each with the seconds of its stops.
    """

    def __init__(
        self, config: BaselineConfig, films: list[tuple[NDArray[np.float32], NDArray[np.float64]]]
    ) -> None:
        self.config = config
        self.films = [f for f in films if len(f[0]) >= _CLIP_S * config.fps and len(f[1]) >= 4]
        if not self.films:
            raise InputError(
                f"no film lasts {_CLIP_S:g} s", "Give a folder of longer films (hotfoot corpus)."
            )

    def dance_variation(
        self, analysis: SongAnalysis, frames: int, reference: PoseSequence, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], tuple[int, ...]]:
        """Keypoints [T, 18, 2] on the reference's canvas, and where clips join."""
        fps = self.config.fps
        beats = analysis.rhythm.beats
        pieces: list[NDArray[np.float32]] = []
        seams: list[int] = []
        at = 0
        while at < frames:
            piece = self._piece(at / fps, beats, reference, rng)
            if pieces:
                mixed = crossfade(pieces[-1], piece, _FADE)
                pieces[-1] = pieces[-1][:-_FADE]
                piece = np.concatenate([mixed, piece[_FADE:]])
                seams.append(at)
            pieces.append(piece)
            at = sum(len(p) for p in pieces) - _FADE
        return np.concatenate(pieces)[:frames], tuple(s for s in seams if s < frames)

    def _piece(
        self,
        start_s: float,
        beats: NDArray[np.float64],
        reference: PoseSequence,
        rng: np.random.Generator,
    ) -> NDArray[np.float32]:
        """A stretch of one film from ``start_s`` of the song on, its stops on beats."""
        fps = self.config.fps
        xy, stops = self.films[int(rng.integers(len(self.films)))]
        period = float(np.median(np.diff(stops)))
        grid = beats[beats >= start_s - 1.0]
        rate = 1.0
        if len(grid) >= 4:
            beat = float(np.median(np.diff(grid)))
            options = [period / (beat * m) for m in (0.5, 1.0, 2.0)]
            rate = min(options, key=lambda r: abs(np.log(r)))
            rate = float(np.clip(rate, *_RATES))
        length = len(xy) / fps
        needed = _CLIP_S * rate
        begin = float(rng.uniform(0, max(0.0, length - needed)))
        if len(grid):  # a stop of the clip on a beat of the song
            stop = stops[min(int(np.searchsorted(stops, begin)), len(stops) - 1)]
            target = grid[int(np.argmin(np.abs(grid - (start_s + (stop - begin) / rate))))]
            begin = stop - (target - start_s) * rate
        times = begin + np.arange(round(_CLIP_S * fps)) / fps * rate
        last = length - 1 / fps
        times = np.abs(np.mod(times + last, 2 * last) - last)
        frame = times * fps
        i = np.minimum(frame.astype(int), len(xy) - 2)
        w = (frame - i).astype(np.float32)[:, None, None]
        part = xy[i] * (1 - w) + xy[i + 1] * w
        # As a camera that follows would show it, so that nobody walks out of the picture.
        hips = part[:, [8, 11]].mean(axis=1)
        walk = gaussian_filter1d(hips, _FOLLOW_S * fps, axis=0, mode="nearest")
        part = part - (0.85 * (walk - walk.mean(axis=0)))[:, None] * np.array([1, 0.5], np.float32)
        poses = PoseSequence(part, np.ones(part.shape[:2], np.float32), fps, reference.canvas)
        return retargeted(poses, reference).keypoints


def film_with_stops(poses: PoseSequence) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """A film's keypoints without holes and the seconds at which the body comes to rest."""
    xy = poses.keypoints.copy()
    frames = np.arange(len(poses))
    for j in range(xy.shape[1]):
        seen = np.flatnonzero(poses.confidence[:, j] > 0)
        if len(seen):
            for axis in (0, 1):
                xy[:, j, axis] = np.interp(frames, seen, poses.keypoints[seen, j, axis])
        else:
            xy[:, j] = xy[:, 1]
    speed = gaussian_filter1d(body_speed(poses), 0.08 * poses.fps)
    return xy, stops(speed, depth=0.15) / poses.fps


def bank_of(folder: Path) -> list[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Films of a folder of pose files.

    Raises:
        InputError: none there.
    """
    from hotfoot.pose.formats import read_poses

    files = sorted(folder.rglob("*.npz")) if folder.is_dir() else []
    if not files:
        raise InputError(
            f"no pose files in {folder}", "Make them: hotfoot corpus film --split train -o FOLDER"
        )
    out = []
    for path in files:
        poses = read_poses(path).to_skeleton("body-18")
        if poses.fps != 30.0:
            poses = poses.resampled(30.0)
        out.append(film_with_stops(poses))
    return out
