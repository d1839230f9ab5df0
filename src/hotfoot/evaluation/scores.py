"""All metrics of one dance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import EvaluationError
from hotfoot.evaluation.body import measure_body
from hotfoot.evaluation.compat import BEAT_ALIGNMENT, published_alignment
from hotfoot.evaluation.motion import Motion, prepare
from hotfoot.evaluation.realism import (
    kinetic_features,
    pose_windows,
)
from hotfoot.evaluation.response import measure_response
from hotfoot.evaluation.synchrony import (
    SCORES,
    Chanced,
    beats_within,
    measure_synchrony,
    shifted,
)
from hotfoot.music.features import FEATURE_RATE
from hotfoot.music.tokens import SongAnalysis
from hotfoot.pose.sequence import PoseSequence

NAN = float("nan")


_LEAST_MOVED = 5  # places for seams, to tell chance by
LIMB_BAR, SEAM_BAR = 0.08, 1.1
"""What a dance's worst limb and its seams should stay within; shares of dances that do are told."""


@dataclass(frozen=True)
class Metric:
    """How a metric is shown."""

    title: str
    unit: str
    better: str
    """``higher``, ``lower``, ``one`` (near 1) or nothing."""


METRICS: dict[str, Metric] = {
    "alignment": Metric("beat alignment, chance-corrected", "", "higher"),
    "precision": Metric("beat precision, chance-corrected", "", "higher"),
    "recall": Metric("beat recall, chance-corrected", "", "higher"),
    "f1": Metric("beat F1, chance-corrected", "", "higher"),
    "alignment_raw": Metric("beat alignment, raw", "", ""),
    "alignment_own": Metric("beat alignment, corrected by other songs", "", "higher"),
    "precision_own": Metric("beat precision, corrected by other songs", "", "higher"),
    "recall_own": Metric("beat recall, corrected by other songs", "", "higher"),
    "f1_own": Metric("beat F1, corrected by other songs", "", "higher"),
    "lag_s": Metric("lag of the best alignment", "s", ""),
    "tempo_slope": Metric("tempo slope over stretched copies", "", "one"),
    "rate_error": Metric("movement rate off the tempo", "octaves", "lower"),
    "energy": Metric("energy against loudness (Spearman)", "", "higher"),
    "sections": Metric("change at section borders", "std", "higher"),
    "repetition": Metric("repeats where the song repeats", "", "higher"),
    "speed": Metric("mean speed", "heights/s", ""),
    "jerk": Metric("jerk over speed", "1/s^2", "lower"),
    "seam_ratio": Metric("acceleration at seams over inside", "", "lower"),
    "seams_within": Metric("dances whose seams are within 1.1", "", "higher"),
    "worst_jump": Metric("worst jump", "", "lower"),
    "frozen": Metric("time frozen", "", "lower"),
    "foot_slide": Metric("slide of the standing foot", "heights/s", "lower"),
    "limb_error": Metric("worst limb against the reference", "", "lower"),
    "limbs_within": Metric("dances whose limbs are all within 8 %", "", "higher"),
    "growth": Metric("largest change of a limb, last minute over first", "", "lower"),
    "in_frame": Metric("joints inside the canvas", "", "higher"),
    "seen": Metric("joints seen", "", "higher"),
    "confidence": Metric("mean confidence", "", ""),
    "face_camera": Metric("facing the camera", "", ""),
    "jerk_of_real": Metric("jerk over that of real motion", "", "one"),
    "frechet": Metric("Fréchet distance to real motion", "", "lower"),
    "frechet_unbiased": Metric("Fréchet distance, extrapolated", "", "lower"),
    "frechet_of_real": Metric("Fréchet distance over real-to-real", "", "lower"),
    "kernel": Metric("kernel distance to real motion", "", "lower"),
    "diversity": Metric("diversity between dances", "", "higher"),
    "diversity_seeds": Metric("diversity between seeds of a song", "", "higher"),
    "diversity_of_real": Metric("diversity between seeds over that of real motion", "", "one"),
    "apd": Metric("pose distance between seeds (APD)", "heights", "higher"),
    "nearest_training": Metric("distance to the nearest training motion", "heights", ""),
    "copy_ratio": Metric("that distance over held-out real motion's", "", "one"),
    "published_fact": Metric("as published: FACT's beat alignment", "", ""),
    "published_bailando": Metric("as published: Bailando's beat alignment", "", ""),
    "published_lodge": Metric("as published: Lodge's beat alignment", "", ""),
    "published_popdg": Metric("as published: POPDG's beat alignment", "", ""),
    "published_mace-2d": Metric("as published: MACE-Dance's 2D beat alignment", "", ""),
}


@dataclass(frozen=True, eq=False)
class MusicFacts:
    """What the metrics need of a song, from the dance's first frame on."""

    name: str
    duration_s: float
    beats: NDArray[np.float64]
    tempo_bpm: float
    sections: NDArray[np.float64]
    loudness_db: NDArray[np.float32]
    features: NDArray[np.float32]


def music_facts(name: str, analysis: SongAnalysis) -> MusicFacts:
    """Facts of an analyzed song: timbre and harmony for comparing its parts."""
    features, rhythm = analysis.features, analysis.rhythm
    mel = np.maximum(features.mel.astype(np.float32), -60)
    return MusicFacts(
        name=name,
        duration_s=features.duration_s,
        beats=rhythm.beats,
        tempo_bpm=rhythm.tempo_bpm,
        sections=rhythm.sections,
        loudness_db=features.loudness_db,
        features=np.concatenate([mel / 15, 4 * features.chroma.astype(np.float32)], axis=1),
    )


@dataclass(frozen=True, eq=False)
class DanceScores:
    """One dance, measured.

    Attributes:
        name: of the dance.
        song: name of its song.
        seed: tells dances to one song apart.
        tempo: factor at which a copy of the song was played; 1 for the song itself.
        values: metric to number; NaN where it cannot be told.
        chanced: scores with their chance level.
        curve: alignment over lags.
        lags_s: the lags.
        motion: for set metrics.
        features: kinetic windows.
        windows: pose windows.
        motion_rate_bpm: dominant movement rate.
        music: the song.
    """

    name: str
    song: str
    seed: int
    tempo: float
    values: dict[str, float]
    chanced: dict[str, Chanced]
    curve: NDArray[np.float64]
    lags_s: NDArray[np.float64]
    motion: Motion
    features: NDArray[np.float64]
    windows: NDArray[np.float32]
    motion_rate_bpm: float
    music: MusicFacts


def measure_dance(
    poses: PoseSequence,
    music: MusicFacts,
    *,
    name: str = "dance",
    seed: int = 0,
    tempo: float = 1.0,
    seams: tuple[int, ...] = (),
    reference: PoseSequence | None = None,
    published: bool = False,
) -> DanceScores:
    """Every metric of one dance to one song; with ``published`` also other projects' definitions.

    Raises:
        EvaluationError: poses that cannot be measured, or a song that ends before the dance.
    """
    if music.duration_s < poses.duration_s - max(0.5, 2 / poses.fps):
        raise EvaluationError(
            f"{name} lasts {poses.duration_s:.1f} s, its song {music.name} only "
            f"{music.duration_s:.1f} s",
            "Give the song that it was danced to.",
        )
    motion = prepare(poses)
    body = measure_body(poses, motion, seams, reference)
    values = {
        "speed": body.speed, "jerk": body.jerk, "seam_ratio": body.seam_ratio,
        "worst_jump": body.worst_jump, "frozen": body.frozen, "foot_slide": body.foot_slide,
        "growth": body.growth, "in_frame": body.in_frame, "seen": body.seen,
        "confidence": body.confidence,
        "face_camera": body.face_camera, "limb_error": NAN,
    }  # fmt: skip
    if body.limb_ratio:
        values["limb_error"] = max(abs(r - 1) for r in body.limb_ratio.values())
    for key, of, bar in (
        ("limbs_within", "limb_error", LIMB_BAR), ("seams_within", "seam_ratio", SEAM_BAR)
    ):  # fmt: skip
        values[key] = float(values[of] <= bar) if np.isfinite(values[of]) else NAN
    chanced = _seam_chance(values, body.seams_moved)
    lags, curve = np.zeros(0), np.zeros(0)
    if (music.beats <= motion.duration_s).sum() >= 4:
        found = measure_synchrony(motion, music.beats, seed)
        for key in SCORES:
            chanced[key] = getattr(found, key)
            values[key] = chanced[key].corrected
        values |= {"alignment_raw": found.alignment.value, "lag_s": found.lag_s}
        lags, curve = found.lags_s, found.curve
    count = round(motion.duration_s * FEATURE_RATE) + 1
    response = measure_response(
        motion, music.tempo_bpm, music.loudness_db[:count], FEATURE_RATE, music.sections,
        music.features[:count], seed,
    )  # fmt: skip
    values |= {
        "rate_error": abs(response.rate_octaves),
        "energy": response.energy.value,
        "sections": response.sections.value,
        "repetition": response.repetition.value,
    }
    for key in ("energy", "sections", "repetition"):
        answer = getattr(response, key)
        if np.isfinite(answer.value) and np.isfinite(answer.spread):
            chanced[key] = Chanced(answer.value, answer.chance, answer.spread, answer.p)
    if published:
        for definition in BEAT_ALIGNMENT:
            found_as = _published(definition, poses, music.beats, seed)
            chanced[f"published_{definition}"] = found_as
            values[f"published_{definition}"] = found_as.value
    return DanceScores(
        name, music.name, seed, tempo, values, chanced, curve, lags, motion,
        kinetic_features(motion), pose_windows(motion), response.rate_bpm, music,
    )  # fmt: skip


def _seam_chance(values: dict[str, float], moved: NDArray[np.float64]) -> dict[str, Chanced]:
    """Seams against the same dance where there is no seam; p is that of seams so smooth."""
    if len(moved) < _LEAST_MOVED or not np.isfinite(values["seam_ratio"]):
        return {}
    within = moved <= SEAM_BAR
    # Twenty draws that are all alike do not say that the next one is (Laplace).
    share = (within.sum() + 1) / (len(moved) + 2)
    out = {}
    for key, chance, spread in (
        ("seam_ratio", moved, float(moved.std())),
        ("seams_within", within.astype(float), float(np.sqrt(share * (1 - share)))),
    ):
        sign = -1 if METRICS[key].better == "lower" else 1
        p = (1 + (sign * chance >= sign * values[key]).sum()) / (1 + len(chance))
        out[key] = Chanced(values[key], float(chance.mean()), spread, float(p))
    return out


def _published(
    definition: str, poses: PoseSequence, beats: NDArray[np.float64], seed: int, shifts: int = 60
) -> Chanced:
    """A published score and what it gives when the music is moved."""
    value = published_alignment(definition, poses, beats)
    inside = beats_within(beats, poses.duration_s)
    by = np.random.default_rng(seed).uniform(0, poses.duration_s, shifts)
    chance = np.array(
        [published_alignment(definition, poses, shifted(inside, b, poses.duration_s)) for b in by]
    )
    p = float((1 + (chance >= value - 1e-12).sum()) / (1 + shifts))
    return Chanced(value, float(chance.mean()), float(chance.std()), p)
