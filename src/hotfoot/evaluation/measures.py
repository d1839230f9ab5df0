"""All metrics of one dance."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import EvaluationError
from hotfoot.evaluation import realism, response, synchrony
from hotfoot.evaluation.beats import independent_beats
from hotfoot.evaluation.body import measure_body, measure_posture, measure_seams
from hotfoot.evaluation.motion import Motion, prepare
from hotfoot.evaluation.published import kinetic_features_2d, published_alignments
from hotfoot.evaluation.statistics import NAN, Array, ChanceCorrected
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.features import FEATURE_RATE
from hotfoot.pose.sequence import PoseSequence

_LEAST_BEATS = 4
_LEAST_SHIFTS = 5  # places for seams, to know chance by
LIMB_LIMIT, SEAM_LIMIT = 0.08, 1.1
"""What a dance's worst limb and its seams should stay within; the share that does is reported."""


@dataclass(frozen=True, eq=False)
class SongFacts:
    """What the metrics need of a song, from the dance's first frame on; times in seconds."""

    name: str
    duration_s: float
    beats: Array  # not those that dances are made from, see hotfoot.evaluation.beats
    beats_from: str  # "annotation" or "second tracker"
    tempo_bpm: float  # median of the beats; 0 without a beat
    sections: Array  # where sections begin
    loudness_db: NDArray[np.float32]  # [L] at FEATURE_RATE
    features: NDArray[np.float32]  # [L, F] timbre and harmony, to compare parts of the song by


def song_facts(name: str, analysis: SongAnalysis, annotation: Array | None = None) -> SongFacts:
    """What the metrics need of a song, analyzed from the dance's first frame on.

    ``annotation`` holds its beats, in seconds of the analysis; they are tracked if it is None.
    """
    features = analysis.features
    mel = np.maximum(features.mel.astype(np.float32), -60)
    beats = independent_beats(features) if annotation is None else annotation
    beats = synchrony.beats_within(beats, features.duration_s)
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
    """What is known of a dance beside its poses."""

    name: str = "dance"
    seed: int = 0  # tells dances to one song apart
    tempo: float = 1.0  # factor at which a copy of the song was played
    seams: tuple[int, ...] = ()  # frames at which segments join
    reference: PoseSequence | None = None  # the person
    published: bool = False  # whether to compute other projects' definitions too


@dataclass(frozen=True, eq=False)
class MotionMeasures:
    """Poses, measured without music: of a dance, or of a real one to compare with."""

    values: dict[str, float]  # of each metric; NaN where it is not known
    motion: Motion
    features: Array  # kinetic windows [W, F]
    windows: NDArray[np.float32]  # pose windows [W, F]
    moves: NDArray[np.float32]  # [M, 16, 12, 2], one from each beat on
    kinetic_2d: Array  # features [F] as the paper computes them


@dataclass(frozen=True, eq=False)
class DanceMeasures:
    """One dance, measured."""

    info: DanceInfo
    song: SongFacts
    alone: MotionMeasures  # what was measured without the song
    values: dict[str, float]  # of each metric, those of ``alone`` too; NaN where it is not known
    chance: dict[str, ChanceCorrected]  # metrics that have a chance level
    lag_curve: Array  # alignment [L] if the dance were moved, -0.5 to 0.5 s; empty without beats
    rate_bpm: float  # dominant movement rate


def measure_motion(
    poses: PoseSequence, beats: Array | None = None, reference: PoseSequence | None = None
) -> MotionMeasures:
    """Everything that can be measured of poses without music; EvaluationError if nothing can.

    Moves are cut by beats, in seconds (by default of the motion's own rate); ``reference`` shows
    the person.
    """
    motion = prepare(poses)
    values = measure_body(poses, motion, reference) | measure_posture(poses)
    values["limbs_within"] = _within(values["limb_error"], LIMB_LIMIT)
    moves = realism.moves(motion, realism.own_beats(motion) if beats is None else beats)
    values["repeats_within"] = realism.repeats_within(moves)
    features, windows = realism.kinetic_features(motion), realism.pose_windows(motion)
    return MotionMeasures(values, motion, features, windows, moves, kinetic_features_2d(poses))


def measure_dance(
    poses: PoseSequence, song: SongFacts, info: DanceInfo | None = None
) -> DanceMeasures:
    """Every metric of one dance to one song.

    EvaluationError for poses that cannot be measured, or a song that ends before the dance.
    """
    info = info or DanceInfo()
    if song.duration_s < poses.duration_s - max(0.5, 2 / poses.fps):
        raise EvaluationError(
            f"{info.name} lasts {poses.duration_s:.1f} s, its song {song.name} only "
            f"{song.duration_s:.1f} s",
            "Give the song that it was danced to.",
        )
    alone = measure_motion(poses, song.beats, info.reference)
    motion, values, lag_curve = alone.motion, dict(alone.values), np.zeros(0)
    chance = _seams(motion, [seam / poses.fps for seam in info.seams])
    if (song.beats <= motion.duration_s).sum() >= _LEAST_BEATS:
        found = synchrony.measure_synchrony(motion, song.beats, info.seed)
        lag_curve, values["lag_s"] = found.curve, found.lag_s
        chance |= {key: getattr(found, key) for key in synchrony.SYNCHRONY}
        chance["coherence"] = synchrony.measure_coherence(motion, song.beats, info.seed)
        values |= {f"{key}_raw": chance[key].value for key in ("alignment", "coherence")}
        values["speed_lag_s"] = synchrony.speed_lag(motion, song.beats)
    count, rng = round(motion.duration_s * FEATURE_RATE) + 1, np.random.default_rng(info.seed)
    chance["energy"] = response.energy_against_loudness(motion, song.loudness_db[:count], rng)
    chance["sections"] = response.change_at_sections(motion, song.sections, rng)
    chance["repetition"] = response.repetition(motion, song.features[:count], rng)
    rate = response.movement_rate(motion)
    octaves = response.octaves_apart(rate, song.tempo_bpm) if song.tempo_bpm > 0 else NAN
    values["rate_error"] = abs(octaves)
    if info.published:
        chance |= published_alignments(poses, song.beats, info.seed)
    for key, one in chance.items():
        values[key] = one.corrected if key in synchrony.BEAT_MEASURES else one.value
    known = {key: one for key, one in chance.items() if np.isfinite(one.p)}
    return DanceMeasures(info, song, alone, values, known, lag_curve, rate)


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
