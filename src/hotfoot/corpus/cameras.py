"""Virtual cameras: 3D clips filmed as people film dances, then seen as a detector sees them.

In: joints [T, 17, 3] in metres. Out: BODY_18 keypoints normalised by the canvas sides, confidence,
and the canvas' aspect. Framing, lens, height, yaw, tracking, slow zooms, cut-off bodies, hidden
faces, dropped joints and jitter are drawn from a :class:`FilmStyle`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.corpus.mocap import BodyShape, facing, mirrored, reshape_body
from hotfoot.pose.skeletons import convert_keypoints, get_skeleton
from hotfoot.pose.visibility import seen_from_ahead

_COCO = get_skeleton("coco-17").index
_ASPECTS = (9 / 16, 9 / 16, 9 / 16, 2 / 3, 3 / 4, 1.0, 4 / 3, 16 / 9)


@dataclass(frozen=True)
class FilmStyle:
    """Chances and ranges of the virtual film crew.

    Attributes:
        frontal: share of films whose camera is roughly in front of the dancer.
        close_up: share that cuts the body off at the knees or the waist.
        moving: share with a slow zoom.
        jitter_bins: largest standard deviation of detector noise, in 1/512 of the canvas.
        dropout: share of films in which joints go missing for a while.
        faint: share of films whose detector reports confidences below 1.
    """

    frontal: float = 0.85
    close_up: float = 0.08
    moving: float = 0.3
    jitter_bins: float = 0.0
    dropout: float = 0.0
    faint: float = 0.0


DETECTOR = FilmStyle(jitter_bins=1.0, dropout=0.4, faint=0.5)
"""What a pose detector makes of web videos; the VAE must carry all of it."""

CLEAN = FilmStyle()
"""What a dance should look like; the dancer is trained on it."""


@dataclass(frozen=True, eq=False)
class Film:
    """A filmed clip: xy [T, 18, 2] in canvas sides, confidence [T, 18], aspect = width / height."""

    xy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    aspect: float


def random_body(rng: np.random.Generator) -> BodyShape:
    """Bone factors of one person, within what adults vary."""
    f = np.clip(rng.normal(1, [0.06, 0.06, 0.06, 0.09, 0.09, 0.07]), 0.78, 1.25)
    return BodyShape(*(float(v) for v in f))


def film(joints: NDArray[np.float32], rng: np.random.Generator, style: FilmStyle) -> Film:
    """Film one clip of 30 fps motion with a camera drawn from ``style``."""
    if rng.random() < 0.5:
        joints = mirrored(joints)
    joints = reshape_body(joints, random_body(rng))
    flat, visible = _project(joints, rng, style)
    xy, aspect = _frame(flat, rng, style)
    order = convert_keypoints(xy, visible, "coco-17", "body-18")
    xy, confidence = order
    return Film(*_detect(xy, confidence, rng, style), aspect)


def _project(
    joints: NDArray[np.float32], rng: np.random.Generator, style: FilmStyle
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Perspective picture [T, 17, 2] (image plane, y down) and visibility [T, 17]."""
    centre = joints[:, [_COCO["left_hip"], _COCO["right_hip"]]].mean(axis=(0, 1))
    p = joints - centre * np.array([1, 0, 1], np.float32)
    ahead = facing(joints).mean(axis=0)
    toward = np.arctan2(ahead[0], ahead[1])
    turn = rng.normal(0, 0.6) if rng.random() < style.frontal else rng.uniform(-np.pi, np.pi)
    yaw = turn - toward
    c, s = np.cos(yaw), np.sin(yaw)
    spin = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
    p = p @ spin.T
    distance = rng.uniform(3.0, 9.0) + np.abs(p[..., 2]).max()
    height = rng.uniform(0.5, 1.6)
    depth = distance - p[..., 2]
    picture = np.stack([p[..., 0] / depth, (height - p[..., 1]) / depth], axis=-1) * distance
    roll = np.deg2rad(rng.normal(0, 1.5))
    cr, sr = np.cos(roll), np.sin(roll)
    picture = picture @ np.array([[cr, -sr], [sr, cr]], np.float32).T
    return picture.astype(np.float32), seen_from_ahead(p)


def _frame(
    picture: NDArray[np.float32], rng: np.random.Generator, style: FilmStyle
) -> tuple[NDArray[np.float32], float]:
    """Put the picture on a canvas: aspect, size and place; follow the dancer; zoom slowly."""
    aspect = float(rng.choice(_ASPECTS))
    hips = picture[:, [_COCO["left_hip"], _COCO["right_hip"]]].mean(axis=1)
    follow = rng.uniform(0.3, 1.0)
    smooth = gaussian_filter1d(hips, rng.uniform(20, 60), axis=0, mode="nearest")
    picture = picture - (follow * (smooth - smooth.mean(axis=0)))[:, None] * np.array(
        [1, 0.5], np.float32
    )
    low, high = np.percentile(picture, [1, 99], axis=(0, 1))
    middle = (low + high) / 2
    extent = high - low
    canvas = np.array([aspect, 1.0])
    # Largest size at which everything stays inside with a margin, then a size below it.
    fits = 0.94 * (canvas / extent).min()
    size = fits * rng.uniform(0.62, 1.0)
    place = rng.uniform(-0.5, 0.5, 2) * np.maximum(0.94 * canvas - extent * size, 0)
    close = rng.random() < style.close_up
    if close:
        size = fits * rng.uniform(1.15, 1.7)
        top = low[1]
        middle = np.array([np.median(hips[:, 0]), top + (0.5 - rng.uniform(0.03, 0.1)) / size])
        place = np.zeros(2)
    scale = np.full(len(picture), size)
    if rng.random() < style.moving:
        phase, period = rng.uniform(0, 2 * np.pi), rng.uniform(8, 30) * 30
        wave = np.sin(phase + 2 * np.pi * np.arange(len(picture)) / period)
        scale = size * (1 + rng.uniform(0.02, 0.08) * (wave - 1))
    xy = (picture - middle) * scale[:, None, None] + place + canvas / 2
    return (xy / canvas).astype(np.float32), aspect


def _detect(
    xy: NDArray[np.float32],
    confidence: NDArray[np.float32],
    rng: np.random.Generator,
    style: FilmStyle,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a detector reports: jitter, faint and missing joints, nothing outside the canvas."""
    frames, points = confidence.shape
    if style.jitter_bins:
        sigma = rng.uniform(0, style.jitter_bins) * (rng.random() < 0.5) / 512
        xy = xy + rng.normal(0, 1, xy.shape).astype(np.float32) * np.float32(sigma)
    confidence = confidence.copy()
    if rng.random() < style.faint:
        level = gaussian_filter1d(rng.normal(0, 1, (frames, points)), 4, axis=0) * 0.25
        confidence *= np.clip(rng.uniform(0.6, 1.0) + level, 0.05, 1).astype(np.float32)
    if rng.random() < style.dropout:
        for _ in range(rng.integers(1, 8)):
            k, start = rng.integers(points), rng.integers(frames)
            confidence[start : start + rng.integers(2, 40), k] = 0
    inside = ((xy >= 0) & (xy <= 511.5 / 512)).all(axis=-1)
    confidence = (confidence * inside).astype(np.float32)
    return np.where((confidence > 0)[..., None], xy, 0).astype(np.float32), confidence
