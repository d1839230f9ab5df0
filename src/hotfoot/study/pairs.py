"""What is shown: the same song danced by two models, side by chance, and attention checks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hotfoot.errors import InputError
from hotfoot.files import make_folder, replacing
from hotfoot.music.audio import open_song
from hotfoot.pose.formats import read_poses
from hotfoot.pose.sequence import PoseSequence
from hotfoot.render.figures import draw_frames
from hotfoot.render.video import write_video


@dataclass(frozen=True)
class Pair:
    """Two videos to one song.

    Attributes:
        number: place in the study.
        name: of the dance, the same in both folders.
        first: name of the model whose video is ``first_video``; empty in an attention check.
        second: of the other.
        first_video: file.
        second_video: file. In an attention check it is the same dance, broken: its frames stand
            still and then jump.
        check: whether this is an attention check, which the first video must win.
    """

    number: int
    name: str
    first: str
    second: str
    first_video: Path
    second_video: Path
    check: bool = False


def choose_pairs(
    folders: list[Path], videos: Path, seconds: float, most: int, checks: int, seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> list[Pair]:  # fmt: skip
    """Pairs of dances that two or more results folders have in common, rendered.

    Args:
        folders: of ``hotfoot evaluate --protocol -o``; each has ``dances`` and ``songs``.
        videos: where rendered videos are kept; what is there is not rendered again.
        seconds: of each video.
        most: at most so many pairs, drawn by chance.
        checks: attention checks among them.
        seed: of the draw.
        progress: called with videos done and all.

    Raises:
        InputError: fewer than two folders, equal names, or no dance in common.
    """
    if len(folders) < 2 or len({f.name for f in folders}) < len(folders):
        raise InputError(
            "a study compares two or more folders with different names",
            "Give results folders of hotfoot evaluate --protocol.",
        )
    dances = {f.name: {p.stem: p for p in (f / "dances").glob("*.npz")} for f in folders}
    for name, found in dances.items():
        if not found:
            raise InputError(f"{name} has no dances", "Make them: hotfoot evaluate --protocol.")
    rng = np.random.default_rng(seed)
    wanted = []
    for i, a in enumerate(folders):
        for b in folders[i + 1 :]:
            common = sorted(dances[a.name].keys() & dances[b.name].keys())
            wanted += [(task, a, b) for task in common]
    if not wanted:
        raise InputError(
            "the folders have no dance in common", "Evaluate them with the same protocol and songs."
        )
    order = rng.permutation(len(wanted))[:most]
    chosen = [wanted[i] for i in order]
    total, done = 2 * (len(chosen) + checks), 0
    pairs: list[Pair] = []

    def rendered(folder: Path, task: str, broken: bool = False) -> Path:
        nonlocal done
        # Another length, or dances that were made again, are other videos.
        made = (folder / "dances" / f"{task}.npz").read_bytes()
        mark = hashlib.sha256(made + f"{seconds}".encode()).hexdigest()[:10]
        path = videos / f"{folder.name}-{task}-{mark}{'-check' if broken else ''}.mp4"
        if not path.exists():
            _render(folder, task, path, seconds, broken)
        done += 1
        if progress is not None:
            progress(done, total)
        return path

    make_folder(videos)
    for task, a, b in chosen:
        if rng.random() < 0.5:
            a, b = b, a
        pairs.append(Pair(0, task, a.name, b.name, rendered(a, task), rendered(b, task)))
    for k in range(checks):
        task, a, _ = chosen[k % len(chosen)]
        videos_of = rendered(a, task), rendered(a, task, broken=True)
        pairs.append(Pair(0, f"check-{k}", "", "", *videos_of, check=True))
    mixed = [pairs[i] for i in rng.permutation(len(pairs))]
    return [replace(p, number=i) for i, p in enumerate(mixed)]


def _render(folder: Path, task: str, path: Path, seconds: float, broken: bool) -> None:
    poses = read_poses(folder / "dances" / f"{task}.npz")
    poses = poses.frames(0, max(1, round(seconds * poses.fps)))
    poses = poses.with_canvas(_small(poses.canvas))
    if broken:
        poses = stuttering(poses)
    songs = [p for p in (folder / "songs").glob("*.wav") if task.startswith(p.stem + "-")]
    if not songs:
        raise InputError(f"{folder.name} has no song for {task}", "Run its evaluation again.")
    song = max(songs, key=lambda p: len(p.stem))
    with replacing(path) as temporary:
        write_video(draw_frames(poses), len(poses), poses.fps, temporary, open_song(song))


def _small(canvas: tuple[int, int]) -> tuple[int, int]:
    scale = 640 / max(canvas)
    width, height = (2 * round(side * scale / 2) for side in canvas)
    return width, height


def stuttering(poses: PoseSequence, hold_s: float = 0.7) -> PoseSequence:
    """The same dance, standing still for a while and then jumping: anybody sees what is wrong."""
    hold = max(1, round(hold_s * poses.fps))
    index = np.arange(len(poses)) // hold * hold
    return replace(poses, keypoints=poses.keypoints[index], confidence=poses.confidence[index])
