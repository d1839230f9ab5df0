"""Virtual cameras: 3D clips filmed as people film dances, then seen as a detector sees them.

In: joints [T, 17, 3] in meters. Out: BODY_18 keypoints normalized by the canvas sides, confidence,
and the canvas' aspect. Framing, lens, height, yaw, roll, tracking, zooms, pans, shaking hands,
cut-off bodies, hidden faces and limbs, mistaken sides, dropped joints and jitter are drawn from a
:class:`FilmStyle`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.data.bodies import BodyShape, facing, mirrored, reshape_body
from hotfoot.pose.camera import Camera, hidden_by_trunk, seen_from_ahead, turned
from hotfoot.pose.skeletons import convert_keypoints, get_skeleton

_COCO = get_skeleton("coco-17").index
_BLUR = 14.0  # a joint that crosses a twentieth of the canvas in a frame is half as sure
_ASPECTS = (9 / 16, 9 / 16, 9 / 16, 2 / 3, 3 / 4, 1.0, 4 / 3, 16 / 9)


@dataclass(frozen=True)
class FilmStyle:
    """Chances and ranges of the virtual film crew.

    Attributes:
        frontal: share of films whose camera is roughly in front of the dancer.
        close_up: share that cuts the body off at the knees or the waist.
        moving: share with a slow zoom.
        zooms: share that zooms in or out for good, by up to a third.
        pans: share whose camera turns away and back.
        handheld: share that shakes as hands do.
        roll_deg: standard deviation of the camera's roll.
        jitter_bins: largest standard deviation of detector noise, in 1/512 of the canvas.
        dropout: share of films in which joints go missing for a while.
        faint: share of films whose detector reports confidences below 1; they fall with speed and
            where the trunk hides a joint.
        swaps: share of films in which left and right of a limb are taken for each other for some
            frames.
    """

    frontal: float = 0.85
    close_up: float = 0.08
    moving: float = 0.3
    zooms: float = 0.0
    pans: float = 0.0
    handheld: float = 0.0
    roll_deg: float = 1.5
    jitter_bins: float = 0.0
    dropout: float = 0.0
    faint: float = 0.0
    swaps: float = 0.0


DETECTOR = FilmStyle(
    close_up=0.15, zooms=0.25, pans=0.25, handheld=0.35, roll_deg=3.0, jitter_bins=1.0,
    dropout=0.4, faint=0.6, swaps=0.25,
)  # fmt: skip
"""What a pose detector makes of web videos; the VAE must carry all of it."""

CLEAN = FilmStyle()
"""What a dance should look like; the dancer is trained on it."""

FILM_STYLES = {"clean": CLEAN, "detector": DETECTOR}


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
    flat, visible, hidden = _project(joints, rng, style)
    flat, aspect = _frame(flat, rng, style)
    xy, confidence = convert_keypoints(flat, visible, "coco-17", "body-18")
    # The same joints once more, with how well they are seen in place of whether.
    _, clear = convert_keypoints(flat, (~hidden).astype(np.float32), "coco-17", "body-18")
    return Film(*_detect(xy, confidence, clear, rng, style), aspect)


def _project(
    joints: NDArray[np.float32], rng: np.random.Generator, style: FilmStyle
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Perspective picture [T, 17, 2] (y down), visibility [T, 17], and what the trunk hides."""
    center = joints[:, [_COCO["left_hip"], _COCO["right_hip"]]].mean(axis=(0, 1))
    p = joints - center * np.array([1, 0, 1], np.float32)
    ahead = facing(joints).mean(axis=0)
    toward = np.arctan2(ahead[0], ahead[1])
    turn = rng.normal(0, 0.6) if rng.random() < style.frontal else rng.uniform(-np.pi, np.pi)
    p = turned(p, turn - toward)
    distance = rng.uniform(3.0, 9.0) + float(np.abs(p[..., 2]).max())
    height, roll = rng.uniform(0.5, 1.6), np.deg2rad(rng.normal(0, style.roll_deg))
    picture = Camera(distance, height, float(roll)).project(p)
    return picture, seen_from_ahead(p), hidden_by_trunk(p)


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
    if rng.random() < style.zooms:
        scale = scale * np.exp(_ramp(len(picture), rng) * rng.uniform(-0.4, 0.3))
    if rng.random() < style.pans:
        away = _ramp(len(picture), rng) - _ramp(len(picture), rng)
        place = place + away[:, None, None] * rng.normal(0, [0.12, 0.03]) * canvas
    if rng.random() < style.handheld:
        shake = gaussian_filter1d(rng.normal(0, 1, (len(picture), 2)), 6, axis=0, mode="nearest")
        place = place + shake[:, None] * rng.uniform(0.002, 0.012) * np.sqrt(6 * 2 * np.sqrt(np.pi))
    xy = (picture - middle) * scale[:, None, None] + place + canvas / 2
    return (xy / canvas).astype(np.float32), aspect


def _ramp(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """From 0 to 1 within a few seconds, somewhere in the film."""
    middle, width = rng.uniform(0, frames), rng.uniform(20, 120)
    return 0.5 + 0.5 * np.tanh((np.arange(frames) - middle) / width)


def _detect(
    xy: NDArray[np.float32],
    confidence: NDArray[np.float32],
    clear: NDArray[np.float32],
    rng: np.random.Generator,
    style: FilmStyle,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a detector reports: jitter, mistaken sides, faint and missing joints, all inside."""
    frames, points = confidence.shape
    confidence = confidence.copy()
    if rng.random() < style.swaps:
        xy, confidence = _mistaken(xy, confidence, rng)
    blur = np.exp(-np.linalg.norm(np.gradient(xy, axis=0), axis=-1) * _BLUR)
    if style.jitter_bins:
        sigma = rng.uniform(0, style.jitter_bins) * (rng.random() < 0.5) / 512
        unsure = (1 + 2 * (1 - clear) + 2 * (1 - blur))[..., None]
        noise = rng.normal(0, 1, xy.shape) * sigma * unsure
        xy = xy + noise.astype(np.float32)
    if rng.random() < style.faint:
        level = gaussian_filter1d(rng.normal(0, 1, (frames, points)), 4, axis=0) * 0.25
        sure = np.clip(rng.uniform(0.6, 1.0) + level, 0.05, 1) * blur * (0.35 + 0.65 * clear)
        confidence *= sure.astype(np.float32)
    if rng.random() < style.dropout:
        for _ in range(rng.integers(1, 8)):
            k, start = rng.integers(points), rng.integers(frames)
            confidence[start : start + rng.integers(2, 40), k] = 0
    inside = ((xy >= 0) & (xy <= 511.5 / 512)).all(axis=-1)
    confidence = (confidence * inside).astype(np.float32)
    return np.where((confidence > 0)[..., None], xy, 0).astype(np.float32), confidence


def _mistaken(
    xy: NDArray[np.float32], confidence: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Left and right legs or arms exchanged for 1 to 10 frames, once or a few times."""
    body = get_skeleton("body-18")
    xy, confidence = xy.copy(), confidence.copy()
    for _ in range(rng.integers(1, 4)):
        ends = ("knee", "ankle") if rng.random() < 0.6 else ("elbow", "wrist")
        joints = [i for n, i in body.index.items() if n.endswith(ends)]
        others = [body.mirror[i] for i in joints]
        start = int(rng.integers(len(xy)))
        part = slice(start, start + int(rng.integers(1, 11)))
        xy[part, joints], confidence[part, joints] = xy[part, others], confidence[part, others]
    return xy, confidence
