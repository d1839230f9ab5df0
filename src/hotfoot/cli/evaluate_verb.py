"""``hotfoot evaluate``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hotfoot.cli.common import check_fps, check_out, emit, progress_bars, warn
from hotfoot.errors import DependencyError, EvaluationError, InputError, OptionError

if TYPE_CHECKING:
    from hotfoot.evaluation.protocol import Task
    from hotfoot.evaluation.scores import DanceScores, MusicFacts, RealMotion, Result
    from hotfoot.pose.sequence import PoseSequence

_T = TypeVar("_T")
_R = TypeVar("_R")
_SHORTEST_S = 4.0  # of a song in a protocol
_WITHOUT_RATE = ("openpose", "folder", "coco", "mmpose")


@click.command(
    epilog="""\b
Examples:
  hotfoot evaluate dance.npz --music song.mp3
  hotfoot evaluate a.npz b.npz --music a.mp3 --music b.mp3 --real real/ --report out.html
  hotfoot evaluate --protocol standard --songs songs/ --model default -o results/
  hotfoot evaluate results/*/results.json --report table.html"""
)
@click.argument("poses", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--music", multiple=True, type=click.Path(path_type=Path),
    help="The song: one for all dances, or one for each.",
)  # fmt: skip
@click.option("--start", default=0.0, help="Second of the songs at which the dances begin.")
@click.option("--fps", type=float, help="Of pose files that do not say [default: 30].")
@click.option("--reference", help="Pose file or built-in figure that the dances were made for.")
@click.option(
    "--real", type=click.Path(path_type=Path),
    help="Folder of real dances (see hotfoot corpus film) for the realism metrics.",
)  # fmt: skip
@click.option(
    "--train", "training", type=click.Path(path_type=Path),
    help="Folder of films of the training motion, to find copies (needs --real).",
)  # fmt: skip
@click.option(
    "--protocol", "protocol_name", help="Dance first: standard, quick, tempo, long, debug."
)
@click.option("--songs", type=click.Path(path_type=Path), help="Folder of songs (protocol).")
@click.option("--model", default="default", show_default=True, help="Who dances (protocol).")
@click.option("--no-beat-lock", is_flag=True, help="Dance without retiming to beats (protocol).")
@click.option(
    "--shuffled",
    is_flag=True,
    help="Measure every dance against the next song instead of its own (protocol).",
)
@click.option("--name", help="Of this row of the table [default: the model's or 'dances'].")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder for dances and results (protocol); what is there is not made again.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write a page (.html) or .md.")
@click.option(
    "--network",
    type=click.Path(path_type=Path),
    help="Feature network (.onnx): POSES are videos then, --real a folder of videos.",
)
@click.option("--network-size", default=224, show_default=True, help="Side of its pictures.")
@click.option(
    "--clip-frames",
    default=16,
    show_default=True,
    help="Frames of its clips; 1 for a network of pictures.",
)
@click.option("--jobs", type=int, help="Processes [default: one per core].")
@click.option(
    "--on",
    type=click.Choice(["here", "ray"]),
    default="here",
    show_default=True,
    help="Where to compute.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    poses: tuple[Path, ...], music: tuple[Path, ...], start: float, fps: float | None,
    reference: str | None, real: Path | None, training: Path | None, protocol_name: str | None,
    songs: Path | None, model: str, no_beat_lock: bool, shuffled: bool, name: str | None,
    output: Path | None, report: Path | None, network: Path | None, network_size: int,
    clip_frames: int, jobs: int | None, on: str, as_json: bool,
) -> None:  # fmt: skip
    """Measure dances: synchrony, response to the music, realism, body; with chance levels.

    POSES are pose files danced to --music; or, with --protocol, a model dances to --songs first;
    or results.json files, which are put side by side; or, with --network, videos.
    """
    from hotfoot.evaluation.report import markdown, merge, read_results, to_json

    if network is not None:
        _videos(poses, real, network, network_size, clip_frames, as_json)
        return
    check_fps(fps)
    _check(poses, music, protocol_name, songs, output, report, jobs, training, real)
    if poses and all(p.name.endswith("results.json") for p in poses):
        data = merge([read_results(p) for p in poses])
        sheets = None
    else:
        compared = _real_motion(real, training)
        mapper = partial(_map, jobs=jobs, on=on)
        with progress_bars() as say:
            if protocol_name:
                assert songs is not None
                assert output is not None
                result, sheets = _run_protocol(
                    protocol_name,
                    songs,
                    model,
                    not no_beat_lock,
                    shuffled,
                    name or model,
                    output,
                    compared,
                    mapper,
                    say,
                )
            else:
                result = _measure_files(
                    poses, music, start, reference, fps, name or "dances", compared, mapper, say
                )
                sheets = _file_sheets(poses, fps) if report is not None else None
        data = to_json([result], "hotfoot " + shlex.join(sys.argv[1:]))
        if output is not None:
            _write(output / "results.json", _dumped(data))
            _write(output / "results.md", markdown(data))
    if report is not None:
        from hotfoot.evaluation.report import html

        text = markdown(data) if report.suffix == ".md" else html(data, sheets=sheets)
        _write(report, text)
    lines = markdown(data).splitlines()
    emit(data, [*lines, *([str(report)] if report else [])], as_json)


def _check(
    poses: tuple[Path, ...], music: tuple[Path, ...], protocol_name: str | None,
    songs: Path | None, output: Path | None, report: Path | None, jobs: int | None,
    training: Path | None, real: Path | None,
) -> None:  # fmt: skip
    from hotfoot.files import check_writable

    if bool(poses) == bool(protocol_name):
        raise OptionError(
            "there is nothing to measure" if not poses else "both POSES and --protocol are given",
            "Give pose files with --music, or --protocol NAME with --songs FOLDER and -o FOLDER.",
        )
    results = [p.name.endswith("results.json") for p in poses]
    if any(results) and not all(results):
        raise OptionError("results and poses are mixed", "Give only one kind.")
    if poses and not any(results):
        if not music:
            raise OptionError("no song is given", "Give --music SONG, once or once per dance.")
        if len(music) not in (1, len(poses)):
            raise OptionError(
                f"{len(poses)} dances and {len(music)} songs",
                "Give one song for all dances, or one for each in the same order.",
            )
    if protocol_name and (songs is None or output is None):
        raise OptionError("--protocol needs --songs and -o", "Folders of songs and of results.")
    if training is not None and real is None:
        raise OptionError("--train needs --real", "Held-out real motion is what copies are "
                          "told by.")  # fmt: skip
    if jobs is not None and not 1 <= jobs <= 256:
        raise OptionError(f"--jobs is {jobs}", "Allowed: 1 to 256.")
    if report is not None:
        if report.suffix not in (".html", ".md"):
            raise OptionError(f"cannot write {report.name}", "Reports are .html or .md.")
        check_writable(report)
    if output is not None:
        check_out(output)


def _videos(
    videos: tuple[Path, ...], real: Path | None, network: Path, size: int, frames: int,
    as_json: bool,
) -> None:  # fmt: skip
    """FID-VID or FVD of videos against a folder of real ones."""
    from hotfoot.evaluation.video import (
        VIDEO_SUFFIXES,
        FeatureNetwork,
        NetworkInput,
        video_distance,
        video_features,
    )

    if not videos or real is None or not real.is_dir():
        raise OptionError(
            "videos are compared with real ones", "Give videos, and --real FOLDER of videos."
        )
    if not (8 <= size <= 1024 and 1 <= frames <= 512):
        raise OptionError(
            f"--network-size {size}, --clip-frames {frames}", "Allowed: 8 to 1024, 1 to 512."
        )
    net = FeatureNetwork(network, NetworkInput(size, frames))
    true = sorted(p for p in real.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES)
    found = video_distance(video_features(list(videos), net), video_features(true, net))
    name = "FID-VID" if frames == 1 else "FVD"
    emit(
        {"metric": name, "frechet": found.frechet, "kernel": found.kernel,
         "clips": list(found.clips), "network": network.name},
        [f"{name} with {network.name}: {found.frechet:.4g} "
         f"(kernel distance {found.kernel:.4g}; {found.clips[0]} and {found.clips[1]} clips)"],
        as_json,
    )  # fmt: skip


def _dumped(data: dict[str, Any]) -> str:
    import json

    return json.dumps(data, indent=1, allow_nan=False) + "\n"


def _write(path: Path, text: str) -> None:
    from hotfoot.files import replacing

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(text)


# Measuring


@cache
def _facts(song: Path, start: float) -> MusicFacts:
    from hotfoot.evaluation.scores import music_facts
    from hotfoot.music.audio import open_song
    from hotfoot.music.tokens import analyse_song

    return music_facts(song.stem, analyse_song(open_song(song, start)))


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


def _measure_file(file: _File) -> DanceScores:
    from dataclasses import replace

    from hotfoot.evaluation.scores import measure_dance
    from hotfoot.pose.references import load_reference

    poses, seams, seed = _read(file.path, file.fps)
    scores = measure_dance(
        poses, _facts(file.song, file.start), name=file.path.stem, seed=seed, seams=seams,
        reference=load_reference(file.reference) if file.reference else None,
    )  # fmt: skip
    return replace(scores, song=file.label)


def _measure_files(
    poses: tuple[Path, ...], music: tuple[Path, ...], start: float, reference: str | None,
    fps: float | None, name: str, real: RealMotion | None, mapper: Any, say: Any,
) -> Result:  # fmt: skip
    from hotfoot.evaluation.protocol import unique_names
    from hotfoot.evaluation.scores import summarise
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
        _File(p, s, labels[s.resolve()], start, reference, fps)
        for p, s in zip(poses, songs, strict=True)
    ]
    silent = [p.name for p in poses if fps is None and detect_format(p) in _WITHOUT_RATE]
    if silent:
        warn([f"{', '.join(silent[:3])}: the file has no frame rate, 30 fps assumed (--fps)"])
    return summarise(name, _collect(mapper(_measure_file, files), len(files), say), real)


def _file_sheets(poses: tuple[Path, ...], fps: float | None, most: int = 20) -> list[Any]:
    """Contact sheets of the first dances, for the report."""
    from hotfoot.render.sheets import contact_sheet

    return [
        (path.stem, contact_sheet(_read(path, fps)[0], columns=20, rows=2)) for path in poses[:most]
    ]


def _real_motion(real: Path | None, training: Path | None) -> RealMotion | None:
    if real is None:
        return None
    import numpy as np

    from hotfoot.evaluation.body import measure_jerk
    from hotfoot.evaluation.motion import prepare
    from hotfoot.evaluation.realism import kinetic_features, pose_windows
    from hotfoot.evaluation.scores import RealMotion
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

    from hotfoot.dancer.model import load_dancer

    torch.set_num_threads(1)
    return load_dancer(name)


@dataclass(frozen=True)
class _Job:
    task: Task
    model: str
    folder: Path
    beat_lock: bool
    against: Task  # whose song it is measured against


def _song_of(task: Task, folder: Path) -> Path:
    """The part of the song that is danced, played as fast as the task says, as a .wav."""
    from hotfoot.files import replacing
    from hotfoot.music.audio import open_song, save_part

    path = folder / "songs" / f"{task.song_name}.wav"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        for start in (task.start_s, 0.0):  # a short song is danced from its beginning
            part = open_song(task.song, start, start + task.seconds * task.tempo)
            with replacing(path) as temporary:
                seconds = save_part(part, temporary, task.tempo)
            if seconds >= min(_SHORTEST_S, task.seconds):
                break
        else:
            path.unlink()
            raise InputError(
                f"{task.song} has only {seconds:.1f} s of sound",
                f"Leave it out; at least {_SHORTEST_S:g} s are needed.",
            )
    return path


def _dance_and_measure(job: _Job) -> list[DanceScores]:
    from dataclasses import replace

    from hotfoot.dancer.dance import variations
    from hotfoot.evaluation.scores import measure_dance
    from hotfoot.pose.references import load_reference

    task = job.task
    song = _song_of(task, job.folder)
    paths = [job.folder / "dances" / f"{name}.npz" for name in task.names]
    if not all(p.exists() for p in paths):
        paths[0].parent.mkdir(parents=True, exist_ok=True)
        made = variations(
            song, task.figure, len(paths), model=_model(job.model), seed=task.seed,
            beat_lock=job.beat_lock,
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
            reference=load_reference(task.figure),
        )  # fmt: skip
        out.append(replace(scores, song=task.label))
    return out


def _run_protocol(
    protocol_name: str, songs: Path, model: str, beat_lock: bool, shuffled: bool,
    name: str, output: Path, real: RealMotion | None, mapper: Any, say: Any,
) -> tuple[Result, list[Any]]:  # fmt: skip
    from hotfoot.dancer.model import model_folder, read_config
    from hotfoot.evaluation.protocol import protocol, tasks
    from hotfoot.evaluation.scores import summarise
    from hotfoot.render.sheets import contact_sheet

    chosen = protocol(protocol_name)
    read_config(model_folder(model))
    work = tasks(chosen, songs, output / "composed")
    output.mkdir(parents=True, exist_ok=True)
    _claim(output, protocol_name, songs, model, beat_lock)
    others: dict[str, Task] = {}
    for tempo in {t.tempo for t in work}:
        group = [t for t in work if t.tempo == tempo]
        others |= {t.song_name: group[(i + 1) % len(group)] for i, t in enumerate(group)}
    jobs = [
        _Job(task, model, output, beat_lock, others[task.song_name] if shuffled else task)
        for task in work
    ]
    groups = _collect(mapper(_dance_and_measure, jobs), len(jobs), say)
    sheets = []
    for task in [t for t in work if t.tempo == 1]:
        poses, seams, _ = _read(output / "dances" / f"{task.names[0]}.npz")
        beats = _facts(_song_of(task, output), 0.0).beats
        sheets.append((task.names[0], contact_sheet(poses, beats, seams, columns=20, rows=2)))
    return summarise(name, [d for group in groups for d in group], real), sheets


def _claim(output: Path, protocol_name: str, songs: Path, model: str, beat_lock: bool) -> None:
    """Remember what a folder's dances are, or make sure that they are the same.

    Raises:
        OptionError: they are of another model, protocol or kind.
    """
    import hashlib
    import json

    from hotfoot.dancer.model import model_folder

    weights = model_folder(model) / "model.safetensors"
    now = {
        "protocol": protocol_name,
        "songs": str(songs.resolve()),
        "weights": hashlib.sha256(weights.read_bytes()).hexdigest() if weights.exists() else "",
        "beat_lock": beat_lock,
    }
    path = output / "run.json"
    if path.exists():
        if json.loads(path.read_text()) != now:
            raise OptionError(
                f"{output} holds dances of another model, protocol, songs or beat lock",
                "Give another -o, or delete that folder.",
            )
    elif (output / "dances").exists():
        raise OptionError(
            f"{output} holds dances of an unknown origin", "Give another -o, or delete that folder."
        )
    _write(path, json.dumps(now, indent=2) + "\n")


def _collect(found: Iterator[_R], total: int, say: Any) -> list[_R]:
    out = []
    for done, one in enumerate(found, 1):
        out.append(one)
        say("measuring", done, total)
    return out


def _map(function: Callable[[_T], _R], items: list[_T], jobs: int | None, on: str) -> Iterator[_R]:
    """Results in order, from processes here or from a Ray cluster."""
    import os

    if on == "ray":
        try:
            import ray
        except ImportError as error:
            raise DependencyError(
                "--on ray needs the package ray", "Install it: pip install 'hotfoot[ray]'"
            ) from error
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(ignore_reinit_error=True, include_dashboard=False, log_to_driver=False)
        remote = ray.remote(num_cpus=1, max_retries=3)(function)
        for handle in [remote.remote(item) for item in items]:
            try:
                yield ray.get(handle)
            except ray.exceptions.RayTaskError as error:
                raise error.cause from error
        return
    count = min(jobs or os.cpu_count() or 1, len(items))
    if count <= 1:
        yield from map(function, items)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        yield from pool.map(function, items)
