"""All metrics of one dance."""

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.beats import independent_beats
from hotfoot.evaluation.body import measure_body, measure_seams
from hotfoot.evaluation.coherence import measure_coherence, speed_lag
from hotfoot.evaluation.motion import Motion, prepare
from hotfoot.evaluation.posture import measure_posture
from hotfoot.evaluation.published import BEAT_ALIGNMENT, kinetic_features_2d, published_alignment
from hotfoot.evaluation.realism import kinetic_features, pose_windows
from hotfoot.evaluation.repetition import moves, own_beats, repeats_within
from hotfoot.evaluation.response import measure_response
from hotfoot.evaluation.statistics import NAN, ChanceCorrected
from hotfoot.evaluation.synchrony import (
    BEAT_MEASURES,
    SYNCHRONY,
    beats_within,
    measure_synchrony,
    shifted,
)
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
        beats: seconds; not those that dances are made from, see
            :mod:`hotfoot.evaluation.beats`.
        beats_from: ``annotation`` or ``second tracker``.
        tempo_bpm: median of the beats; 0 without a beat.
        sections: seconds at which sections begin.
        loudness_db: [L] at FEATURE_RATE.
        features: [L, F] at FEATURE_RATE: timbre and harmony, to compare parts of the song by.
    """

    name: str
    duration_s: float
    beats: NDArray[np.float64]
    beats_from: str
    tempo_bpm: float
    sections: NDArray[np.float64]
    loudness_db: NDArray[np.float32]
    features: NDArray[np.float32]


def song_facts(
    name: str, analysis: SongAnalysis, annotation: NDArray[np.float64] | None = None
) -> SongFacts:
    """What the metrics need of an analyzed song.

    Args:
        name: of the song.
        analysis: from the dance's first frame on.
        annotation: its beats, in seconds of the analysis; tracked if None.
    """
    features = analysis.features
    mel = np.maximum(features.mel.astype(np.float32), -60)
    beats = independent_beats(features) if annotation is None else annotation
    beats = beats_within(beats, features.duration_s)
    return SongFacts(
        name=name,
        duration_s=features.duration_s,
        beats=beats,
        beats_from="second tracker" if annotation is None else "annotation",
        tempo_bpm=60 / float(np.median(np.diff(beats))) if len(beats) > 1 else 0.0,
        sections=analysis.rhythm.sections,
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
class MotionMeasures:
    """Poses, measured without music: of a dance, or of a real one to compare with.

    Attributes:
        values: metric to number; NaN where it is not known.
        motion: the joints.
        features: kinetic windows [W, F].
        windows: pose windows [W, F].
        moves: [M, 16, 12, 2], one from each beat on.
        kinetic_2d: features [F] as the paper computes them.
    """

    values: dict[str, float]
    motion: Motion
    features: NDArray[np.float64]
    windows: NDArray[np.float32]
    moves: NDArray[np.float32]
    kinetic_2d: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DanceMeasures:
    """One dance, measured.

    Attributes:
        info: what is known of it beside its poses.
        song: what it was measured against.
        alone: what was measured without the song.
        values: metric to number, those of ``alone`` included; NaN where it is not known.
        chance: metrics that have a chance level.
        lag_curve: alignment [L] if the dance were moved, -0.5 to 0.5 s; empty without beats.
        rate_bpm: dominant movement rate.
    """

    info: DanceInfo
    song: SongFacts
    alone: MotionMeasures
    values: dict[str, float]
    chance: dict[str, ChanceCorrected]
    lag_curve: NDArray[np.float64]
    rate_bpm: float


def measure_motion(
    poses: PoseSequence,
    beats: NDArray[np.float64] | None = None,
    reference: PoseSequence | None = None,
) -> MotionMeasures:
    """Everything that can be measured of poses without music.

    Args:
        poses: any skeleton, frame rate and canvas.
        beats: seconds, to cut moves by; by default those of the motion's own rate.
        reference: the person.

    Raises:
        EvaluationError: poses that cannot be measured.
    """
    motion = prepare(poses)
    values = asdict(measure_body(poses, motion, reference)) | asdict(measure_posture(poses))
    values["limbs_within"] = _within(values["limb_error"], LIMB_LIMIT)
    found = moves(motion, own_beats(motion) if beats is None else beats)
    values["repeats_within"] = repeats_within(found)
    return MotionMeasures(
        values, motion, kinetic_features(motion), pose_windows(motion), found,
        kinetic_features_2d(poses),
    )  # fmt: skip


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
    alone = measure_motion(poses, song.beats, info.reference)
    motion, values = alone.motion, dict(alone.values)
    chance = _seams(motion, [seam / poses.fps for seam in info.seams])
    lag_curve = np.zeros(0)
    if (song.beats <= motion.duration_s).sum() >= _LEAST_BEATS:
        synchrony = measure_synchrony(motion, song.beats, info.seed)
        lag_curve = synchrony.curve
        chance |= {key: getattr(synchrony, key) for key in SYNCHRONY}
        chance["coherence"] = measure_coherence(motion, song.beats, info.seed)
        values |= {
            "alignment_raw": synchrony.alignment.value,
            "lag_s": synchrony.lag_s,
            "coherence_raw": chance["coherence"].value,
            "speed_lag_s": speed_lag(motion, song.beats),
        }
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
        values[key] = one.corrected if key in BEAT_MEASURES else one.value
    known = {key: one for key, one in chance.items() if np.isfinite(one.p)}
    return DanceMeasures(info, song, alone, values, known, lag_curve, response.rate_bpm)


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
    inside = beats_within(beats, poses.duration_s)
    by = np.random.default_rng(seed).uniform(0, poses.duration_s, _PUBLISHED_SHIFTS)
    sets = [beats, *(shifted(inside, b, poses.duration_s) for b in by)]
    found = {name: published_alignment(name, poses, sets) for name in BEAT_ALIGNMENT}
    return {f"published_{k}": ChanceCorrected.of(v[0], v[1:]) for k, v in found.items()}
