"""Virtual cameras: views of 3D clips as people film dances, then as a pose detector reports them.

Or all of a body is seen, in the square of its reference, by a camera that stands still.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from hotfoot.data import bodies
from hotfoot.data.bodies import BODY_POINTS, HAND_POINTS, LEGS, Joints
from hotfoot.data.samples import BODY_FORMAT, DataFormat, Floats
from hotfoot.pose.camera import Camera, hidden_by_trunk, seen_from_ahead, turned
from hotfoot.pose.framing import SPAN, Framing, body_framing
from hotfoot.pose.references import BodyShape
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import convert_keypoints, get_skeleton

_USUAL_FPS = 30.0  # lengths of time below are in frames of this rate
_BLUR = 14.0  # a joint that crosses a twentieth of the canvas in a frame is half as sure
_ASPECTS = (9 / 16, 9 / 16, 9 / 16, 2 / 3, 3 / 4, 1.0, 4 / 3, 16 / 9)


@dataclass(frozen=True)
class CameraStyle:
    """Chances and ranges of cameras and of the detector behind them; shares are of views."""

    frontal: float = 0.85  # share whose camera is roughly in front of the dancer
    close_up: float = 0.08  # share that cuts the body off at the knees or the waist
    moving: float = 0.3  # share with a slow zoom
    zooms: float = 0.0  # share that zooms in or out for good, by up to a third
    pans: float = 0.0  # share whose camera turns away and back
    handheld: float = 0.0  # share that shakes as hands do
    roll_deg: float = 1.5  # standard deviation of the camera's roll
    jitter_bins: float = 0.0  # largest standard deviation of noise, in 1/512 of the canvas
    dropout: float = 0.0  # share in which joints go missing for a while
    faint: float = 0.0  # share with confidences below 1: less for quick joints and hidden ones
    swaps: float = 0.0  # share in which left and right of a limb are mistaken for some frames


DETECTOR = CameraStyle(
    close_up=0.15, zooms=0.25, pans=0.25, handheld=0.35, roll_deg=3.0, jitter_bins=1.0,
    dropout=0.4, faint=0.6, swaps=0.25,
)  # fmt: skip
"""What a pose detector makes of web videos; the VAE must carry all of it."""

CLEAN = CameraStyle()
"""What a dance should look like; the dancer is trained on it."""

CAMERA_STYLES = {"clean": CLEAN, "detector": DETECTOR}


@dataclass(frozen=True, eq=False)
class View:
    """What a camera sees of a clip."""

    xy: Floats  # [T, K, 2] in canvas sides
    confidence: Floats  # [T, K]
    aspect: float  # width of the canvas over its height


def random_body(rng: Generator) -> BodyShape:
    """Bone factors of one person, within what adults vary."""
    f = np.clip(rng.normal(1, [0.06, 0.06, 0.06, 0.09, 0.09, 0.07]), 0.78, 1.25)
    return BodyShape(*(float(v) for v in f))


def render_view(
    joints: Joints, rng: Generator, style: CameraStyle, format: DataFormat = BODY_FORMAT
) -> View:
    """One view of a clip [T, 17, 3], with hands [T, 59, 3], in meters, of a format's frame rate."""
    if rng.random() < 0.5:
        joints = bodies.mirrored(joints)
    joints = bodies.reshape_body(joints, random_body(rng))
    flat, visible, clear = _project(joints, rng, style)
    flat, aspect = _frame(flat, rng, style, format.fps)
    xy, confidence = _keypoints(flat, visible, format.skeleton)
    # The same joints once more, with how well they are seen in place of whether.
    _, clear = _keypoints(flat, clear, format.skeleton)
    return View(*_detect(xy, confidence, clear, rng, style, format), aspect)


def _keypoints(flat: Floats, seen: Floats, skeleton: str) -> tuple[Floats, Floats]:
    """Points [T, 17, 2] or [T, 59, 2] in the order of a skeleton, and how they are seen."""
    body, shown = flat[:, :BODY_POINTS], seen[:, :BODY_POINTS]
    if not bodies.has_hands(skeleton):
        return convert_keypoints(body, shown, "coco-17", skeleton)
    body, shown = convert_keypoints(body, shown, "coco-17", "body-18")
    pairs = ((body, flat), (shown, seen))
    xy, seen = (np.concatenate([a, b[:, BODY_POINTS:]], axis=1) for a, b in pairs)
    return xy, seen


def _project(joints: Joints, rng: Generator, style: CameraStyle) -> tuple[Floats, Floats, Floats]:
    """Perspective picture [T, J, 2] (y down), visibility [T, J], and where the trunk hides none."""
    center = joints[:, bodies.HIPS].mean(axis=(0, 1))
    p = joints - center * np.array([1, 0, 1], np.float32)
    toward = bodies.yaw_of(bodies.facing(joints).mean(axis=0))
    turn = rng.normal(0, 0.6) if rng.random() < style.frontal else rng.uniform(-np.pi, np.pi)
    p = turned(p, float(turn - toward))
    distance = rng.uniform(3.0, 9.0) + float(np.abs(p[..., 2]).max())
    height, roll = rng.uniform(0.5, 1.6), np.deg2rad(rng.normal(0, style.roll_deg))
    picture = Camera(distance, height, float(roll)).project(p)
    body = p[:, :BODY_POINTS]
    # Points of hands are seen as their wrists are.
    points = [*range(BODY_POINTS), *np.repeat([arm[-1] for arm in bodies.ARMS], HAND_POINTS)]
    like = points[: p.shape[1]]
    clear = (~hidden_by_trunk(body)).astype(np.float32)
    return picture, seen_from_ahead(body)[:, like], clear[:, like]


def _frame(picture: Floats, rng: Generator, style: CameraStyle, fps: float) -> tuple[Floats, float]:
    """Put the picture on a canvas: aspect, size and place; follow the dancer; zoom slowly."""
    pace = fps / _USUAL_FPS
    aspect = float(rng.choice(_ASPECTS))
    hips = picture[:, bodies.HIPS].mean(axis=1)
    follow = rng.uniform(0.3, 1.0)
    smooth = gaussian_filter1d(hips, rng.uniform(20, 60) * pace, axis=0, mode="nearest")
    followed = (follow * (smooth - smooth.mean(axis=0)))[:, None] * np.array([1, 0.5], np.float32)
    picture = picture - followed
    low, high = np.percentile(picture, [1, 99], axis=(0, 1))
    middle, extent = (low + high) / 2, high - low
    canvas = np.array([aspect, 1.0])
    # Largest size at which everything stays inside with a margin, then a size below it.
    fits = 0.94 * (canvas / extent).min()
    size = fits * rng.uniform(0.62, 1.0)
    place = rng.uniform(-0.5, 0.5, 2) * np.maximum(0.94 * canvas - extent * size, 0)
    if rng.random() < style.close_up:
        size = fits * rng.uniform(1.15, 1.7)
        middle = np.array([np.median(hips[:, 0]), low[1] + (0.5 - rng.uniform(0.03, 0.1)) / size])
        place = np.zeros(2)
    scale = np.full(len(picture), size)
    if rng.random() < style.moving:
        phase, period = rng.uniform(0, 2 * np.pi), rng.uniform(8, 30) * fps
        wave = np.sin(phase + 2 * np.pi * np.arange(len(picture)) / period)
        scale = size * (1 + rng.uniform(0.02, 0.08) * (wave - 1))
    if rng.random() < style.zooms:
        scale = scale * np.exp(_ramp(len(picture), rng, pace) * rng.uniform(-0.4, 0.3))
    if rng.random() < style.pans:
        away = _ramp(len(picture), rng, pace) - _ramp(len(picture), rng, pace)
        place = place + away[:, None, None] * rng.normal(0, [0.12, 0.03]) * canvas
    if rng.random() < style.handheld:
        sigma = 6 * pace
        noise = rng.normal(0, 1, (len(picture), 2))
        shake = gaussian_filter1d(noise, sigma, axis=0, mode="nearest")
        size_of_one = np.sqrt(sigma * 2 * np.sqrt(np.pi))
        place = place + shake[:, None] * rng.uniform(0.002, 0.012) * size_of_one
    xy = (picture - middle) * scale[:, None, None] + place + canvas / 2
    return (xy / canvas).astype(np.float32), aspect


def _ramp(frames: int, rng: Generator, pace: float) -> NDArray[np.float64]:
    """From 0 to 1 within a few seconds, somewhere in the view."""
    middle, width = rng.uniform(0, frames), rng.uniform(20, 120) * pace
    return 0.5 + 0.5 * np.tanh((np.arange(frames) - middle) / width)


def _detect(
    xy: Floats, seen: Floats, clear: Floats, rng: Generator, style: CameraStyle, format: DataFormat
) -> tuple[Floats, Floats]:
    """What a detector reports: jitter, mistaken sides, faint and missing joints, all inside."""
    frames, points = seen.shape
    pace = format.fps / _USUAL_FPS
    confidence = seen.copy()
    if rng.random() < style.swaps:
        xy, confidence = _mistaken(xy, confidence, rng, format.skeleton, pace)
    blur = np.exp(-np.linalg.norm(np.gradient(xy, axis=0), axis=-1) * (_BLUR * pace))
    if style.jitter_bins:
        sigma = rng.uniform(0, style.jitter_bins) * (rng.random() < 0.5) / 512
        unsure = (1 + 2 * (1 - clear) + 2 * (1 - blur))[..., None]
        xy = xy + (rng.normal(0, 1, xy.shape) * sigma * unsure).astype(np.float32)
    if rng.random() < style.faint:
        level = gaussian_filter1d(rng.normal(0, 1, (frames, points)), 4 * pace, axis=0) * 0.25
        sure = np.clip(rng.uniform(0.6, 1.0) + level, 0.05, 1) * blur * (0.35 + 0.65 * clear)
        confidence *= sure.astype(np.float32)
    if rng.random() < style.dropout:
        for _ in range(rng.integers(1, 8)):
            k, start = rng.integers(points), rng.integers(frames)
            confidence[start : start + round(rng.integers(2, 40) * pace), k] = 0
    inside = ((xy >= 0) & (xy <= 511.5 / 512)).all(axis=-1)
    confidence = (confidence * inside).astype(np.float32)
    return np.where((confidence > 0)[..., None], xy, 0).astype(np.float32), confidence


def _mistaken(
    xy: Floats, confidence: Floats, rng: Generator, skeleton: str, pace: float
) -> tuple[Floats, Floats]:
    """Left and right legs or arms exchanged for a third of a second at most, once or more often."""
    layout = get_skeleton(skeleton)
    xy, confidence = xy.copy(), confidence.copy()
    for _ in range(rng.integers(1, 4)):
        names = ("knee", "ankle") if rng.random() < 0.6 else ("elbow", "wrist", "_hand_")
        joints = [i for n, i in layout.index.items() if any(name in n for name in names)]
        others = [layout.mirror[i] for i in joints]
        start = int(rng.integers(len(xy)))
        part = slice(start, start + round(int(rng.integers(1, 11)) * pace))
        xy[part, joints], confidence[part, joints] = xy[part, others], confidence[part, others]
    return xy, confidence


_UNIT_M = 1.32  # trunk and leg of the average body
_REACH_M = 1.2 * _UNIT_M  # how far hips get from home
_HOME_S = 17.0  # home is the mean place within so long around a segment
_AWAY_M = 0.1 * _UNIT_M  # standard deviation of the reference's place from home
_YAW, _AROUND = 0.35, 0.06  # deviation from in front of the dancer; cameras that stand anywhere
_ROLL = 0.02
_DISTANCE_M = (4.0 * _UNIT_M, 9.0 * _UNIT_M)
_HEIGHT_M = (0.5, 1.5)
_CANDIDATES = 4
_UPRIGHT = 0.8  # a reference whose body measures less than this of its true size is drawn again
_CANVAS, _PIXELS_PER_M = (1024, 1024), 128.0


@dataclass(frozen=True, eq=False)
class BodyView(View):
    """A segment of a dance on a square canvas, and another instant of it as its reference."""

    reference_xy: Floats  # [18, 2], likewise
    framing: Framing  # the square of the reference's body


def body_view(joints: Joints, first: int, frames: int, rng: Generator, fps: float) -> BodyView:
    """One view of a dance [T, 17, 3] from ``first`` on; half of the references are seen in it."""
    low, high = (first, first + frames) if rng.random() < 0.5 else (0, len(joints))
    others = rng.integers(low, high, _CANDIDATES)
    body = np.concatenate([joints[first : first + frames], joints[others]])
    hips = body[:, bodies.HIPS].mean(axis=1) * np.array([1, 0, 1], np.float32)
    spare = max(0, round(_HOME_S * fps) - frames) // 2
    near = joints[max(0, first - spare) : first + frames + spare, bodies.HIPS]
    home = (near.mean(axis=(0, 1)) * (1, 0, 1)).astype(np.float32)
    place = hips - home - rng.normal(0, _AWAY_M, 3) * (1, 0, 1)
    place[frames:] = 0  # references stand at home
    far = np.linalg.norm(place, axis=-1, keepdims=True) / _REACH_M
    place = place * np.tanh(far) / np.maximum(far, 1e-6)
    body = bodies.reshape_body(body - hips[:, None], random_body(rng))
    body = body + place[:, None].astype(np.float32)
    if rng.random() < 0.5:
        body = bodies.mirrored(body)
    keypoints = _projected(body, rng)
    at, framing = _reference(keypoints[frames:], body[frames:])
    xy = (keypoints / np.array(_CANVAS)).astype(np.float32)
    sure = np.ones((frames, xy.shape[1]), np.float32)
    return BodyView(xy[:frames], sure, 1.0, xy[frames + at], framing)


def _projected(body: Joints, rng: Generator) -> Floats:
    """BODY_18 in pixels [T, 18, 2] of joints [T, 17, 3]."""
    yaw = rng.uniform(-np.pi, np.pi) if rng.random() < _AROUND else rng.normal(0, _YAW)
    camera = Camera(rng.uniform(*_DISTANCE_M), rng.uniform(*_HEIGHT_M), rng.normal(0, _ROLL))
    picture = camera.project(turned(body, yaw)) * _PIXELS_PER_M + np.asarray(_CANVAS) / 2
    seen = np.ones(picture.shape[:2], np.float32)
    return convert_keypoints(picture.astype(np.float32), seen, "coco-17", "body-18")[0]


def _reference(keypoints: Floats, body: Joints) -> tuple[int, Framing]:
    """The first of poses [N, 18, 2] that shows enough of its body, else what shows most."""
    trunk = body[:, bodies.SHOULDERS].mean(axis=1) - body[:, bodies.HIPS].mean(axis=1)
    legs = [np.linalg.norm(np.diff(body[:, leg], axis=1), axis=-1).sum(axis=1) for leg in LEGS]
    size_m = (np.linalg.norm(trunk, axis=-1) + np.maximum(*legs)).astype(np.float32)
    seen = np.ones((1, keypoints.shape[1]), np.float32)
    found = [body_framing(PoseSequence(xy[None], seen, 30.0, _CANVAS)) for xy in keypoints]
    widths = np.array([f.size[0] for f in found if f.size]) * _CANVAS[0] / SPAN
    shown = widths / (_UPRIGHT * _PIXELS_PER_M * size_m)
    at = int(np.argmax(shown >= 1 if (shown >= 1).any() else shown))
    return at, found[at]
