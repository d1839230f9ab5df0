"""Options of the request for a dance, for every command that takes some of them.

Ranges are checked by :class:`~hotfoot.generation.options.DanceOptions` alone; help texts say them.
"""

from collections.abc import Callable
from typing import Any

import click

from hotfoot.cli.types import KEYFRAME, SIZE, Listed, OneOf, SomeOf

_FIELDS: dict[str, Callable[[Any], Any]] = {
    "seed": click.option("--seed", type=int, help="Same seed, same dance [default: 0]."),
    "variations": click.option(
        "--variations", type=int, help="Write so many dances, 1 to 64 [default: 1]."
    ),
    "best_of": click.option(
        "--best-of", type=int, help="Make so many, 1 to 64, and keep the one most on the beat."
    ),
    "start": click.option("--start", type=float, help="Second of the song to begin at."),
    "end": click.option("--end", type=float, help="Second of the song to end at."),
    "fps": click.option(
        "--fps", type=float, help="Frames per second, 1 to 240 [default: the model's]."
    ),
    "size": click.option("--size", type=SIZE, help="Canvas [default: the reference's]."),
    "steps": click.option("--steps", type=int, help="Denoising steps [default: the model's]."),
    "guidance": click.option(
        "--guidance", type=float, help="Weight of the music, 0 to 20 [default: the model's]."
    ),
    "keyframes": click.option(
        "--keyframe", "keyframes", multiple=True, type=KEYFRAME,
        help="Pass through a pose (file or figure) at a second; repeats.",
    ),
    "loop": click.option("--loop", is_flag=True, help="End where it begins."),
    "mirror": click.option("--mirror", is_flag=True, help="Exchange left and right."),
    "style": click.option(
        "--style", cls=Listed, type=OneOf("hotfoot.data.styles:STYLES"),
        help="One that drafts or the model know, of: {names} [default: any].",
    ),
    "energy": click.option(
        "--energy", type=float,
        help="Size of movement, 0.25 to 1.5 [default: 1].",
    ),
    "draft": click.option(
        "--draft", type=float,
        help="How far the choreographer's draft leads, from 0 (the network begins with noise) to "
        "1 [default: the model's; more with a style that only drafts know].",
    ),
    "post": click.option(
        "--post", cls=Listed, type=SomeOf("hotfoot.generation.postprocess:STEPS", "none|NAMES"),
        help="Repairs afterwards, separated by commas, in this order; of {names} "
        "[default: the model's]; none for exactly what the network made.",
    ),
    "confidence": click.option(
        "--confidence", type=click.Choice(["binary", "values"]),
        help="Confidence of keypoints: 0 and 1 [default], or values between them.",
    ),
}  # fmt: skip


def request_options(*names: str) -> Callable[[Any], Any]:
    """A decorator that adds the options for these fields; for all without any."""

    def add(function: Any) -> Any:
        for name in reversed(names or tuple(_FIELDS)):
            function = _FIELDS[name](function)
        return function

    return add


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """Without those that were not typed."""
    return {k: v for k, v in fields.items() if v is not None}
