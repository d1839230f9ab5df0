"""All metrics of one dance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.body import measure_body, measure_seams
from hotfoot.evaluation.motion import Motion, prepare
from hotfoot.evaluation.published import BEAT_ALIGNMENT, published_alignment
from hotfoot.evaluation.realism import kinetic_features, pose_windows
from hotfoot.evaluation.response import measure_response
from hotfoot.evaluation.statistics import NAN, ChanceCorrected
from hotfoot.evaluation.synchrony import SYNCHRONY, beats_within, measure_synchrony, shifted
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.features import FEATURE_RATE
from hotfoot.pose.sequence import PoseSequence

_LEAST_BEATS = 4
_LEAST_SHIFTS = 5  # places for seams, to know chance by
_PUBLISHED_SHIFTS = 60
LIMB_LIMIT, SEAM_LIMIT = 0.08, 1.1
"""What a dance's worst limb and its seams should stay within; the share that does is reported."""


@dataclass(frozen=True, eq=False)
class SongFacts:
    """What the metrics need of a song, from the dance's first frame on.

    Attributes:
        name: of the song.
        duration_s: seconds.
        beats: seconds.
        tempo_bpm: 0 without a beat.
        sections: seconds at which sections begin.
        loudness_db: [L] at FEATURE_RATE.
        features: [L, F] at FEATURE_RATE: timbre and harmony, to compare parts of the song by.
    """

    name: str
    duration_s: float
    beats: NDArray[np.float64]
    tempo_bpm: float
    sections: NDArray[np.float64]
    loudness_db: NDArray[np.float32]
    features: NDArray[np.float32]


def song_facts(name: str, analysis: SongAnalysis) -> SongFacts:
    """What the metrics need of an analyzed song."""
    features, rhythm = analysis.features, analysis.rhythm
    mel = np.maximum(features.mel.astype(np.float32), -60)
    return SongFacts(
        name=name,
        duration_s=features.duration_s,
        beats=rhythm.beats,
        tempo_bpm=rhythm.tempo_bpm,
        sections=rhythm.sections,
        loudness_db=features.loudness_db,
        features=np.concatenate([mel / 15, 4 * features.chroma.astype(np.float32)], axis=1),
    )


@dataclass(frozen=True, eq=False)
class DanceInfo:
    """What is known of a dance beside its poses.

    Attributes:
        name: of the dance.
        seed: tells dances to one song apart.
        tempo: factor at which a copy of the song was played.
        seams: frames at which segments join.
        start_s: second of the song at which it begins.
        reference: the person.
        published: whether to compute other projects' definitions too.
    """

    name: str = "dance"
    seed: int = 0
    tempo: float = 1.0
    seams: tuple[int, ...] = ()
    start_s: float = 0.0
    reference: PoseSequence | None = None
    published: bool = False


@dataclass(frozen=True, eq=False)
class DanceMeasures:
    """One dance, measured.

    Attributes:
        info: what is known of it beside its poses.
        song: what it was measured against.
        values: metric to number; NaN where it is not known.
        chance: metrics that have a chance level.
        lag_curve: alignment [L] if the dance were moved, -0.5 to 0.5 s; empty without beats.
        motion: what set metrics need of the dance, like the next three.
        features: kinetic windows [W, F].
        windows: pose windows [W, F].
        motion_rate_bpm: dominant movement rate.
    """

    info: DanceInfo
    song: SongFacts
    values: dict[str, float]
    chance: dict[str, ChanceCorrected]
    lag_curve: NDArray[np.float64]
    motion: Motion
    features: NDArray[np.float64]
    windows: NDArray[np.float32]
    motion_rate_bpm: float


def measure_dance(
    poses: PoseSequence, song: SongFacts, info: DanceInfo | None = None
) -> DanceMeasures:
    """Every metric of one dance to one song.

    Raises:
        EvaluationError: poses that cannot be measured, or a song that ends before the dance.
    """
    info = info or DanceInfo()
    if song.duration_s < poses.duration_s - max(0.5, 2 / poses.fps):
        raise EvaluationError(
            f"{info.name} lasts {poses.duration_s:.1f} s, its song {song.name} only "
            f"{song.duration_s:.1f} s",
            "Give the song that it was danced to.",
        )
    motion = prepare(poses)
    values = asdict(measure_body(poses, motion, info.reference))
    values["limbs_within"] = _within(values["limb_error"], LIMB_LIMIT)
    chance = _seams(motion, [seam / poses.fps for seam in info.seams])
    lag_curve = np.zeros(0)
    if (song.beats <= motion.duration_s).sum() >= _LEAST_BEATS:
        synchrony = measure_synchrony(motion, song.beats, info.seed)
        chance |= {key: getattr(synchrony, key) for key in SYNCHRONY}
        values |= {"alignment_raw": synchrony.alignment.value, "lag_s": synchrony.lag_s}
        lag_curve = synchrony.curve
    count = round(motion.duration_s * FEATURE_RATE) + 1
    response = measure_response(
        motion, song.tempo_bpm, song.loudness_db[:count], FEATURE_RATE, song.sections,
        song.features[:count], info.seed,
    )  # fmt: skip
    values["rate_error"] = abs(response.rate_octaves)
    chance |= {key: getattr(response, key) for key in ("energy", "sections", "repetition")}
    if info.published:
        chance |= _published(poses, song.beats, info.seed)
    for key, one in chance.items():
        values[key] = one.corrected if key in SYNCHRONY else one.value
    return DanceMeasures(
        info, song, values,
        {key: one for key, one in chance.items() if np.isfinite(one.p)}, lag_curve, motion,
        kinetic_features(motion), pose_windows(motion), response.rate_bpm,
    )  # fmt: skip


def _within(value: float, limit: float) -> float:
    return float(value <= limit) if np.isfinite(value) else NAN


def _seams(motion: Motion, seams_s: list[float]) -> dict[str, ChanceCorrected]:
    """Seams against the same dance where there is no seam; p is that of seams so smooth."""
    ratio, moved = measure_seams(motion, seams_s)
    within = _within(ratio, SEAM_LIMIT)
    if len(moved) < _LEAST_SHIFTS or not np.isfinite(ratio):
        return {"seam_ratio": ChanceCorrected(ratio), "seams_within": ChanceCorrected(within)}
    by_chance = ChanceCorrected.of(within, (moved <= SEAM_LIMIT).astype(float))
    # Twenty draws that are all alike do not say that the next one is (Laplace).
    share = ((moved <= SEAM_LIMIT).sum() + 1) / (len(moved) + 2)
    return {
        "seam_ratio": ChanceCorrected.of(ratio, moved, lower=True),
        "seams_within": replace(by_chance, deviation=float(np.sqrt(share * (1 - share)))),
    }


def _published(
    poses: PoseSequence, beats: NDArray[np.float64], seed: int
) -> dict[str, ChanceCorrected]:
    """Published beat alignments and what they give when the music is moved."""
    inside, out = beats_within(beats, poses.duration_s), {}
    for name in BEAT_ALIGNMENT:
        by = np.random.default_rng(seed).uniform(0, poses.duration_s, _PUBLISHED_SHIFTS)
        chance = [
            published_alignment(name, poses, shifted(inside, b, poses.duration_s)) for b in by
        ]
        value = published_alignment(name, poses, beats)
        out[f"published_{name}"] = ChanceCorrected.of(value, chance)
    return out
