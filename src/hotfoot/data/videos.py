"""Users' own dance videos to recordings: poses of one person without a cut, with their music.

In: a folder of videos. Out: a folder with ``poses/``, ``music/``, a report per video and
``recordings.json``. A video's report is written last, so one that was cut off is done again, and
one that was finished is not; results do not depend on who did the work, or how often it was begun.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from hotfoot.capture.estimators import PoseEstimator, make_estimator
from hotfoot.capture.images import VideoInfo, video_info
from hotfoot.capture.people import Shot, video_shots
from hotfoot.capture.quality import Limits, split_track
from hotfoot.capture.sound import SoundClass, classify_sound
from hotfoot.data.recordings import write_recordings
from hotfoot.data.video_reports import (
    KeptPart,
    LeftOutPart,
    VideoReport,
    recordings_of,
    summary,
)
from hotfoot.errors import DependencyError, InputError, OutputError
from hotfoot.files import RunFolder, make_folder, removing_parts, replacing, save_text
from hotfoot.music.audio import open_song, save_part
from hotfoot.parallel import parallel_map
from hotfoot.pose.formats import write_poses
from hotfoot.pose.references import VIDEO_SUFFIXES
from hotfoot.pose.smoothing import smoothed, without_flicker
from hotfoot.validation import read_json, to_json

_LEAST_FPS = 20.0
_SMOOTHING_S = 0.02


@dataclass(frozen=True)
class VideoSettings:
    """How videos are read; a folder keeps to what it was begun with.

    Attributes:
        estimator: of poses.
        weights: folder of its weights, if it needs one.
        device: of the estimator.
        style: of all videos, or empty.
        credit: whom to credit for the videos.
        limits: what a recording must be.
    """

    estimator: str = "mediapipe"
    weights: Path | None = None
    device: str = "cpu"
    style: str = ""
    credit: str = ""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class _Task:
    video: Path
    name: str
    out: Path
    settings: VideoSettings


Progress = Callable[[int, int], None]
"""``progress(done, total)`` in videos."""


def find_videos(folder: Path) -> dict[str, Path]:
    """Videos of a folder and its subfolders by a name of their own.

    Raises:
        InputError: no folder, or no video in it.
    """
    if not folder.is_dir():
        raise InputError(f"no such folder: {folder}", "Give a folder of videos.")
    found = sorted(
        p for p in folder.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES and p.is_file()
    )
    if not found:
        raise InputError(f"no videos in {folder}", f"Known: {', '.join(sorted(VIDEO_SUFFIXES))}.")
    out = {}
    for path in found:
        relative = path.relative_to(folder).as_posix()
        slug = re.sub(r"[^A-Za-z0-9]+", "-", relative).strip("-")[:60]
        out[f"{slug}-{hashlib.sha256(relative.encode()).hexdigest()[:8]}"] = path
    return out


def ingest(
    folder: Path, out: Path, settings: VideoSettings, jobs: int = 1, backend: str = "local",
    address: str | None = None, progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Read all videos of a folder that have not been read; returns the summary of all reports.

    Args:
        folder: of videos.
        out: gets poses, music, reports and ``recordings.json``.
        settings: how.
        jobs: videos at once.
        backend: one of :data:`~hotfoot.parallel.BACKENDS`.
        address: of the Ray cluster; by default one is started here.
        progress: called after each video.

    Raises:
        InputError: no videos; the estimator or its weights are missing.
        OutputError: the folder was begun with other settings, or holds something else.
    """
    videos = find_videos(folder)
    make_estimator(settings.estimator, settings.weights, settings.device)  # or say why not, now
    RunFolder(out, "video", _made_from(settings)).claim()
    tasks = [_Task(path, name, out, settings) for name, path in videos.items()]
    missing = [t for t in tasks if not _report_path(t).exists()]
    done = len(tasks) - len(missing)
    if progress:
        progress(done, len(tasks))
    with (
        removing_parts(out),
        closing(parallel_map(_ingest, missing, jobs, backend, address)) as found,
    ):
        for _ in found:
            done += 1
            if progress:
                progress(done, len(tasks))
    reports: list[VideoReport] = [
        read_json(VideoReport, _report_path(t), InputError) for t in tasks
    ]
    write_recordings(out, recordings_of(reports, out, settings.style, settings.credit))
    return summary(reports)


def _made_from(settings: VideoSettings) -> dict[str, Any]:
    weights = settings.weights.name if settings.weights else None
    return {**asdict(settings), "weights": weights, "device": None}


def _report_path(task: _Task) -> Path:
    return task.out / "reports" / f"{task.name}.json"


def _ingest(task: _Task) -> str:
    """Read one video and write its report; an unreadable one has a report too."""
    report = VideoReport(name=task.name, video=task.video.name)
    try:
        facts = video_info(task.video)
        report = replace(
            report, fps=round(facts.fps, 3), size=facts.size, seconds=round(facts.seconds, 3)
        )
        why, sound = _check_sound(task.video, facts)
        report = replace(report, why=why, sound=sound)
        if not why:
            shots = video_shots(task.video, _estimator(task.settings))
            seconds = round(sum(x.poses.duration_s for x in shots), 3)
            report = replace(report, seconds=seconds, shots=len(shots))
            kept, left_out = _keep_recordings(task, facts, shots)
            report = replace(report, recordings=tuple(kept), left_out=tuple(left_out))
    except (OutputError, DependencyError):  # of this machine, not of the video: try again later
        raise
    except InputError as error:
        report = replace(report, why=error.message, recordings=())
    save_text(_report_path(task), to_json(report))
    return task.name


@cache
def _load_estimator(name: str, weights: Path | None, device: str) -> PoseEstimator:
    return make_estimator(name, weights, device)


def _estimator(settings: VideoSettings) -> PoseEstimator:
    """The estimator, loaded once in a process."""
    return _load_estimator(settings.estimator, settings.weights, settings.device)


def _check_sound(video: Path, facts: VideoInfo) -> tuple[str, SoundClass | None]:
    if facts.fps < _LEAST_FPS - 0.5:
        return f"fewer than {_LEAST_FPS:g} frames per second", None
    if not facts.has_audio:
        return "no sound", None
    sound = classify_sound(video)
    refused = {"silence": "silent", "speech": "speech without music"}
    return refused.get(sound.kind, ""), sound


def _keep_recordings(
    task: _Task, facts: VideoInfo, shots: list[Shot]
) -> tuple[list[KeptPart], list[LeftOutPart]]:
    """Write poses and music of the parts that can be used; they, and the others."""
    kept: list[KeptPart] = []
    left_out: list[LeftOutPart] = []
    for number, shot in enumerate(shots):
        fps = shot.poses.fps
        silent = round((facts.audio_delay_s - shot.start / fps) * fps)
        for segment in split_track(shot.poses, task.settings.limits, max(0, silent)):
            first = shot.start + segment.start
            start_s = round(first / fps, 3)
            seconds = round((segment.stop - segment.start) / fps, 3)
            if segment.reason:
                left_out.append(LeftOutPart(start_s=start_s, seconds=seconds, why=segment.reason))
                continue
            name = f"{task.name}-{len(kept):03d}"
            poses = without_flicker(shot.poses.frames(segment.start, segment.stop))
            path = task.out / "poses" / f"{name}.npz"
            make_folder(path.parent)
            write_poses(smoothed(poses, _SMOOTHING_S), path)
            kept.append(
                KeptPart(
                    start_s=start_s, seconds=seconds, poses=name, shot=number, others=shot.others,
                    song_s=round(first / fps - facts.audio_delay_s, 3),
                    seen=round(float((poses.confidence > 0).mean()), 3),
                )
            )  # fmt: skip
    if kept:
        music = task.out / "music" / f"{task.name}.wav"
        make_folder(music.parent)
        with replacing(music) as temporary:
            save_part(open_song(task.video), temporary)
    return kept, left_out
