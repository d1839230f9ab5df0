"""A small replica of the published annotations of AIST++."""

import json
import pickle

import cv2
import numpy as np

from hotfoot.choreography.perform import Performer, perform
from hotfoot.data.aist_folder import Camera
from tests.helpers.dancers import repeated

NAMES = {
    "train": ["gBR_sBM_cAll_d04_mBR0_ch01", "gLH_sBM_cAll_d17_mLH4_ch02"],
    "val": ["gWA_sBM_cAll_d25_mWA1_ch03"],
    "test": ["gJB_sBM_cAll_d09_mJB5_ch02"],
}
BAD = "gLH_sBM_cAll_d17_mLH4_ch02"


def dance(size=1.0, seconds=3.0):
    """Joints [T, 17, 3] in centimeters at 60 fps."""
    times = 1 + np.arange(round(seconds * 60)) / 60
    joints = perform(repeated("step touch", 40), times, Performer(looseness=0), 60.0)
    return joints.astype(float) * 100 * size


def camera(yaw=0.0, distance=500.0):
    """Looking at the dancer from ``distance`` centimeters, y up in the world, down in the picture."""
    turn = cv2.Rodrigues(np.array([0.0, yaw, 0.0]))[0]
    flip = np.diag([1.0, -1.0, -1.0])
    rotation = cv2.Rodrigues(flip @ turn)[0].ravel()
    return Camera(
        np.array([[1500.0, 0, 960], [0, 1500, 540], [0, 0, 1]]), rotation,
        np.array([0.0, 100.0, distance]), np.zeros(5),
    )  # fmt: skip


def detections(joints):
    """What nine detectors see [9, T, 17, 3]: a few pixels off, now and then lost, and unsure then."""
    rng = np.random.default_rng(0)
    seen = np.stack([camera(i * 0.6).project(joints) for i in range(9)])
    seen = seen + rng.normal(0, 3, seen.shape)
    score = np.full((*seen.shape[:-1], 1), 0.9)
    lost = rng.random(score.shape) < 0.2
    seen = np.where(lost, rng.uniform(0, 1000, seen.shape), seen)
    return np.concatenate([seen, np.where(lost, 0.1, score)], axis=-1)


def write_replica(root, seconds=3.0):
    """The folder as users have it, with dances of so many seconds."""
    for part in ("cameras", "keypoints2d", "keypoints3d", "splits"):
        (root / part).mkdir(parents=True)
    cameras = []
    for i in range(9):
        c = camera(i * 0.6)
        cameras.append(
            {
                "name": f"c{i + 1:02d}", "size": [1920, 1080], "matrix": c.matrix.tolist(),
                "rotation": c.rotation.tolist(), "translation": c.translation.tolist(),
                "distortions": c.distortions.tolist(),
            }
        )  # fmt: skip
    (root / "cameras" / "setting1.json").write_text(json.dumps(cameras))
    every = [n for names in NAMES.values() for n in names]
    (root / "cameras" / "mapping.txt").write_text("".join(f"{n} setting1\n" for n in every))
    (root / "ignore_list.txt").write_text(BAD + "\n")
    for i, name in enumerate(every):
        joints = dance(1 + 0.1 * i, seconds)
        data = {"keypoints3d": joints + 5, "keypoints3d_optim": joints}
        (root / "keypoints3d" / f"{name}.pkl").write_bytes(pickle.dumps(data))
        if name in NAMES["train"]:
            seen = {"keypoints2d": detections(joints), "timestamps": np.arange(len(joints))}
            (root / "keypoints2d" / f"{name}.pkl").write_bytes(pickle.dumps(seen))
    for split, names in NAMES.items():
        (root / "splits" / f"crossmodal_{split}.txt").write_text("\n".join(names) + "\n")
    return root
