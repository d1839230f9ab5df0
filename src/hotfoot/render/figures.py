"""Draw skeleton frames exactly as DWPose does, with the variations that consumers trained on.

Order of one frame: limbs as filled ellipses in drawing order; everything times 0.6; joints as
filled circles; then each hand, lines before dots. Poses of any skeleton are drawn as BODY_18, with
hands where they have them.
"""

from collections.abc import Iterator
from colorsys import hsv_to_rgb
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import OptionError
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.skeletons import BODY18_LIMBS, get_skeleton

Frame = NDArray[np.uint8]
"""RGB picture [H, W, 3]."""
Points = NDArray[np.float32]
"""Keypoints [..., 2], (x, y) in pixels."""
Color = tuple[int, int, int]


def _hues(count: int) -> tuple[Color, ...]:
    """Colors at even steps around the color circle, rounded as OpenCV does."""
    colors = (hsv_to_rgb(i / count, 1.0, 1.0) for i in range(count))
    return tuple((round(255 * r), round(255 * g), round(255 * b)) for r, g, b in colors)


PALETTE = _hues(18)
"""Color of limb ``i`` and of joint ``i``."""
HAND_PALETTE = _hues(20)
"""Color of line ``i`` of a hand."""

_HAND_DOT = (0, 0, 255)
_HAND_EDGES = tuple((a - 18, b - 18) for a, b in get_skeleton("body-hands-60").limbs[17:37])
_WIDTHS_BY_LENGTH = (5, 10, 20, 40, 80, 160, 320)  # MusePose
_MOST_PIXELS = 64_000_000
_CHUNK = 512  # frames; of an hour of poses there is one copy only


@dataclass(frozen=True)
class FigureStyle:
    """How figures are drawn; widths are in pixels."""

    # Half width of limbs and radius of joints; 0 follows Wan-Animate's rule for the size.
    half_axis: int = 4
    hand_line: int = 2  # width of the lines of hands
    hand_radius: int = 4  # of the dots of hands
    limb_brightness: float = 0.6  # as in DWPose
    order: Literal["red", "blue"] = "red"  # neck to right shoulder; blue has channels swapped
    supersample: int = 0  # short side at which the figure is drawn before it is shrunk; 0 for none
    by_length: bool = False  # width of limbs and of hands' lines by their length (MusePose)

    def for_canvas(self, canvas: tuple[int, int]) -> "FigureStyle":
        """With widths in pixels, where they follow the size of the canvas."""
        if self.half_axis > 0:
            return self
        half = max(int(min(canvas) / 200) - 1, 1)
        hand = max(half // 2, 1)
        return replace(self, half_axis=half, hand_line=hand, hand_radius=hand)


def draw_frames(poses: PoseSequence, style: FigureStyle | None = None) -> Iterator[Frame]:
    """Frames of poses of any skeleton, one after the other."""
    for start in range(0, len(poses), _CHUNK):
        part = poses.frames(start, start + _CHUNK).to_skeleton("body-hands-60")
        for keypoints, confidence in zip(part.keypoints, part.confidence, strict=True):
            yield draw_pose(keypoints, confidence, poses.canvas, style)


def draw_pose(
    keypoints: Points,
    confidence: NDArray[np.float32],
    canvas: tuple[int, int],
    style: FigureStyle | None = None,
) -> Frame:
    """One frame of BODY_18 keypoints [18, 2] in pixels, or with both hands after it [60, 2].

    Points whose confidence, [18] or [60], is below 0.3 are not drawn. Raises OptionError for a
    canvas without pixels, or with too many.
    """
    style = (style or FigureStyle()).for_canvas(canvas)
    if min(canvas) < 1 or canvas[0] * canvas[1] > _MOST_PIXELS:
        raise OptionError(f"canvas {canvas[0]} x {canvas[1]}", "Allowed: 1 to 64 million pixels.")
    scale = style.supersample / min(canvas) if style.supersample else 1.0
    width, height = round(canvas[0] * scale), round(canvas[1] * scale)
    points, seen = keypoints * np.float32(scale), confidence >= VISIBLE_FROM
    picture = np.zeros((height, width, 3), np.uint8)
    for (a, b), color in zip(BODY18_LIMBS, PALETTE[:17], strict=True):
        if seen[a] and seen[b]:
            _limb(picture, points[a], points[b], color, style)
    picture = (picture * style.limb_brightness).astype(np.uint8)
    for i in np.flatnonzero(seen[:18]):
        cv2.circle(picture, _pixel(points[i]), style.half_axis, PALETTE[i], -1)
    for start in range(18, len(points), 21):
        _hand(picture, points[start : start + 21], seen[start : start + 21], style)
    if scale != 1.0:
        picture = np.asarray(cv2.resize(picture, canvas, interpolation=cv2.INTER_LINEAR), np.uint8)
    if style.order == "blue":
        picture = picture[..., ::-1]
    return np.ascontiguousarray(picture)


def encoded(picture: Frame, suffix: str) -> bytes:
    """An RGB picture as the content of a ``.png`` or ``.jpg`` file."""
    # Not cv2.imwrite, which says nothing when the disk is full.
    options = [cv2.IMWRITE_JPEG_QUALITY, 95] if suffix == ".jpg" else []
    _, data = cv2.imencode(suffix, np.ascontiguousarray(picture[..., ::-1]), options)
    return data.tobytes()


def _pixel(point: Points) -> tuple[int, int]:
    return int(point[0]), int(point[1])


def _limb(picture: Frame, a: Points, b: Points, color: Color, style: FigureStyle) -> None:
    """A rotated ellipse between two joints."""
    (ax, ay), (bx, by) = a.tolist(), b.tolist()
    length = float(np.hypot(ax - bx, ay - by))
    angle = float(np.degrees(np.arctan2(ay - by, ax - bx)))
    half = _width_by_length(length) if style.by_length else style.half_axis
    center = (int((ax + bx) / 2), int((ay + by) / 2))
    polygon = cv2.ellipse2Poly(center, (int(length / 2), half), int(angle), 0, 360, 1)
    cv2.fillConvexPoly(picture, np.asarray(polygon, np.int32), color)


def _width_by_length(length: float) -> int:
    return int(np.searchsorted(_WIDTHS_BY_LENGTH, length, side="right")) + 1


def _hand(picture: Frame, points: Points, seen: NDArray[np.bool_], style: FigureStyle) -> None:
    """Lines of one hand [21, 2], then its dots."""
    for (a, b), color in zip(_HAND_EDGES, HAND_PALETTE, strict=True):
        if seen[a] and seen[b]:
            length = float(np.linalg.norm(points[a] - points[b]))
            width = _width_by_length(length) if style.by_length else style.hand_line
            cv2.line(picture, _pixel(points[a]), _pixel(points[b]), color, width)
    for i in np.flatnonzero(seen):
        cv2.circle(picture, _pixel(points[i]), style.hand_radius, _HAND_DOT, -1)
