"""Measure drafts alone: the choreographer on the protocol's songs, without network.

python docs/scripts/drafts.py SONGS REAL TRAINING [SEEDS]

SONGS is a folder of songs, REAL and TRAINING are folders of pose files (see docs/results.md).
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

from hotfoot.benchmark.run import PROTOCOLS, tasks
from hotfoot.evaluation.beats import annotated_beats
from hotfoot.evaluation.dances import reference_set
from hotfoot.evaluation.measures import DanceInfo, measure_dance, song_facts
from hotfoot.evaluation.summary import summarize
from hotfoot.generation.initial import draft_dance
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song
from hotfoot.pose.references import load_reference
from hotfoot.pose.sequence import PoseSequence

KEYS = ("alignment", "energy", "speed", "jerk_of_real", "frechet_of_real", "diversity_of_real",
        "copy_ratio", "foot_slide")  # fmt: skip
FPS = 30.0


def main(songs: Path, real: Path, training: Path, seeds: int) -> None:
    """Print the summaries."""
    dances = []
    with tempfile.TemporaryDirectory() as folder:
        for i, task in enumerate(tasks(PROTOCOLS["standard"], songs, Path(folder))):
            song = open_song(task.song, task.start_s, task.start_s + task.seconds)
            analysis = analyze_song(song)
            beats = annotated_beats(task.song)
            annotation = None if beats is None else beats - task.start_s
            facts = song_facts(task.label, analysis, annotation)
            reference = load_reference(task.figure)
            for seed in range(seeds):
                xy, confidence, _ = draft_dance(
                    analysis, int(facts.duration_s * FPS), FPS, reference, 1000 * i + seed,
                    "freestyle",
                )  # fmt: skip
                pixels = xy * np.asarray(reference.canvas, np.float32)
                poses = PoseSequence(pixels, confidence, FPS, reference.canvas, "body-18")
                info = DanceInfo(f"{task.label}-{seed}", seed, reference=reference)
                dances.append(measure_dance(poses, facts, info))
    found = summarize("drafts", dances, reference_set(real, training)).metrics
    for key in KEYS:
        print(f"{key}: {found[key].value:.3f} [{found[key].low:.3f}, {found[key].high:.3f}]")


if __name__ == "__main__":
    songs, real, training = (Path(p) for p in sys.argv[1:4])
    main(songs, real, training, seeds=int(sys.argv[4]) if len(sys.argv) > 4 else 6)
