"""What each pose-to-video tool wants by its own code, as data, and the folders that they read."""

from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path

import numpy as np

from hotfoot.errors import lookup
from hotfoot.files import replacing
from hotfoot.music.audio import AnySong
from hotfoot.pose.formats import write_poses
from hotfoot.pose.metadata import EMPTY, DanceMetadata
from hotfoot.pose.sequence import PoseSequence
from hotfoot.render.figures import FigureStyle, draw_frames, encoded
from hotfoot.render.video import Written, write_video


@dataclass(frozen=True)
class Layout:
    """Files of a folder; what is empty is not written."""

    still: str = ""  # picture of the reference's pose
    video: str = ""  # of the poses
    pictures: str = ""  # of the poses, one per frame, with a place for its number
    negative: str = ""  # pictures of the same dance by another body
    face: str = ""  # black video, some models' own "no face"
    note: str = ""  # for the user, in README.txt


@dataclass(frozen=True)
class Preset:
    """What a tool reads."""

    fps: float
    area: int = 0  # of the canvas in pixels; the aspect stays the reference's; 0 keeps the canvas
    multiple: int = 2  # canvas sides are multiples of this
    lengths: tuple[int, int] = (1, 0)  # frame counts are lengths[0] * n + lengths[1]
    style: FigureStyle = field(default_factory=FigureStyle)
    layout: Layout = Layout("reference_pose.png", "pose.mp4")


_BLUE = FigureStyle(order="blue")
_THIN = FigureStyle(supersample=2160)
_MUSEPOSE = FigureStyle(hand_radius=3, order="blue", by_length=True)
PRESETS: dict[str, Preset] = {
    "wan-animate": Preset(30, 1280 * 720, 16, style=FigureStyle(half_axis=0), layout=Layout(
        "src_ref.png", "src_pose.mp4", face="src_face.mp4",
        note="Replace src_ref.png by the photo of your person (same framing as the pose video).\n",
    )),
    "vace": Preset(16, 480 * 832, 16, (4, 1), replace(_BLUE, supersample=1024)),
    "controlnet": Preset(30, 0, 8, layout=Layout(pictures="pose_{:05d}.png")),
    "unianimate": Preset(15, 832 * 480, 16, (4, 1), _BLUE,
                         Layout("pose.jpg", pictures="frames/{:05d}.jpg")),
    "mimicmotion": Preset(15, 576 * 1024, 64, style=replace(_THIN, order="blue")),
    "stableanimator": Preset(20, 576 * 1024, 64, style=_THIN,
                             layout=Layout("reference.png", pictures="poses/frame_{}.png")),
    "musepose": Preset(15, 768 * 768, 8, style=replace(_MUSEPOSE, supersample=1024)),
    "steadydancer": Preset(16, 1024 * 576, 16, (4, 1), _MUSEPOSE,
                           Layout(pictures="cond_pos/{:04d}.jpg", negative="cond_neg/{:04d}.jpg")),
    "wan-s2v": Preset(16, 0, 16, (4, 1), _BLUE),
    "ltx-pose": Preset(25, 768 * 768, 32, (8, 1), FigureStyle(limb_brightness=1.0)),
}  # fmt: skip


def preset_canvas(canvas: tuple[int, int], preset: Preset) -> tuple[int, int]:
    """Canvas of the preset's area and the aspect of ``canvas``, sides rounded to its multiple."""
    width, height = canvas
    scale = (preset.area / (width * height)) ** 0.5 if preset.area else 1.0
    m = preset.multiple
    return max(m, round(width * scale / m) * m), max(m, round(height * scale / m) * m)


def prepared(poses: PoseSequence, preset: Preset) -> PoseSequence:
    """Poses at the preset's frame rate, canvas and length; the last frame is held if needed."""
    poses = poses.resampled(preset.fps).with_canvas(preset_canvas(poses.canvas, preset))
    step, rest = preset.lengths
    count = -(-(len(poses) - rest) // step) * step + rest
    index = np.minimum(np.arange(count), len(poses) - 1)
    return replace(poses, keypoints=poses.keypoints[index], confidence=poses.confidence[index])


def write_preset(
    poses: PoseSequence, reference: PoseSequence, folder: Path, name: str, song: AnySong | None,
    metadata: DanceMetadata = EMPTY,
) -> Written:  # fmt: skip
    """Write the folder that a tool reads, with the song under videos; also ``poses.json``.

    The pose of the reference's first frame is drawn, too. Raises OptionError for an unknown preset,
    OutputError where the place cannot be written.
    """
    preset = lookup("preset", name, PRESETS)
    layout, style, ready = preset.layout, preset.style, prepared(poses, preset)
    still = reference.frames(0, 1).with_canvas(preset_canvas(reference.canvas, preset))
    count, fps = len(ready), ready.fps
    with replacing(folder, folder=True) as target:
        if layout.video:
            write_video(draw_frames(ready, style), count, fps, target / layout.video, song)
        if layout.face:
            black = repeat(np.zeros((512, 512, 3), np.uint8), count)
            write_video(black, count, fps, target / layout.face)
        if layout.note:
            (target / "README.txt").write_text(layout.note)
        for file, shown in (
            (layout.still, still), (layout.pictures, ready), (layout.negative, _other(ready))
        ):  # fmt: skip
            if file:
                (target / file).parent.mkdir(exist_ok=True)
                for i, frame in enumerate(draw_frames(shown, style)):
                    path = target / file.format(i)
                    path.write_bytes(encoded(frame, path.suffix))
        facts = metadata.resampled(poses.fps, fps)
        warnings = write_poses(ready, target / "poses.json", "openpose", facts)
    return Written(folder, count, fps, ready.canvas, warnings)


def _other(poses: PoseSequence) -> PoseSequence:
    """The same dance by another body, slightly off: SteadyDancer's negative condition."""
    middle = np.asarray(poses.canvas, np.float32) / 2
    moved = (poses.keypoints - middle) * np.array([1.08, 0.94], np.float32) + middle
    return replace(poses, keypoints=moved.astype(np.float32))
