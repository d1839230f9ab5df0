"""Published definitions against the figures that are known of them, faults included."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.compat import (
    BEAT_ALIGNMENT,
    SMPL,
    bailando_joints,
    diversity_z_scored,
    fact_joints,
    frechet_z_scored,
    geometric_features,
    kinetic_features,
    lodge_joints,
    lodge_skating_ratio,
    mace_2d_geometric,
    mace_2d_kinetic,
    mace_2d_scores,
    physical_foot_contact,
    published_alignment,
)
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.dancers import beats_of, noise, on_beat


def jitter(seconds, fps, seed, smooth=0.0, joints=24):
    rng = np.random.default_rng(seed)
    moved = rng.normal(0, 0.02, (round(seconds * fps), joints, 3))
    return gaussian_filter1d(moved, smooth, axis=0) if smooth else moved


def chance(name, smooth=0.0, bpm=(80, 100, 120, 140), seeds=6, seconds=20):
    score = BEAT_ALIGNMENT[name]
    return np.array(
        [
            np.mean(
                [
                    score(
                        jitter(seconds, score.fps, 100 * i + s, smooth),
                        np.arange(0.2, seconds, 60 / b) * score.fps,
                    )
                    for s in range(seeds)
                ]
            )
            for i, b in enumerate(bpm)
        ]
    )


def test_white_jitter_beats_ground_truth_in_bailandos_score():
    found = chance("bailando").mean()
    assert 0.275 < found < 0.305, "0.28 to 0.30 without any music; ground truth has 0.2247"


def test_low_pass_noise_in_bailandos_score():
    assert 0.245 < chance("bailando", smooth=3.0).mean() < 0.28


def test_chance_in_the_direction_from_motion_to_music_depends_on_tempo():
    fast = chance("fact", bpm=(90, 150))
    assert 0.16 - 0.03 < fast[0] < fast[1] < 0.32
    slow = chance("popdg", bpm=(90, 150))
    assert 0.33 - 0.04 < slow[0] < slow[1] < 0.58


def test_chance_in_maces_setting():
    found = chance("mace-2d", seconds=4, seeds=40).mean()
    assert 0.28 < found < 0.40


def test_perfect_dancers_are_perfect():
    for name, score in BEAT_ALIGNMENT.items():
        period = round(score.fps * 0.75)
        t = np.arange(round(score.fps * 20))
        joints = np.zeros((len(t), 24, 3))
        # At rest between two frames on either side of the beat: half a frame early at most.
        joints[..., 0] = np.cos(np.pi * (t - 0.5) / period)[:, None]
        beats = np.arange(period, len(t) - period, period)
        assert score(joints, beats) > 0.95, name
        assert score(joints[:2], beats) == 0


def test_the_acceleration_that_is_the_distance_from_the_origin():
    rng = np.random.default_rng(0)
    place = rng.uniform(0.4, 0.9, (24, 3))
    still = np.repeat(place[None], 120, 0)
    energy = kinetic_features(still).reshape(24, 3)[:, 2]
    np.testing.assert_allclose(energy, 3540 * np.linalg.norm(place, axis=-1), rtol=1e-6)
    moved = kinetic_features(np.add(still, [1, 0, 0])).reshape(24, 3)[:, 2]
    assert (moved > energy + 500).all(), "place counts as movement"
    assert (kinetic_features(still).reshape(24, 3)[:, :2] == 0).all()


def test_velocity_features_of_a_steady_walk():
    t = np.arange(120) / 60
    walk = np.zeros((120, 24, 3))
    walk[..., 0], walk[..., 1] = (2 * t)[:, None], (0.5 * t)[:, None]
    found = kinetic_features(walk).reshape(24, 3)
    np.testing.assert_allclose(found[:, 0], 4, rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], 0.25, rtol=1e-6)


def person():
    rest = np.random.default_rng(3).normal(0, 0.3, (24, 3))
    return np.repeat(rest[None], 30, 0)


def test_features_four_and_five_do_not_see_the_wrist_they_name():
    still = person()
    waving = still.copy()
    waving[::2, SMPL.index("rwrist")] += 0.3
    waving[::2, SMPL.index("lwrist")] += 0.3
    a, b = geometric_features(still), geometric_features(waving)
    assert a.shape == (32,)
    np.testing.assert_array_equal(a[[4, 5]], b[[4, 5]])
    assert b[12] > 0.9 > a[12] == 0, "but the wrist is fast"
    assert ((a >= 0) & (a <= 1)).all()


def test_angles_are_shares_of_frames():
    p = person()
    p[:, SMPL.index("relbow")] = (0, 0, 0)
    p[:, SMPL.index("rshoulder")] = (0, 1, 0)
    p[:15, SMPL.index("rwrist")] = (1, 0, 0)  # 90 degrees
    p[15:, SMPL.index("rwrist")] = (0.1, -1, 0)  # nearly straight
    assert geometric_features(p)[6] == pytest.approx(14 / 29)


def test_forty_samples_of_one_distribution_are_far_apart():
    rng = np.random.default_rng(0)
    pool = rng.normal(size=(1320, 72))
    white = [frechet_z_scored(rng.normal(size=(40, 72)), pool) for _ in range(6)]
    assert 40 < np.mean(white) < 56, "47.7 for white features"
    small = rng.normal(size=(1320, 32))
    assert 6 < np.mean([frechet_z_scored(rng.normal(size=(40, 32)), small) for _ in range(6)]) < 11
    assert diversity_z_scored(pool[:200], pool) == pytest.approx(12, rel=0.03)


def test_maces_scores_do_not_see_a_hundredth_of_the_energy():
    rng = np.random.default_rng(0)
    truth, faint = rng.normal(size=(1000, 72)), 0.01 * rng.normal(size=(1000, 72))
    blind, spread = mace_2d_scores(faint, truth)
    _, own = mace_2d_scores(truth, truth)
    assert spread == pytest.approx(own, rel=0.01)
    assert blind < 0.2 * frechet_z_scored(faint, truth)
    assert diversity_z_scored(faint, truth) < 0.02 * own


def test_foot_contact_scores():
    walk = person()
    assert np.isnan(physical_foot_contact(walk)), "a still root divides by zero"
    walk = walk + np.random.default_rng(0).normal(0, 0.01, walk.shape)
    assert physical_foot_contact(walk) > 0
    planted = walk.copy()
    planted[:, [7, 10, 8, 11]] = planted[0, [7, 10, 8, 11]]
    assert physical_foot_contact(planted) == 0
    with pytest.raises(EvaluationError):
        physical_foot_contact(np.zeros((10, 17, 3)))


def test_lodges_ratio_misses_the_diagonal():
    p = np.zeros((60, 24, 3))
    t = np.arange(60)[:, None]
    p[..., 0] = 0.05 * t
    assert lodge_skating_ratio(p) == 1
    p[..., 2] = -0.05 * t
    assert lodge_skating_ratio(p) == 0


def test_maces_features_are_dead_but_for_nine_angles():
    beats = beats_of(110, 8)
    calm, wild = on_beat(beats, 8.0), noise(8.0, 30, 0, 12.0)
    a, b = mace_2d_geometric(calm), mace_2d_geometric(wild)
    assert a.shape == (32,)
    angles = [i for i in range(32) if a[i] != b[i]]
    assert set(angles) <= {6, 7, 19, 20, 23, 24, 25, 26, 28}
    assert len(angles) >= 2
    dead = sorted(set(range(32)) - {6, 7, 19, 20, 23, 24, 25, 26, 28})
    assert len(dead) == 23
    np.testing.assert_array_equal(a[dead], b[dead])
    assert set(np.unique(a[dead])) <= {0.0, 1.0}


def test_maces_features_depend_on_the_resolution():
    poses = on_beat(beats_of(110, 8), 8.0, fps=16.0)
    large = PoseSequence(
        2 * poses.keypoints, poses.confidence, poses.fps,
        (2 * poses.canvas[0], 2 * poses.canvas[1]), poses.skeleton,
    )  # fmt: skip
    one, two = (mace_2d_kinetic(p).reshape(25, 3) for p in (poses, large))
    moves = one[:, 0] > 0
    assert moves.sum() > 8
    np.testing.assert_allclose(two[moves, :2], 4 * one[moves, :2], rtol=1e-4)
    np.testing.assert_allclose(two[moves, 2], 2 * one[moves, 2], rtol=1e-4)


def test_maces_frame_time_is_a_thirtieth_at_sixteen_frames():
    poses = on_beat(beats_of(110, 4), 4.0, fps=16.0)
    steady = np.repeat(poses.keypoints[:1], 64, 0)
    steady[..., 0] += np.arange(64)[:, None]  # a pixel per frame, 16 per second
    walk = PoseSequence(steady, np.ones_like(poses.confidence), 16.0, poses.canvas, poses.skeleton)
    found = mace_2d_kinetic(walk).reshape(25, 3)
    neck = walk.to_skeleton("body-25").layout.index["neck"]
    assert found[neck, 0] == pytest.approx(900, rel=1e-4), "30 per second, squared"


def test_how_clips_are_prepared():
    p = np.random.default_rng(0).normal(size=(1500, 24, 3))
    ours = bailando_joints(p)
    assert ours.shape == (1200, 24, 3)
    np.testing.assert_allclose(ours[5], p[5] - p[0, 0])
    assert len(bailando_joints(p, generated=False)) == 1500
    lodge = lodge_joints(p)
    assert kinetic_features(lodge).shape == (66,)
    assert len(lodge) == 1024
    np.testing.assert_allclose(lodge[7, 3], p[7, 3] - p[7, 0])
    np.testing.assert_allclose(lodge[7, 0], p[7, 0] - p[0, 0])
    np.testing.assert_array_equal(fact_joints(p), p[120:])


def test_mints_distance_refuses_a_root_that_is_not_real(monkeypatch):
    import hotfoot.evaluation.compat as compat

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(300, 4)), rng.normal(size=(300, 4))
    assert frechet_z_scored(a, b, strict=True) == pytest.approx(frechet_z_scored(a, b))
    monkeypatch.setattr(compat, "sqrtm", lambda m: np.eye(len(m)) * (1 + 0.5j))
    with pytest.raises(EvaluationError, match="not real"):
        frechet_z_scored(a, b, strict=True)
    assert np.isfinite(frechet_z_scored(a, b))


def test_published_alignment_of_two_dimensions():
    beats = beats_of(100, 20)
    dance = on_beat(beats + 0.004, 20.0, fps=60.0)
    for name in BEAT_ALIGNMENT:
        own = published_alignment(name, dance, beats)
        late = published_alignment(name, dance, beats + 0.3)
        assert own > 0.6 > late, (name, own, late)
        assert 0.1 < published_alignment(name, noise(20.0, 60, 1), beats) < 0.6
    with pytest.raises(EvaluationError, match="unknown definition"):
        published_alignment("ours", dance, beats)
