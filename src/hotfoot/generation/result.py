"""What ``dance()`` returns, and saving it in every form."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hotfoot._version import __version__
from hotfoot.errors import OutputError, lookup
from hotfoot.files import check_writable
from hotfoot.generation.options import DanceOptions
from hotfoot.model.config import GeneratorConfig
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.audio import AnySong
from hotfoot.pose.formats import write_poses
from hotfoot.pose.metadata import DanceMetadata
from hotfoot.pose.sequence import PoseSequence
from hotfoot.render.figures import draw_frames
from hotfoot.render.presets import PRESETS, prepared, write_preset
from hotfoot.render.sheets import contact_sheet, save_png
from hotfoot.render.video import VIDEO_SUFFIXES, Progress, Written, write_video

OUTPUT_SUFFIXES = (*VIDEO_SUFFIXES, ".npz", ".json", ".png")


@dataclass(frozen=True, eq=False)
class Dance:
    """A dance to a song.

    Attributes:
        poses: for the whole song, first frame at time 0.
        reference: the one frame that it was made for.
        song: the music.
        metadata: what it knows of itself; it is written beside the poses.
        warnings: sentences for the user.
        timings: seconds spent, by stage.
    """

    poses: PoseSequence
    reference: PoseSequence
    song: AnySong
    metadata: DanceMetadata
    warnings: tuple[str, ...]
    timings: dict[str, float]

    @property
    def beats(self) -> NDArray[np.float64]:
        """Seconds from the first frame."""
        return np.asarray(self.metadata.beats, np.float64)

    @property
    def seams(self) -> tuple[int, ...]:
        """Frames at which segments join."""
        return self.metadata.seams

    @property
    def seed(self) -> int:
        """Of the request."""
        return self.metadata.seed or 0

    @property
    def variation(self) -> int:
        """Number within the request, from 0."""
        return self.metadata.variation

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.metadata.model

    @property
    def tempo_bpm(self) -> float:
        """Of the music; 0 without a beat."""
        return self.metadata.tempo_bpm or 0.0

    def save(
        self, path: str | Path, preset: str | None = None, progress: Progress | None = None
    ) -> Written:
        """Write the dance; the suffix picks the writer.

        ``.mp4``, ``.webm`` and ``.gif`` are skeleton videos (the first two with the song), ``.npz``
        holds everything, ``.json`` POSE_KEYPOINT frames, ``.png`` a contact sheet. With a preset,
        a path without suffix becomes the folder that the tool reads.

        Raises:
            OutputError: unknown suffix, or a place that cannot be written.
        """
        path = Path(path)
        check_output(path, preset)
        suffix, poses = path.suffix.lower(), self.poses
        if suffix not in OUTPUT_SUFFIXES:
            return write_preset(poses, self.reference, path, str(preset), self.song, self.metadata)
        if suffix in VIDEO_SUFFIXES:
            style = None
            if preset:
                chosen = lookup("preset", preset, PRESETS)
                poses, style = prepared(poses, chosen), chosen.style
            frames = draw_frames(poses, style)
            return write_video(frames, len(poses), poses.fps, path, self.song, progress)
        warnings: tuple[str, ...] = ()
        if preset:
            warnings = (
                f"{path.name} is as without preset {preset}, which is for videos and folders",
            )
        if suffix == ".png":
            save_png(contact_sheet(poses, self.beats, self.seams), path)
        else:
            warnings += write_poses(poses, path, metadata=self.metadata)
        return Written(path, len(poses), poses.fps, poses.canvas, warnings)


def describe(
    song: AnySong, asked: DanceOptions, config: GeneratorConfig, analysis: SongAnalysis
) -> DanceMetadata:
    """What all variations of a dance know of themselves."""
    return DanceMetadata(
        start_s=song.start_s,
        end_s=song.end_s,
        song=song.name,
        song_sha256=song.fingerprint(),
        options=asked.to_json(),
        style=asked.style or "",
        energy=asked.energy,
        tempo_bpm=float(analysis.rhythm.tempo_bpm),
        beats=tuple(analysis.rhythm.beats.tolist()),
        seed=asked.seed,
        model=config.name,
        hotfoot_version=__version__,
        source_fps=config.fps,
    )


def check_output(path: Path, preset: str | None) -> None:
    """Raise OutputError unless the path can be written in a form that we know."""
    suffix = path.suffix.lower()
    folder = suffix not in OUTPUT_SUFFIXES
    if folder and not preset:
        hint = f"Allowed: {', '.join(OUTPUT_SUFFIXES)}, or a folder with a preset."
        what = f"'{suffix}'" if suffix else "a folder without a preset"
        raise OutputError(f"cannot write {path.name}: {what}", hint)
    check_writable(path, folder)
