"""``hotfoot convert``."""

from pathlib import Path
from typing import Any

import click

from hotfoot.cli.common import emit, warn
from hotfoot.cli.options import json_option
from hotfoot.cli.types import ANY_PATH, FPS, SIZE, Listed, OneOf, Verb


@click.command(
    cls=Verb,
    epilog="""\b
Examples:
  hotfoot convert dance.npz dance.json
  hotfoot convert openpose_folder/ dance.npz --fps 24 --size 1280x720
  hotfoot convert dance.npz results.json --to coco""",
)
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("target", type=ANY_PATH)
@click.option(
    "--to", "kind", cls=Listed, type=OneOf("hotfoot.pose.formats:FORMATS"),
    help="Format of TARGET: {names} [default: from its suffix].",
)  # fmt: skip
@click.option(
    "--skeleton", cls=Listed, type=OneOf("hotfoot.pose.skeletons:SKELETONS"),
    help="Keypoint order of TARGET (.npz only): {names}.",
)  # fmt: skip
@click.option(
    "--confidence", type=click.Choice(["binary", "values"]),
    help="0 and 1, or values between them [default: what the format's tools want].",
)  # fmt: skip
@click.option("--fps", type=FPS, help="Frame rate, where SOURCE does not say.")
@click.option("--size", type=SIZE, help="Canvas, where SOURCE does not say.")
@click.option(
    "--view", type=click.IntRange(0, 8), default=0, show_default=True,
    help="Camera of AIST++ files.",
)  # fmt: skip
@json_option
def command(
    source: Path, target: Path, kind: str | None, skeleton: str | None, confidence: Any,
    fps: float | None, size: tuple[int, int] | None, view: int, as_json: bool,
) -> None:  # fmt: skip
    """Convert the poses in SOURCE to TARGET (.npz, .json, .pkl, or a folder).

    What a dance knows of itself (song, beats, model ...) goes along.
    """
    from hotfoot.files import check_distinct
    from hotfoot.pose.formats import detect_format, read_dance, write_poses

    check_distinct([target], [source])
    found = detect_format(source)
    poses, metadata = read_dance(source, fps, size, view)
    if skeleton is not None:
        poses = poses.to_skeleton(skeleton)
    warnings = (*metadata.warnings, *write_poses(poses, target, kind, metadata, confidence))
    warn(warnings)
    result = {"read": found, "file": str(target), "frames": len(poses), "fps": poses.fps,
              "canvas": list(poses.canvas), "skeleton": poses.skeleton,
              "warnings": list(warnings)}  # fmt: skip
    emit(result, [f"{found}: {len(poses)} frames of {poses.skeleton}", str(target)], as_json)
