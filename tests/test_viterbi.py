import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hotfoot.viterbi import viterbi


def value(path, score, penalty, band, start=None, free=()):
    """What a path is worth; minus infinity where it moves too far."""
    moves = np.abs(np.diff(path))
    costly = np.array([t + 1 not in free for t in range(len(moves))])
    if (moves[costly] > band).any():
        return -np.inf
    total = sum(score[b, t] for t, b in enumerate(path)) - penalty * float(
        (moves[costly] ** 2).sum()
    )
    return total if start is None else total - min(penalty * (path[0] - start) ** 2, 60)


def brute_force(score, *how):
    bins, frames = score.shape
    paths = itertools.product(range(bins), repeat=frames)
    return list(max(paths, key=lambda path: value(path, score, *how)))


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.05, 0.5]), st.integers(1, 4))
def test_it_finds_what_brute_force_finds(seed, penalty, band):
    score = np.random.default_rng(seed).normal(0, 1, (5, 5)).astype(np.float32)
    assert viterbi(score[None], penalty, band)[0].tolist() == brute_force(score, penalty, band)


@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.5]), st.integers(1, 3), st.integers(1, 4))
def test_where_motion_is_free_it_may_jump(seed, penalty, band, at):
    score = np.random.default_rng(seed).normal(0, 1, (5, 5)).astype(np.float32)
    free = np.arange(5) == at
    found = viterbi(score[None], penalty, band, free=free[None])[0].tolist()
    assert found == brute_force(score, penalty, band, None, {at})


@given(st.integers(0, 10_000), st.floats(0, 4))
def test_it_begins_near_a_known_bin(seed, start):
    score = np.random.default_rng(seed).normal(0, 1, (5, 4)).astype(np.float32)
    found = viterbi(score[None], 0.5, 4, start=np.array([start], np.float32))[0].tolist()
    assert found == brute_force(score, 0.5, 4, np.float32(start))


def test_a_start_outweighs_a_weak_peak():
    score = np.zeros((1, 100, 5), np.float32)
    score[0, 80, 0] = 3.0
    assert viterbi(score, 0.05, 10)[0, 0] == 80
    assert viterbi(score, 0.05, 10, start=np.array([20.0]))[0, 0] == 20
    assert viterbi(score, 0.05, 10, start=np.array([np.nan]))[0, 0] == 80


def test_channels_are_independent():
    score = np.random.default_rng(3).normal(0, 1, (3, 20, 30)).astype(np.float32)
    together = viterbi(score, 0.1, 5)
    alone = np.concatenate([viterbi(score[i : i + 1], 0.1, 5) for i in range(3)])
    np.testing.assert_array_equal(together, alone)
