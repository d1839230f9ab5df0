"""Does the movement come from the same distribution as real dance; is it varied; is it copied?

Windows of 5 s become kinetic features in body heights and seconds, with an acceleration that is
one. Fréchet distance is biased for few windows (40 from one distribution are 8 to 48 apart in 72
dimensions), so it is printed beside its extrapolation to endless samples and a kernel distance that
has no bias, each with a jackknife interval.
"""

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.motion import JOINTS, RATE, Motion
from hotfoot.evaluation.statistics import NAN, Array, Interval

WINDOW_S, HOP_S = 5.0, 2.5
_COPY_RATE, _COPY_S = 15.0, 2.0


def kinetic_features(motion: Motion) -> Array:
    """Features [W, 36] of windows of 5 s, one every 2.5 s; a shorter dance is one window.

    Per joint: root mean square of horizontal and of vertical velocity, mean size of acceleration;
    on a log scale, since movement energy is skewed. Joints that are not used get the mean of the
    others, so that sets stay comparable.
    """
    velocity = np.zeros((len(motion.joints), len(JOINTS), 2))
    velocity[:, motion.used] = motion.velocity()
    acceleration = np.linalg.norm(np.gradient(velocity, 1 / RATE, axis=0), axis=-1)
    size, hop = round(WINDOW_S * RATE), round(HOP_S * RATE)
    starts = range(0, max(1, len(velocity) - size + 1), hop)
    rows = []
    for s in starts:
        v, a = velocity[s : s + size], acceleration[s : s + size]
        rms = np.sqrt((v * v).mean(axis=0))
        row = np.log(np.stack([rms[:, 0] + 0.01, rms[:, 1] + 0.01, a.mean(axis=0) + 0.1]))
        row[:, ~motion.used] = row[:, motion.used].mean(axis=1, keepdims=True)
        rows.append(row.ravel())
    return np.array(rows)


def measure_realism(
    groups: list[Array], reference: list[Array], seed: int = 0
) -> dict[str, Interval]:
    """Distances of feature sets, one array [W, F] per song (or dance).

    ``frechet`` has its bias for so few windows, ``frechet_unbiased`` is extrapolated to endless
    samples, ``kernel`` is the squared maximum mean discrepancy with a polynomial kernel (unbiased,
    may be below zero). Intervals are from the jackknife, leaving one group out at a time: drawing
    groups with replacement would double windows, which draws a set nearer to itself and away from
    all others.

    Raises:
        EvaluationError: fewer than two windows on either side.
    """
    a, b = np.concatenate(groups), np.concatenate(reference)
    if len(a) < 2 or len(b) < 2:
        raise EvaluationError(
            f"{len(a)} windows against {len(b)} have no distribution to compare",
            "Give longer or more dances.",
        )
    mean, std = b.mean(axis=0), np.maximum(b.std(axis=0), 1e-6)
    groups, reference = [(x - mean) / std for x in groups], [(x - mean) / std for x in reference]
    fixed = np.concatenate(reference)

    def all_three(chosen: list[Array]) -> tuple[float, float, float]:
        x = np.concatenate(chosen)
        rng = np.random.default_rng(seed)
        return (
            frechet(x, fixed),
            frechet_extrapolated(x, fixed, rng),
            kernel_distance(x, fixed, _labels(chosen), _labels(reference)),
        )

    few = len(groups) < 3
    left_out = [] if few else [all_three(groups[:i] + groups[i + 1 :]) for i in range(len(groups))]
    return {
        key: Interval.jackknife(value, [row[k] for row in left_out])
        for k, (key, value) in enumerate(
            zip(("frechet", "frechet_unbiased", "kernel"), all_three(groups), strict=True)
        )
    }


def frechet_over_real(
    songs: list[list[Array]], real: list[Array], seed: int = 0, rounds: int = 60
) -> Interval | None:
    """Fréchet distance to real dances over that among real dances, from equally many windows.

    The distance falls with the number of windows (its bias goes with 1 / N), so many generated
    windows against all real ones would look nearer than half of the real ones to the other half. In
    each round real dances are halved; against one half stand the windows of the other and as many
    of generated dances, taken whole in random order.

    Args:
        songs: features [W, F] of every dance of every song.
        real: features [W, F] of real dances.
        seed: of the rounds.
        rounds: how many.

    Returns:
        The ratio with its interval by the jackknife over songs; None for under four real dances or
        too few windows.
    """
    songs = [kept for song in songs if (kept := [x for x in song if len(x)])]
    dances = [(i, x) for i, song in enumerate(songs) for x in song]
    every = np.concatenate(real)
    mean, std = every.mean(axis=0), np.maximum(every.std(axis=0), 1e-6)
    real = [(x - mean) / std for x in real]
    dances = [(i, (x - mean) / std) for i, x in dances]
    rng = np.random.default_rng(seed)
    halves, orders = [], []
    for _ in range(rounds):
        cut = np.array_split(rng.permutation(len(real)), 2)
        halves.append([np.concatenate([real[i] for i in half]) for half in cut if len(half)])
        orders.append(rng.permutation(len(dances)))  # the same with and without a song
    total = sum(len(x) for _, x in dances)
    sizes = [min(total // 2, len(h[0])) for h in halves]
    if len(real) < 4 or min(sizes, default=0) < 2:
        return None
    among = float(np.mean([frechet(a[:n], b) for (a, b), n in zip(halves, sizes, strict=True)]))

    def ratio(left_out: int) -> float:
        found = []
        for (_, half), order, size in zip(halves, orders, sizes, strict=True):
            chosen = [dances[i][1] for i in order if dances[i][0] != left_out]
            found.append(frechet(np.concatenate(chosen)[:size], half))
        return float(np.mean(found)) / among

    value = ratio(-1)
    left_out = [ratio(i) for i in range(len(songs))] if len(songs) > 2 else []
    return Interval.jackknife(value, left_out)


def _labels(groups: list[Array]) -> NDArray[np.intp]:
    return np.repeat(np.arange(len(groups)), [len(g) for g in groups])


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


def frechet_extrapolated(a: Array, b: Array, rng: np.random.Generator, points: int = 8) -> float:
    """Fréchet distance for endless samples: the intercept of its line over 1 / N.

    Chong and Forsyth, "Effectively unbiased FID", 2020. Both sets are thinned together. With fewer
    windows than three times the features it is the plain distance that must be distrusted, and so
    must this one, less.
    """
    least = min(len(a), len(b))
    if least < 16:
        return NAN
    sizes = np.linspace(max(8, least // 3), least, points).astype(int)
    found = []
    for size in sizes:
        x, y = (s[rng.permutation(len(s))[:size]] for s in (a, b))
        found.append(frechet(x, y))
    return float(np.polyfit(1 / sizes, found, 1)[1])


def kernel_distance(
    a: Array, b: Array, of_a: NDArray[np.intp] | None = None, of_b: NDArray[np.intp] | None = None
) -> float:
    """Squared MMD, unbiased, kernel ``(x.y / F + 1)^3`` (Binkowski et al., 2018).

    ``of_a`` [N] and ``of_b`` [M] tell which windows belong together; pairs from within one dance
    are left out, since they are alike whatever the distribution is.
    """
    f = a.shape[1]

    def kernel(x: Array, y: Array) -> Array:
        return (x @ y.T / f + 1) ** 3

    def within(x: Array, labels: NDArray[np.intp] | None) -> float:
        labels = np.arange(len(x)) if labels is None else labels
        apart = labels[:, None] != labels[None]
        return float(kernel(x, x)[apart].mean()) if apart.any() else NAN

    return within(a, of_a) + within(b, of_b) - 2 * float(kernel(a, b).mean())


def diversity(sets: list[Array], scale: Array | None = None) -> float:
    """Mean distance between the mean features of different dances.

    Args:
        sets: one [W, F] per dance.
        scale: standard deviation [F] to divide by; by default that of all windows.

    Raises:
        EvaluationError: fewer than two dances.
    """
    if len(sets) < 2:
        raise EvaluationError("one dance has no diversity", "Give at least two.")
    scale = np.concatenate(sets).std(axis=0) if scale is None else scale
    means = np.array([s.mean(axis=0) for s in sets]) / np.maximum(scale, 1e-6)
    i, j = np.triu_indices(len(means), 1)
    return float(np.linalg.norm(means[i] - means[j], axis=1).mean())


def pose_windows(motion: Motion, hop_s: float = 0.5) -> NDArray[np.float32]:
    """Windows [W, F] of 2 s of poses about the hips at 15 Hz, for finding copies."""
    step = round(RATE / _COPY_RATE)
    poses = (motion.joints - motion.root[:, None])[::step]
    poses[:, ~motion.used] = 0
    size, hop = round(_COPY_S * _COPY_RATE), max(1, round(hop_s * _COPY_RATE))
    starts = range(0, max(0, len(poses) - size + 1), hop)
    rows = [poses[s : s + size].ravel() for s in starts]
    return np.array(rows, np.float32).reshape(len(rows), size * poses.shape[1] * 2)


def nearest_windows(windows: NDArray[np.float32], bank: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distance [W] of each window to the nearest of a bank: RMS over joints, body heights.

    Raises:
        EvaluationError: an empty bank or windows of another size.
    """
    if len(bank) == 0 or len(windows) == 0 or bank.shape[1] != windows.shape[1]:
        raise EvaluationError(
            "there is nothing to compare with", "Both need poses of at least 2 s."
        )
    best = np.full(len(windows), np.inf)
    own = (windows.astype(np.float64) ** 2).sum(axis=1)
    for start in range(0, len(bank), 4096):
        part = bank[start : start + 4096]
        square = own[:, None] - 2.0 * (windows @ part.T) + (part.astype(np.float64) ** 2).sum(1)
        best = np.minimum(best, square.min(axis=1))
    points = windows.shape[1] / 2
    return np.asarray(np.sqrt(np.maximum(best, 0) / points))


def pose_distance(variations: list[Motion]) -> float:
    """Average pose distance (APD) between variations: mean joint distance in body heights.

    Joints are taken relative to the middle of the hips, at equal times, over all pairs.

    Raises:
        EvaluationError: fewer than two variations.
    """
    if len(variations) < 2:
        raise EvaluationError("one dance has no distance to itself", "Give at least two.")
    count = min(len(m.joints) for m in variations)
    used = np.logical_and.reduce([m.used for m in variations])
    if not used.any():
        raise EvaluationError("the dances share no joint that is seen", f"Of: {', '.join(JOINTS)}.")
    relative = [(m.joints - m.root[:, None])[:count, used] for m in variations]
    pairs = [
        np.linalg.norm(a - b, axis=-1).mean()
        for i, a in enumerate(relative)
        for b in relative[i + 1 :]
    ]
    return float(np.mean(pairs))
