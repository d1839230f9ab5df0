"""``hotfoot convert``."""

from __future__ import annotations

from pathlib import Path

import click

from hotfoot.cli.common import check_fps, emit, parse_size


@click.command(
    epilog="""\b
Examples:
  hotfoot convert dance.npz dance.json
  hotfoot convert openpose_folder/ dance.npz --fps 24 --size 1280x720
  hotfoot convert dance.npz results.json --to coco"""
)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "kind",
    type=click.Choice(["hotfoot", "openpose", "folder", "coco", "mmpose", "aist"]),
    help="Format of TARGET [default: from its suffix].",
)
@click.option("--skeleton", help="Keypoint order of TARGET (.npz only).")
@click.option("--fps", type=float, help="Frame rate, where SOURCE does not say.")
@click.option("--size", metavar="WxH", help="Canvas, where SOURCE does not say.")
@click.option("--view", default=0, help="Camera of AIST++ files, 0 to 8.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    source: Path, target: Path, kind: str | None, skeleton: str | None, fps: float | None,
    size: str | None, view: int, as_json: bool,
) -> None:  # fmt: skip
    """Convert the poses in SOURCE to TARGET (.npz, .json, .pkl, or a folder)."""
    from hotfoot.files import check_distinct
    from hotfoot.pose.formats import detect_format, read_poses, write_poses

    check_fps(fps)
    check_distinct([target], [source])
    found = detect_format(source)
    poses = read_poses(source, fps, parse_size(size), view)
    if skeleton is not None:
        poses = poses.to_skeleton(skeleton)
    write_poses(poses, target, kind)
    result = {"read": found, "file": str(target), "frames": len(poses), "fps": poses.fps,
              "canvas": list(poses.canvas), "skeleton": poses.skeleton}  # fmt: skip
    emit(result, [f"{found}: {len(poses)} frames of {poses.skeleton}", str(target)], as_json)
