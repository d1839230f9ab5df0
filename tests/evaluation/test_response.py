"""Tempo, loudness, sections and repeats that dancers follow or not."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.response import (
    change_at_sections,
    energy_against_loudness,
    movement_rate,
    octaves_apart,
    repetition,
    tempo_slope,
)
from tests.helpers.dancers import beats_of, on_beat, step_touch, still

SECONDS = 24.0


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
    found = energy_against_loudness(prepare(loud), loudness(seconds), rng)
    assert found.value > 0.9
    assert found.p < 0.1
    even = energy_against_loudness(prepare(quiet), loudness(seconds), rng)
    assert abs(even.value) < 0.6
    silent = energy_against_loudness(prepare(still(seconds)), loudness(seconds), rng)
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
    borders, rng = np.array([0.0, 16, 32, 48]), np.random.default_rng(0)
    differs, same = prepare(replace(a, keypoints=xy)), prepare(a)
    noticed = change_at_sections(differs, borders, rng)
    assert noticed.value > 1
    assert noticed.p < 0.05
    repeats = repetition(differs, music, rng)
    assert repeats.value > 0.4
    assert repeats.p < 0.1
    assert abs(change_at_sections(same, borders, rng).value) < 0.5
    assert abs(repetition(same, music, rng).value) < 0.3
