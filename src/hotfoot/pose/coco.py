"""COCO keypoint results and the files of MMPose's inferencer: COCO-17, with confidences."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from hotfoot.pose.metadata import DanceMetadata
from hotfoot.pose.parsed import (
    Facts,
    Parsed,
    Points,
    facts_of,
    floats,
    stacked,
    triples,
    validated,
    with_facts,
)
from hotfoot.pose.sequence import PoseSequence


class _Result(BaseModel):
    image_id: int | str
    keypoints: list[float]
    score: float = 0.0
    hotfoot: Facts | None = None


class _Instance(BaseModel):
    keypoints: list[tuple[float, float]]
    keypoint_scores: list[float]


class _Frame(BaseModel):
    instances: list[_Instance]
    hotfoot: Facts | None = None


def parse_coco(results: Any, name: str) -> Parsed:
    """Frames in order of ``image_id``, each with its result of the highest score.

    Raises:
        PoseError: damaged, or nobody in it.
    """
    best: dict[int | str, _Result] = {}
    checked = validated(list[_Result], results, name)
    for result in checked:
        if result.image_id not in best or result.score > best[result.image_id].score:
            best[result.image_id] = result
    order = sorted(best, key=lambda k: (type(k).__name__, k))
    rows = [triples(best[k].keypoints, name) for k in order]
    return Parsed(stacked(rows, name), facts=checked[0].hotfoot)


def parse_mmpose(data: Any, name: str) -> Parsed:
    """Frames of the most confident person: of a video, or the one frame of a picture.

    Raises:
        PoseError: damaged, or nobody in it.
    """
    frames = validated(list[dict[str, Any]], data, name)
    if "instances" not in frames[0]:  # a picture: a list of people
        frames = [{"instances": frames}]
    checked = validated(list[_Frame], frames, name)
    rows = [_best(frame) for frame in checked]
    return Parsed(stacked(rows, name), facts=checked[0].hotfoot)


def _best(frame: _Frame) -> Points | None:
    people = [p for p in frame.instances if len(p.keypoints) == len(p.keypoint_scores) > 0]
    if not people:
        return None
    best = max(people, key=lambda p: float(np.mean(p.keypoint_scores)))
    return np.column_stack([floats(best.keypoints), floats(best.keypoint_scores)])


def write_coco(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write a list of results, one per frame."""
    body = poses.to_skeleton("coco-17")
    table = np.concatenate([body.keypoints, body.confidence[..., None]], axis=-1).astype(float)
    results: list[dict[str, Any]] = [
        {
            "image_id": t,
            "category_id": 1,
            "keypoints": points.round(4).ravel().tolist(),
            "score": round(float(points[:, 2].mean()), 4),
        }
        for t, points in enumerate(table)
    ]
    path.write_text(json.dumps(with_facts(results, facts_of(poses, metadata))), encoding="utf-8")


def write_mmpose(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write a list of frames with one instance each."""
    body = poses.to_skeleton("coco-17")
    xy, scores = body.keypoints.astype(float).round(4), body.confidence.astype(float).round(4)
    frames: list[dict[str, Any]] = [
        {"frame_id": t, "instances": [{"keypoints": k.tolist(), "keypoint_scores": c.tolist()}]}
        for t, (k, c) in enumerate(zip(xy, scores, strict=True))
    ]
    path.write_text(json.dumps(with_facts(frames, facts_of(poses, metadata))), encoding="utf-8")
