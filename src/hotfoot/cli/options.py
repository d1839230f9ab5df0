"""Options that several commands share. What DanceOptions checks has no ranges here."""

from collections.abc import Callable
from typing import Any

from click import Choice, IntRange, option

from hotfoot.cli.types import ANY_PATH, BACKEND, ESTIMATOR, FOLDER, JOBS, REPAIRS, SECOND, STYLE

Decorator = Callable[[Any], Any]


def together(*options: Decorator) -> Decorator:
    """One decorator for several options, which help texts list in this order."""

    def add(function: Any) -> Any:
        for one in reversed(options):
            function = one(function)
        return function

    return add


jobs = option("--jobs", type=JOBS, default=1, help="Processes at once.")
seed = option("--seed", type=IntRange(0), default=0, help="Same seed, same result.")
motion = option("--motion", required=True, type=FOLDER, help="Folder of motion clips.")
model = option("--model", default="default", help="Name (see hotfoot models) or folder.")
backend = option("--on", default="local", type=BACKEND, help="Where processes run: {names}.")
report = option("--report", type=ANY_PATH, help="Write a page (.html) or .md.")
plot = option("--plot", type=ANY_PATH, help="Write a picture (.png).")
part = together(
    option("--start", type=SECOND, default=0.0, help="Second to begin at."),
    option("--end", type=SECOND, help="Second to end at."),
)
estimator = together(
    option(
        "--estimator", default="mediapipe", type=ESTIMATOR,
        help="Pose estimator: {names}. dwpose needs --weights.",
    ),
    option("--weights", type=FOLDER, help="Folder with the .onnx files of YOLOX and DWPose."),
    option(
        "--device", type=Choice(["cpu", "cuda"]), default="cpu",
        help="Device of the estimator; cuda is for dwpose.",
    ),
)  # fmt: skip
sampling = together(
    option("--steps", type=int, help="Denoising steps [default: the model's]."),
    option("--guidance", type=float, help="Weight of the music, 0 to 20 [default: the model's]."),
)
movement = together(
    option(
        "--style", type=STYLE, help="One that drafts or the model know, of: {names} [default: any]."
    ),
    option("--energy", type=float, help="Size of movement, 0.25 to 1.5 [default: 1]."),
    option(
        "--draft", type=float,
        help="How far the choreographer's draft leads, from 0 (the network begins with noise) to "
        "1 [default: the model's; more with a style that only drafts know].",
    ),
    option(
        "--post", type=REPAIRS,
        help="Repairs afterwards, separated by commas, in this order; of {names} "
        "[default: the model's]; none for exactly what the network made.",
    ),
)  # fmt: skip


def output(what: str) -> Decorator:
    """``-o``, which must be given."""
    return option("-o", "--output", required=True, type=ANY_PATH, help=what)


def data(required: bool = True) -> Decorator:
    """``--motion`` and ``--music``; where they are not required, one needs the other."""
    also = ("", "") if required else (", with --music", ", with --motion")
    return together(
        option(
            "--motion", required=required, type=FOLDER, help=f"Folder of motion clips{also[0]}."
        ),
        option("--music", required=required, type=FOLDER, help=f"Folder of songs{also[1]}."),
    )


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """Without the options that were not typed."""
    return {k: v for k, v in fields.items() if v is not None}
