"""Pictures to look at before playing: contact sheets and beat/motion plots."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.files import save_bytes
from hotfoot.pose.body import relative_speed
from hotfoot.pose.sequence import PoseSequence
from hotfoot.render.figures import FigureStyle, Frame, draw_frames, encoded

if TYPE_CHECKING:
    from hotfoot.music.analysis import SongAnalysis


def contact_sheet(
    poses: PoseSequence,
    beats: NDArray[np.float64] | None = None,
    seams: tuple[int, ...] = (),
    grid: tuple[int, int] = (16, 6),
    style: FigureStyle | None = None,
) -> Frame:
    """Small frames of the whole sequence in reading order, with their times.

    A frame nearest to a beat has a white bar above it, the first frame after a seam a red one.

    Args:
        poses: what to show, of any skeleton.
        beats: seconds.
        seams: frame indices.
        grid: frames per row, and rows at the most.
        style: for its color order.
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
    on_beat = {round(b * poses.fps / step) for b in beats} if beats is not None else set()
    small_style = replace(style or FigureStyle(), **_TILE_STYLE)
    tiles = []
    for t, tile in zip(frames, draw_frames(small, small_style), strict=True):
        marked = np.maximum(tile, 16)
        if t // step in on_beat:
            marked[:3] = 255
        if any(t - step < s <= t for s in seams):
            marked[3:6] = (255, 40, 40)
        _label(marked, f"{t / poses.fps:.2f}", (3, _TILE_HEIGHT - 4), 0.33, (200, 200, 200))
        marked[:, -1] = 40
        tiles.append(marked)
    while len(tiles) % columns and len(tiles) > columns:
        tiles.append(np.full_like(tiles[0], 16))
    lines = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(lines, 0)


_TILE_HEIGHT = 160
_TILE_STYLE: dict[str, Any] = {
    "half_axis": 2, "radius": 2, "hand_line": 1, "hand_radius": 1, "limb_brightness": 0.85,
    "supersample": 0,
}  # fmt: skip


def _label(
    picture: Frame, text: str, at: tuple[int, int], size: float, color: tuple[int, int, int]
) -> None:
    cv2.putText(picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, color, 1, cv2.LINE_AA)


def save_png(picture: Frame, path: Path) -> None:
    """Write an RGB picture as PNG."""
    save_bytes(path, encoded(picture, ".png"))


def plot_dance(
    path: Path, poses: PoseSequence | None, analysis: "SongAnalysis | None", seconds: float = 20.0
) -> None:
    """Plot loudness and sections of the song, then onsets, beats and movement of its middle.

    Args:
        path: PNG to write.
        poses: a dance, or None for the song alone.
        analysis: a song, or None for the dance alone.
        seconds: length of the close-up.
    """
    assert poses is not None or analysis is not None
    duration = analysis.features.duration_s if analysis else poses.duration_s if poses else 0.0
    begin = max(0.0, duration / 2 - seconds / 2)
    whole = _Panel((0.0, duration))
    close = _Panel((begin, min(begin + seconds, duration)))
    if analysis is not None:
        level = np.maximum(analysis.features.loudness_db, -60.0)
        whole.curve(np.arange(len(level)) / 100, level, _BLUE, (-60, 0))
        for s in analysis.rhythm.sections:
            whole.mark(float(s), _RED, 2)
        strength = analysis.rhythm.onset_strength
        close.curve(np.arange(len(strength)) / 100, strength, _GREY, (0, 3), fill=True)
        bars = set(np.round(analysis.rhythm.downbeats, 3))
        for b in analysis.rhythm.beats:
            close.mark(float(b), _RED, 3 if round(float(b), 3) in bars else 1)
        whole.title(
            f"{duration:.1f} s, {analysis.rhythm.tempo_bpm:.1f} BPM. "
            "Blue: loudness, -60 to 0 dB. Red: sections."
        )
    if poses is not None:
        energy = np.nan_to_num(relative_speed(poses))
        top = max(0.5, float(np.percentile(energy, 99.5)))
        times = np.arange(len(energy)) / poses.fps
        close.curve(times, energy, _GREEN, (0, top))
        if analysis is None:
            whole.curve(times, energy, _GREEN, (0, top))
            whole.title(f"{duration:.1f} s. Green: movement, 0 to {top:.1f} body heights per s.")
    close.title("Red: beats, thick where a bar begins. Grey: onsets. Green: movement.")
    save_png(np.concatenate([whole.picture, close.picture]), path)


_BLUE, _RED, _GREY, _GREEN = (68, 119, 170), (204, 51, 17), (190, 190, 190), (34, 136, 51)


class _Panel:
    """A white picture with a time axis."""

    def __init__(self, span: tuple[float, float], width: int = 1300, height: int = 280) -> None:
        self.picture: Frame = np.full((height, width, 3), 255, np.uint8)
        self.begin, self.end = span
        self.left, self.right, self.top, self.bottom = 20, width - 20, 34, height - 30
        length = max(self.end - self.begin, 1e-6)
        step = next(s for s in (1, 2, 5, 10, 30, 60, 300, 600, 3600) if length / s <= 24)
        for second in np.arange(np.ceil(self.begin / step) * step, self.end + 1e-9, step):
            self.mark(float(second), (230, 230, 230), 1)
            self._text(f"{second:g} s", (self._x(float(second)) - 8, height - 10))

    def _x(self, time: float) -> int:
        share = (time - self.begin) / max(self.end - self.begin, 1e-6)
        return round(self.left + share * (self.right - self.left))

    def _text(self, text: str, at: tuple[int, int]) -> None:
        _label(self.picture, text, at, 0.42, (60, 60, 60))

    def title(self, text: str) -> None:
        self._text(text, (self.left, 20))

    def mark(self, time: float, color: tuple[int, int, int], width: int) -> None:
        if self.begin <= time <= self.end:
            x = self._x(time)
            cv2.line(self.picture, (x, self.top), (x, self.bottom), color, width, cv2.LINE_AA)

    def curve(
        self,
        times: NDArray[np.floating],
        values: NDArray[np.floating],
        color: tuple[int, int, int],
        span: tuple[float, float],
        fill: bool = False,
    ) -> None:
        shown = (times >= self.begin) & (times <= self.end)
        if not shown.any():
            return
        x = self.left + (times[shown] - self.begin) / max(self.end - self.begin, 1e-6) * (
            self.right - self.left
        )
        share = np.clip((values[shown] - span[0]) / (span[1] - span[0]), 0, 1)
        y = self.bottom - share * (self.bottom - self.top)
        points = np.round(np.stack([x, y], axis=1)).astype(np.int32)
        if fill:
            ends = np.array([[points[-1, 0], self.bottom], [points[0, 0], self.bottom]], np.int32)
            cv2.fillPoly(self.picture, [np.concatenate([points, ends])], color)
        else:
            cv2.polylines(self.picture, [points], False, color, 1, cv2.LINE_AA)
