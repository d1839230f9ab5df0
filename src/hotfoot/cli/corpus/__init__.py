"""``hotfoot corpus``."""

import click

from hotfoot.cli.corpus.build import build_command, stats_command
from hotfoot.cli.corpus.motion import choreograph_command, film_command, pair_command
from hotfoot.cli.corpus.recordings import aist_command, video_command
from hotfoot.cli.types import VerbGroup


@click.group(
    cls=VerbGroup, epilog="Example: hotfoot corpus film --motion M --split held-out -o real/"
)
def command() -> None:
    """Motion and songs for training and evaluation."""


for _one in (
    build_command, stats_command, video_command, aist_command, choreograph_command, pair_command,
    film_command,
):  # fmt: skip
    command.add_command(_one)
