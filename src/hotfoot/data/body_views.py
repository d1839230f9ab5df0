"""Views of 3D dances in the square of the reference's body (:mod:`hotfoot.pose.framing`).

In: joints [T, 17, 3] in meters. Out: BODY_18 keypoints, all of them known. The camera stands still
at about where the dancer faces.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from hotfoot.data.bodies import HIPS, LEGS, SHOULDERS, Joints, mirrored, reshape_body
from hotfoot.data.cameras import random_body
from hotfoot.data.samples import Floats
from hotfoot.pose.camera import Camera, turned
from hotfoot.pose.framing import SPAN, Framing, body_framing
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import convert_keypoints

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
class BodyView:
    """A segment of a dance, and another instant of the same dance as its reference."""

    xy: Floats  # [T, 18, 2] normalized by a square canvas
    reference_xy: Floats  # [18, 2], likewise
    framing: Framing  # the square of the reference's body


def body_view(joints: Joints, first: int, frames: int, rng: Generator, fps: float) -> BodyView:
    """One view of ``frames`` frames of a dance [T, 17, 3] from ``first`` on.

    Half of the references are an instant of the segment itself.
    """
    low, high = (first, first + frames) if rng.random() < 0.5 else (0, len(joints))
    others = rng.integers(low, high, _CANDIDATES)
    body = np.concatenate([joints[first : first + frames], joints[others]])
    hips = body[:, HIPS].mean(axis=1) * np.array([1, 0, 1], np.float32)
    spare = max(0, round(_HOME_S * fps) - frames) // 2
    near = joints[max(0, first - spare) : first + frames + spare, HIPS]
    home = (near.mean(axis=(0, 1)) * (1, 0, 1)).astype(np.float32)
    place = hips - home - rng.normal(0, _AWAY_M, 3) * (1, 0, 1)
    place[frames:] = 0  # references stand at home
    far = np.linalg.norm(place, axis=-1, keepdims=True) / _REACH_M
    place = place * np.tanh(far) / np.maximum(far, 1e-6)
    body = reshape_body(body - hips[:, None], random_body(rng))
    body = body + place[:, None].astype(np.float32)
    if rng.random() < 0.5:
        body = mirrored(body)
    keypoints = _projected(body, rng)
    at, framing = _reference(keypoints[frames:], body[frames:])
    xy = (keypoints / np.array(_CANVAS)).astype(np.float32)
    return BodyView(xy[:frames], xy[frames + at], framing)


def _projected(body: Joints, rng: Generator) -> Floats:
    """BODY_18 in pixels [T, 18, 2] of joints [T, 17, 3]."""
    yaw = rng.uniform(-np.pi, np.pi) if rng.random() < _AROUND else rng.normal(0, _YAW)
    camera = Camera(rng.uniform(*_DISTANCE_M), rng.uniform(*_HEIGHT_M), rng.normal(0, _ROLL))
    picture = camera.project(turned(body, yaw)) * _PIXELS_PER_M + np.asarray(_CANVAS) / 2
    seen = np.ones(picture.shape[:2], np.float32)
    return convert_keypoints(picture.astype(np.float32), seen, "coco-17", "body-18")[0]


def _reference(keypoints: Floats, body: Joints) -> tuple[int, Framing]:
    """The first of poses [N, 18, 2] that shows enough of its body, else what shows most."""
    trunk = body[:, SHOULDERS].mean(axis=1) - body[:, HIPS].mean(axis=1)
    legs = [np.linalg.norm(np.diff(body[:, leg], axis=1), axis=-1).sum(axis=1) for leg in LEGS]
    size_m = (np.linalg.norm(trunk, axis=-1) + np.maximum(*legs)).astype(np.float32)
    seen = np.ones((1, keypoints.shape[1]), np.float32)
    found = [
        body_framing(PoseSequence(pose[None], seen, 30.0, _CANVAS, "body-18")) for pose in keypoints
    ]
    widths = np.array([f.size[0] for f in found if f.size]) * _CANVAS[0] / SPAN
    shown = widths / (_UPRIGHT * _PIXELS_PER_M * size_m)
    at = int(np.argmax(shown >= 1 if (shown >= 1).any() else shown))
    return at, found[at]
