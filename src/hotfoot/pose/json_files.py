"""Pose files in JSON: POSE_KEYPOINT of ComfyUI, OpenPose's folder of frames, COCO results, MMPose.

OpenPose's hold body and hands of every person. What ComfyUI's nodes agree on is written: pixels, 54
numbers for the body, 210 for the face and 63 for each hand, zeros where nothing is seen. COCO's and
MMPose's hold COCO-17, with confidences.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from hotfoot.errors import PoseError
from hotfoot.pose.metadata import KEY, DanceMetadata, Facts, facts_of
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import convert_keypoints

Points = NDArray[np.float32]
T = TypeVar("T")
_HAND = 21
_CHUNK = 512  # frames
_BODIES = {18: "body-18", 25: "body-25"}
_Side = Annotated[float | None, Field(ge=0, le=1e6)]


@dataclass(frozen=True, eq=False)
class Parsed:
    """Poses as a file holds them; None where it does not say."""

    points: Points  # [T, K, 3] x, y and confidence; zeros where nobody is found
    canvas: tuple[int, int] | None = None
    fps: float | None = None
    facts: Facts | None = None


class _OpenPosePerson(BaseModel):
    pose_keypoints_2d: list[float] | None = None
    hand_left_keypoints_2d: list[float] | None = None
    hand_right_keypoints_2d: list[float] | None = None


class _OpenPoseFrame(BaseModel):
    people: list[_OpenPosePerson]
    canvas_width: _Side = None
    canvas_height: _Side = None
    hotfoot: Facts | None = None


class _CocoResult(BaseModel):
    image_id: int | str
    keypoints: list[float]
    score: float = 0.0
    hotfoot: Facts | None = None


class _MMPosePerson(BaseModel):
    keypoints: list[tuple[float, float]]
    keypoint_scores: list[float]


class _MMPoseFrame(BaseModel):
    instances: list[_MMPosePerson]
    hotfoot: Facts | None = None


def validated(shape: type[T], data: Any, name: str) -> T:
    """Parsed JSON in the shape that a format asks for; PoseError says where it has another."""
    try:
        return TypeAdapter(shape).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise PoseError(
            f"{name} is damaged or incomplete ({place}: {first['msg']})",
            "Make the file again, or mend it there.",
        ) from error


def stacked(rows: Sequence[Points | None], name: str) -> Points:
    """Frames [T, K, 3] of rows [K, 3]; None is a frame in which nobody is found.

    PoseError if nobody is in any frame, or frames differ in their number of keypoints.
    """
    counts = {len(row) for row in rows if row is not None}
    if not counts:
        raise PoseError(f"{name}: no frame holds a person", "Check the pose detection.")
    if len(counts) > 1:
        raise PoseError(
            f"{name} has {' and '.join(map(str, sorted(counts)))} keypoints in different frames",
            "Every frame must have the same keypoints.",
        )
    empty = np.zeros((counts.pop(), 3), np.float32)
    points = np.stack([empty if row is None else row for row in rows])
    seen = np.isfinite(points).all(axis=-1, keepdims=True)
    return np.asarray(np.where(seen, points, 0), np.float32)


def floats(values: Any) -> Points:
    """Numbers as float32; what is too large for that becomes infinite, which counts as not seen."""
    with np.errstate(over="ignore"):
        return np.asarray(values, np.float32)


def _triples(flat: Sequence[float] | None, name: str) -> Points:
    """Flat numbers x, y, c, x, y, c, ... as [K, 3]; PoseError if they do not come in threes."""
    flat = flat or []
    if len(flat) % 3:
        raise PoseError(
            f"{name} is damaged: {len(flat)} numbers for a person",
            "Expected three per keypoint: x, y and confidence.",
        )
    return floats(flat).reshape(-1, 3)


def parse_openpose(data: Any, name: str) -> Parsed:
    """Frames (parsed JSON) of the most confident person; with hands where any is seen.

    ``name`` is the file's; PoseError, as of all parsers, if it is damaged or nobody is in it.
    """
    frames = validated(list[_OpenPoseFrame], data, name)
    people = [_surest(frame, name) for frame in frames]
    body = stacked([p[0] if p else None for p in people], name)
    hands = stacked([p[1] if p else None for p in people], name)
    first = frames[0]
    canvas = None
    if first.canvas_width and first.canvas_height:
        canvas = (round(first.canvas_width), round(first.canvas_height))
    skeleton = _BODIES.get(body.shape[1])
    wanted = first.hotfoot is not None and first.hotfoot.skeleton == "body-hands-60"
    if skeleton and (wanted or (hands[..., 2] > 0).any()):
        converted = convert_keypoints(body[..., :2], body[..., 2], skeleton, "body-18")
        body = np.concatenate([np.dstack(converted), hands], axis=1)
    return Parsed(body, canvas, facts=first.hotfoot)


def _surest(frame: _OpenPoseFrame, name: str) -> tuple[Points, Points] | None:
    """Body [K, 3] and hands [42, 3] of the most confident person of a frame, if there is one."""
    found = [(_triples(p.pose_keypoints_2d, name), p) for p in frame.people]
    found = [(body, p) for body, p in found if len(body) >= 17]
    if not found:
        return None
    body, person = max(found, key=lambda pair: float(np.nan_to_num(pair[0][:, 2]).sum()))
    sides = (person.hand_left_keypoints_2d, person.hand_right_keypoints_2d)
    hands = [_triples(side, name) for side in sides]
    empty = np.zeros((_HAND, 3), np.float32)
    return body, np.concatenate([h if len(h) == _HAND else empty for h in hands])


def parse_coco(data: Any, name: str) -> Parsed:
    """Frames in order of ``image_id``, each with its result of the highest score."""
    best: dict[int | str, _CocoResult] = {}
    results = validated(list[_CocoResult], data, name)
    for result in results:
        if result.image_id not in best or result.score > best[result.image_id].score:
            best[result.image_id] = result
    order = sorted(best, key=lambda k: (type(k).__name__, k))
    rows = [_triples(best[k].keypoints, name) for k in order]
    return Parsed(stacked(rows, name), facts=results[0].hotfoot)


def parse_mmpose(data: Any, name: str) -> Parsed:
    """Frames of the most confident person: of a video, or the one frame of a picture."""
    items = validated(list[dict[str, Any]], data, name)
    if "instances" not in items[0]:  # a picture: a list of people
        items = [{"instances": items}]
    frames = validated(list[_MMPoseFrame], items, name)
    rows: list[Points | None] = []
    for frame in frames:
        people = [p for p in frame.instances if len(p.keypoints) == len(p.keypoint_scores) > 0]
        best = max(people, key=lambda p: float(np.mean(p.keypoint_scores)), default=None)
        columns = best and [floats(best.keypoints), floats(best.keypoint_scores)]
        rows.append(np.column_stack(columns) if columns else None)
    return Parsed(stacked(rows, name), facts=frames[0].hotfoot)


def _pose_keypoint_frames(poses: PoseSequence, metadata: DanceMetadata) -> Iterator[dict[str, Any]]:
    """POSE_KEYPOINT frames, with confidences as they are; the first has the metadata block."""
    facts = {KEY: facts_of(poses, metadata)}
    width, height = poses.canvas
    for start in range(0, len(poses), _CHUNK):
        part = poses.frames(start, start + _CHUNK).to_skeleton("body-hands-60")
        pixels, confidence = part.keypoints.astype(float), part.confidence.astype(float)
        for table in np.dstack([pixels.round(2), confidence.round(4)]):
            person = {
                "pose_keypoints_2d": table[:18].ravel().tolist(),
                "face_keypoints_2d": [0.0] * 210,
                "hand_left_keypoints_2d": table[18 : 18 + _HAND].ravel().tolist(),
                "hand_right_keypoints_2d": table[18 + _HAND :].ravel().tolist(),
            }
            yield {"people": [person], "canvas_width": width, "canvas_height": height, **facts}
            facts = {}


def write_openpose(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write one ``.json`` with a list of frames."""
    with path.open("w", encoding="utf-8") as file:
        for t, frame in enumerate(_pose_keypoint_frames(poses, metadata)):
            file.write(("[" if t == 0 else ",\n") + json.dumps(frame))
        file.write("]\n")


def write_folder(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write a ``*_keypoints.json`` per frame, as ``openpose --write_json`` does."""
    empty: dict[str, Any] = {
        "person_id": [-1], "pose_keypoints_3d": [], "face_keypoints_3d": [],
        "hand_left_keypoints_3d": [], "hand_right_keypoints_3d": [],
    }  # fmt: skip
    for t, frame in enumerate(_pose_keypoint_frames(poses, metadata)):
        frame["people"] = [{**person, **empty} for person in frame["people"]]
        text = json.dumps({"version": 1.3, **frame})
        (path / f"dance_{t:012d}_keypoints.json").write_text(text, encoding="utf-8")


def write_coco(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write a list of results, one per frame."""
    body = poses.to_skeleton("coco-17")
    results: list[dict[str, Any]] = [
        {
            "image_id": t,
            "category_id": 1,
            "keypoints": points.round(4).ravel().tolist(),
            "score": round(float(points[:, 2].mean()), 4),
        }
        for t, points in enumerate(np.dstack([body.keypoints, body.confidence]).astype(float))
    ]
    results[0][KEY] = facts_of(poses, metadata)
    path.write_text(json.dumps(results), encoding="utf-8")


def write_mmpose(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write a list of frames with one instance each."""
    body = poses.to_skeleton("coco-17")
    xy, scores = body.keypoints.astype(float).round(4), body.confidence.astype(float).round(4)
    frames: list[dict[str, Any]] = [
        {"frame_id": t, "instances": [{"keypoints": k.tolist(), "keypoint_scores": c.tolist()}]}
        for t, (k, c) in enumerate(zip(xy, scores, strict=True))
    ]
    frames[0][KEY] = facts_of(poses, metadata)
    path.write_text(json.dumps(frames), encoding="utf-8")
