"""``hotfoot models``."""

import click

from hotfoot.cli.common import emit
from hotfoot.cli.options import json_option
from hotfoot.cli.types import Verb


@click.command(cls=Verb, epilog="Example: hotfoot models --json")
@json_option
def command(as_json: bool) -> None:
    """List the models that ship with the package."""
    from hotfoot.model.checkpoint import model_folder, model_names, read_config

    rows = []
    for name in model_names():
        folder = model_folder(name)
        config = read_config(folder)
        size = (folder / "model.safetensors").stat().st_size
        rows.append(
            {
                "name": name,
                "title": config.name,
                "skeleton": config.skeleton,
                "fps": config.fps,
                "license": config.license,
                "megabytes": round(size / 1e6, 1),
                "card": str(folder / "README.md"),
            }
        )
    lines = [
        f"{r['name']}: {r['title']}, {r['skeleton']} at {r['fps']:g} fps, {r['megabytes']} MB, "
        f"{r['license']}\n  {r['card']}"
        for r in rows
    ]
    emit({"models": rows}, lines, as_json)
