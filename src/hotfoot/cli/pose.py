"""``hotfoot pose``."""

from functools import partial
from pathlib import Path

from click import argument, option

from hotfoot.cli import options
from hotfoot.cli.common import POSE_FILES, check_file, emit, progress_bars
from hotfoot.cli.types import FILE, verb
from hotfoot.errors import InputError, OptionError
from hotfoot.files import check_distinct


@verb(
    "hotfoot pose me.jpg -o me.json",
    "hotfoot pose dancer.mp4 -o dancer.npz",
    "hotfoot pose dancer.mp4 -o dancer.npz --estimator dwpose --weights folder_of_onnx/",
)
@argument("source", type=FILE)
@options.output("Pose file.")
@options.estimator
@option("--hands", is_flag=True, help="Keep hands, too: 60 points, with dwpose.")
@options.part
def command(
    source: Path, output: Path, estimator: str, weights: Path | None, device: str, hands: bool,
    start: float, end: float | None,
) -> None:  # fmt: skip
    """Poses of the main person in a photo or a video.

    A photo gives one frame. A video gives a pose for every frame; where the person is not found,
    joints have no confidence.
    """
    from hotfoot.capture.estimators import make_estimator
    from hotfoot.capture.people import is_photo, joined, photo_pose, video_shots
    from hotfoot.music.audio import SONG_SUFFIXES
    from hotfoot.pose.formats import write_poses

    check_file(output, *POSE_FILES)
    check_distinct([output], [source])
    if end is not None and end <= start:
        raise OptionError(f"end is {end:g}", f"It must lie after the start, {start:g}.")
    if source.suffix.lower() in SONG_SUFFIXES:
        raise InputError(f"{source.name} is a sound file", "Give a photo or a video.")
    if is_photo(source) and (start or end is not None):
        raise OptionError("--start or --end with a photo", "Only videos have them.")
    made = make_estimator(estimator, weights, device, "body-hands-60" if hands else "body-18")
    if is_photo(source):
        poses, shots, others = photo_pose(source, made), 1, 0
    else:
        with progress_bars() as report:
            found = video_shots(source, made, partial(report, "looking"), start, end)
        poses, shots, others = joined(found), len(found), max(s.others for s in found)
    seen = float((poses.confidence > 0).any(axis=1).mean())
    if not seen:
        raise InputError(f"nobody is found in {source.name}", "Give a picture of a whole person.")
    write_poses(poses, output)
    emit(
        {"poses": str(output), "frames": len(poses), "fps": poses.fps, "canvas": poses.canvas,
         "found": round(seen, 4), "shots": shots, "others": others, "estimator": made.name},
        f"{output}: {len(poses)} frames, the person is found in {100 * seen:.0f} %"
        + (f", {shots} shots" if shots > 1 else "")
        + (f", {others} other people" if others else ""),
    )  # fmt: skip
