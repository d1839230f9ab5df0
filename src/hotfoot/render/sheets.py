"""Pictures to look at before playing: contact sheets and beat/motion plots."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.files import save_bytes
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.features import FEATURE_RATE
from hotfoot.pose.body import relative_speed
from hotfoot.pose.sequence import PoseSequence
from hotfoot.render.figures import Color, FigureStyle, Frame, draw_frames, encoded

Array = NDArray[np.floating]
_BLUE, _RED, _GREY, _GREEN = (68, 119, 170), (204, 51, 17), (190, 190, 190), (34, 136, 51)
_TILE_HEIGHT = 160
_CLOSE_UP_S = 20.0


def contact_sheet(
    poses: PoseSequence,
    beats: NDArray[np.float64] | None = None,
    seams: tuple[int, ...] = (),
    grid: tuple[int, int] = (16, 6),
    style: FigureStyle | None = None,
) -> Frame:
    """Small frames of the whole sequence in reading order, with their times.

    A frame nearest to a beat (in seconds) has a white bar above it, the first frame after a seam
    (a frame index) a red one. The grid is frames per row, and rows at the most. Of the style, the
    color order counts.
    """
    columns, rows = grid
    step = max(1, -(-len(poses) // (columns * rows)))
    frames = np.arange(0, len(poses), step)
    scale = _TILE_HEIGHT / poses.canvas[1]
    small = replace(
        poses,
        keypoints=poses.keypoints[frames] * np.float32(scale),
        confidence=poses.confidence[frames],
        canvas=(max(48, round(poses.canvas[0] * scale)), _TILE_HEIGHT),
    )
    thin = replace(
        style or FigureStyle(),
        half_axis=2, hand_line=1, hand_radius=1, limb_brightness=0.85, supersample=0,
    )  # fmt: skip
    on_beat = {round(b * poses.fps / step) for b in beats} if beats is not None else set()
    tiles = []
    for t, tile in zip(frames, draw_frames(small, thin), strict=True):
        marked = np.maximum(tile, 16)
        if t // step in on_beat:
            marked[:3] = 255
        if any(t - step < s <= t for s in seams):
            marked[3:6] = (255, 40, 40)
        _label(marked, f"{t / poses.fps:.2f}", (3, _TILE_HEIGHT - 4), 0.33, (200, 200, 200))
        marked[:, -1] = 40
        tiles.append(marked)
    if len(tiles) > columns:
        tiles += [np.full_like(tiles[0], 16)] * (-len(tiles) % columns)
    lines = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(lines, 0)


def save_png(picture: Frame, path: Path) -> None:
    """Write an RGB picture as PNG."""
    save_bytes(path, encoded(picture, ".png"))


def plot_dance(path: Path, poses: PoseSequence | None, analysis: SongAnalysis | None) -> None:
    """Plot loudness and sections of the song, then onsets, beats and movement of its middle.

    Either a dance or a song may be None.
    """
    duration = analysis.features.duration_s if analysis else poses.duration_s if poses else 0.0
    begin = max(0.0, duration / 2 - _CLOSE_UP_S / 2)
    whole = _Panel(0.0, duration)
    close = _Panel(begin, min(begin + _CLOSE_UP_S, duration))
    if analysis is not None:
        level = np.maximum(analysis.features.loudness_db, -60.0) + 60
        whole.curve(level, FEATURE_RATE, _BLUE, 60)
        for s in analysis.rhythm.sections:
            whole.mark(s, _RED, 2)
        close.curve(analysis.rhythm.onset_strength, FEATURE_RATE, _GREY, 3, fill=True)
        bars = set(np.round(analysis.rhythm.downbeats, 3))
        for b in analysis.rhythm.beats:
            close.mark(b, _RED, 3 if round(float(b), 3) in bars else 1)
        whole.title(
            f"{duration:.1f} s, {analysis.rhythm.tempo_bpm:.1f} BPM. "
            "Blue: loudness, -60 to 0 dB. Red: sections."
        )
    if poses is not None:
        energy = np.nan_to_num(relative_speed(poses))
        top = max(0.5, float(np.percentile(energy, 99.5)))
        close.curve(energy, poses.fps, _GREEN, top)
        if analysis is None:
            whole.curve(energy, poses.fps, _GREEN, top)
            whole.title(f"{duration:.1f} s. Green: movement, 0 to {top:.1f} body heights per s.")
    close.title("Red: beats, thick where a bar begins. Grey: onsets. Green: movement.")
    save_png(np.concatenate([whole.picture, close.picture]), path)


def _label(
    picture: Frame, text: str, at: tuple[int, int], size: float = 0.42, color: Color = (60, 60, 60)
) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, color, 1, cv2.LINE_AA)


class _Panel:
    """A white picture with a time axis."""

    left, right, top, bottom = 20, 1280, 34, 250

    def __init__(self, begin: float, end: float) -> None:
        self.picture: Frame = np.full((280, 1300, 3), 255, np.uint8)
        self.begin, self.end = begin, end
        step = next(s for s in (1, 2, 5, 10, 30, 60, 300, 600, 3600) if (end - begin) / s <= 24)
        for second in np.arange(np.ceil(begin / step) * step, end + 1e-9, step):
            self.mark(second, (230, 230, 230), 1)
            _label(self.picture, f"{second:g} s", (round(self._x(second)) - 8, 270))

    def _x(self, times: Any) -> Any:
        share = (times - self.begin) / max(self.end - self.begin, 1e-6)
        return self.left + share * (self.right - self.left)

    def title(self, text: str) -> None:
        _label(self.picture, text, (self.left, 20))

    def mark(self, time: float, color: Color, width: int) -> None:
        if self.begin <= time <= self.end:
            x = round(self._x(float(time)))
            cv2.line(self.picture, (x, self.top), (x, self.bottom), color, width, cv2.LINE_AA)

    def curve(
        self, values: Array, rate: float, color: Color, top: float, fill: bool = False
    ) -> None:
        times = np.arange(len(values)) / rate
        shown = (times >= self.begin) & (times <= self.end)
        if not shown.any():
            return
        share = np.clip(values[shown] / top, 0, 1)
        y = self.bottom - share * (self.bottom - self.top)
        points = np.round(np.stack([self._x(times[shown]), y], axis=1)).astype(np.int32)
        if fill:
            ends = np.array([[points[-1, 0], self.bottom], [points[0, 0], self.bottom]], np.int32)
            cv2.fillPoly(self.picture, [np.concatenate([points, ends])], color)
        else:
            cv2.polylines(self.picture, [points], False, color, 1, cv2.LINE_AA)
