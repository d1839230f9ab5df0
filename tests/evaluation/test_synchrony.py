"""Analytic dancers have their known synchrony."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.synchrony import (
    against_other_songs,
    alignment,
    kinematic_beats,
    matches,
    measure_synchrony,
    shifted,
)
from tests.helpers.dancers import beats_of, noise, on_beat, still

SECONDS = 24.0


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0])
def test_the_dancer_on_the_beat_scores_nearly_one(beats, fps):
    motion = prepare(on_beat(beats, SECONDS, fps))
    found = measure_synchrony(motion, beats)
    assert found.alignment.corrected > 0.9
    assert found.f1.corrected > 0.9
    assert found.alignment.p < 0.05
    assert abs(found.lag_s) <= 0.011
    assert np.abs(kinematic_beats(motion) - beats[:, None]).min(axis=0).max() < 0.02


@pytest.mark.parametrize("lag", [-0.12, 0.08, 0.15])
def test_a_constant_lag_is_found(beats, lag):
    found = measure_synchrony(prepare(on_beat(beats, SECONDS, lag=lag)), beats)
    assert found.lag_s == pytest.approx(lag, abs=0.011)
    assert found.alignment.value < 0.4
    assert found.curve.max() > 0.9


def test_a_lag_of_a_whole_beat_is_none():
    """The dance ends a beat before the music: moved on by a beat it would fit a little better."""
    beats = beats_of(140, SECONDS)
    dance = on_beat(beats, SECONDS)
    moves = np.arange(len(dance)) < 30 * beats[-2]
    xy = np.where(moves[:, None, None], dance.keypoints, dance.keypoints[moves.sum()])
    found = measure_synchrony(prepare(replace(dance, keypoints=xy)), beats[1:])
    assert found.curve.argmax() == pytest.approx(50 - 43, abs=1)
    assert abs(found.lag_s) <= 0.011


def test_half_tempo_has_precision_but_half_the_recall(beats):
    found = measure_synchrony(prepare(on_beat(beats, SECONDS, per_beat=0.5)), beats)
    assert found.precision.value > 0.95
    assert found.recall.value == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("cutoff", [None, 6.0, 2.0])
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_noise_does_not_follow_the_music(beats, cutoff, fps):
    scores = np.array(
        [
            measure_synchrony(
                prepare(noise(SECONDS, fps, seed, cutoff)), beats, shifts=100
            ).alignment.corrected
            for seed in range(20)
        ]
    )
    error = scores.std() / math.sqrt(len(scores))
    assert abs(scores.mean()) < 3 * error + 0.005
    assert abs(scores.mean()) < 0.05


def test_random_phases_average_to_chance(beats):
    scores = [
        measure_synchrony(prepare(on_beat(beats, SECONDS, lag=by)), beats, shifts=100).alignment
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
    motion = prepare(still(SECONDS))
    found = measure_synchrony(motion, beats)
    assert len(kinematic_beats(motion)) == 0
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
    corrected, p = against_other_songs([[d] for d in dances], songs)
    assert corrected.min() > 0.75
    assert (p < 0.001).all(), "one pairing of 40,320 is right"
    turned, p = against_other_songs([[d] for d in dances[1:] + dances[:1]], songs)
    assert (p > 0.05).all()
    assert abs(turned[:, 0].mean()) < 0.15
    still_there, _ = against_other_songs([[d, d] for d in dances], songs)
    np.testing.assert_allclose(still_there, corrected)


def test_noise_goes_as_well_with_other_songs():
    songs = [beats_of(bpm, SECONDS) for bpm in range(80, 140, 8)]
    ps = np.array(
        [
            against_other_songs(
                [[prepare(noise(SECONDS, 30, 100 * r + i, 4.0))] for i in range(len(songs))], songs,
                rounds=400,
            )[1]
            for r in range(10)
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
