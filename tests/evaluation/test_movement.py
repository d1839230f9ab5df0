"""Locked to the beat, flowing, held, repeated, sensitive: dancers with known answers."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.body import (
    frontality,
    head_tilt,
    knees_sideways,
    measure_posture,
    stop_and_go,
)
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.realism import moves, own_beats, repeats_across, repeats_within
from hotfoot.evaluation.sensitivity import sensitivity
from hotfoot.evaluation.synchrony import (
    BEAT_MEASURES,
    against_other_songs,
    locked_share,
    measure_coherence,
    speed_lag,
    varying_velocity,
)
from tests.helpers.dancers import beats_of, circling, noise, on_beat, step_touch, still, sway

SECONDS = 24.0
BPM = 110


# Locked to the beat


def coherence(motion, beats):
    return locked_share(varying_velocity(motion), beats)


@pytest.mark.parametrize("per_beat", [0.5, 1, 2, 4])
@pytest.mark.parametrize("lag", [0.0, 0.13])
def test_all_movement_of_a_dancer_on_the_beat_is_locked(beats, per_beat, lag):
    """A sway from side to side per beat has half the beat's rate; its phase does not matter."""
    motion = prepare(on_beat(beats, SECONDS, lag=lag, per_beat=per_beat))
    assert coherence(motion, beats) > 0.98
    found = measure_coherence(motion, beats)
    assert found.corrected > 0.95
    assert found.p == pytest.approx(1 / 25)


def test_one_who_flows_is_as_locked_as_one_who_stops(beats):
    flows, stops = (prepare(dancer(beats, SECONDS)) for dancer in (circling, on_beat))
    assert coherence(flows, beats) == pytest.approx(coherence(stops, beats), abs=0.02)
    assert stop_and_go(flows) > 0.9
    assert stop_and_go(stops) < 0.4


def test_half_of_the_power_is_half_of_the_coherence(beats):
    """Two sways of equal power at once, one on the beat and one at a tempo of its own."""
    on, off = (
        on_beat(beats, SECONDS),
        on_beat(beats_of(BPM * 1.23, SECONDS), SECONDS, size=0.06 / 1.23),
    )
    rest = still(SECONDS).keypoints
    both = replace(on, keypoints=on.keypoints + off.keypoints - rest)
    assert coherence(prepare(both), beats) == pytest.approx(0.5, abs=0.08)


def test_other_tempi_and_noise_are_at_chance(beats):
    off = measure_coherence(prepare(on_beat(beats_of(97, SECONDS), SECONDS)), beats)
    assert off.corrected < 0.2
    found = [
        measure_coherence(prepare(noise(SECONDS, 30, seed, 3.0)), beats).corrected
        for seed in range(12)
    ]
    assert abs(np.mean(found)) < 3 * np.std(found) / math.sqrt(len(found)) + 0.005
    assert math.isnan(coherence(prepare(still(SECONDS)), beats))
    assert math.isnan(coherence(prepare(on_beat(beats, SECONDS)), beats[:2]))


def test_a_tempo_that_drifts_is_followed():
    beats = np.cumsum(np.linspace(0.45, 0.65, 44))
    times = np.arange(round(SECONDS * 30)) / 30
    follows = prepare(sway(np.interp(times, beats, np.arange(len(beats))), 30.0))
    steady = np.arange(0.3, SECONDS, 0.55)
    assert coherence(follows, beats) > 0.95
    assert coherence(follows, steady) < 0.7


def test_coherence_is_with_the_own_song_only():
    songs = [beats_of(bpm, SECONDS) for bpm in (84, 91, 97, 103, 118, 127)]
    dances = [[prepare(circling(b, SECONDS))] for b in songs]
    corrected, p = against_other_songs(dances, songs)
    at = BEAT_MEASURES.index("coherence")
    assert corrected[:, at].min() > 0.6
    assert p[at] < 0.01
    _, p = against_other_songs(dances[1:] + dances[:1], songs)
    assert p[at] > 0.05


@pytest.mark.parametrize("lag", [-0.15, 0.0, 0.1])
def test_the_slowest_moment_is_found(beats, lag):
    dance = on_beat(beats, SECONDS, lag=lag)
    assert speed_lag(prepare(dance), beats) == pytest.approx(lag, abs=0.02)
    assert math.isnan(speed_lag(prepare(still(SECONDS)), beats))


# Stops


def test_stops_are_stops_at_any_frame_rate_and_size(beats):
    halts = stop_and_go(prepare(step_touch(beats, SECONDS)))
    assert halts < 0.1
    for fps, size in ((25.0, 0.06), (60.0, 0.06), (30.0, 0.12)):
        sways = stop_and_go(prepare(on_beat(beats, SECONDS, fps=fps, size=size)))
        assert sways == pytest.approx(0.286, abs=0.02), (fps, size)
    assert math.isnan(stop_and_go(prepare(still(SECONDS))))


# Posture


def moved(poses, joints, by):
    xy = poses.keypoints.copy()
    index = poses.layout.index
    for joint in joints:
        xy[:, index[joint]] += np.asarray(by, np.float32)
    return replace(poses, keypoints=xy)


HEAD = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")


@pytest.mark.parametrize("degrees", [-25, 0, 10, 40])
def test_a_head_turned_about_the_neck_is_tilted_by_that_angle(degrees):
    poses = still(2)
    index = poses.layout.index
    neck = poses.keypoints[0, [index["left_shoulder"], index["right_shoulder"]]].mean(axis=0)
    ears = poses.keypoints[0, [index["left_ear"], index["right_ear"]]].mean(axis=0)
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    xy = poses.keypoints.copy()
    for name in HEAD:
        xy[:, index[name]] = (xy[:, index[name]] - neck) @ turn.T + neck
    upright = head_tilt(poses)[0]
    assert abs(upright) < 1, ears
    found = head_tilt(replace(poses, keypoints=xy))
    np.testing.assert_allclose(found - upright, degrees, atol=0.1)
    assert measure_posture(replace(poses, keypoints=xy))["head_tilt"] == pytest.approx(
        abs(degrees), abs=1
    )


def turning(seconds, fps=30.0):
    """Once around: the distance from the body's axis shrinks with the cosine of the turn."""
    poses = still(seconds, fps)
    axis = poses.keypoints[0, [8, 11], 0].mean()
    turn = np.cos(2 * np.pi * np.arange(len(poses)) / len(poses))
    xy = poses.keypoints.copy()
    xy[..., 0] = axis + (xy[..., 0] - axis) * turn[:, None]
    return replace(poses, keypoints=xy)


def test_a_turn_is_a_third_each_of_front_and_back_and_two_of_profile():
    poses = turning(6)
    found = measure_posture(poses)
    assert found["profile"] == pytest.approx(1 / 3, abs=0.02)
    assert found["behind"] == pytest.approx(1 / 3, abs=0.02)
    assert frontality(poses)[0] == pytest.approx(1, abs=0.01)
    assert measure_posture(poses.frames(0, 20))["behind"] == 0
    side = poses.frames(40, 50)
    assert measure_posture(side)["profile"] == 1, "who is in profile all the time, too"
    assert math.isnan(measure_posture(side)["head_tilt"])


def test_knees_to_the_side_are_told_from_knees_that_bend_forward():
    poses = still(2)
    index = poses.layout.index
    hip, knee, ankle = (poses.keypoints[0, index[f"left_{n}"]] for n in ("hip", "knee", "ankle"))
    leg = np.linalg.norm(hip - knee) + np.linalg.norm(knee - ankle)
    straight = measure_posture(poses)["knees_sideways"]
    assert straight < 0.02
    out = moved(poses, ["left_knee"], (0.1 * leg, 0))
    assert measure_posture(out)["knees_sideways"] == pytest.approx(0.1, abs=0.02)
    body = [n for n in poses.layout.keypoints if not n.endswith(("knee", "ankle"))]
    crouched = moved(
        moved(poses, body, (0, 0.2 * leg)), ["left_knee", "right_knee"], (0, 0.1 * leg)
    )
    assert measure_posture(crouched)["knees_sideways"] < 0.03
    assert knees_sideways(out).shape == (len(out),)
    unseen = poses.confidence.copy()
    unseen[:, [index["left_ankle"], index["right_ankle"]]] = 0
    assert math.isnan(measure_posture(replace(poses, confidence=unseen))["knees_sideways"])


# Repetition


def test_moves_that_come_again_are_counted(beats):
    same = moves(prepare(on_beat(beats, SECONDS)), beats)
    assert repeats_within(same) == 1
    jitter = moves(prepare(noise(SECONDS, 30, 0, 2.0)), beats)
    assert repeats_within(jitter) == 0
    mirrored = moves(prepare(on_beat(beats, SECONDS, lag=60 / BPM)), beats)
    assert repeats_across([same, mirrored]) == 1, "to the other side it is the same move"
    assert repeats_across([same, jitter]) == 0
    assert math.isnan(repeats_across([same]))
    assert math.isnan(repeats_within(same[:8]))
    other_song = beats_of(140, SECONDS)
    faster = moves(prepare(on_beat(other_song, SECONDS)), other_song)
    assert repeats_across([same, faster]) == 1, "at another tempo, too"


def test_half_a_dance_that_repeats_is_half(beats):
    regular = on_beat(beats, SECONDS)
    wild = noise(SECONDS, 30, 1, 2.0, size=30.0)
    half = np.arange(len(regular)) < len(regular) // 2
    xy = np.where(half[:, None, None], regular.keypoints, wild.keypoints)
    found = moves(prepare(replace(regular, keypoints=xy)), beats)
    assert repeats_within(found) == pytest.approx(0.5, abs=0.1)


def test_motion_without_music_has_beats_of_its_own(beats):
    own = own_beats(prepare(on_beat(beats, SECONDS)))
    assert 60 / np.diff(own).mean() == pytest.approx(BPM, rel=0.03)
    assert len(own_beats(prepare(still(SECONDS)))) == 0


# Sensitivity


def test_sensitivity_is_what_the_formula_says(beats):
    dance = on_beat(beats, SECONDS)
    assert sensitivity(dance, dance) == 0
    assert sensitivity(dance, still(SECONDS)) == pytest.approx(1, abs=0.02)
    mean = still(SECONDS).keypoints
    smaller = replace(dance, keypoints=mean + 0.75 * (dance.keypoints - mean))
    assert sensitivity(dance, smaller) == pytest.approx(0.25, abs=0.01)
    opposite = on_beat(beats, SECONDS, lag=60 / BPM)
    assert sensitivity(dance, opposite) == pytest.approx(2, abs=0.02)
    quarter = on_beat(beats, SECONDS, lag=30 / BPM)
    assert sensitivity(dance, quarter) == pytest.approx(math.sqrt(2), abs=0.02)
    larger = dance.with_canvas((1152, 2048))
    with pytest.raises(EvaluationError, match="canvas"):
        sensitivity(dance, larger)
    with pytest.raises(EvaluationError, match="nothing moves"):
        sensitivity(still(SECONDS), dance)
