"""``python -m hotfoot``."""

from hotfoot.cli.main import run

run()
