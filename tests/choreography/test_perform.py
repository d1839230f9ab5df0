"""Every move, danced by a body that holds together; and performances of songs."""

from dataclasses import replace

import numpy as np
import pytest

from hotfoot.choreography.arrange import arrange
from hotfoot.choreography.body import (
    ANKLE_HEIGHT,
    FOREARM,
    HIP_WIDTH,
    SHIN,
    SHOULDER_WIDTH,
    THIGH,
    UPPER_ARM,
)
from hotfoot.choreography.counts import count_song
from hotfoot.choreography.moves import LIBRARY
from hotfoot.choreography.perform import Performer, perform, random_performer
from hotfoot.data.paired import choreographed
from hotfoot.evaluation.body import stop_and_go
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.synchrony import measure_synchrony, speed_lag
from hotfoot.music.analysis import SongAnalysis
from hotfoot.pose.skeletons import get_skeleton
from tests.helpers.dancers import STIFF, dance_alone, repeated
from tests.helpers.songs import composed_analysis, composed_counts

COCO = get_skeleton("coco-17").index


def bone(joints, a, b):
    return np.linalg.norm(joints[:, COCO[a]] - joints[:, COCO[b]], axis=1)


@pytest.mark.parametrize("move", LIBRARY, ids=lambda m: m.name)
def test_a_move_is_danced_by_a_body_in_one_piece(move):
    joints, _ = dance_alone(move.name)
    assert np.isfinite(joints).all()
    for side in ("left", "right"):
        for a, b, length in (
            ("hip", "knee", THIGH), ("knee", "ankle", SHIN), ("shoulder", "elbow", UPPER_ARM),
            ("elbow", "wrist", FOREARM),
        ):  # fmt: skip
            found = bone(joints, f"{side}_{a}", f"{side}_{b}")
            np.testing.assert_allclose(found, length, atol=2e-3)
    np.testing.assert_allclose(bone(joints, "left_hip", "right_hip"), HIP_WIDTH, atol=1e-4)
    assert np.abs(bone(joints, "left_shoulder", "right_shoulder") - SHOULDER_WIDTH).max() < 0.02
    ankles = joints[:, [COCO["left_ankle"], COCO["right_ankle"]]]
    assert ankles[..., 1].min() > ANKLE_HEIGHT - 0.01, "through the floor"
    assert joints[:, COCO["nose"], 1].min() > 0.6
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() * 60
    assert 0.02 < speed < 9.0, "faster than people"


@pytest.mark.parametrize("name", ["rock", "clap", "chest pop", "knee up", "punches"])
def test_moves_turn_round_on_their_counts_and_flow_where_parts_follow_one_another(name):
    """All at once they rest on every count; real dancers slow down to 0.7 of their mean speed."""
    near, slowest = {}, {}
    for follow in (0.0, 1.0):
        performer = Performer(looseness=0.0, follow=follow)
        joints, times = dance_alone(name, 12.0, performer=performer)
        speed = np.linalg.norm(np.gradient(joints, axis=0), axis=-1).mean(axis=1) * 60
        phase = (times / 0.5) % 1
        near[follow] = speed[np.minimum(phase, 1 - phase) < 0.06].mean() / speed.mean()
        slowest[follow] = np.percentile(speed, 5) / speed.mean()
    assert near[0.0] < 0.55
    assert slowest[1.0] > slowest[0.0] + 0.03
    assert near[0.0] < near[1.0] < 1.1


def test_dances_stop_as_little_as_real_ones():
    """Real clips 0.69, standard deviation 0.09; the body is still slowest near beats."""
    found, lags = [], []
    for seed in range(6):
        poses, choreography = choreographed(composed_analysis(110), seed, "freestyle")
        motion = prepare(poses)
        found.append(stop_and_go(motion))
        lags.append(speed_lag(motion, choreography.beats))
    assert 0.5 < np.mean(found) < 0.8
    assert abs(np.median(lags)) < 0.04


def test_dancers_travel_only_where_they_step():
    still = repeated("bounce", 41)
    times = np.arange(2, 18, 1 / 30)
    for choreography, least, most in ((still, 0.0, 0.01), (repeated("march", 41), 0.15, 3.0)):
        feet = [COCO["left_ankle"], COCO["right_ankle"]]
        here, there = (
            perform(choreography, times, Performer(looseness=0.0, roams=roams, seed=1))[:, feet]
            for roams in (0.0, 1.0)
        )
        assert least <= np.linalg.norm((there - here)[..., [0, 2]], axis=-1).max() <= most


def test_a_spin_goes_round_and_stays_round():
    joints, _ = dance_alone("spin", seconds=6.0)
    across = joints[:, COCO["left_hip"]] - joints[:, COCO["right_hip"]]
    yaw = np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))
    assert np.ptp(yaw) > 4 * np.pi - 1, "three turns in six seconds, never taken back"
    assert (np.diff(yaw) * np.sign(yaw[-1] - yaw[0]) > -0.05).all()


@pytest.mark.parametrize("bpm", [66, 96, 128, 176])
def test_a_song_is_danced_on_its_beats_at_its_tempo(bpm):
    analysis = composed_analysis(bpm)
    poses, _ = choreographed(analysis, 1, "freestyle")
    assert len(poses) == round(analysis.features.duration_s * 30)
    found = measure_synchrony(prepare(poses), analysis.rhythm.beats)
    assert found.f1.corrected > 0.5
    assert found.f1.p < 0.05
    # Slow songs are danced in double time: half a beat later every count lies on a count again.
    count = 60 / bpm / (2 if bpm < 77 else 1)
    assert abs((found.lag_s + count / 2) % count - count / 2) < 0.06
    assert (poses.confidence > 0).mean() > 0.9


@pytest.mark.parametrize("rate", [0.85, 1.2])
def test_a_song_that_is_played_faster_is_danced_faster(rate):
    """The same moves, on the same beats, at another speed."""
    plain, other = (arrange(composed_counts(110, r), 2, "latin") for r in (1.0, rate))
    assert [p.lower for p in plain.phrases] == [p.lower for p in other.phrases]
    times = np.arange(8, 20, 1 / 30)
    slow = perform(plain, times, STIFF)
    fast = perform(other, times / rate, STIFF, 30 * rate)
    gap = np.linalg.norm(slow - fast, axis=-1)
    moved = np.linalg.norm(np.diff(slow, axis=0), axis=-1).mean() * 30
    assert gap.mean() < 0.02 < 0.3 < moved


def test_single_onsets_that_stand_out_get_an_accent():
    analysis = composed_analysis(100)
    onsets = analysis.rhythm.onset_strength.copy()
    onsets[1985:1998] = 5 * np.hanning(13)
    loud = SongAnalysis(analysis.features, replace(analysis.rhythm, onset_strength=onsets))
    choreography = arrange(count_song(loud), 0)
    times = np.array([choreography.seconds(beat) for beat, _ in choreography.accents])
    at = int(np.abs(times - 19.91).argmin())
    assert times[at] == pytest.approx(19.91, abs=0.02)
    others = tuple(a for i, a in enumerate(choreography.accents) if i != at)
    without = replace(choreography, accents=others)
    seconds = 18 + np.arange(120) / 30
    apart = np.abs(perform(choreography, seconds, STIFF) - perform(without, seconds, STIFF))
    hit = apart.max(axis=(1, 2))
    assert 0.03 < hit.max() < 0.3
    assert abs(seconds[hit.argmax()] - 19.91) < 0.1
    assert hit[:20].max() < 1e-6
    assert hit[-30:].max() < 0.005


def test_a_song_without_beats_is_danced_all_the_same():
    analysis = composed_analysis(96)
    none = np.zeros(0)
    quiet = replace(
        analysis, rhythm=replace(analysis.rhythm, beats=none, downbeats=none, tempo_bpm=0.0)
    )
    poses, choreography = choreographed(quiet, 0, "lyrical")
    assert np.isfinite(poses.keypoints).all()
    assert choreography.phrases


@pytest.mark.parametrize("performer", [STIFF, random_performer(np.random.default_rng(1))])
def test_parts_of_a_song_are_danced_as_the_whole_is(performer):
    choreography = arrange(composed_counts(128), 4)
    times = np.arange(0, 30, 1 / 30)
    whole = perform(choreography, times, performer)
    np.testing.assert_array_equal(whole, perform(choreography, times, performer))
    part = perform(choreography, times[300:600], performer)
    np.testing.assert_allclose(part, whole[300:600], atol=1e-3)


def test_performers_differ():
    choreography = arrange(composed_counts(128), 4)
    times = np.arange(0, 10, 1 / 30)
    plain = perform(choreography, times, STIFF)
    for change in ({"size": 1.2}, {"sharp": 0.3}, {"bounce": 2.0}, {"stance": 0.05}):
        other = perform(choreography, times, Performer(looseness=0.0, **change))
        assert np.abs(other - plain).max() > 0.02, change
    a, b = (perform(choreography, times, Performer(seed=seed)) for seed in (1, 2))
    assert 0.01 < np.abs(a - b).max() < 0.3
