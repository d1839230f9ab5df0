"""``hotfoot compose``."""

from pathlib import Path

from click import argument, option

import hotfoot
from hotfoot.cli import options
from hotfoot.cli.common import check_file, emit
from hotfoot.cli.types import ANY_PATH, MUSIC_STYLE, verb


@verb("hotfoot compose song.wav --bpm 124 --seconds 30 --seed 3")
@argument("target", type=ANY_PATH)
@option("--bpm", default=120.0, help="Tempo, 30 to 300.")
@option("--seconds", default=30.0, help="Length in seconds.")
@options.seed
@option("--style", type=MUSIC_STYLE, help="{names} [default: at random].")
@option("--swing", default=0.0, help="0 straight to 0.33 triplets.")
def command(
    target: Path, bpm: float, seconds: float, seed: int, style: str | None, swing: float
) -> None:
    """Compose a song with an exact beat into TARGET (.wav); --json prints the beats."""
    check_file(target, (".wav",), "Songs are composed as .wav.")
    song = hotfoot.compose(seconds, bpm, seed=seed, style=style, swing=swing)
    song.save(target)
    times = {k: [round(float(t), 4) for t in getattr(song, k)] for k in ("beats", "sections")}
    result = {"file": str(target), "bpm": bpm, **times}
    emit(result, f"{seconds:g} s at {bpm:g} BPM", str(target))
