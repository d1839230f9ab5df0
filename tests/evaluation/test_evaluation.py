"""Every metric must give analytic dancers their known numbers."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.body import measure_body, measure_seams
from hotfoot.evaluation.limbs import limb_lengths, limb_ratios
from hotfoot.evaluation.motion import JOINTS, prepare
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
from hotfoot.evaluation.response import (
    energy_against_loudness,
    measure_response,
    movement_rate,
    octaves_apart,
    tempo_slope,
)
from hotfoot.evaluation.synchrony import (
    against_other_songs,
    alignment,
    matches,
    measure_synchrony,
    shifted,
)
from hotfoot.pose.body import body_height
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.dancers import beats_of, noise, on_beat, phase_of, step_touch, still, sway

SECONDS = 24.0


@pytest.fixture(scope="module")
def beats():
    return beats_of(110, SECONDS)


# What every number is measured in


def test_body_height_is_known_and_does_not_depend_on_the_picture(beats):
    poses = on_beat(beats, 6)
    rest = figure_pose("average").keypoints[0]
    expected = body_height(figure_pose("average"))
    assert body_height(poses) == pytest.approx(expected, rel=0.01)
    legs = np.linalg.norm(rest[8] - rest[9]) + np.linalg.norm(rest[9] - rest[10])
    assert 0.45 * expected < legs < 0.6 * expected
    assert body_height(poses.with_canvas((2000, 2000))) > 1.5 * expected


@pytest.mark.parametrize("fps", [24.0, 29.97, 50.0, 60.0, 120.0])
def test_speed_does_not_depend_on_frame_rate_canvas_or_skeleton(beats, fps):
    usual = prepare(on_beat(beats, 8)).speed().mean()
    assert prepare(on_beat(beats, 8, fps=fps)).speed().mean() == pytest.approx(usual, rel=0.02)
    assert prepare(on_beat(beats, 8).with_canvas((300, 900))).speed().mean() == pytest.approx(
        usual, rel=1e-3
    )
    assert prepare(on_beat(beats, 8).to_skeleton("coco-17")).speed().mean() == pytest.approx(
        usual, rel=1e-6
    )


def test_speed_is_what_the_formula_says(beats):
    size, period = 0.06, 60 / 110
    motion = prepare(on_beat(beats, 12, size=size))
    hips = motion.velocity()[60:-60, list(JOINTS).index("left_hip"), 0]
    assert np.abs(hips).max() == pytest.approx(size * math.pi / period, rel=0.05)


def test_holes_are_filled_and_missing_joints_left_out(beats):
    poses = on_beat(beats, 8)
    confidence = poses.confidence.copy()
    confidence[50:60] = 0
    confidence[:, 4] = 0
    holed = prepare(replace(poses, confidence=confidence))
    assert holed.used.sum() == 11
    assert holed.seen == pytest.approx((230 / 240) * 11 / 12)
    assert np.isfinite(holed.speed()).all()


# Synchrony


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_the_dancer_on_the_beat_scores_nearly_one(beats, fps):
    found = measure_synchrony(prepare(on_beat(beats, SECONDS, fps)), beats)
    assert found.alignment.corrected > 0.9
    assert found.f1.corrected > 0.9
    assert found.alignment.p < 0.05
    assert abs(found.lag_s) <= 0.011
    assert np.abs(found.motion_beats - beats[:, None]).min(axis=0).max() < 0.02


@pytest.mark.parametrize("lag", [-0.12, 0.08, 0.15])
def test_a_constant_lag_is_found(beats, lag):
    found = measure_synchrony(prepare(on_beat(beats, SECONDS, lag=lag)), beats)
    assert found.lag_s == pytest.approx(lag, abs=0.011)
    assert found.alignment.value < 0.4
    assert found.curve.max() > 0.9


def test_half_tempo_has_precision_but_half_the_recall(beats):
    found = measure_synchrony(prepare(on_beat(beats, SECONDS, per_beat=0.5)), beats)
    assert found.precision.value > 0.95
    assert found.recall.value == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("cutoff", [None, 6.0, 2.0])
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_noise_does_not_follow_the_music(beats, cutoff, fps):
    scores = np.array(
        [
            measure_synchrony(prepare(noise(SECONDS, fps, seed, cutoff)), beats).alignment.corrected
            for seed in range(20)
        ]
    )
    error = scores.std() / math.sqrt(len(scores))
    assert abs(scores.mean()) < 3 * error + 0.005
    assert abs(scores.mean()) < 0.05


def test_random_phases_average_to_chance(beats):
    scores = [
        measure_synchrony(prepare(on_beat(beats, SECONDS, lag=by)), beats, shifts=200).alignment
        for by in np.linspace(0, 60 / 110, 32, endpoint=False)
    ]
    assert np.mean([s.value for s in scores]) == pytest.approx(
        np.mean([s.chance for s in scores]), abs=0.03
    )


def test_the_ranking_is_right(beats):
    order = [
        on_beat(beats, SECONDS),
        on_beat(beats, SECONDS, lag=0.04),
        on_beat(beats, SECONDS, lag=0.1),
        on_beat(beats, SECONDS, lag=60 / 220),
    ]
    scores = [measure_synchrony(prepare(p), beats).alignment.corrected for p in order]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0


def test_standing_still_has_no_beats(beats):
    found = measure_synchrony(prepare(still(SECONDS)), beats)
    assert len(found.motion_beats) == 0
    assert found.alignment.value == found.f1.value == 0
    assert found.alignment.p == 1


def test_larger_movement_has_the_same_synchrony(beats):
    small, large = (
        measure_synchrony(prepare(on_beat(beats, SECONDS, size=s)), beats).alignment.value
        for s in (0.03, 0.09)
    )
    assert small == pytest.approx(large, abs=0.02)


def test_chance_is_what_independent_dances_score(beats):
    """The mean over circular shifts against dances to unrelated beats, by simulation."""
    shifts, others = [], []
    rng = np.random.default_rng(1)
    for _ in range(12):
        own = np.sort(rng.uniform(0, SECONDS, 40))
        duration = SECONDS
        shifts.append(
            np.mean([alignment(shifted(own, b, duration), beats) for b in rng.uniform(0, 24, 60)])
        )
        others.append(
            np.mean([alignment(np.sort(rng.uniform(0, SECONDS, 40)), beats) for _ in range(60)])
        )
    assert np.mean(shifts) == pytest.approx(np.mean(others), abs=0.02)


def test_shuffled_songs_give_the_same_chance():
    songs = [beats_of(bpm, SECONDS) for bpm in (90, 95, 101, 107, 110, 116, 122, 127)]
    dances = [prepare(on_beat(b, SECONDS)) for b in songs]
    found = against_other_songs([[d] for d in dances], songs)
    assert (found.others[:, 0] < 0.5).all()
    assert (found.others[:, 1:] < 0.65).all()
    assert found.own.min() > 0.9
    assert found.corrected.min() > 0.75
    assert (found.p < 0.001).all(), "one pairing of 40,320 is right"
    turned = against_other_songs([[d] for d in dances[1:] + dances[:1]], songs)
    assert (turned.p > 0.05).all()
    assert abs(turned.corrected[:, 0].mean()) < 0.15
    still_there = against_other_songs([[d, d] for d in dances], songs)
    np.testing.assert_allclose(still_there.own, found.own)
    with pytest.raises(EvaluationError):
        against_other_songs([[dances[0]]], songs[:1])
    with pytest.raises(EvaluationError):
        against_other_songs([[dances[0]], []], songs[:2])


def test_noise_goes_as_well_with_other_songs():
    songs = [beats_of(bpm, SECONDS) for bpm in range(80, 140, 6)]
    ps = np.array(
        [
            against_other_songs(
                [[prepare(noise(SECONDS, 30, 100 * r + i, 4.0))] for i in range(len(songs))], songs,
                rounds=400,
            ).p
            for r in range(12)
        ]
    )  # fmt: skip
    assert 0.3 < ps.mean() < 0.7
    assert (ps < 0.05).mean() < 0.2


@given(
    st.lists(st.floats(0, 20), max_size=12),
    st.lists(st.floats(0, 20), max_size=12),
)
def test_matching_is_one_to_one_and_largest(a, b):
    from scipy.optimize import linear_sum_assignment

    a, b = np.sort(np.array(a, float)), np.sort(np.array(b, float))
    found = matches(a, b, 0.5)
    fits = np.abs(a[:, None] - b[None]) <= 0.5 + 1e-9
    i, j = linear_sum_assignment(~fits)
    assert found == fits[i, j].sum()


# Response


@pytest.mark.parametrize("bpm", [66, 75, 100, 128, 160])
def test_the_rate_of_movement_is_the_tempo(bpm):
    beats = beats_of(bpm, SECONDS)
    # A step to the side has its strongest line at three quarters of the beat.
    for dance in (on_beat, step_touch):
        rate = movement_rate(prepare(dance(beats, SECONDS)))
        assert abs(octaves_apart(rate, bpm)) < 0.03, dance.__name__
    assert math.isnan(movement_rate(prepare(still(SECONDS))))


def test_tempo_slope_of_followers_and_of_others():
    tempi = [96, 120, 150]
    follow = [movement_rate(prepare(on_beat(beats_of(t, SECONDS), SECONDS))) for t in tempi]
    assert tempo_slope(follow, tempi) == pytest.approx(1, abs=0.05)
    half = [
        movement_rate(prepare(on_beat(beats_of(t, SECONDS), SECONDS, per_beat=0.5))) for t in tempi
    ]
    assert tempo_slope(half, tempi) == pytest.approx(1, abs=0.05)
    fixed = [movement_rate(prepare(on_beat(beats_of(113, SECONDS), SECONDS)))] * 3
    assert tempo_slope(fixed, tempi) == pytest.approx(0, abs=1e-6)
    slopes = [
        tempo_slope(list(np.random.default_rng(s).uniform(50, 200, 3)), tempi) for s in range(200)
    ]
    assert abs(np.mean(slopes)) < 0.25, "noise does not look like following"
    with pytest.raises(EvaluationError):
        tempo_slope([100, 100], [120, 120])


def loudness(seconds, rate=100):
    t = np.arange(round(seconds * rate)) / rate
    return -30 + 12 * np.sin(2 * np.pi * t / 23)


def test_energy_follows_loudness_or_not():
    seconds = 60.0
    beats = beats_of(120, seconds)
    times = np.arange(round(seconds * 30)) / 30
    level = np.interp(times, np.arange(6000) / 100, loudness(seconds))
    gain = 10 ** (level / 20) / 10 ** (-18 / 20)
    quiet = on_beat(beats, seconds)
    rest = quiet.keypoints.mean(axis=0)
    loud = replace(
        quiet, keypoints=rest + (quiet.keypoints - rest) * gain[:, None, None].astype("f4")
    )
    rng = np.random.default_rng(0)
    found = energy_against_loudness(prepare(loud), loudness(seconds), 100, rng)
    assert found.value > 0.9
    assert found.p < 0.1
    even = energy_against_loudness(prepare(quiet), loudness(seconds), 100, rng)
    assert abs(even.value) < 0.6
    silent = energy_against_loudness(prepare(still(seconds)), loudness(seconds), 100, rng)
    assert math.isnan(silent.value)


def test_sections_and_repeats_are_noticed():
    seconds, beats = 64.0, beats_of(120, 64.0)
    times = np.arange(round(seconds * 30)) / 30
    part = (times // 16).astype(int) % 2  # A B A B
    a = on_beat(beats, seconds)
    b = on_beat(beats, seconds, size=0.15)
    xy = np.where((part == 0)[:, None, None], a.keypoints, b.keypoints)
    music = np.repeat(np.arange(6400)[:, None] // 1600 % 2, 3, 1).astype(float)
    music += 0.01 * np.random.default_rng(0).normal(size=music.shape)
    found = measure_response(
        prepare(replace(a, keypoints=xy)), 120, loudness(seconds), 100,
        np.array([0.0, 16, 32, 48]), music,
    )  # fmt: skip
    assert found.sections.value > 1
    assert found.sections.p < 0.05
    assert found.repetition.value > 0.4
    assert found.repetition.p < 0.1
    same = measure_response(
        prepare(a), 120, loudness(seconds), 100, np.array([0.0, 16, 32, 48]), music
    )
    assert abs(same.sections.value) < 0.5
    assert abs(same.repetition.value) < 0.3


# Realism


@pytest.mark.parametrize("songs", [4, 40])
def test_the_same_distribution_is_as_far_as_real_from_real(songs):
    """However many dances are generated."""
    rng = np.random.default_rng(3)
    real = [rng.normal(size=(6, 12)) for _ in range(16)]
    dances = [[rng.normal(size=(6, 12)) for _ in range(2)] for _ in range(songs)]
    found = frechet_over_real(dances, real)
    assert found.value == pytest.approx(1, abs=0.2)
    assert found.low < 1.1
    assert found.high > 0.9
    other = frechet_over_real([[x + 2 for x in song] for song in dances], real)
    assert other.low > 2
    assert frechet_over_real(dances, real[:3]) is None


# Body


def body_of(poses):
    return measure_body(poses, prepare(poses))


def test_a_limb_that_grows_one_percent_a_minute_is_measured():
    seconds, fps = 300.0, 15.0
    poses = on_beat(beats_of(110, seconds), seconds, fps)
    minutes = np.arange(len(poses)) / fps / 60
    xy = poses.keypoints.astype(float).copy()
    xy[:, 10] = xy[:, 9] + (xy[:, 10] - xy[:, 9]) * (1.01**minutes)[:, None]
    xy[:, 13] = xy[:, 12] + (xy[:, 13] - xy[:, 12]) * (1.01**minutes)[:, None]
    grown = body_of(replace(poses, keypoints=xy.astype("f4")))
    assert grown.growth == pytest.approx(1.01**4 - 1, abs=0.004)
    assert body_of(poses).growth < 1e-3
    assert math.isnan(body_of(poses.frames(0, 900)).growth), "a minute does not tell"


def test_limbs_against_the_reference(beats):
    poses = on_beat(beats, 8)
    reference = figure_pose("average")

    def ratios(dance):
        return limb_ratios(limb_lengths(dance), reference, reference.canvas == dance.canvas)

    rest = ratios(still(3))
    assert len(rest) >= 6
    assert all(v == pytest.approx(1, abs=1e-3) for v in rest.values())
    same = ratios(poses)
    xy = poses.keypoints.copy()
    xy[:, 10] = xy[:, 9] + 1.2 * (xy[:, 10] - xy[:, 9])
    other = ratios(poses.with_canvas((1280, 720)))
    assert other["thigh"] / other["shin"] == pytest.approx(same["thigh"] / same["shin"], rel=1e-3)
    assert np.median(list(other.values())) == pytest.approx(1)
    longer = replace(poses, keypoints=xy)
    assert ratios(longer)["shin"] == pytest.approx(1.2 * same["shin"], rel=0.03)
    worst = max(abs(r - 1) for r in ratios(longer).values())
    assert measure_body(longer, prepare(longer), reference).limb_error == worst
    assert math.isnan(body_of(longer).limb_error)


def test_one_jump_at_a_seam_is_measured(beats):
    poses = on_beat(beats, 12)
    xy = poses.keypoints.copy()
    xy[200:, :, 0] += 60
    jumped = replace(poses, keypoints=xy)
    assert body_of(jumped).worst_jump > 3
    assert body_of(poses).worst_jump < 2
    ratio, moved = measure_seams(prepare(jumped), [200 / 30])
    assert ratio > 3
    assert len(moved) > 10
    assert moved.max() < 1.5, "elsewhere it is smooth"
    assert measure_seams(prepare(poses), [200 / 30])[0] < 1.2
    none, moved = measure_seams(prepare(poses), [])
    assert math.isnan(none)
    assert len(moved) == 0


def test_freezes_jitter_and_speed(beats):
    moving = body_of(on_beat(beats, 12))
    twice = body_of(on_beat(beats, 12, size=0.12))
    assert moving.frozen == 0
    assert body_of(still(12)).frozen == 1
    assert twice.speed == pytest.approx(2 * moving.speed, rel=0.02)
    assert twice.jerk == pytest.approx(moving.jerk, rel=0.02), "jerk is relative to speed"
    assert body_of(noise(12, 30, 0)).jerk > 5 * moving.jerk
    xy = on_beat(beats, 12).keypoints.copy()
    xy[120:240] = xy[120]
    half = body_of(replace(on_beat(beats, 12), keypoints=xy))
    assert half.frozen == pytest.approx(4 / 12, abs=0.05)


def test_feet_that_stay_and_feet_that_slide(beats):
    poses = on_beat(beats, 12)
    xy = poses.keypoints.copy()
    xy[:, [10, 13]] = xy[0, [10, 13]]
    planted = body_of(replace(poses, keypoints=xy))
    height = body_height(poses)
    xy = xy.copy()
    xy[..., 0] += (0.3 * height * np.arange(len(xy)) / 30)[:, None]
    sliding = body_of(replace(poses, keypoints=xy))
    assert planted.foot_slide < 1e-3
    assert sliding.foot_slide == pytest.approx(0.3, rel=0.03)


def test_out_of_frame_and_confidence(beats):
    poses = on_beat(beats, 6)
    assert body_of(poses).in_frame == 1
    xy = poses.keypoints.copy()
    xy[:90, :9] += 5000
    assert body_of(replace(poses, keypoints=xy)).in_frame == pytest.approx(0.75)
    faint = body_of(replace(poses, confidence=np.full_like(poses.confidence, 0.5)))
    assert faint.confidence == pytest.approx(0.5)


def test_pose_distance_between_variations(beats):
    one = prepare(on_beat(beats, 8))
    other = prepare(on_beat(beats, 8, size=0.1))
    assert pose_distance([one, one]) == 0
    assert pose_distance([one, other]) > 0
    with pytest.raises(EvaluationError):
        pose_distance([one])


# Realism


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
    for _ in range(16):
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
    extrapolated = np.mean([frechet_extrapolated(one, two, rng) for _ in range(5)])
    assert abs(extrapolated) < 0.4 * plain
    values = [
        kernel_distance(rng.normal(size=(40, 12)), rng.normal(size=(40, 12))) for _ in range(40)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(40) + 0.01


def test_diversity_and_copies(beats):
    same = [kinetic_features(m) for m in crowd(1)] * 3
    varied = [kinetic_features(m) for m in crowd(4)]
    assert diversity(same, np.ones(36)) == 0
    assert diversity(varied) > 0
    bank = pose_windows(crowd(1, 5)[0], hop_s=1 / 15)
    copy = pose_windows(crowd(1, 5)[0])
    assert nearest_windows(copy, bank).max() < 1e-3
    other = pose_windows(prepare(sway(phase_of(beats, np.arange(360) / 30), size=0.15)))
    assert nearest_windows(other, bank).mean() > 0.01
    with pytest.raises(EvaluationError):
        nearest_windows(copy, bank[:0])


# Bad input


def test_poses_that_cannot_be_measured(beats):
    poses = on_beat(beats, 6)
    with pytest.raises(EvaluationError, match="poses last"):
        prepare(poses.frames(0, 1))
    with pytest.raises(EvaluationError, match="body joints"):
        prepare(replace(poses, confidence=np.zeros_like(poses.confidence)))
    with pytest.raises(EvaluationError, match="beats"):
        measure_synchrony(prepare(poses), np.zeros(0))
    with pytest.raises(EvaluationError):
        measure_realism([np.zeros((1, 3))], [np.zeros((1, 3))])
    lone = PoseSequence(
        np.where(np.arange(18)[None, :, None] < 5, poses.keypoints, 0).astype("f4"),
        np.where(np.arange(18)[None] < 5, 1.0, 0.0) * np.ones((len(poses), 1)),
        30.0, poses.canvas,
    )  # fmt: skip
    with pytest.raises(EvaluationError):
        prepare(lone)
