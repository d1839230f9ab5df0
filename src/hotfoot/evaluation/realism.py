"""Is the movement as real dance is distributed; is it varied; is it copied; does it come again?

Windows of 5 s become kinetic features in body heights and seconds; a move is four beats of a dance,
as poses about the hips at 16 instants.
"""

from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import JOINTS, RATE, Motion, per_second, windows
from hotfoot.evaluation.response import movement_rate
from hotfoot.evaluation.statistics import NAN, Array, Interval, jackknife, known_mean

_WINDOW_S, _HOP_S = 5.0, 2.5
_COPY_RATE, _COPY_S = 15.0, 2.0
_BEATS, _INSTANTS = 4, 16  # of a move
_SAME = 0.5
_SLOWEST_BPM = 80.0
_MIRROR = np.arange(len(JOINTS)) ^ 1  # left and right take turns in JOINTS


def kinetic_features(motion: Motion) -> Array:
    """Features [W, 36] of windows of 5 s, one every 2.5 s; a shorter dance is one window.

    Per joint: root mean square of horizontal and of vertical velocity, mean size of acceleration;
    on a log scale, since energy is skewed. Joints that are not used get the mean of the others.
    """
    velocity = motion.velocity()
    acceleration = np.linalg.norm(per_second(velocity), axis=-1)
    size, hop = min(round(_WINDOW_S * RATE), len(velocity)), round(_HOP_S * RATE)
    rms = np.sqrt((windows(velocity, size, hop) ** 2).mean(axis=1)) + 0.01
    mean = windows(acceleration, size, hop).mean(axis=1) + 0.1
    used = np.log(np.stack([rms[..., 0], rms[..., 1], mean], axis=1))
    out = np.repeat(used.mean(axis=2, keepdims=True), len(JOINTS), axis=2)
    out[:, :, motion.used] = used
    return out.reshape(len(out), -1)


def measure_realism(groups: list[Array], reference: list[Array]) -> dict[str, Interval]:
    """All three distances of feature sets, one array [W, F] per song (or dance).

    Intervals leave one group out at a time: drawing groups with replacement would double windows,
    which draws a set nearer to itself and away from all others. Both sides need two windows.
    """
    every = np.concatenate(reference)
    groups, reference = _standardized(groups, every), _standardized(reference, every)
    real = np.concatenate(reference)
    measures = {
        "frechet": lambda chosen: frechet(np.concatenate(chosen), real),
        "frechet_unbiased": lambda chosen: frechet_extrapolated(np.concatenate(chosen), real),
        "kernel": lambda chosen: kernel_distance(chosen, reference),
    }
    return {name: jackknife(measure, groups) for name, measure in measures.items()}


def _standardized(sets: list[Array], real: Array) -> list[Array]:
    """Features by the mean and standard deviation of the real ones [N, F]."""
    mean, std = real.mean(axis=0), np.maximum(real.std(axis=0), 1e-6)
    return [(x - mean) / std for x in sets]


def frechet_over_real(
    songs: list[list[Array]], real: list[Array], rounds: int = 60
) -> Interval | None:
    """Fréchet distance to real dances over that among real dances, from equally many windows.

    The distance falls with the number of windows (its bias goes with 1 / N), so many generated
    windows against all real ones would look nearer than half of the real ones to the other half. In
    each round real dances are halved; against one half stand the windows of the other and as many
    of generated dances, taken whole in random order. Both are features [W, F] of dances. The
    interval leaves out songs; None for under four real dances or too few windows.
    """
    every = np.concatenate(real)
    dances = [(i, x) for i, song in enumerate(songs) for x in _standardized(song, every)]
    half = sum(len(x) for _, x in dances) // 2
    if len(real) < 4 or half < 2:
        return None
    real = _standardized(real, every)
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(rounds):
        halves = np.array_split(rng.permutation(len(real)), 2)
        a, b = (np.concatenate([real[i] for i in chosen]) for chosen in halves)
        drawn.append((a[:half], b, rng.permutation(len(dances))))
    among = float(np.mean([frechet(a, b) for a, b, _ in drawn]))

    def ratio(kept: list[int]) -> float:
        found = []
        for a, b, order in drawn:  # the same with and without a song
            chosen = [dances[i][1] for i in order if dances[i][0] in kept]
            found.append(frechet(np.concatenate(chosen)[: len(a)], b))
        return float(np.mean(found)) / among

    return jackknife(ratio, list(range(len(songs))))


def frechet(a: Array, b: Array) -> float:
    """Fréchet distance between Gaussians fitted to a [N, F] and b [M, F] (Heusel et al., 2017)."""
    difference = a.mean(axis=0) - b.mean(axis=0)
    ca, cb = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    # Through the symmetric product the root stays real and stable for singular covariances.
    values, vectors = np.linalg.eigh(ca)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = np.linalg.eigvalsh(root @ cb @ root)
    cross = np.sqrt(np.maximum(middle, 0)).sum()
    return float(difference @ difference + np.trace(ca) + np.trace(cb) - 2 * cross)


def frechet_extrapolated(a: Array, b: Array, seed: int = 0) -> float:
    """Fréchet distance for endless samples: the intercept of its line over 1 / N.

    Chong and Forsyth, "Effectively unbiased FID", 2020. Both sets are thinned together. With fewer
    windows than three times the features it must be distrusted, too, if less; NaN for under 16.
    """
    least, rng, found = min(len(a), len(b)), np.random.default_rng(seed), []
    if least < 16:
        return NAN
    sizes = np.linspace(max(8, least // 3), least, 8).astype(int)
    for size in sizes:
        found.append(frechet(*(s[rng.permutation(len(s))[:size]] for s in (a, b))))
    return float(np.polyfit(1 / sizes, found, 1)[1])


def kernel_distance(a: Sequence[Array], b: Sequence[Array]) -> float:
    """Squared MMD of groups [W, F], unbiased, kernel ``(x.y / F + 1)^3`` (Binkowski et al., 2018).

    Pairs from within one group are left out: windows of one dance are alike in any distribution.
    """

    def kernel(x: Array, y: Array) -> Array:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(groups: Sequence[Array]) -> float:
        x, group = np.concatenate(groups), np.repeat(np.arange(len(groups)), [*map(len, groups)])
        return known_mean(kernel(x, x)[group[:, None] != group])

    return within(a) + within(b) - 2 * float(kernel(np.concatenate(a), np.concatenate(b)).mean())


def diversity(sets: list[Array], scale: Array) -> float:
    """Mean distance between mean features of two or more dances [W, F], over ``scale`` [F]."""
    means = np.array([s.mean(axis=0) for s in sets]) / np.maximum(scale, 1e-6)
    return float(pdist(means).mean())


def pose_windows(motion: Motion, hop_s: float = 0.5) -> NDArray[np.float32]:
    """Windows [W, F] of 2 s of poses about the hips at 15 Hz, for finding copies."""
    poses = np.where(motion.used[:, None], motion.about_hips, 0)[:: round(RATE / _COPY_RATE)]
    size, hop = round(_COPY_S * _COPY_RATE), max(1, round(hop_s * _COPY_RATE))
    return windows(poses, size, hop).reshape(-1, size * 2 * len(JOINTS)).astype(np.float32)


def nearest_windows(found: NDArray[np.float32], bank: NDArray[np.float32]) -> Array:
    """Distance [W] of windows to the nearest of a bank (not empty): RMS over joints, in heights."""
    if len(bank) == 0:
        raise EvaluationError(
            "there is nothing to compare with", "Both need poses of at least 2 s."
        )
    best = np.full(len(found), np.inf)
    own = (found.astype(np.float64) ** 2).sum(axis=1)
    for start in range(0, len(bank), 4096):
        part = bank[start : start + 4096]
        square = own[:, None] - 2.0 * (found @ part.T) + (part.astype(np.float64) ** 2).sum(1)
        best = np.minimum(best, square.min(axis=1))
    return np.asarray(np.sqrt(np.maximum(best, 0) / (found.shape[1] / 2)))


def pose_distance(variations: list[Motion]) -> float:
    """Average pose distance (APD) between variations: of joints about the hips, in heights."""
    count = min(len(m.joints) for m in variations)
    used = np.logical_and.reduce([m.used for m in variations])
    if not used.any():
        raise EvaluationError("the dances share no joint that is seen", f"Of: {', '.join(JOINTS)}.")
    relative = [m.about_hips[:count, used] for m in variations]
    apart = [np.linalg.norm(a - b, axis=-1).mean() for a, b in combinations(relative, 2)]
    return float(np.mean(apart))


def own_beats(motion: Motion) -> Array:
    """Beats of the dominant rate of a motion, 80 to 160 per minute: for motion without music."""
    rate = movement_rate(motion)
    if not np.isfinite(rate):
        return np.zeros(0)
    rate = _SLOWEST_BPM * 2 ** (np.log2(rate / _SLOWEST_BPM) % 1.0)
    return np.arange(0.0, motion.duration_s, 60.0 / rate)


def moves(motion: Motion, beats: Array) -> NDArray[np.float32]:
    """Moves [M, 16, 12, 2] that begin on each beat, in body heights about the hips."""
    relative = np.where(motion.used[:, None], motion.about_hips, 0)
    last = (len(relative) - 1) / RATE
    inside = beats[(beats >= 0) & (beats <= last)]
    count = max(0, len(inside) - _BEATS)
    phases = np.arange(count)[:, None] + _BEATS * np.arange(_INSTANTS) / _INSTANTS
    frames = np.interp(phases, np.arange(len(inside)), inside) * RATE if count else phases
    return relative[np.round(frames).astype(int)].astype(np.float32)


def repeats_within(found: NDArray[np.float32]) -> float:
    """Share of a dance's moves that are danced again in it, without overlap; NaN for under nine."""
    if len(found) <= 2 * _BEATS:
        return NAN
    i = np.arange(len(found))
    apart = np.abs(i[:, None] - i) >= _BEATS
    return float((_same(found, found) & apart).any(axis=1).mean())


def repeats_across(dances: list[NDArray[np.float32]]) -> float:
    """Share of a dance's moves that are in another, too: mean over pairs of dances; else NaN."""
    pairs = permutations([d for d in dances if len(d)], 2)
    return known_mean([_same(a, b).any(axis=1).mean() for a, b in pairs])


def _same(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which moves of [M, ...] are which of [N, ...], as they are or mirrored: [M, N].

    Their poses differ by less than half of what unrelated ones of their size would (their
    correlation is above 0.75).
    """
    mirrored = b[:, :, _MIRROR] * np.array([-1, 1], np.float32)
    rows, *others = (x.reshape(len(x), -1) for x in (a, b, mirrored))
    distance = np.minimum.reduce([cdist(rows, x) for x in others]) / np.sqrt(rows.shape[1])
    # Mean square of each move about its mean pose.
    power, other = (x.var(axis=1).mean(axis=(1, 2)) for x in (a, b))
    size = np.sqrt((power[:, None] + other) / 2)
    return np.asarray((distance < _SAME * np.sqrt(2) * size) & (size > 1e-4))
