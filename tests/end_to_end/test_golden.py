"""Dances of both shipped models, frame by frame, as they were when the golden file was made.

The redesign changed no dance: up to it, and after it with the choreographer and the seeds of before,
the file's dances were alike to 0.01 pixel. Then the choreographer learned to flow, songs to differ at
one seed, and the default model was trained anew; the file was made again.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hotfoot
from hotfoot.music.synthesis import compose

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "dances.npz"
CASES: tuple[dict[str, Any], ...] = (
    {"model": "drafted", "reference": "average", "seed": 0},
    {"model": "drafted", "reference": "stocky", "seed": 1, "style": "latin", "energy": 1.3},
    {
        "model": "drafted",
        "reference": "wide",
        "seed": 2,
        "draft": 0.0,
        "guidance": 2.0,
        "mirror": True,
        "fps": 24.0,
    },
    {
        "model": "drafted",
        "reference": "knees-up",
        "seed": 3,
        "post": ("flicker", "smoothing", "loudness", "proportions"),
        "steps": 4,
    },
    {"reference": "average", "seed": 0},
    {"reference": "tall", "seed": 1, "energy": 0.7, "fps": 24.0, "draft": 0.0},
    {"reference": "knees-up", "seed": 2, "post": ()},
)


@pytest.mark.parametrize("case", range(len(CASES)))
def test_a_dance_is_what_it_was(case, tmp_path, monkeypatch):
    monkeypatch.setattr("hotfoot.generation.diffusion.use_bf16", lambda x: False)
    song = tmp_path / "song.wav"
    compose(20.0, 118.0, seed=3).save(song)
    dance = hotfoot.dance(song, **CASES[case])
    with np.load(GOLDEN, allow_pickle=False) as golden:
        expected = golden[f"keypoints_{case}"]
        seen = golden[f"confidence_{case}"] > 0
        assert dance.seams == tuple(golden[f"seams_{case}"])
    found = dance.poses.keypoints[::5]
    assert found.shape == expected.shape
    np.testing.assert_array_equal(dance.poses.confidence[::5] > 0, seen)
    assert np.abs(found - expected)[seen].max() < 0.01
