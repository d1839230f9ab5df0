"""``hotfoot compose``."""

from pathlib import Path

import click

from hotfoot.cli.common import emit
from hotfoot.cli.options import json_option, seed_option
from hotfoot.cli.types import ANY_PATH, Listed, OneOf, Verb
from hotfoot.errors import OutputError


@click.command(cls=Verb, epilog="Example: hotfoot compose song.wav --bpm 124 --seconds 30 --seed 3")
@click.argument("target", type=ANY_PATH)
@click.option("--bpm", default=120.0, show_default=True, help="Tempo, 30 to 300.")
@click.option("--seconds", default=30.0, show_default=True, help="Length in seconds.")
@seed_option
@click.option(
    "--style", cls=Listed, type=OneOf("hotfoot.music.synthesis:STYLES"),
    help="{names} [default: at random].",
)  # fmt: skip
@click.option("--swing", default=0.0, show_default=True, help="0 straight to 0.33 triplets.")
@json_option
def command(
    target: Path, bpm: float, seconds: float, seed: int, style: str | None, swing: float,
    as_json: bool,
) -> None:  # fmt: skip
    """Compose a song with an exact beat into TARGET (.wav); --json prints the beats."""
    from hotfoot.music.synthesis import compose

    if target.suffix.lower() != ".wav":
        raise OutputError(f"cannot write {target.name}", "Songs are composed as .wav.")
    song = compose(seconds, bpm, seed=seed, style=style, swing=swing)
    song.save(target)
    result = {
        "file": str(target),
        "bpm": bpm,
        "beats": [round(float(b), 4) for b in song.beats],
        "sections": [round(float(s), 4) for s in song.sections],
    }
    emit(result, [f"{seconds:g} s at {bpm:g} BPM", str(target)], as_json)
