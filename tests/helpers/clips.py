"""Clips of 3D motion made for tests."""

import json

import numpy as np

from hotfoot.data.mocap import MotionClip

COCO = [
    "nose",
    "leye",
    "reye",
    "lear",
    "rear",
    "lsho",
    "rsho",
    "lelb",
    "relb",
    "lwri",
    "rwri",
    "lhip",
    "rhip",
    "lkne",
    "rkne",
    "lank",
    "rank",
]


def dancer(seconds=20.0, period=0.6, fps=30.0):
    """A person facing +z who sways with one stop of all joints every ``period`` seconds."""
    left = {"eye": (0.03, 1.62), "ear": (0.07, 1.6), "sho": (0.18, 1.4), "elb": (0.22, 1.12),
            "wri": (0.24, 0.88), "hip": (0.09, 0.92), "kne": (0.1, 0.5), "ank": (0.1, 0.08)}  # fmt: skip
    rest = np.zeros((17, 3), np.float32)
    for i, name in enumerate(COCO):
        if name == "nose":
            rest[i] = (0, 1.6, 0.12)
            continue
        x, y = left[name[1:]]
        rest[i] = (x if name[0] == "l" else -x, y, 0.04 if name[1:] == "eye" else 0)
    t = np.arange(int(seconds * fps)) / fps
    sway = np.sin(np.pi * t / period)  # turns around, hence stands still, every period
    joints = np.repeat(rest[None], len(t), 0)
    joints[:, :13, 0] += 0.15 * sway[:, None]
    joints[:, 9:11, 1] += 0.25 * sway[:, None]
    return MotionClip("sway", joints.astype(np.float32), fps, "sway", True, "made for tests")


def write_clips(folder, count=6):
    folder.mkdir()
    for i in range(count):
        clip = dancer(14.0, 0.5 + 0.05 * i)
        np.savez(folder / f"clip_{i}.npz", joints3d=clip.joints)
        facts = {"fps": 30, "style": "sway", "dance": 1, "credit": "tests"}
        (folder / f"clip_{i}.json").write_text(json.dumps(facts))


def write_training_data(root, clips=6, songs=4):
    """Folders ``motion`` and ``music`` of which something is held out."""
    from hotfoot.music.synthesis import compose

    write_clips(root / "motion", clips)
    (root / "music").mkdir()
    for i in range(songs):
        compose(12.0, 100.0 + 10 * i, seed=i).save(root / "music" / f"{i}.wav")
    return root
