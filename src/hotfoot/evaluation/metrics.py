"""What is measured, and how it is shown."""

from typing import NamedTuple


class Metric(NamedTuple):
    """How a metric is shown."""

    title: str
    unit: str
    better: str  # "higher", "lower", "near 1" or nothing


METRICS: dict[str, Metric] = {
    "alignment": Metric("beat alignment, chance-corrected", "", "higher"),
    "precision": Metric("beat precision, chance-corrected", "", "higher"),
    "recall": Metric("beat recall, chance-corrected", "", "higher"),
    "f1": Metric("beat F1, chance-corrected", "", "higher"),
    "alignment_raw": Metric("beat alignment, raw", "", ""),
    "coherence": Metric("movement locked to the beat, chance-corrected", "", "higher"),
    "coherence_raw": Metric("movement locked to the beat, raw", "", ""),
    "alignment_own": Metric("beat alignment, corrected by other songs", "", "higher"),
    "precision_own": Metric("beat precision, corrected by other songs", "", "higher"),
    "recall_own": Metric("beat recall, corrected by other songs", "", "higher"),
    "f1_own": Metric("beat F1, corrected by other songs", "", "higher"),
    "coherence_own": Metric("movement locked to the beat, corrected by other songs", "", "higher"),
    "lag_s": Metric("lag of the best alignment", "s", ""),
    "speed_lag_s": Metric("lag of the slowest moment after the beat", "s", ""),
    "tempo_slope": Metric("tempo slope over stretched copies", "", "near 1"),
    "rate_error": Metric("movement rate off the tempo", "octaves", "lower"),
    "energy": Metric("energy against loudness (Spearman)", "", "higher"),
    "sections": Metric("change at section borders", "std", "higher"),
    "repetition": Metric("repeats where the song repeats", "", "higher"),
    "repeats_within": Metric("moves that come again in the dance", "", ""),
    "repeats_across": Metric("moves that come again in a dance to another song", "", "lower"),
    "speed": Metric("mean speed", "heights/s", ""),
    "jerk": Metric("jerk over speed", "1/s^2", "lower"),
    "seam_ratio": Metric("acceleration at seams over inside", "", "lower"),
    "seams_within": Metric("dances whose seams are within 1.1", "", "higher"),
    "worst_jump": Metric("worst jump", "", "lower"),
    "stop_and_go": Metric("speed at its minima over its running mean", "", ""),
    "frozen": Metric("time frozen", "", "lower"),
    "foot_slide": Metric("slide of the standing foot", "heights/s", "lower"),
    "limb_error": Metric("worst limb against the reference", "", "lower"),
    "limbs_within": Metric("dances whose limbs are all within 8 %", "", "higher"),
    "growth": Metric("largest change of a limb, last minute over first", "", "lower"),
    "in_frame": Metric("joints inside the canvas", "", "higher"),
    "seen": Metric("joints seen", "", "higher"),
    "confidence": Metric("mean confidence", "", ""),
    "profile": Metric("time in profile", "", ""),
    "behind": Metric("time seen from behind", "", ""),
    "head_tilt": Metric("tilt of the head, frontal", "degrees", ""),
    "knees_sideways": Metric("knee beside hip and ankle, frontal", "legs", ""),
    "jerk_of_real": Metric("jerk over that of real motion", "", "near 1"),
    "frechet": Metric("Fréchet distance to real motion", "", "lower"),
    "frechet_unbiased": Metric("Fréchet distance, extrapolated", "", "lower"),
    "frechet_of_real": Metric("Fréchet distance over real-to-real", "", "lower"),
    "kernel": Metric("kernel distance to real motion", "", "lower"),
    "diversity": Metric("diversity between dances", "", "higher"),
    "diversity_seeds": Metric("diversity between seeds of a song", "", "higher"),
    "diversity_of_real": Metric("diversity between seeds over that of real motion", "", "near 1"),
    "apd": Metric("pose distance between seeds (APD)", "heights", "higher"),
    "nearest_training": Metric("distance to the nearest training motion", "heights", ""),
    "copy_ratio": Metric("that distance over held-out real motion's", "", "near 1"),
    "published_fid": Metric("as published: FID, kinetic, 2D", "", "lower"),
    "published_div": Metric("as published: DIV, kinetic, 2D", "", ""),
    "published_fact": Metric("as published: FACT's beat alignment", "", ""),
    "published_bailando": Metric("as published: BAS (Bailando's beat alignment)", "", ""),
    "published_lodge": Metric("as published: Lodge's beat alignment", "", ""),
    "published_popdg": Metric("as published: POPDG's beat alignment", "", ""),
    "published_mace-2d": Metric("as published: MACE-Dance's 2D beat alignment", "", ""),
}
