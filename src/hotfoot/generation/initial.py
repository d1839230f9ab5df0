"""A draft of the dance: the choreographer's, seen from the front, by the reference's body.

The network begins from it instead of from pure noise (Meng et al., "SDEdit", 2022). The draft
brings the counts, the phrases and the moves; the network makes bodies and movement of it.
"""

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.arrange import STYLES
from hotfoot.choreography.dynamics import choreograph
from hotfoot.choreography.perform import perform, random_performer
from hotfoot.model.generator import Conditions, InitialPoses, Poses, SamplingOptions, segment_seed
from hotfoot.music.analysis import SongAnalysis
from hotfoot.pose.camera import Camera, seen_from_ahead, turned
from hotfoot.pose.framing import kept_inside
from hotfoot.pose.metadata import Phrase
from hotfoot.pose.proportions import Retarget, fit_to
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import convert_keypoints

_BLOCK = 1800  # frames; a song of an hour is never in memory as a 3D body
_DISTANCE_M, _HEIGHT_M, _PIXELS = 6.0, 1.0, 300.0
_YAW = 0.28


def choreographed_start(
    conditions: Conditions, frames: int, fps: float, options: SamplingOptions, strength: float
) -> InitialPoses | None:
    """Drafts for all variations, ``frames`` long, for generation to begin from.

    A style that the choreographer lacks is danced freestyle. ``strength`` says how far the drafts
    lead, 0 to 1; for 0 there are none.
    """
    if not strength:
        return None
    assert conditions.analysis is not None
    style = conditions.style if conditions.style in STYLES else "freestyle"
    reference = conditions.reference.to_skeleton("body-18")
    seeds = [segment_seed(options.seed, v, -1) for v in range(options.variations)]
    drafts = [draft_dance(conditions.analysis, frames, fps, reference, s, style) for s in seeds]
    wanted = conditions.reference.skeleton
    parts = [convert_keypoints(xy, seen, "body-18", wanted) for xy, seen, _ in drafts]
    xy, confidence = (np.stack(part) for part in zip(*parts, strict=True))
    return InitialPoses(Poses(xy, confidence), strength, tuple(p for _, _, p in drafts))


def draft_dance(
    analysis: SongAnalysis, frames: int, fps: float, reference: PoseSequence, seed: int, style: str
) -> tuple[NDArray[np.float32], NDArray[np.float32], tuple[Phrase, ...]]:
    """One draft: poses [T, 18, 2] normalized by the canvas, confidence [T, 18], what is danced.

    Raises PoseError where the reference shows no hips, OptionError for an unknown style.
    """
    rng = np.random.default_rng(seed)
    choreography = choreograph(analysis, int(rng.integers(2**31)), style)
    performer = random_performer(rng)
    yaw = float(rng.normal(0, _YAW))
    camera = Camera(_DISTANCE_M, _HEIGHT_M)  # in front
    canvas = np.asarray(reference.canvas, np.float32)
    xy = np.zeros((frames, 18, 2), np.float32)
    confidence = np.zeros((frames, 18), np.float32)
    retarget: Retarget | None = None
    for begin in range(0, frames, _BLOCK):
        times = np.arange(begin, min(begin + _BLOCK, frames)) / fps
        joints = turned(perform(choreography, times, performer, fps), yaw)
        picture = camera.project(joints) * np.float32(_PIXELS)
        pixels, seen = convert_keypoints(picture, seen_from_ahead(joints), "coco-17", "body-18")
        retarget = retarget or fit_to(pixels, reference)
        xy[begin : begin + len(times)] = retarget(pixels) / canvas
        confidence[begin : begin + len(times)] = seen
    shown = reference.confidence[0] > 0
    xy = kept_inside(xy, shown, fps)
    inside = ((xy >= 0) & (xy <= 511.5 / 512)).all(axis=-1)
    danced = choreography.summary(analysis.features.duration_s)
    return xy, (confidence * shown * inside).astype(np.float32), danced
