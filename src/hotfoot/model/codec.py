"""The one-hot pose image: coordinate bins x time, two channels (x, y) per keypoint.

In: normalized coordinates and confidence. Out: an image [C, W, T] whose channel ``2k`` holds x and
``2k + 1`` holds y of keypoint ``k``, each a curve running left to right (paper, figure 2). Images
are canonical: a light line on 0, whose peak is the confidence; a keypoint that is not seen is an
empty column. :func:`pack_rgb` turns them into the pictures that a published image VAE expects.
"""

from typing import Annotated, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hotfoot.validation import validated
from hotfoot.viterbi import viterbi

Decoding = Literal["argmax", "soft-argmax", "lattice"]
F = TypeVar("F", bound=np.generic)
_WINDOW = np.arange(-4, 5)  # bins around the decoded one
_GAUSS_REACH = 4.0  # a Gaussian line is drawn to 4 sigma


@validated
class CodecConfig:
    """How poses become images and back."""

    bins: Annotated[int, Field(ge=8, le=4096)] = 512  # height of the image (paper: 512)
    # Standard deviation in bins. 0 is the paper's hard line; others keep places between bins.
    profile_sigma: Annotated[float, Field(ge=0, le=32)] = 1.0
    # Light lines on dark or the reverse, and values of empty and full; in packed RGB images only.
    polarity: Literal["light", "dark"] = "light"
    value_range: tuple[float, float] = (0.0, 1.0)
    decoding: Decoding = "lattice"
    # Of lattices: the cost in nats of (bins moved in a frame) squared, and the most bins.
    motion_penalty: Annotated[float, Field(ge=0, le=1e3)] = 0.01
    motion_band: Annotated[int, Field(ge=1, le=4096)] = 40
    # Confidence from which a decoded keypoint counts as seen.
    visible_above: Annotated[float, Field(gt=0, lt=1)] = 0.3
    # The light near the decoded position, or in the whole column. A generated column may be torn
    # between places and yet be sure that the joint is seen; a VAE of natural images leaves noise
    # in empty columns and needs the window.
    confidence_from: Literal["window", "column"] = "column"

    def __post_init__(self) -> None:
        if not self.value_range[0] < self.value_range[1]:
            raise ValueError(f"value_range {self.value_range}: the first must be the smaller one")


def to_lines(
    xy: NDArray[np.floating], confidence: NDArray[np.floating], bins: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Positions in bins (0 where not seen) and hot values, [..., 2K, T] both.

    Of normalized coordinates [..., T, K, 2] and confidence [..., T, K]. Keypoints outside the
    canvas (coordinate < 0 or > 1) cannot be drawn and count as not seen.
    """
    xy = np.asarray(xy, np.float32)
    inside = np.isfinite(xy).all(-1) & (xy >= 0).all(-1) & (xy <= 1).all(-1)
    value = np.where(inside, confidence, 0).astype(np.float32)
    center = np.where((value > 0)[..., None], xy * np.float32(bins), 0)
    center = np.minimum(center, np.float32(bins - 1))
    lead, (frames, points) = xy.shape[:-3], xy.shape[-3:-1]
    center = np.moveaxis(center, -3, -1).reshape(*lead, 2 * points, frames)
    value = np.repeat(np.moveaxis(value, -2, -1), 2, axis=-2)
    return np.ascontiguousarray(center), np.ascontiguousarray(value)


def draw_lines(
    center: NDArray[np.float32], value: NDArray[np.float32], config: CodecConfig
) -> NDArray[np.float32]:
    """Images [..., W, T] of lines with ``center`` [..., T] in bins and ``value`` [..., T]."""
    rows = np.arange(config.bins, dtype=np.float32)[:, None]
    if config.profile_sigma == 0:
        nearest = np.floor(center + 0.5)[..., None, :]
        return (rows == nearest) * value[..., None, :]
    distance = (rows - center[..., None, :]) / config.profile_sigma
    image = np.exp(-0.5 * distance * distance)
    image[np.abs(distance) > _GAUSS_REACH] = 0
    return image * value[..., None, :]


def decode(
    image: NDArray[np.floating],
    config: CodecConfig,
    start: NDArray[np.float32] | None = None,
    method: Decoding | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Canonical image [2K, W, T] to normalized coordinates [T, K, 2] and confidence [T, K].

    ``method`` overrides ``config.decoding``. A lattice reaches the first frame from bins ``start``
    [2K] (NaN where unknown).
    """
    image = np.maximum(np.asarray(image, np.float32), 0)
    method = method or config.decoding
    if method == "lattice":
        center, value = _refine(image, _lattice_path(image, config, start), config)
    elif method == "soft-argmax":
        center, value = _refine(image, image.argmax(axis=1), config)
    else:
        center, value = image.argmax(axis=1).astype(np.float32), image.max(axis=1)
    pairs = (-1, 2, center.shape[1])
    xy = center.reshape(pairs).transpose(2, 0, 1) / np.float32(config.bins)
    confidence = np.clip(value.reshape(pairs).min(axis=1).T, 0, 1)
    return np.ascontiguousarray(xy, np.float32), np.ascontiguousarray(confidence, np.float32)


def _by_column(config: CodecConfig) -> bool:
    return config.confidence_from == "column" and config.profile_sigma >= 0.6


def _line_mass(config: CodecConfig) -> np.float32:
    """Sum over bins of a Gaussian line of peak 1."""
    return np.float32(config.profile_sigma * np.sqrt(2 * np.pi))


def _lattice_path(
    image: NDArray[np.float32], config: CodecConfig, start: NDArray[np.float32] | None
) -> NDArray[np.intp]:
    """The likeliest path [C, T]: the lightest bins near it, as it may cut corners by a few."""
    light = image.max(axis=1)
    if _by_column(config):
        light = image.sum(axis=1) / _line_mass(config)
    faint = light < 0.5 * config.visible_above
    # A joint that was out of sight may come back anywhere.
    free = faint.copy()
    free[:, 1:] |= faint[:, :-1]
    likelihood = np.log(image + np.float32(1e-3))  # empty columns say nothing
    path = viterbi(likelihood, config.motion_penalty, config.motion_band, start=start, free=free)
    at = np.clip(path[:, None, :] + _WINDOW[:, None], 0, config.bins - 1)
    best = np.take_along_axis(image, at, axis=1).argmax(axis=1)
    return _picked(at, best)


def _picked(image: NDArray[F], rows: NDArray[np.intp]) -> NDArray[F]:
    """Values [C, T] of an image [C, W, T] at ``rows`` [C, T]."""
    return np.take_along_axis(image, rows[:, None, :], axis=1)[:, 0]


def _refine(
    image: NDArray[np.float32], path: NDArray[np.intp], config: CodecConfig
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Center (in bins) and hot value near ``path`` [C, T], by moments in a window of +-4 bins.

    At the border, where the window would be cut off and the mean biased, the center of a Gaussian
    line follows from two neighboring values: log(v0 / v1) is linear in it.
    """
    bins, sigma = config.bins, config.profile_sigma
    at = path[:, None, :] + _WINDOW[:, None]
    inside = (at >= 0) & (at < bins)
    window = np.take_along_axis(image, np.clip(at, 0, bins - 1), axis=1) * inside
    mass = window.sum(axis=1)
    mean = (window * at).sum(axis=1) / np.maximum(mass, 1e-12)
    center = np.where(mass > 1e-12, mean, path)
    if sigma == 0:
        return center.astype(np.float32), mass
    inward = np.where(path < bins // 2, 1, -1)
    peak, beside = _picked(image, path), _picked(image, path + inward)
    ratio = np.log(np.maximum(peak, 1e-9) / np.maximum(beside, 1e-9))
    edge = path + inward * np.clip(0.5 - sigma * sigma * ratio, -0.5, 0.5)
    cut = ~inside.all(axis=1) & (peak > 1e-9)
    center = np.where(cut, edge, center)
    # Mass of a Gaussian line is its value times sigma * sqrt(2 pi); near the border use the peak.
    value = mass / _line_mass(config)
    at_peak = np.exp(-0.5 * ((path - center) / sigma) ** 2)
    narrow = cut | (sigma < 0.6) | (sigma * _GAUSS_REACH > 2 * _WINDOW[-1])
    value = np.where(narrow, peak / np.maximum(at_peak, 1e-3), value)
    if _by_column(config):
        value = np.maximum(value, image.sum(axis=1) / _line_mass(config))
    return np.clip(center, 0, bins - 1).astype(np.float32), np.asarray(value, np.float32)


def pack_rgb(image: NDArray[np.float32], config: CodecConfig) -> NDArray[np.float32]:
    """RGB images [ceil(C / 3), 3, W, T] of channels [C, W, T], missing ones empty."""
    low, high = config.value_range
    padded = np.pad(image, ((0, -len(image) % 3), (0, 0), (0, 0)))
    if config.polarity == "dark":
        padded = 1 - padded
    scaled = np.asarray(low + padded * (high - low), np.float32)
    return scaled.reshape(-1, 3, *image.shape[1:])


def unpack_rgb(
    pictures: NDArray[np.float32], channels: int, config: CodecConfig
) -> NDArray[np.float32]:
    """The inverse of :func:`pack_rgb`; values are clipped to the canonical 0..1."""
    low, high = config.value_range
    image = (pictures.reshape(-1, *pictures.shape[2:])[:channels] - low) / (high - low)
    if config.polarity == "dark":
        image = 1 - image
    return np.clip(image, 0, 1).astype(np.float32)
