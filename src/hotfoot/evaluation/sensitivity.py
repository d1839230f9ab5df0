"""How far a dance changes if something else is heard: other tokens, no tokens, beats elsewhere."""

import numpy as np

from hotfoot.errors import EvaluationError
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence


def sensitivity(dance: PoseSequence, other: PoseSequence) -> float:
    """How far poses move, over the standard deviation of the dance's motion.

    Both are danced from the same seed, the other one with its music tokens zeroed, those of another
    song, or those of a beat that comes half a beat later; both have the same skeleton, frame rate
    and canvas. The root mean square distance of joints that are seen in both is divided by that of
    the first dance's joints from their mean places. 0: the music changes nothing; 1: as much as the
    dance moves at all; about 1.4: unrelated dances in one place. EvaluationError if they cannot be
    compared, or nothing moves.
    """
    if (dance.skeleton, dance.fps, dance.canvas) != (other.skeleton, other.fps, other.canvas):
        raise EvaluationError(
            "the dances differ in skeleton, frame rate or canvas", "Make both with equal options."
        )
    frames = min(len(dance), len(other))
    a, b = dance.frames(0, frames), other.frames(0, frames)
    seen = ((a.confidence >= VISIBLE_FROM) & (b.confidence >= VISIBLE_FROM))[..., None]
    xy = a.keypoints.astype(np.float64)
    mean = (xy * seen).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    moved = float((((xy - mean) ** 2) * seen).sum())
    if moved <= 0:
        raise EvaluationError("nothing moves in the dance", "Give a dance that moves.")
    return float(np.sqrt((((xy - b.keypoints) ** 2) * seen).sum() / moved))
