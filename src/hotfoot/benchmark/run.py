"""Dance a protocol, or what is missing of it, and measure it."""

from dataclasses import field, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotfoot.benchmark.protocol import Task, get_protocol, tasks
from hotfoot.errors import InputError
from hotfoot.evaluation.beats import annotated_beats, beats_text
from hotfoot.evaluation.dances import (
    Progress,
    check_folders,
    for_each,
    read_song_facts,
    reference_set,
)
from hotfoot.evaluation.measures import DanceInfo, DanceMeasures, measure_dance
from hotfoot.evaluation.summary import EvaluationResult, summarize
from hotfoot.files import RunFolder, make_folder, removing_parts, replacing, save_text
from hotfoot.generation.options import DanceOptions
from hotfoot.generation.pipeline import dances
from hotfoot.model.checkpoint import WEIGHTS, model_folder, read_config
from hotfoot.model.generator import Generator
from hotfoot.music.audio import open_song, save_part
from hotfoot.pose.formats import read_dance
from hotfoot.pose.metadata import file_sha256
from hotfoot.pose.references import load_reference
from hotfoot.render.sheets import contact_sheet
from hotfoot.validation import validated

_SHORTEST_S = 4.0  # of a song in a protocol


@validated
class ProtocolRequest:
    """A model that dances a protocol."""

    protocol: str  # name of one of ``PROTOCOLS``
    songs: Path
    output: Path  # folder of the dances; what is there is not made again
    model: str = "default"
    options: DanceOptions = field(default_factory=DanceOptions)  # but the protocol's seeds
    shuffled: bool = False  # measure every dance against the next song instead of its own
    real: Path | None = None  # folder of real dances, to compare with
    training: Path | None = None  # what the model was trained on, to find copies; needs ``real``
    published: bool = False  # also compute beat alignment as other projects define it
    name: str = ""  # of the row in tables; by default the model's

    def __post_init__(self) -> None:
        get_protocol(self.protocol)
        check_folders(self.real, self.training)

    def tasks(self) -> list[Task]:
        """What is danced; songs that are missing are composed."""
        return tasks(get_protocol(self.protocol), self.songs, self.output / "composed")


_Job = tuple[ProtocolRequest, Task, Task]  # the last is the one whose song is measured against


def evaluate_protocol(
    request: ProtocolRequest,
    progress: Progress | None = None,
    jobs: int = 1,
    backend: str = "local",
) -> EvaluationResult:
    """Dance a protocol, or what is missing of it, and measure it, in ``jobs`` processes.

    HotfootError for no songs, an unknown model, or a folder that holds other dances.
    """
    folder, options = model_folder(request.model), request.options.to_json()
    read_config(folder)
    weights = folder / WEIGHTS
    made_from = {
        "protocol": request.protocol,
        "songs": str(request.songs.resolve()),
        "weights": file_sha256(weights) if weights.exists() else "",
        "options": {k: v for k, v in options.items() if k not in ("seed", "variations")},
    }
    RunFolder(request.output, "evaluation", made_from).claim()
    work = request.tasks()
    real = reference_set(request.real, request.training)
    # The next song at the same tempo; every song has all tempi in the same order.
    ahead = len({t.tempo for t in work}) if request.shuffled else 0
    todo = [(request, t, work[(i + ahead) % len(work)]) for i, t in enumerate(work)]
    with removing_parts(request.output):
        groups = for_each(_dance_and_measure, todo, jobs, backend, progress)
    result = summarize(request.name or request.model, [d for g in groups for d in g], real)
    if request.shuffled:  # the other songs hold the dances' own
        kept = {k: v for k, v in result.metrics.items() if not k.endswith("_own")}
        result = replace(result, metrics=kept)
    return result


def protocol_sheets(request: ProtocolRequest) -> list[tuple[str, NDArray[np.uint8]]]:
    """Contact sheets of the first dance to every song, for a report."""
    sheets = []
    for task in (t for t in request.tasks() if t.tempo == 1):
        path = request.output / "dances" / f"{task.names[0]}.npz"
        poses, facts = read_dance(path)
        beats = read_song_facts(_song_of(task, request.output)).beats
        sheets.append((path.stem, contact_sheet(poses, beats, facts.seams, grid=(20, 2))))
    return sheets


@cache
def _model(name: str) -> Generator:
    import torch

    from hotfoot.generation.generator import load_generator

    torch.set_num_threads(1)
    return load_generator(name)


def _song_of(task: Task, folder: Path) -> Path:
    """The part of the song that is danced, played as fast as the task says, as a .wav."""
    path = folder / "songs" / f"{task.song_name}.wav"
    if not path.exists():
        make_folder(path.parent)
        with replacing(path) as temporary:
            for start in (task.start_s, 0.0):  # a short song is danced from its beginning
                part = open_song(task.song, start, start + task.seconds * task.tempo)
                seconds = save_part(part, temporary, task.tempo)
                if seconds >= min(_SHORTEST_S, task.seconds):
                    break
            else:
                raise InputError(
                    f"{task.song} has only {seconds:.1f} s of sound",
                    f"Leave it out; at least {_SHORTEST_S:g} s are needed.",
                )
            if (beats := annotated_beats(task.song)) is not None:
                here = (beats[beats >= start] - start) / task.tempo
                save_text(path.with_suffix(".beats"), beats_text(here))
    return path


def _dance_and_measure(job: _Job) -> list[DanceMeasures]:
    """Dance a task, unless its dances are all there, and measure them."""
    request, task, against = job
    paths = [request.output / "dances" / f"{name}.npz" for name in task.names]
    if not all(p.exists() for p in paths):
        make_folder(paths[0].parent)
        options = replace(request.options, seed=task.seed, variations=len(paths))
        song_path, model = _song_of(task, request.output), _model(request.model)
        made = dances(song_path, task.figure, model=model, options=options)
        for one, path in zip(made, paths, strict=True):
            one.save(path)
    out = []
    for variation, path in enumerate(paths):
        poses, facts = read_dance(path)
        song = read_song_facts(_song_of(against, request.output))
        if against is not task:  # both parts may differ by a frame or be cut short
            poses = poses.frames(0, max(1, int(song.duration_s * poses.fps)))
        figure = load_reference(task.figure)
        info = DanceInfo(path.stem, variation, task.tempo, facts.seams, figure, request.published)
        out.append(measure_dance(poses, replace(song, name=task.label), info))
    return out
