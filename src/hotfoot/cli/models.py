"""``hotfoot models``."""

from hotfoot.cli.common import emit
from hotfoot.cli.types import verb


@verb("hotfoot models --json")
def command() -> None:
    """List the models that ship with the package."""
    from hotfoot.model.checkpoint import model_folder, model_names, read_config

    rows, lines = [], []
    for name in model_names():
        folder = model_folder(name)
        config = read_config(folder)
        row = {k: getattr(config, k) for k in ("skeleton", "fps", "license")}
        size = round((folder / "model.safetensors").stat().st_size / 1e6, 1)
        card = str(folder / "README.md")
        rows.append({"name": name, "title": config.name, **row, "megabytes": size, "card": card})
        lines.append(
            f"{name}: {config.name}, {config.skeleton} at {config.fps:g} fps, {size} MB, "
            f"{config.license}\n  {card}"
        )
    emit({"models": rows}, *lines)
