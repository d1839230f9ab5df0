"""``hotfoot corpus video`` and ``aist``: recordings of real dance, with their own music."""

from pathlib import Path

import click

from hotfoot.cli.common import check_estimator_device, check_out, emit, progress_bars
from hotfoot.cli.options import backend_option, estimator_options, json_option, output_option
from hotfoot.cli.types import FOLDER, Listed, Number, OneOf, Verb
from hotfoot.errors import InputError


@click.command("video", cls=Verb)
@click.argument("folder", type=FOLDER)
@output_option("Folder.")
@estimator_options
@click.option(
    "--style",
    cls=Listed,
    type=OneOf("hotfoot.data.styles:STYLES"),
    help="Style of all videos: {names}.",
)
@click.option("--credit", default="", help="Whom to credit for the videos.")
@click.option(
    "--seconds", type=Number(8.6, 600), default=8.6, show_default=True,
    help="Shortest recording that is kept; a training sample has 256 frames at 30 fps.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, 4096), default=1, show_default=True, help="Videos at once."
)
@backend_option
@click.option("--address", help="Ray cluster to use, e.g. auto [default: one is started here].")
@json_option
def video_command(
    folder: Path, output: Path, estimator: str, weights: Path | None, device: str,
    style: str | None, credit: str, seconds: float, jobs: int, on: str, address: str | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Read your own dance videos: poses of one person, without a cut, with the music beside.

    Writes OUT/poses, OUT/music, OUT/reports (per video: what was kept, and why the rest was not)
    and OUT/recordings.json for hotfoot corpus build. Videos that were read are not read again.
    """
    from hotfoot.capture.quality import Limits
    from hotfoot.data.videos import VideoSettings, ingest

    check_out(output)
    check_estimator_device(estimator, device)
    limits = Limits(seconds=seconds)
    settings = VideoSettings(estimator, weights, device, style or "", credit, limits)
    with progress_bars() as report:
        found = ingest(
            folder, output, settings, jobs, on, address,
            lambda done, total: report("videos", done, total),
        )  # fmt: skip
    lines = [
        f"{output}: {found['recordings']} recordings, {found['used']} of {found['videos']} videos, "
        f"{found['kept_seconds']:.0f} of {found['seconds']:.0f} s"
    ]
    lines += [f"  left out {s:.0f} s: {why}" for why, s in found["left_out_seconds"].items()]
    emit({"folder": str(output), **found}, lines, as_json)


@click.command("aist", cls=Verb)
@click.argument("folder", type=FOLDER)
@output_option("Folder.")
@click.option("--music", type=FOLDER, help="Folder of AIST's songs.")
@click.option(
    "--split",
    type=click.Choice(["train", "val", "test", "all"]),
    default="all",
    show_default=True,
    help="Part of the cross-modal split.",
)
@click.option("--camera", default="c01", show_default=True, help="Calibrated camera, c01 to c09.")
@click.option(
    "--fps", default=60.0, show_default=True, help="Frame rate of the 2D poses: 60, 30, 20 ..."
)
@click.option(
    "--skeleton",
    type=click.Choice(["coco-17", "body-18"]),
    default="coco-17",
    show_default=True,
    help="Keypoint order of the 2D poses.",
)
@json_option
def aist_command(
    folder: Path, output: Path, music: Path | None, split: str, camera: str, fps: float,
    skeleton: str, as_json: bool,
) -> None:  # fmt: skip
    """Read your copy of AIST++: calibrated 2D poses, and 3D clips to train on.

    Writes OUT/poses/SPLIT/NAME.npz, OUT/clips/SPLIT/NAME.npz (for hotfoot train --motion),
    OUT/manifest.json (songs, genres, credits, what was left out and why) and, with --music,
    OUT/recordings.json (for hotfoot corpus build). Sequences that are there already are not made
    again.
    """
    from hotfoot.data.aist import AistView, read_aist
    from hotfoot.data.aist_folder import SPLITS
    from hotfoot.validation import build

    check_out(output)
    splits = tuple(s for s in SPLITS if split in ("all", s))
    view = build(AistView, {"camera": camera, "fps": fps, "skeleton": skeleton})
    manifest = read_aist(folder, output, splits, view, music)
    counts = {s: sum(r.split == s for r in manifest.sequences) for s in splits}
    if not manifest.sequences:
        raise InputError(f"no sequence of {folder} could be read",
                         "Copy keypoints3d and splits again.")  # fmt: skip
    left_out = [{"name": r.name, "why": r.why} for r in manifest.left_out]
    lines = [f"{s}: {n} sequences" for s, n in counts.items()]
    lines += [f"left out {r['name']}: {r['why']}" for r in left_out[:10]]
    emit({"folder": str(output), "sequences": counts, "left_out": left_out},
         [*lines, str(output / "manifest.json")], as_json)  # fmt: skip
