"""Named protocols: which songs, references, seeds and lengths are danced and measured."""

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotfoot.data.songs import song_files, split_songs
from hotfoot.errors import InputError, lookup
from hotfoot.evaluation.beats import annotated_beats, beats_text
from hotfoot.evaluation.dances import (
    Progress,
    check_folders,
    for_each,
    read_song_facts,
    reference_set,
    unique_names,
)
from hotfoot.evaluation.measures import DanceInfo, DanceMeasures, measure_dance
from hotfoot.evaluation.summary import EvaluationResult, summarize
from hotfoot.files import RunFolder, make_folder, removing_parts, replacing, save_text
from hotfoot.generation.options import DanceOptions
from hotfoot.generation.pipeline import dances
from hotfoot.model.checkpoint import WEIGHTS, model_folder, read_config
from hotfoot.model.generator import Generator
from hotfoot.music.audio import SAMPLE_RATE, open_song, save_part
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import read_dance
from hotfoot.pose.metadata import file_sha256
from hotfoot.pose.references import load_reference
from hotfoot.render.sheets import contact_sheet
from hotfoot.validation import validated

_SHORTEST_S = 4.0  # of a song in a protocol


@dataclass(frozen=True)
class Protocol:
    """What is danced."""

    songs: int  # so many, from a folder and, where it has fewer, composed
    seconds: float = 20.0  # of each song (shorter songs whole)
    start_s: float = 10.0  # where in the song to begin
    variations: int = 2  # dances per song
    figures: tuple[str, ...] = ("average", "tall", "stocky", "child")  # references, in turn
    tempi: tuple[float, ...] = ()  # copies of each song played so much faster, danced as often
    held_out: bool = True  # take only every sixth song, those that the recipes never train on
    whole: bool = False  # leave out songs that end before ``start_s + seconds``


PROTOCOLS = {
    "standard": Protocol(songs=20),
    "quick": Protocol(songs=6),
    "tempo": Protocol(songs=10, variations=3, tempi=(0.8, 1.25)),
    "long": Protocol(songs=3, seconds=300.0, start_s=0.0, variations=1, whole=True),
    "debug": Protocol(songs=2, seconds=6.0, start_s=0.0, tempi=(1.25,), held_out=False),
}


@dataclass(frozen=True)
class Task:
    """Dances to one song."""

    song: Path
    label: str  # its name, with a number where several have the same
    tempo: float  # factor at which it is played
    figure: str
    variations: int
    seed: int  # of all of them
    start_s: float  # where in the song they begin
    seconds: float  # of the song that are danced

    @property
    def song_name(self) -> str:
        """Of the part that is danced."""
        return self.label + ("" if self.tempo == 1 else f"-x{self.tempo:g}")

    @property
    def names(self) -> list[str]:
        """Of the dances' files."""
        return [f"{self.song_name}-{self.figure}-{v}" for v in range(self.variations)]


def tasks(chosen: Protocol, folder: Path, composed: Path) -> list[Task]:
    """All dances of a protocol for a folder of songs, in a fixed order.

    Where the folder has too few, songs from 66 to 180 BPM are composed in ``composed``, from seeds
    that no recipe trains on; InputError where it has none.
    """
    found = split_songs(folder)[1] if chosen.held_out else song_files(folder)
    if not found:
        few = " (at least four: every sixth is held out)" if chosen.held_out else ""
        raise InputError(f"no songs in {folder}", f"Give a folder of songs{few}.")
    if chosen.whole:
        least = (chosen.start_s + chosen.seconds) * SAMPLE_RATE
        found = [p for p in found if sum(map(len, open_song(p).blocks())) >= least]
    if len(found) > chosen.songs:
        step = len(found) / chosen.songs
        found = [found[int(i * step)] for i in range(chosen.songs)]
    found += _composed(chosen, chosen.songs - len(found), composed)
    out = []
    for i, (song, label) in enumerate(zip(found, unique_names(found), strict=True)):
        figure = chosen.figures[i % len(chosen.figures)]
        for tempo in (1.0, *chosen.tempi):
            rest = (chosen.variations, i, chosen.start_s, chosen.seconds)
            out.append(Task(song, label, tempo, figure, *rest))
    return out


def _composed(chosen: Protocol, count: int, folder: Path) -> list[Path]:
    tempi = (1.0, *chosen.tempi)
    seconds = chosen.start_s + chosen.seconds * max(tempi) / min(tempi) + 2
    out = []
    for i in range(count):
        bpm = 66 * (180 / 66) ** ((i + 0.5) / count)
        path = folder / f"composed-{bpm:.0f}.wav"
        if not path.exists():
            song = compose(seconds, bpm, seed=20_000 + i, sections=max(3, round(seconds / 30)))
            save_text(path.with_suffix(".beats"), beats_text(song.beats))
            song.save(path)
        out.append(path)
    return out


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
        lookup("protocol", self.protocol, PROTOCOLS)
        check_folders(self.real, self.training)

    def tasks(self) -> list[Task]:
        """What is danced; songs that are missing are composed."""
        return tasks(PROTOCOLS[self.protocol], self.songs, self.output / "composed")


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
