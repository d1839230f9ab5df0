"""Retrieval: clips of real dance, retimed to the beat and joined. No network at all."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.baselines.whole_song import Drawn, WholeSongGenerator
from hotfoot.errors import InputError
from hotfoot.model.config import RetrievalConfig
from hotfoot.model.generator import Conditions
from hotfoot.pose.body import body_speed, speed_minima
from hotfoot.pose.formats import read_poses
from hotfoot.pose.proportions import retargeted
from hotfoot.pose.resample import filled, linear
from hotfoot.pose.sequence import PoseSequence

Clip = tuple[NDArray[np.float32], NDArray[np.float64]]
"""Keypoints [T, 18, 2] in pixels of one canvas, and the seconds at which the body comes to rest."""

_CLIP_S = 8.0
_FADE = 12
_FOLLOW_S = 0.5
_RATES = (0.75, 1.33)


class RetrievalGenerator(WholeSongGenerator):
    """Dances from a bank of clips, of which those that are too short are left out."""

    def __init__(self, config: RetrievalConfig, bank: list[Clip]) -> None:
        self.config = config
        self.bank = [c for c in bank if len(c[0]) >= _CLIP_S * config.fps and len(c[1]) >= 4]
        if not self.bank:
            raise InputError(
                f"no clip lasts {_CLIP_S:g} s", "Give a folder of longer clips (hotfoot corpus)."
            )

    def draw(self, conditions: Conditions, frames: int, seed: int) -> Drawn:
        """Clips are drawn by chance and joined, their stops on beats."""
        rng = np.random.default_rng(seed)
        weight = 0.5 - 0.5 * np.cos(np.pi * (np.arange(_FADE) + 0.5) / _FADE)
        fade = weight.astype(np.float32)[:, None, None]
        made = self._piece(0.0, conditions, rng)
        seams: list[int] = []
        while (at := len(made) - _FADE) < frames:
            piece = self._piece(at / self.config.fps, conditions, rng)
            mixed = made[-_FADE:] * (1 - fade) + piece[:_FADE] * fade
            made = np.concatenate([made[:-_FADE], mixed, piece[_FADE:]])
            seams.append(at)
        return made[:frames], seams

    def _piece(
        self, start_s: float, conditions: Conditions, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """Part of one clip, from ``start_s`` of the song on, its stops on beats."""
        assert conditions.analysis is not None
        fps, beats = self.config.fps, conditions.analysis.rhythm.beats
        xy, stops = self.bank[int(rng.integers(len(self.bank)))]
        period = float(np.median(np.diff(stops)))
        grid = beats[beats >= start_s - 1.0]
        rate = 1.0
        if len(grid) >= 4:
            beat = float(np.median(np.diff(grid)))
            options = [period / (beat * m) for m in (0.5, 1.0, 2.0)]
            rate = float(np.clip(min(options, key=lambda r: abs(np.log(r))), *_RATES))
        length = len(xy) / fps
        begin = float(rng.uniform(0, max(0.0, length - _CLIP_S * rate)))
        if len(grid):  # a stop of the clip on a beat of the song
            stop = stops[min(int(np.searchsorted(stops, begin)), len(stops) - 1)]
            target = grid[int(np.argmin(np.abs(grid - (start_s + (stop - begin) / rate))))]
            begin = stop - (target - start_s) * rate
        times = begin + np.arange(round(_CLIP_S * fps)) / fps * rate
        last = length - 1 / fps
        times = np.abs(np.mod(times + last, 2 * last) - last)
        part = linear(xy, times * fps)
        # As a camera that follows would show it, so that nobody walks out of the picture.
        hips = part[:, [8, 11]].mean(axis=1)
        walk = gaussian_filter1d(hips, _FOLLOW_S * fps, axis=0, mode="nearest")
        part = part - (0.85 * (walk - walk.mean(axis=0)))[:, None] * np.array([1, 0.5], np.float32)
        seen = np.ones(part.shape[:2], np.float32)
        poses = PoseSequence(part, seen, fps, conditions.reference.canvas)
        return retargeted(poses, conditions.reference).keypoints


def bank_of(folder: Path, config: RetrievalConfig) -> list[Clip]:
    """Clips of a folder of pose files (InputError if none), as the configuration wants them."""
    files = sorted(folder.rglob("*.npz")) if folder.is_dir() else []
    if not files:
        raise InputError(
            f"no pose files in {folder}", "Make them: hotfoot corpus film --split train -o FOLDER"
        )
    out = []
    for path in files:
        poses = read_poses(path).to_skeleton(config.skeleton).resampled(config.fps)
        xy = poses.keypoints.copy()
        for j in range(xy.shape[1]):  # without holes
            seen = poses.confidence[:, j] > 0
            xy[:, j] = filled(xy[:, j], seen) if seen.any() else xy[:, 1]
        out.append((xy, speed_minima(body_speed(poses, 0.08), depth=0.15) / poses.fps))
    return out
