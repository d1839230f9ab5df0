"""Poses made for tests."""

import json
import pickle

import numpy as np

from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import convert_keypoints
from tests.helpers.screens import SIZE


def walker(frames=90, fps=30.0, canvas=(320, 480), seed=0):
    """A figure whose joints swing smoothly; all visible but the right ear."""
    from hotfoot.pose.references import figure_pose

    rng = np.random.default_rng(seed)
    base = figure_pose("average").with_canvas(canvas).keypoints[0]
    t = np.arange(frames)[:, None, None] / fps
    phase = rng.uniform(0, 6, (1, 18, 2))
    xy = base[None] + 12 * np.sin(2 * np.pi * 0.8 * t + phase)
    confidence = np.ones((frames, 18), np.float32)
    confidence[:, 16] = 0
    return PoseSequence(xy.astype(np.float32), confidence, fps, canvas, "body-18")


def body18(points):
    xy, confidence = convert_keypoints(
        points, np.ones(points.shape[:2], np.float32), "coco-17", "body-18"
    )
    return xy, confidence


def as_poses(points, fps=30.0, canvas=(SIZE, SIZE)):
    xy, confidence = body18(points)
    return PoseSequence(xy.astype(np.float32), confidence, fps, canvas)


def forget_facts(path):
    """Make a pose file of ours one that another tool would have written."""
    if path.suffix == ".pkl":
        data = pickle.loads(path.read_bytes())
        del data["hotfoot"]
        path.write_bytes(pickle.dumps(data))
        return
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        data = json.loads(file.read_text())
        for frame in data if isinstance(data, list) else [data]:
            frame.pop("hotfoot", None)
        file.write_text(json.dumps(data))
