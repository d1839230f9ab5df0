"""Pictures to look at before playing: contact sheets and beat/motion plots."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.files import replacing
from hotfoot.pose.sequence import PoseSequence
from hotfoot.render.figures import FigureStyle, Frame, draw_pose

if TYPE_CHECKING:
    from hotfoot.music.tokens import SongAnalysis


def contact_sheet(
    poses: PoseSequence,
    beats: NDArray[np.float64] | None = None,
    seams: tuple[int, ...] = (),
    columns: int = 16,
    rows: int = 6,
    start: int = 0,
    step: int | None = None,
    style: FigureStyle | None = None,
) -> Frame:
    """Small frames in reading order with their times.

    A frame nearest to a beat has a white bar above it, the first frame after a seam a red one.

    Args:
        poses: what to show.
        beats: seconds.
        seams: frame indices.
        columns: frames per row.
        rows: rows at the most.
        start: first frame.
        step: frames between pictures; default spreads the sheet over the whole sequence.
        style: for its colour order.
    """
    count = columns * rows
    if step is None:
        step = max(1, -(-(len(poses) - start) // count))
    shown = list(range(start, len(poses), step))[:count]
    height = 160
    width = max(48, round(height * poses.canvas[0] / poses.canvas[1]))
    small = replace(
        poses.to_skeleton("body-18"),
        keypoints=poses.to_skeleton("body-18").keypoints * (height / poses.canvas[1]),
        canvas=(width, height),
    )
    on_beat = {round(b * poses.fps / step) for b in beats} if beats is not None else set()
    tiles = []
    style = replace(
        style or FigureStyle(), half_axis=2, radius=2, limb_brightness=0.85, supersample=0
    )
    for t in shown:
        tile = draw_pose(small.keypoints[t], small.confidence[t], small.canvas, style)
        tile = np.maximum(tile, 16)
        if round(t / step) in on_beat:
            tile[:3] = 255
        if any(t - step < s <= t for s in seams):
            tile[3:6] = (255, 40, 40)
        text = f"{t / poses.fps:.2f}"
        cv2.putText(
            tile, text, (3, height - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (200, 200, 200), 1,
            cv2.LINE_AA,
        )  # fmt: skip
        tile[:, -1] = 40
        tiles.append(tile)
    while len(tiles) % columns and len(tiles) > columns:
        tiles.append(np.full_like(tiles[0], 16))
    lines = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, len(tiles), columns)]
    return np.concatenate(lines, 0)


def save_png(picture: Frame, path: Path) -> None:
    """Write an RGB picture as PNG."""
    ok, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
    assert ok
    with replacing(path) as temporary:
        temporary.write_bytes(data.tobytes())


def motion_energy(poses: PoseSequence) -> NDArray[np.float64]:
    """Mean speed of the seen joints [T], in body heights per second; 0 for a single frame."""
    if len(poses) < 2:
        return np.zeros(len(poses))
    xy, seen = poses.keypoints.astype(np.float64), poses.confidence > 0
    both = seen[1:] & seen[:-1]
    moved = np.linalg.norm(np.diff(xy, axis=0), axis=-1) * both
    speed = moved.sum(axis=1) / np.maximum(both.sum(axis=1), 1) * poses.fps
    heights = [np.ptp(p[s][:, 1]) for p, s in zip(xy, seen, strict=True) if s.sum() > 4]
    height = float(np.percentile(heights, 90)) if heights else 1.0
    return np.concatenate([speed[:1], speed]) / max(height, 1.0)


def plot_dance(
    path: Path, poses: PoseSequence | None, analysis: SongAnalysis | None, seconds: float = 20.0
) -> None:
    """Plot loudness and sections of the song, then onsets, beats and movement of its middle.

    Args:
        path: PNG to write.
        poses: a dance, or None for the song alone.
        analysis: a song, or None for the dance alone.
        seconds: length of the close-up.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (top, bottom) = plt.subplots(2, 1, figsize=(13, 6), layout="constrained")
    if analysis is not None:
        duration = analysis.features.duration_s
    else:
        assert poses is not None
        duration = poses.duration_s
    if analysis is not None:
        times = np.arange(len(analysis.features.loudness_db)) / 100
        top.plot(times, np.maximum(analysis.features.loudness_db, -60), lw=0.5, color="#4477aa")
        for s in analysis.rhythm.sections:
            top.axvline(s, color="#cc3311", lw=1)
        tempo = analysis.rhythm.tempo_bpm
        top.set_title(f"{duration:.1f} s, {tempo:.1f} BPM; red: sections")
        top.set_ylabel("loudness / dB")
    begin = max(0.0, duration / 2 - seconds / 2)
    if analysis is not None:
        strength = analysis.rhythm.onset_strength
        times = np.arange(len(strength)) / 100
        bottom.fill_between(times, strength, color="#bbbbbb", lw=0, label="onsets")
        downbeats = set(np.round(analysis.rhythm.downbeats, 3))
        for b in analysis.rhythm.beats:
            strong = round(b, 3) in downbeats
            bottom.axvline(b, color="#cc3311", lw=1.4 if strong else 0.6)
    if poses is not None:
        energy = motion_energy(poses)
        times = np.arange(len(energy)) / poses.fps
        bottom.plot(times, energy, color="#228833", label="movement / body heights per s")
        if analysis is None:
            top.plot(times, energy, color="#228833", lw=0.5)
            top.set_title(f"{duration:.1f} s of {poses.skeleton}; movement in body heights per s")
    bottom.set_xlim(begin, min(begin + seconds, duration))
    bottom.set_xlabel("seconds; red: beats, thick where a bar begins")
    bottom.legend(loc="upper right")
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=90, metadata={"Software": None})
    plt.close(figure)
