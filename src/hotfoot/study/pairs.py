"""What is shown: the same song danced by two models, on random sides, and attention checks."""

import hashlib
import itertools
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
    """Two videos to one song; ``name`` is that of the dance, the same in both folders.

    ``first`` and ``second`` name the models. In an attention check they are empty, and the second
    video is the first one's dance, broken: its frames stand still and then jump.
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

    ``folders`` are results of ``hotfoot evaluate protocol -o``. At most ``most`` pairs are drawn at
    random, and attention checks are put among them. Videos of so many seconds go into the folder
    ``videos``; what is there is not rendered again. ``progress`` gets videos done and all.

    InputError for fewer than two folders, equal names, or no dance in common.
    """
    rng = np.random.default_rng(seed)
    candidates = _common_dances(folders)
    drawn = [candidates[i] for i in rng.permutation(len(candidates))[:most]]
    make_folder(videos)
    total, done = 2 * (len(drawn) + checks), itertools.count(1)

    def rendered(folder: Path, dance: str, broken: bool = False) -> Path:
        path = _rendered(folder, dance, videos, seconds, broken)
        if progress is not None:
            progress(next(done), total)
        return path

    pairs: list[Pair] = []
    for dance, a, b in drawn:
        if rng.random() < 0.5:
            a, b = b, a
        pairs.append(Pair(0, dance, a.name, b.name, rendered(a, dance), rendered(b, dance)))
    for k in range(checks):
        dance, a, _ = drawn[k % len(drawn)]
        both = rendered(a, dance), rendered(a, dance, broken=True)
        pairs.append(Pair(0, f"check-{k}", "", "", *both, check=True))
    return [replace(pairs[i], number=n) for n, i in enumerate(rng.permutation(len(pairs)))]


def _common_dances(folders: list[Path]) -> list[tuple[str, Path, Path]]:
    """Every dance that two folders have, with both folders."""
    if len(folders) < 2 or len({f.name for f in folders}) < len(folders):
        raise InputError(
            "a study compares two or more folders with different names",
            "Give results folders of hotfoot evaluate protocol.",
        )
    dances = {f: {p.stem for p in (f / "dances").glob("*.npz")} for f in folders}
    empty = [f.name for f, names in dances.items() if not names]
    if empty:
        raise InputError(f"{empty[0]} has no dances", "Make them: hotfoot evaluate protocol.")
    pairs = itertools.combinations(folders, 2)
    common = [(dance, a, b) for a, b in pairs for dance in sorted(dances[a] & dances[b])]
    if not common:
        raise InputError(
            "the folders have no dance in common", "Evaluate them with the same protocol and songs."
        )
    return common


def _rendered(folder: Path, dance: str, videos: Path, seconds: float, broken: bool) -> Path:
    """The video of a dance, rendered unless it is there."""
    source = folder / "dances" / f"{dance}.npz"
    # Another length, or dances that were made again, are other videos.
    digest = hashlib.sha256(source.read_bytes() + f"{seconds}".encode()).hexdigest()[:10]
    path = videos / f"{folder.name}-{dance}-{digest}{'-check' if broken else ''}.mp4"
    if path.exists():
        return path
    poses = read_poses(source)
    scale = 640 / max(poses.canvas)
    width, height = (2 * round(side * scale / 2) for side in poses.canvas)
    poses = poses.frames(0, max(1, round(seconds * poses.fps))).with_canvas((width, height))
    if broken:
        poses = stuttering(poses)
    songs = [p for p in (folder / "songs").glob("*.wav") if dance.startswith(p.stem + "-")]
    if not songs:
        raise InputError(f"{folder.name} has no song for {dance}", "Run its evaluation again.")
    song = max(songs, key=lambda p: len(p.stem))
    with replacing(path) as temporary:
        write_video(draw_frames(poses), len(poses), poses.fps, temporary, open_song(song))
    return path


def stuttering(poses: PoseSequence, hold_s: float = 0.7) -> PoseSequence:
    """The same dance, standing still for a while and then jumping: obviously wrong."""
    hold = max(1, round(hold_s * poses.fps))
    index = np.arange(len(poses)) // hold * hold
    return replace(poses, keypoints=poses.keypoints[index], confidence=poses.confidence[index])
