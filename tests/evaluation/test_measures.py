"""One dance, sets of them, and how they are shown."""

from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest

from hotfoot.evaluation.measures import LIMB_LIMIT, DanceInfo, SongFacts, measure_dance
from hotfoot.evaluation.metrics import METRICS
from hotfoot.evaluation.report import cell, html, markdown
from hotfoot.evaluation.summary import ReferenceSet, Summary, summarize
from hotfoot.evaluation.synchrony import BEAT_MEASURES
from hotfoot.pose.references import figure_pose
from tests.helpers.dancers import beats_of, noise, on_beat, still

SECONDS = 16.0


def music(bpm, seconds=SECONDS, name="song"):
    t = np.arange(round(seconds * 100)) / 100
    loud = (-30 + 10 * np.sin(t / 5)).astype(np.float32)
    rng = np.random.default_rng(round(bpm))
    features = np.repeat(rng.normal(size=(len(t) // 400 + 1, 5)), 400, 0)[: len(t)]
    return SongFacts(
        name, seconds, beats_of(bpm, seconds), "annotation", float(bpm), np.array([0.0, 8]), loud,
        features.astype(np.float32),
    )  # fmt: skip


@cache
def followers(tempi=(1.0,), seeds=(0, 1)):
    """Measured once for all tests, which do not change them."""
    out = []
    for bpm in (92, 104, 118):
        for tempo in tempi:
            song = music(bpm * tempo, name=f"song{bpm}")
            for seed in seeds:
                poses = on_beat(song.beats, SECONDS, size=0.05 + 0.01 * seed)
                jitter = np.random.default_rng(seed).normal(0, 0.2, poses.keypoints.shape)
                poses = replace(poses, keypoints=poses.keypoints + jitter.astype("f4"))
                out.append(
                    measure_dance(
                        poses,
                        song,
                        DanceInfo(
                            f"{bpm}-{seed}-{tempo}",
                            seed,
                            tempo,
                            reference=figure_pose("average"),
                        ),
                    )
                )  # fmt: skip
    return out


def test_a_set_of_followers_is_summed_up():
    found = summarize("followers", followers((0.8, 1.0, 1.25))).metrics
    assert found["alignment"].value > 0.85
    assert found["alignment"].p < 1e-6
    assert found["alignment"].chance == 0
    assert found["alignment"].low <= found["alignment"].value <= found["alignment"].high
    assert found["tempo_slope"].value == pytest.approx(1, abs=0.05)
    for key in BEAT_MEASURES:
        assert found[f"{key}_own"].value > 0.6, key
        assert found[f"{key}_own"].chance == 0
        assert found[f"{key}_own"].p == pytest.approx(1 / 6, abs=0.05), "three songs: six pairings"
    assert found["coherence"].value > 0.8
    assert found["coherence"].p < 1e-6
    assert found["coherence_raw"].chance < 0.4
    assert abs(found["speed_lag_s"].value) < 0.02
    assert found["repeats_within"].value == found["repeats_across"].value == 1
    assert found["profile"].value == found["behind"].value == 0
    assert found["apd"].value > 0
    assert "frechet" not in found, "there is nothing real to compare with"
    assert set(found) <= set(METRICS)


def test_noise_is_summed_up_as_noise():
    dances = [
        measure_dance(noise(SECONDS, 30, i, 4.0), music(90 + 9 * i, name=str(i)), DanceInfo(seed=i))
        for i in range(6)
    ]
    found = summarize("noise", dances).metrics
    assert abs(found["alignment"].value) < 0.08
    assert found["alignment"].p > 0.01
    assert abs(found["coherence"].value) < 0.05
    for key in BEAT_MEASURES:
        assert abs(found[f"{key}_own"].value) < 0.15
        assert found[f"{key}_own"].p > 0.01


def test_real_motion_gives_realism_and_copies():
    dances = followers()
    real = ReferenceSet(
        [d.alone for d in dances], np.concatenate([d.alone.windows for d in dances])
    )
    same = summarize("same", dances, real).metrics
    assert same["frechet"].value < 1e-6
    assert same["nearest_training"].value < 1e-3
    assert same["jerk_of_real"].value == pytest.approx(1)
    assert 0 < same["diversity_of_real"].value < 1, "seeds of a song differ less than songs"
    assert same["stop_and_go"].real == pytest.approx(same["stop_and_go"].value)
    assert same["repeats_across"].real == 1
    assert "published_fid" not in same
    assert same["frechet_of_real"].value < 1, "some of the dances are in the half itself"


def test_published_distances_are_asked_for_and_need_real_dances():
    dances = followers()
    asked = [replace(d, info=replace(d.info, published=True)) for d in dances]
    real = ReferenceSet([d.alone for d in dances])
    found = summarize("x", asked, real).metrics
    assert found["published_fid"].value == pytest.approx(0, abs=1e-3)
    assert found["published_div"].value == found["published_div"].real > 0
    assert "published_fid" not in summarize("x", asked).metrics


def test_an_average_does_not_hide_the_dance_that_fails():
    exact = still(SECONDS)
    xy = exact.keypoints.copy()
    xy[:, 10] += 0.2 * (xy[:, 10] - xy[:, 9])
    longer = replace(exact, keypoints=xy)
    reference = figure_pose("average")
    dances = [
        measure_dance(poses, music(bpm, name=f"{bpm}"), DanceInfo(f"{bpm}", reference=reference))
        for bpm, poses in ((90, exact), (100, exact), (110, exact), (120, longer))
    ]
    found = summarize("x", dances).metrics
    assert found["limb_error"].value < LIMB_LIMIT
    assert found["limbs_within"].value == 0.75


def test_one_dance_twice_is_not_more_evidence():
    dance = followers(seeds=(0,))[:1]
    once = summarize("x", dance).metrics["alignment"]
    again = [replace(dance[0], info=DanceInfo(seed=i)) for i in range(8)]
    assert summarize("x", again).metrics["alignment"].p == pytest.approx(once.p)
    assert np.isnan(once.low), "one dance has no interval"


def test_seams_are_compared_with_where_there_are_none():
    facts = music(120)
    poses = on_beat(beats_of(120, SECONDS), SECONDS)
    xy = poses.keypoints.copy()
    xy[200:, :, 0] += 60
    jumped = measure_dance(replace(poses, keypoints=xy), facts, DanceInfo(seams=(200,))).chance
    smooth = measure_dance(poses, facts, DanceInfo(seams=(200,))).chance
    assert jumped["seams_within"].value == 0
    assert jumped["seams_within"].chance == smooth["seams_within"].chance == 1
    assert jumped["seam_ratio"].p == 1, "rougher than anywhere"
    assert smooth["seam_ratio"].value < 1.2 * smooth["seam_ratio"].chance
    assert "seam_ratio" not in measure_dance(poses, facts).chance


def test_cells_and_tables():
    text = cell(asdict(Summary(0.3123, 0.2, 0.4, 9, 0.0, 0.0004, 0.35)))
    assert text == "0.312 [0.2, 0.4] chance 0 p < 0.001 real 0.35"
    assert cell({"value": None, "n": 0}) == "-"
    row = {"value": 1.0, "low": None, "high": None, "chance": None, "p": None, "n": 1}
    data = {
        "command": "c <script>",
        "results": [
            {"name": "a", "metrics": {"speed": row}, "dances": []},
            {"name": "b", "metrics": {"jerk": row}, "dances": []},
        ],
    }
    text = markdown(data)
    assert "| mean speed (heights/s) |  | 1 | - |" in text
    assert "<script>" not in html(data)
