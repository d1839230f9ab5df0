"""Users' own dance videos to recordings: poses of one person without a cut, with their music.

A video's report is written last: one that was cut off is done again, a finished one is not.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from hotfoot.capture.estimators import PoseEstimator, make_estimator
from hotfoot.capture.images import VideoInfo, video_info
from hotfoot.capture.people import video_shots
from hotfoot.capture.quality import Limits, split_track
from hotfoot.capture.sound import SoundClass, classify_sound
from hotfoot.data.manifest import Text
from hotfoot.data.recordings import Recording, write_recordings
from hotfoot.errors import DependencyError, InputError, OutputError
from hotfoot.files import RunFolder, make_folder, removing_parts, replacing, save_text
from hotfoot.music.audio import open_song, save_part
from hotfoot.parallel import parallel_map
from hotfoot.pose.formats import write_poses
from hotfoot.pose.references import VIDEO_SUFFIXES
from hotfoot.pose.smoothing import smoothed, without_flicker
from hotfoot.validation import read_json, to_json, validated

_LEAST_FPS = 20.0
_SMOOTHING_S = 0.02
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$", max_length=200)]
_Seconds = Annotated[float, Field(ge=0, le=1e6)]
_Count = Annotated[int, Field(ge=0, le=1_000_000)]


@dataclass(frozen=True)
class VideoSettings:
    """How videos are read; a folder keeps to what it was begun with."""

    estimator: str = "mediapipe"
    weights: Path | None = None  # folder, if the estimator needs one
    device: str = "cpu"
    style: str = ""  # of all videos
    credit: str = ""
    limits: Limits = field(default_factory=Limits)  # of a recording


@validated(kw_only=True)
class KeptPart:
    """A recording in a video."""

    start_s: _Seconds  # of the video
    seconds: _Seconds
    poses: _Name  # name of the file
    shot: _Count  # its number
    others: _Count  # people besides the one who dances
    song_s: Annotated[float, Field(ge=-1e6, le=1e6)]  # second of the video's sound
    seen: Annotated[float, Field(ge=0, le=1)]  # of joints and frames


@validated(kw_only=True)
class LeftOutPart:
    """A part of a video that was left out, and why."""

    start_s: _Seconds
    seconds: _Seconds
    why: Text


@validated(kw_only=True)
class VideoReport:
    """What was read of a video; ``why`` nothing of it was used, or empty."""

    name: _Name
    video: Text  # name of the file
    seconds: _Seconds = 0.0  # that were decoded
    why: Text = ""
    sound: SoundClass | None = None  # None where it was not asked
    fps: Annotated[float, Field(ge=0, le=1e4)] | None = None
    size: tuple[_Count, _Count] | None = None
    shots: _Count = 0
    recordings: tuple[KeptPart, ...] = ()
    left_out: tuple[LeftOutPart, ...] = ()


@dataclass(frozen=True)
class _Task:
    video: Path
    name: str
    out: Path
    settings: VideoSettings

    @property
    def report(self) -> Path:
        return self.out / "reports" / f"{self.name}.json"


def find_videos(folder: Path) -> dict[str, Path]:
    """Videos of a folder and its subfolders by a name of their own; InputError without any."""
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
    address: str | None = None, progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Read all videos of a folder that have not been read; returns the summary of all reports.

    ``out`` gets poses, music, reports and ``recordings.json``. For ``jobs``, ``backend`` and
    ``address`` see :func:`~hotfoot.parallel.parallel_map`; ``progress`` takes the numbers of videos
    that are done, and of all. InputError where there are no videos, or the estimator or its weights
    are missing; OutputError where the folder was begun with other settings, or is another's.
    """
    videos = find_videos(folder)
    _estimator(settings)  # or say why not, now
    weights = settings.weights and settings.weights.name
    RunFolder(out, "video", {**asdict(settings), "weights": weights, "device": None}).claim()
    tasks = [_Task(path, name, out, settings) for name, path in videos.items()]
    missing = [t for t in tasks if not t.report.exists()]
    report = progress or (lambda done, total: None)
    done = len(tasks) - len(missing)
    report(done, len(tasks))
    finished = parallel_map(_ingest, missing, jobs, backend, address)
    with removing_parts(out), closing(finished):
        for more, _ in enumerate(finished, 1):
            report(done + more, len(tasks))
    reports = [read_json(VideoReport, t.report, InputError) for t in tasks]
    write_recordings(out, _recordings(reports, settings, out))
    return summary(reports)


def _ingest(task: _Task) -> None:
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
            report = _keep_recordings(task, facts, report)
    except (OutputError, DependencyError):  # of this machine, not of the video: try again later
        raise
    except InputError as error:
        report = replace(report, why=error.message)
    save_text(task.report, to_json(report))


@cache
def _estimator(settings: VideoSettings) -> PoseEstimator:
    """The estimator, loaded once in a process."""
    return make_estimator(settings.estimator, settings.weights, settings.device)


def _check_sound(video: Path, facts: VideoInfo) -> tuple[str, SoundClass | None]:
    if facts.fps < _LEAST_FPS - 0.5:
        return f"fewer than {_LEAST_FPS:g} frames per second", None
    if not facts.has_audio:
        return "no sound", None
    sound = classify_sound(video)
    refused = {"silence": "silent", "speech": "speech without music"}
    return refused.get(sound.kind, ""), sound


def _keep_recordings(task: _Task, facts: VideoInfo, report: VideoReport) -> VideoReport:
    """Write poses and music of the parts that can be used; report on them, and on the others."""
    kept: list[KeptPart] = []
    left_out: list[LeftOutPart] = []
    shots = video_shots(task.video, _estimator(task.settings))
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
    return replace(
        report, seconds=round(sum(shot.poses.duration_s for shot in shots), 3), shots=len(shots),
        recordings=tuple(kept), left_out=tuple(left_out),
    )  # fmt: skip


def summary(reports: list[VideoReport]) -> dict[str, Any]:
    """What was kept, and why the rest was not, over all videos."""
    left: dict[str, float] = defaultdict(float)
    for report in reports:
        if report.why:
            left[report.why] += report.seconds
        for part in report.left_out:
            left[part.why] += part.seconds
    kept = [part.seconds for report in reports for part in report.recordings]
    return {
        "videos": len(reports),
        "used": sum(bool(r.recordings) for r in reports),
        "recordings": len(kept),
        "seconds": round(sum(r.seconds for r in reports), 1),
        "kept_seconds": round(sum(kept), 1),
        "left_out_seconds": {why: round(s, 1) for why, s in Counter(left).most_common()},
    }


def _recordings(reports: list[VideoReport], settings: VideoSettings, out: Path) -> list[Recording]:
    """All recordings, each in the split of its video."""
    held = held_out([report.name for report in reports if report.recordings])
    return [
        Recording(
            str(out / "poses" / f"{part.poses}.npz"),
            str(out / "music" / f"{report.name}.wav"),
            max(0.0, part.song_s),  # rounding
            report.name,
            "held-out" if report.name in held else "train",
            settings.style,
            settings.credit,
        )
        for report in reports
        for part in report.recordings
    ]


def held_out(names: list[str]) -> set[str]:
    """Videos that nobody trains on: one in sixteen by their names, and one of a few."""
    numbers = {name: int(hashlib.sha256(name.encode()).hexdigest(), 16) for name in names}
    held = {name for name, number in numbers.items() if number % 16 == 0}
    return held or ({min(numbers, key=numbers.__getitem__)} if len(numbers) > 1 else set())
