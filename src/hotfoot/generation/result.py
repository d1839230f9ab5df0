"""What ``dance()`` returns, and saving it in every form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot._version import __version__
from hotfoot.errors import OutputError
from hotfoot.files import check_writable, replacing
from hotfoot.music.audio import Song
from hotfoot.pose.formats import write_poses
from hotfoot.pose.npz import npz_arrays, save_npz
from hotfoot.pose.sequence import PoseSequence

OUTPUT_SUFFIXES = (".mp4", ".webm", ".gif", ".npz", ".json", ".png")


@dataclass(frozen=True, eq=False)
class Dance:
    """A dance to a song.

    Attributes:
        poses: for the whole song, first frame at time 0.
        reference: the one frame that it was made for.
        beats: seconds.
        seams: frames at which segments join.
        seed: of the run.
        variation: number within the run, from 0.
        model: name of the model.
        song: the music.
        tempo_bpm: of the music; 0 without a beat.
        warnings: sentences for the user.
        timings: seconds spent, by stage.
    """

    poses: PoseSequence
    reference: PoseSequence
    beats: NDArray[np.float64]
    seams: tuple[int, ...]
    seed: int
    variation: int
    model: str
    song: Song
    tempo_bpm: float
    warnings: tuple[str, ...]
    timings: dict[str, float]

    def save(
        self,
        path: str | Path,
        preset: str | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Write the dance; the suffix picks the writer.

        ``.mp4``, ``.webm`` and ``.gif`` are skeleton videos (the first two with the song), ``.npz``
        holds everything, ``.json`` POSE_KEYPOINT frames, ``.png`` a contact sheet. With a preset,
        a path without suffix becomes the folder that the tool reads.

        Raises:
            OutputError: unknown suffix, or a place that cannot be written.
        """
        path = Path(path)
        check_output(path, preset)
        suffix = path.suffix.lower()
        if suffix in (".mp4", ".webm", ".gif"):
            from hotfoot.render.figures import draw_frames
            from hotfoot.render.presets import get_preset, prepared
            from hotfoot.render.video import write_video

            poses, style = self.poses, None
            if preset:
                chosen = get_preset(preset)
                poses, style = prepared(self.poses, chosen), chosen.style
            write_video(
                draw_frames(poses, style), len(poses), poses.fps, path,
                None if suffix == ".gif" else self.song, progress,
            )  # fmt: skip
        elif suffix == ".npz":
            with replacing(path) as temporary:
                save_npz(self.arrays(), temporary)
        elif suffix == ".json":
            write_poses(self.poses, path, "openpose")
        elif suffix == ".png":
            from hotfoot.render.sheets import contact_sheet, save_png

            save_png(contact_sheet(self.poses, self.beats, self.seams), path)
        else:
            from hotfoot.render.presets import write_preset

            write_preset(self.poses, self.reference, path, str(preset), self.song)
        return path

    def arrays(self) -> dict[str, Any]:
        """Arrays of the ``.npz``."""
        return {
            **npz_arrays(self.poses),
            "beats": np.asarray(self.beats, np.float64),
            "seams": np.asarray(self.seams, np.int64),
            "seed": np.int64(self.seed),
            "variation": np.int64(self.variation),
            "model": np.str_(self.model),
            "hotfoot_version": np.str_(__version__),
        }


def check_output(path: Path, preset: str | None) -> None:
    """Raise OutputError unless the path can be written in a form that we know."""
    suffix = path.suffix.lower()
    folder = suffix not in OUTPUT_SUFFIXES and bool(preset)
    if suffix not in OUTPUT_SUFFIXES and not folder:
        hint = f"Allowed: {', '.join(OUTPUT_SUFFIXES)}, or a folder with --preset NAME."
        what = f"'{suffix}'" if suffix else "a folder without --preset"
        raise OutputError(f"cannot write {path.name}: {what}", hint)
    check_writable(path, folder)
