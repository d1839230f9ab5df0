"""POSE_KEYPOINT of ComfyUI, and OpenPose's folder of one file per frame.

Both hold body and hands of every person. What ComfyUI's nodes agree on is written: pixels, 54
numbers for the body, 210 for the face and 63 for each hand, zeros where nothing is seen.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field

from hotfoot.pose.metadata import EMPTY, DanceMetadata
from hotfoot.pose.parsed import KEY, Facts, Parsed, Points, facts_of, stacked, triples, validated
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import convert_keypoints

_HAND = 21
_CHUNK = 512  # frames
_BODIES = {18: "body-18", 25: "body-25"}


_Side = Annotated[float | None, Field(ge=0, le=1e6)]


class _Person(BaseModel):
    pose_keypoints_2d: list[float] | None = None
    hand_left_keypoints_2d: list[float] | None = None
    hand_right_keypoints_2d: list[float] | None = None


class _Frame(BaseModel):
    people: list[_Person]
    canvas_width: _Side = None
    canvas_height: _Side = None
    hotfoot: Facts | None = None


def parse_openpose(frames: Any, name: str) -> Parsed:
    """Frames of the most confident person; with hands where any is seen.

    Args:
        frames: parsed JSON of all frames.
        name: of the file, for messages.

    Raises:
        PoseError: damaged, or nobody in it.
    """
    checked = validated(list[_Frame], frames, name)
    people = [_best(frame, name) for frame in checked]
    body = stacked([p[0] if p else None for p in people], name)
    hands = stacked([p[1] if p else None for p in people], name)
    first = checked[0]
    canvas = None
    if first.canvas_width and first.canvas_height:
        canvas = (round(first.canvas_width), round(first.canvas_height))
    wanted = first.hotfoot is not None and first.hotfoot.skeleton == "body-hands-60"
    if len(body[0]) in _BODIES and (wanted or (hands[..., 2] > 0).any()):
        xy, c = convert_keypoints(body[..., :2], body[..., 2], _BODIES[len(body[0])], "body-18")
        body = np.concatenate([np.concatenate([xy, c[..., None]], axis=-1), hands], axis=1)
    return Parsed(body, canvas, facts=first.hotfoot)


def _best(frame: _Frame, name: str) -> tuple[Points, Points] | None:
    """Body [K, 3] and hands [42, 3] of the most confident person of a frame, if there is one."""
    found = [(triples(p.pose_keypoints_2d or [], name), p) for p in frame.people]
    found = [(body, p) for body, p in found if len(body) >= 17]
    if not found:
        return None
    body, person = max(found, key=lambda pair: float(np.nan_to_num(pair[0][:, 2]).sum()))
    sides = (person.hand_left_keypoints_2d, person.hand_right_keypoints_2d)
    hands = [triples(side or [], name) for side in sides]
    empty = np.zeros((_HAND, 3), np.float32)
    return body, np.concatenate([h if len(h) == _HAND else empty for h in hands])


def pose_keypoint_frames(
    poses: PoseSequence, metadata: DanceMetadata = EMPTY
) -> Iterator[dict[str, Any]]:
    """POSE_KEYPOINT frames that every known consumer accepts, one after the other.

    Confidences are written as they are; see :meth:`PoseSequence.binary` for tools that take points
    of confidence 1 only. The first frame carries the metadata block.
    """
    facts = {KEY: facts_of(poses, metadata)}
    for start in range(0, len(poses), _CHUNK):
        part = poses.frames(start, start + _CHUNK).to_skeleton("body-hands-60")
        pixels = part.keypoints.astype(np.float64).round(2)
        confidence = part.confidence.astype(np.float64).round(4)
        for table in np.concatenate([pixels, confidence[..., None]], axis=-1):
            person = {
                "pose_keypoints_2d": table[:18].ravel().tolist(),
                "face_keypoints_2d": [0.0] * 210,
                "hand_left_keypoints_2d": table[18 : 18 + _HAND].ravel().tolist(),
                "hand_right_keypoints_2d": table[18 + _HAND :].ravel().tolist(),
            }
            width, height = poses.canvas
            yield {"people": [person], "canvas_width": width, "canvas_height": height, **facts}
            facts = {}


def write_pose_keypoints(poses: PoseSequence, path: Path, metadata: DanceMetadata) -> None:
    """Write one ``.json`` with a list of frames."""
    with path.open("w", encoding="utf-8") as file:
        for t, frame in enumerate(pose_keypoint_frames(poses, metadata)):
            file.write(("[" if t == 0 else ",\n") + json.dumps(frame))
        file.write("]\n")


def write_folder(poses: PoseSequence, folder: Path, metadata: DanceMetadata) -> None:
    """Write a ``*_keypoints.json`` per frame, as ``openpose --write_json`` does."""
    empty: dict[str, Any] = {
        "person_id": [-1], "pose_keypoints_3d": [], "face_keypoints_3d": [],
        "hand_left_keypoints_3d": [], "hand_right_keypoints_3d": [],
    }  # fmt: skip
    for t, frame in enumerate(pose_keypoint_frames(poses, metadata)):
        frame["people"] = [{**person, **empty} for person in frame["people"]]
        text = json.dumps({"version": 1.3, **frame})
        (folder / f"dance_{t:012d}_keypoints.json").write_text(text, encoding="utf-8")
