"""``hotfoot convert``."""

from pathlib import Path
from typing import Any

from click import IntRange, argument, option

from hotfoot.cli.common import emit, warn
from hotfoot.cli.types import ANY_PATH, CONFIDENCE, EXISTING, FORMAT, FPS, SIZE, SKELETON, verb
from hotfoot.files import check_distinct


@verb(
    "hotfoot convert dance.npz dance.json",
    "hotfoot convert openpose_folder/ dance.npz --fps 24 --size 1280x720",
    "hotfoot convert dance.npz results.json --to coco",
)
@argument("source", type=EXISTING)
@argument("target", type=ANY_PATH)
@option("--to", "kind", type=FORMAT, help="Format of TARGET: {names} [default: from its suffix].")
@option("--skeleton", type=SKELETON, help="Keypoint order of TARGET (.npz only): {names}.")
@option(
    "--confidence", type=CONFIDENCE,
    help="0 and 1, or values between them [default: what the format's tools want].",
)  # fmt: skip
@option("--fps", type=FPS, help="Frame rate, where SOURCE does not say.")
@option("--size", type=SIZE, help="Canvas, where SOURCE does not say.")
@option("--view", type=IntRange(0, 8), default=0, help="Camera of AIST++ files.")
def command(
    source: Path, target: Path, kind: str | None, skeleton: str | None, confidence: Any,
    fps: float | None, size: tuple[int, int] | None, view: int,
) -> None:  # fmt: skip
    """Convert the poses in SOURCE to TARGET (.npz, .json, .pkl, or a folder).

    What a dance knows of itself (song, beats, model ...) goes along.
    """
    from hotfoot.pose.formats import detect_format, read_dance, write_poses

    check_distinct([target], [source])
    found = detect_format(source)
    poses, metadata = read_dance(source, fps, size, view)
    if skeleton is not None:
        poses = poses.to_skeleton(skeleton)
    warnings = (*metadata.warnings, *write_poses(poses, target, kind, metadata, confidence))
    warn(warnings)
    result = {"read": found, "file": str(target), "frames": len(poses), "fps": poses.fps,
              "canvas": poses.canvas, "skeleton": poses.skeleton, "warnings": warnings}  # fmt: skip
    emit(result, f"{found}: {len(poses)} frames of {poses.skeleton}", str(target))
