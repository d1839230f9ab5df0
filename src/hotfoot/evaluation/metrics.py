"""What is measured, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass


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
