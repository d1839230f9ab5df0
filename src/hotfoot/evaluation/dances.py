"""Measure pose files that were danced to songs."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hotfoot.errors import EvaluationError, InputError
from hotfoot.evaluation import measures
from hotfoot.evaluation.beats import annotated_beats
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.realism import pose_windows
from hotfoot.evaluation.summary import EvaluationResult, ReferenceSet, summarize
from hotfoot.evaluation.synchrony import measure_coherence
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song
from hotfoot.parallel import parallel_map
from hotfoot.pose.formats import read_dance, read_poses
from hotfoot.pose.references import load_reference
from hotfoot.render.sheets import contact_sheet
from hotfoot.validation import validated

Progress = Callable[[str, int, int], None]
"""``progress(stage, done, total)``."""

_POSE_SUFFIXES = (".npz", ".json", ".pkl")
_MOST_SHEETS = 20
_MOST_WARNINGS = 3

T = TypeVar("T")
W = TypeVar("W")


@validated
class EvaluationRequest:
    """Dances to measure."""

    poses: tuple[Path, ...]
    music: tuple[Path, ...]  # what they were danced to: one song for all, or one for each
    start: Annotated[float, Field(ge=0)] | None = None  # second of the songs; None: as files say
    fps: Annotated[float, Field(ge=1, le=240)] | None = None  # of files that do not say
    reference: str | None = None  # pose file or built-in figure that they were made for
    real: Path | None = None  # folder of real dances, to compare with
    training: Path | None = None  # folder that a model was trained on, to find copies; needs real
    published: bool = False  # also compute beat alignment as other projects define it
    name: str = "dances"  # of the row in tables

    def __post_init__(self) -> None:
        if not self.poses:
            raise ValueError("poses: there is nothing to measure")
        if len(self.music) not in (1, len(self.poses)):
            raise ValueError(
                f"music: {len(self.poses)} dances and {len(self.music)} songs; give one song for "
                "all dances, or one for each in the same order"
            )
        check_folders(self.real, self.training)


def check_folders(real: Path | None, training: Path | None) -> None:
    """Raise ValueError for training motion without real motion."""
    if training is not None and real is None:
        raise ValueError("training: copies are found by comparing with real motion; give real, too")


def evaluate_dances(
    request: EvaluationRequest,
    progress: Progress | None = None,
    jobs: int = 1,
    backend: str = "local",
) -> EvaluationResult:
    """Measure pose files with so many processes, on one of :data:`~hotfoot.parallel.BACKENDS`.

    HotfootError where a file cannot be read, or poses cannot be measured.
    """
    for song in request.music:
        open_song(song, request.start or 0.0)
    if request.reference:
        load_reference(request.reference)
    songs = request.music if len(request.music) > 1 else request.music * len(request.poses)
    different = list(dict.fromkeys(p.resolve() for p in songs))
    labels = dict(zip(different, unique_names(different), strict=True))
    work = [(request, p, s, labels[s.resolve()]) for p, s in zip(request.poses, songs, strict=True)]
    real = reference_set(request.real, request.training)
    dances = for_each(_measure_file, work, jobs, backend, progress)
    result = summarize(request.name, dances, real)
    assumed = [w for p in request.poses for w in read_dance(p, request.fps)[1].warnings]
    return replace(result, warnings=tuple(assumed[:_MOST_WARNINGS]))


def dance_sheets(request: EvaluationRequest) -> list[tuple[str, NDArray[np.uint8]]]:
    """Contact sheets of the first dances, for a report."""
    return [
        (path.stem, contact_sheet(read_poses(path, fps=request.fps), grid=(20, 2)))
        for path in request.poses[:_MOST_SHEETS]
    ]


def _measure_file(work: tuple[EvaluationRequest, Path, Path, str]) -> measures.DanceMeasures:
    request, path, song, label = work
    poses, facts = read_dance(path, request.fps)
    start = facts.start_s if request.start is None else request.start
    reference = load_reference(request.reference) if request.reference else None
    info = measures.DanceInfo(
        path.stem, facts.seed or 0, 1.0, facts.seams, reference, request.published
    )
    return measures.measure_dance(poses, replace(read_song_facts(song, start), name=label), info)


@cache
def read_song_facts(song: Path, start_s: float = 0.0) -> measures.SongFacts:
    """What the metrics need of a song from ``start_s`` on; AudioError if it cannot be read."""
    beats = annotated_beats(song)
    annotation = None if beats is None else beats - start_s
    return measures.song_facts(song.stem, analyze_song(open_song(song, start_s)), annotation)


def reference_set(real: Path | None, training: Path | None) -> ReferenceSet | None:
    """Real dances of a folder, and training motion of another; None without.

    InputError for fewer than two usable pose files in a folder.
    """
    if real is None:
        return None
    bank = None
    if training is not None:
        windows = _read_folder(training, lambda p: pose_windows(prepare(read_poses(p)), hop_s=0.2))
        bank = np.concatenate(windows)
    return ReferenceSet(_read_folder(real, _measure_real), bank)


def _measure_real(path: Path) -> measures.MotionMeasures:
    """Real motion; with beats, where the file knows those that it was danced to."""
    poses, metadata = read_dance(path)
    beats = np.array(metadata.beats)
    if len(beats) < 2:
        return measures.measure_motion(poses)
    found = measures.measure_motion(poses, beats)
    coherence = measure_coherence(found.motion, beats)
    values = {"coherence": coherence.corrected, "coherence_raw": coherence.value}
    return replace(found, values=found.values | values)


def _read_folder(folder: Path, read: Callable[[Path], T]) -> list[T]:
    """What is read of every pose file that can be measured."""
    out = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _POSE_SUFFIXES):
        try:
            out.append(read(path))
        except EvaluationError:
            continue
    if len(out) < 2:
        raise InputError(
            f"{len(out)} usable pose files in {folder}",
            "Give a folder with at least two (hotfoot corpus film makes such).",
        )
    return out


def unique_names(songs: list[Path]) -> list[str]:
    """Stems of files; where several are alike, with a number."""
    out: list[str] = []
    for stem in (song.stem for song in songs):
        same = sum(name == stem or name.startswith(f"{stem}~") for name in out)
        out.append(f"{stem}~{same + 1}" if same else stem)
    return out


def for_each(
    measure: Callable[[W], T], work: list[W], jobs: int, backend: str, progress: Progress | None
) -> list[T]:
    """Results for all of the work, from processes that end with this call."""
    out = []
    with closing(parallel_map(measure, work, jobs, backend)) as found:
        for one in found:
            out.append(one)
            if progress is not None:
                progress("measuring", len(out), len(work))
    return out
