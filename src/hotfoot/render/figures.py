"""Draw skeleton frames exactly as DWPose does, with the variations that consumers trained on.

Order of one frame: limbs as filled ellipses in drawing order; everything times 0.6; joints as
filled circles; hands. See the table of consumers in the documentation for who wants what.
"""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import OptionError
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.skeletons import BODY18_LIMBS, get_skeleton

Frame = NDArray[np.uint8]
"""RGB picture [H, W, 3]."""

PALETTE: tuple[tuple[int, int, int], ...] = (
    *((255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0)),
    *((0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255)),
    *((0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85)),
)
"""Color of limb ``i`` and of joint ``i``."""


@dataclass(frozen=True)
class FigureStyle:
    """How figures are drawn.

    Attributes:
        half_axis: half width of a limb in pixels; 0 follows Wan-Animate's rule for the size.
        radius: of joints, in pixels; 0 as above.
        limb_brightness: 0.6 in DWPose.
        order: ``red`` (neck to right shoulder is red) or ``blue`` (channels swapped).
        supersample: short side at which the figure is drawn before it is shrunk; 0 for none.
        by_length: limb width by the limb's length (MusePose).
    """

    half_axis: int = 4
    radius: int = 4
    limb_brightness: float = 0.6
    order: Literal["red", "blue"] = "red"
    supersample: int = 0
    by_length: bool = False


def draw_frames(poses: PoseSequence, style: FigureStyle | None = None) -> Iterator[Frame]:
    """Frames of a pose sequence, one after the other."""
    style = style or FigureStyle()
    body = poses.to_skeleton("body-18")
    hands = poses.to_skeleton("body-hands-60") if len(poses.layout) >= 60 else None
    for t in range(len(poses)):
        pair = None
        if hands is not None:
            pair = hands.keypoints[t, 18:], hands.confidence[t, 18:]
        yield draw_pose(body.keypoints[t], body.confidence[t], poses.canvas, style, pair)


def draw_pose(
    keypoints: NDArray[np.float32],
    confidence: NDArray[np.float32],
    canvas: tuple[int, int],
    style: FigureStyle | None = None,
    hands: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None,
) -> Frame:
    """One frame.

    Args:
        keypoints: BODY_18 [18, 2] in pixels.
        confidence: [18]; points below 0.3 are not drawn.
        canvas: (width, height).
        style: widths, colors.
        hands: both hands [42, 2] and [42], left first.
    """
    style = style or FigureStyle()
    width, height = canvas
    if width < 1 or height < 1 or width * height > 64_000_000:
        raise OptionError(f"canvas {width} x {height}", "Allowed: 1 to 64 million pixels.")
    scale = 1.0
    if style.supersample:
        scale = style.supersample / min(canvas)
        width, height = round(width * scale), round(height * scale)
    half, radius = style.half_axis, style.radius
    if half == 0:
        half = radius = max(int(min(canvas) / 200) - 1, 1)
    picture = np.zeros((height, width, 3), np.uint8)
    points = keypoints * np.float32(scale)
    for (a, b), color in zip(BODY18_LIMBS, PALETTE[:17], strict=True):
        if confidence[a] >= VISIBLE_FROM and confidence[b] >= VISIBLE_FROM:
            _limb(picture, points[a], points[b], color, half, style.by_length)
    picture = (picture * style.limb_brightness).astype(np.uint8)
    for point, seen, color in zip(points, confidence, PALETTE, strict=True):
        if seen >= VISIBLE_FROM:
            cv2.circle(picture, (int(point[0]), int(point[1])), radius, color, -1)
    if hands is not None:
        _hands(picture, hands[0] * np.float32(scale), hands[1], radius)
    if scale != 1.0:
        picture = np.asarray(cv2.resize(picture, canvas, interpolation=cv2.INTER_LINEAR), np.uint8)
    if style.order == "blue":
        picture = picture[..., ::-1]
    return np.ascontiguousarray(picture)


def _limb(
    picture: Frame,
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    color: tuple[int, int, int],
    half_axis: int,
    by_length: bool,
) -> None:
    """A rotated ellipse between two joints."""
    (ax, ay), (bx, by) = (float(a[0]), float(a[1])), (float(b[0]), float(b[1]))
    length = float(np.hypot(ax - bx, ay - by))
    angle = float(np.degrees(np.arctan2(ay - by, ax - bx)))
    if by_length:
        half_axis = int(np.searchsorted([5, 10, 20, 40, 80, 160, 320], length, side="right")) + 1
    center = (int((ax + bx) / 2), int((ay + by) / 2))
    polygon = cv2.ellipse2Poly(center, (int(length / 2), half_axis), int(angle), 0, 360, 1)
    cv2.fillConvexPoly(picture, np.asarray(polygon, np.int32), color)


def _hands(
    picture: Frame, points: NDArray[np.float32], confidence: NDArray[np.float32], radius: int
) -> None:
    edges = get_skeleton("body-hands-60").limbs[17:37]
    for side in (0, 21):
        for e, (a, b) in enumerate(edges):
            i, j = side + a - 18, side + b - 18
            if confidence[i] >= VISIBLE_FROM and confidence[j] >= VISIBLE_FROM:
                color = tuple(round(255 * v) for v in colorsys.hsv_to_rgb(e / 20, 1, 1))
                ends = [(int(points[k][0]), int(points[k][1])) for k in (i, j)]
                cv2.line(picture, ends[0], ends[1], color, 2)
    for point, seen in zip(points, confidence, strict=True):
        if seen >= VISIBLE_FROM:
            cv2.circle(picture, (int(point[0]), int(point[1])), radius, (0, 0, 255), -1)
