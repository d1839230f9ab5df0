"""The best path through states x time: Viterbi on a chain with a quadratic cost of motion.

Decodes one-hot images along time (a column of a generated image may hold several modes; the right
one is where the joint can have come from), and tempo from a tempogram.
"""

import numpy as np
from numpy.typing import NDArray


def viterbi(
    log_likelihood: NDArray[np.float32],
    penalty: float,
    band: int,
    start: NDArray[np.float32] | None = None,
    free: NDArray[np.bool_] | None = None,
) -> NDArray[np.intp]:
    """The path [C, T] of bins that maximizes log-likelihood - penalty * (bins moved per frame)^2.

    Only score rows are kept on the way forward; on the way back the predecessor is found again,
    which is cheap because the path is known (memory: one float per bin and frame).

    Args:
        log_likelihood: [C, W, T]; channels are independent.
        penalty: nats per squared bin per frame; 0 within the band gives free motion.
        band: largest motion per frame in bins.
        start: [C] bins just before the first frame, NaN where unknown.
        free: [C, T]; where True, motion into that frame costs nothing and has no limit.
    """
    channels, bins, frames = log_likelihood.shape
    band = min(band, bins - 1)
    data = np.ascontiguousarray(log_likelihood.transpose(2, 0, 1), np.float32)
    score = np.empty_like(data)
    score[0] = data[0]
    if start is not None:
        moved = np.arange(bins, dtype=np.float32) - start[:, None]
        score[0] += np.nan_to_num(np.maximum(-np.float32(penalty) * moved * moved, -60))
    costs = [np.float32(penalty * k * k) for k in range(band + 1)]
    shifted = np.empty((channels, bins), np.float32)
    for t in range(1, frames):
        before, best = score[t - 1], score[t]
        np.copyto(best, before)
        for k in range(1, band + 1):
            np.subtract(before, costs[k], out=shifted)
            np.maximum(best[:, k:], shifted[:, :-k], out=best[:, k:])
            np.maximum(best[:, :-k], shifted[:, k:], out=best[:, :-k])
        if free is not None:
            best[free[:, t]] = before[free[:, t]].max(axis=1, keepdims=True)
        best += data[t]
    path = np.empty((channels, frames), np.intp)
    path[:, -1] = score[-1].argmax(axis=1)
    offsets = np.arange(-band, band + 1)
    cost = (penalty * offsets.astype(np.float32) ** 2).astype(np.float32)
    for t in range(frames - 2, -1, -1):
        at = path[:, t + 1, None] + offsets
        reach = np.take_along_axis(score[t], np.clip(at, 0, bins - 1), axis=1) - cost
        reach[(at < 0) | (at >= bins)] = -np.inf
        path[:, t] = path[:, t + 1] + offsets[reach.argmax(axis=1)]
        if free is not None:
            loose = free[:, t + 1]
            path[loose, t] = score[t][loose].argmax(axis=1)
    return path
