"""Distances between sets that are known."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.realism import (
    diversity,
    frechet,
    frechet_extrapolated,
    frechet_over_real,
    kernel_distance,
    kinetic_features,
    measure_realism,
    nearest_windows,
    pose_distance,
    pose_windows,
)
from tests.helpers.dancers import beats_of, on_beat, phase_of, still, sway


@pytest.mark.parametrize("songs", [4, 40])
def test_the_same_distribution_is_as_far_as_real_from_real(songs):
    """However many dances are generated."""
    rng = np.random.default_rng(3)
    real = [rng.normal(size=(6, 12)) for _ in range(16)]
    dances = [[rng.normal(size=(6, 12)) for _ in range(2)] for _ in range(songs)]
    found = frechet_over_real(dances, real, rounds=30)
    assert found.value == pytest.approx(1, abs=0.2)
    assert found.low < 1.1
    assert found.high > 0.9
    other = frechet_over_real([[x + 2 for x in song] for song in dances], real, rounds=30)
    assert other.low > 2
    assert frechet_over_real(dances, real[:3]) is None


def test_pose_distance_between_variations(beats):
    one = prepare(on_beat(beats, 8))
    other = prepare(on_beat(beats, 8, size=0.1))
    assert pose_distance([one, one]) == 0
    assert pose_distance([one, other]) > 0


def crowd(count, seed=0, size=0.06, seconds=12.0):
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        beats = beats_of(rng.uniform(90, 130), seconds)
        poses = on_beat(beats, seconds, size=size * rng.uniform(0.7, 1.3))
        xy = poses.keypoints + rng.normal(0, 0.3, poses.keypoints.shape).astype("f4")
        out.append(prepare(replace(poses, keypoints=xy)))
    return out


def test_a_still_person_has_no_acceleration_and_place_does_not_matter(beats):
    calm = kinetic_features(prepare(still(6)))
    np.testing.assert_allclose(calm[:, :24], math.log(0.01), atol=1e-6)
    np.testing.assert_allclose(calm[:, 24:], math.log(0.1), atol=1e-6)
    poses = on_beat(beats, 6)
    moved = replace(poses, keypoints=poses.keypoints + 200)
    np.testing.assert_allclose(
        kinetic_features(prepare(poses)), kinetic_features(prepare(moved)), atol=1e-4
    )


def test_the_same_crowd_is_near_and_another_far():
    here = [kinetic_features(m) for m in crowd(14, 1)]
    there = [kinetic_features(m) for m in crowd(14, 2)]
    wild = [kinetic_features(m) for m in crowd(14, 3, size=0.15)]
    near, far = measure_realism(here, there), measure_realism(wild, there)
    for name in ("frechet", "frechet_unbiased", "kernel"):
        assert near[name].value < far[name].low, name
    assert near["kernel"].value < 0.3 * far["kernel"].value
    assert near["frechet"].low <= near["frechet"].value <= near["frechet"].high


def test_the_kernel_distance_of_one_distribution_is_zero_though_dances_are_all_alike_within():
    """Windows of one dance resemble each other; pairs of them must not count."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(12):
        sets = [
            [rng.normal(size=12) + 0.3 * rng.normal(size=(7, 12)) for _ in range(n)]
            for n in (20, 60)
        ]
        found.append(measure_realism(*sets)["kernel"])
    values = np.array([k.value for k in found])
    assert abs(values.mean()) < 3 * values.std() / math.sqrt(len(values)) + 0.01
    covered = np.mean([k.low <= 0 <= k.high for k in found])
    assert covered > 0.75
    assert any(k.low < k.value for k in found)


def test_frechet_of_gaussians_is_the_closed_form_and_its_bias_is_shown():
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (20000, 3)), rng.normal([1, 0, 0], 2, (20000, 3))
    assert frechet(a, b) == pytest.approx(1 + 3 * (2 - 1) ** 2, rel=0.05)
    one, two = rng.normal(size=(60, 12)), rng.normal(size=(60, 12))
    plain = frechet(one, two)
    assert plain > 1
    extrapolated = np.mean([frechet_extrapolated(one, two, seed) for seed in range(5)])
    assert abs(extrapolated) < 0.4 * plain
    values = [
        kernel_distance(rng.normal(size=(40, 1, 12)), rng.normal(size=(40, 1, 12)))
        for _ in range(40)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(40) + 0.01


def test_diversity_and_copies(beats):
    same = [kinetic_features(m) for m in crowd(1)] * 3
    varied = [kinetic_features(m) for m in crowd(4)]
    assert diversity(same, np.ones(36)) == 0
    assert diversity(varied, np.ones(36)) > 0
    bank = pose_windows(crowd(1, 5)[0], hop_s=1 / 15)
    copy = pose_windows(crowd(1, 5)[0])
    assert nearest_windows(copy, bank).max() < 1e-3
    other = pose_windows(prepare(sway(phase_of(beats, np.arange(360) / 30), size=0.15)))
    assert nearest_windows(other, bank).mean() > 0.01
    with pytest.raises(EvaluationError):
        nearest_windows(copy, bank[:0])
