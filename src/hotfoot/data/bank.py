"""Clips to make montages of: their own beats, how lively they are, how often each is tried."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.data.mocap import MotionClip
from hotfoot.data.pairing import KinematicBeats, joint_speed, kinematic_beats
from hotfoot.errors import InputError


@dataclass(frozen=True, eq=False)
class BankedClip:
    """A clip with its own beats; ``energy`` is its rank among the bank by speed, 0..1."""

    clip: MotionClip
    beats: KinematicBeats
    energy: float


@dataclass(frozen=True, eq=False)
class Bank:
    """Clips to choose from, and how often each is tried."""

    clips: tuple[BankedClip, ...]
    weight: NDArray[np.float64]


def make_bank(clips: list[MotionClip]) -> Bank:
    """Clips of 6 s or more (else InputError): dances by length, karate and floor work seldom."""
    chosen = [c for c in clips if len(c.joints) / c.fps >= 6]
    if not chosen:
        raise InputError("no clip lasts 6 seconds", "Give longer motion clips.")
    speeds = np.array([joint_speed(c.joints, c.fps).mean() for c in chosen])
    weight = np.array([_weight(c) for c in chosen])
    order = np.argsort(speeds)
    # The rank counts seconds of dance, not clips.
    rank = np.empty(len(chosen))
    rank[order] = (np.cumsum(weight[order]) - weight[order] / 2) / weight.sum()
    banked = tuple(
        BankedClip(c, kinematic_beats(c), float(e)) for c, e in zip(chosen, rank, strict=True)
    )
    return Bank(banked, weight / weight.sum())


def _weight(clip: MotionClip) -> float:
    seconds = min(len(clip.joints) / clip.fps, 60.0)  # a longer clip counts as no more
    return seconds * (1.0 if clip.is_dance else 0.1) * (1.0 if clip.upright > 0.9 else 0.15)
