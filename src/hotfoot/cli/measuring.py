"""Measuring pose files, and dancing a protocol to be measured: in processes here, or on Ray."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from hotfoot.cli.common import warn
from hotfoot.errors import EvaluationError, InputError

if TYPE_CHECKING:
    from hotfoot.evaluation.protocol import Task
    from hotfoot.evaluation.scores import DanceScores, MusicFacts
    from hotfoot.evaluation.summary import RealMotion, Result
    from hotfoot.pose.sequence import PoseSequence

_R = TypeVar("_R")
_SHORTEST_S = 4.0  # of a song in a protocol
_WITHOUT_RATE = ("openpose", "folder", "coco", "mmpose")


@cache
def _facts(song: Path, start: float) -> MusicFacts:
    from hotfoot.evaluation.scores import music_facts
    from hotfoot.music.audio import open_song
    from hotfoot.music.tokens import analyze_song

    return music_facts(song.stem, analyze_song(open_song(song, start)))


def _read(path: Path, fps: float | None = None) -> tuple[PoseSequence, tuple[int, ...], int]:
    """Poses, seams and seed of a pose file."""
    import numpy as np

    from hotfoot.pose.formats import read_poses

    poses = read_poses(path, fps=fps)
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            if "seams" in archive:
                return poses, tuple(int(s) for s in archive["seams"]), int(archive["seed"])
    return poses, (), 0


@dataclass(frozen=True)
class _File:
    path: Path
    song: Path
    label: str
    start: float
    reference: str | None
    fps: float | None
    published: bool


def _measure_file(file: _File) -> DanceScores:
    from dataclasses import replace

    from hotfoot.evaluation.scores import measure_dance
    from hotfoot.pose.references import load_reference

    poses, seams, seed = _read(file.path, file.fps)
    scores = measure_dance(
        poses, _facts(file.song, file.start), name=file.path.stem, seed=seed, seams=seams,
        reference=load_reference(file.reference) if file.reference else None,
        published=file.published,
    )  # fmt: skip
    return replace(scores, song=file.label)


def measure_files(
    poses: tuple[Path, ...], music: tuple[Path, ...], start: float, reference: str | None,
    fps: float | None, name: str, real: RealMotion | None, published: bool, mapper: Any, say: Any,
) -> Result:  # fmt: skip
    """Measure pose files danced to songs: one for all, or one for each."""
    from hotfoot.evaluation.protocol import unique_names
    from hotfoot.evaluation.summary import summarize
    from hotfoot.music.audio import open_song
    from hotfoot.pose.formats import detect_format
    from hotfoot.pose.references import load_reference

    for song in music:
        open_song(song, start)
    if reference:
        load_reference(reference)
    songs = music if len(music) > 1 else music * len(poses)
    different = list(dict.fromkeys(p.resolve() for p in songs))
    labels = dict(zip(different, unique_names(different), strict=True))
    files = [
        _File(p, s, labels[s.resolve()], start, reference, fps, published)
        for p, s in zip(poses, songs, strict=True)
    ]
    silent = [p.name for p in poses if fps is None and detect_format(p) in _WITHOUT_RATE]
    if silent:
        warn([f"{', '.join(silent[:3])}: the file has no frame rate, 30 fps assumed (--fps)"])
    return summarize(name, _collect(mapper(_measure_file, files), len(files), say), real)


def file_sheets(poses: tuple[Path, ...], fps: float | None, most: int = 20) -> list[Any]:
    """Contact sheets of the first dances, for the report."""
    from hotfoot.render.sheets import contact_sheet

    return [
        (path.stem, contact_sheet(_read(path, fps)[0], columns=20, rows=2)) for path in poses[:most]
    ]


def real_motion(real: Path | None, training: Path | None) -> RealMotion | None:
    """Real dances of a folder, and training motion of another, to compare with; None without."""
    if real is None:
        return None
    import numpy as np

    from hotfoot.evaluation.body import measure_jerk
    from hotfoot.evaluation.motion import prepare
    from hotfoot.evaluation.realism import kinetic_features, pose_windows
    from hotfoot.evaluation.summary import RealMotion
    from hotfoot.pose.formats import read_poses

    def load(folder: Path) -> list[Any]:
        files = sorted(p for p in folder.rglob("*") if p.suffix in (".npz", ".json", ".pkl"))
        out = []
        for path in files:
            try:
                out.append(prepare(read_poses(path)))
            except EvaluationError:
                continue
        if len(out) < 2:
            raise InputError(
                f"{len(out)} usable pose files in {folder}",
                "Give a folder with at least two (hotfoot corpus film makes one).",
            )
        return out

    motions = load(real)
    jerk = [measure_jerk(m) for m in motions]
    bank = None
    if training is not None:
        bank = np.concatenate([pose_windows(m, hop_s=0.2) for m in load(training)])
    return RealMotion(
        [kinetic_features(m) for m in motions], [pose_windows(m) for m in motions], jerk, bank
    )


# Dancing


@cache
def _model(name: str) -> Any:
    import torch

    from hotfoot.model.checkpoint import load_dancer

    torch.set_num_threads(1)
    return load_dancer(name)


@dataclass(frozen=True)
class _Job:
    task: Task
    model: str
    folder: Path
    beat_lock: bool
    draft: float | None
    against: Task  # whose song it is measured against
    published: bool


def _song_of(task: Task, folder: Path) -> Path:
    """The part of the song that is danced, played as fast as the task says, as a .wav."""
    from hotfoot.files import replacing
    from hotfoot.music.audio import open_song, save_part

    path = folder / "songs" / f"{task.song_name}.wav"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
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
    return path


def _dance_and_measure(job: _Job) -> list[DanceScores]:
    from dataclasses import replace

    from hotfoot.evaluation.scores import measure_dance
    from hotfoot.generation.pipeline import variations
    from hotfoot.pose.references import load_reference

    task = job.task
    song = _song_of(task, job.folder)
    paths = [job.folder / "dances" / f"{name}.npz" for name in task.names]
    if not all(p.exists() for p in paths):
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        made = variations(
            song, task.figure, len(paths), model=_model(job.model), seed=task.seed,
            beat_lock=job.beat_lock, draft=job.draft,
        )  # fmt: skip
        for one, path in zip(made, paths, strict=True):
            one.save(path)
    out = []
    for v, path in enumerate(paths):
        poses, seams, _ = _read(path)
        heard = _facts(_song_of(job.against, job.folder), 0.0)
        if job.against is not task:  # both parts may differ by a frame or be cut short
            poses = poses.frames(0, max(1, int(heard.duration_s * poses.fps)))
        scores = measure_dance(
            poses, heard, name=path.stem, seed=v, tempo=task.tempo, seams=seams,
            reference=load_reference(task.figure), published=job.published,
        )  # fmt: skip
        out.append(replace(scores, song=task.label))
    return out


def run_protocol(
    protocol_name: str, songs: Path, model: str, beat_lock: bool, draft: float | None,
    shuffled: bool, name: str, output: Path, real: RealMotion | None, published: bool,
    mapper: Any, say: Any,
) -> tuple[Result, list[Any]]:  # fmt: skip
    """Dance a protocol, or what is missing of it, and measure it; with contact sheets."""
    from contextlib import closing
    from dataclasses import replace

    from hotfoot.evaluation.protocol import protocol, tasks
    from hotfoot.evaluation.summary import summarize
    from hotfoot.files import RunFolder, removing_parts
    from hotfoot.model.checkpoint import model_folder, read_config
    from hotfoot.render.sheets import contact_sheet

    chosen = protocol(protocol_name)
    read_config(model_folder(model))
    made_from = {
        "protocol": protocol_name, "songs": str(songs.resolve()), "weights": _weights_hash(model),
        "beat_lock": beat_lock, "draft": draft,
    }  # fmt: skip
    RunFolder(output, "evaluation", made_from).claim()
    work = tasks(chosen, songs, output / "composed")
    others: dict[str, Task] = {}
    for tempo in {t.tempo for t in work}:
        group = [t for t in work if t.tempo == tempo]
        others |= {t.song_name: group[(i + 1) % len(group)] for i, t in enumerate(group)}
    jobs = [
        _Job(
            task,
            model,
            output,
            beat_lock,
            draft,
            others[task.song_name] if shuffled else task,
            published,
        )
        for task in work
    ]
    with removing_parts(output), closing(mapper(_dance_and_measure, jobs)) as found:
        groups = _collect(found, len(jobs), say)
    sheets = []
    for task in [t for t in work if t.tempo == 1]:
        poses, seams, _ = _read(output / "dances" / f"{task.names[0]}.npz")
        beats = _facts(_song_of(task, output), 0.0).beats
        sheets.append((task.names[0], contact_sheet(poses, beats, seams, columns=20, rows=2)))
    result = summarize(name, [d for group in groups for d in group], real)
    if shuffled:  # the other songs hold the dances' own
        kept = {k: v for k, v in result.summaries.items() if not k.endswith("_own")}
        result = replace(result, summaries=kept)
    return result, sheets


def _weights_hash(model: str) -> str:
    import hashlib

    from hotfoot.model.checkpoint import model_folder

    weights = model_folder(model) / "model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest() if weights.exists() else ""


def _collect(found: Iterator[_R], total: int, say: Any) -> list[_R]:
    out = []
    for done, one in enumerate(found, 1):
        out.append(one)
        say("measuring", done, total)
    return out
