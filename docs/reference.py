"""The API reference: python docs/reference.py [FOLDER]. What pdoc warns of fails."""

import pkgutil
import sys
import warnings
from pathlib import Path

import pdoc

import hotfoot


def build(folder: Path) -> None:
    """Write one page for each module, the public names first."""
    packages = [m.name for m in pkgutil.iter_modules(hotfoot.__path__) if m.name[0] != "_"]
    pdoc.render.configure(docformat="google", footer_text=f"hotfoot {hotfoot.__version__}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pdoc.pdoc("hotfoot", *(f"hotfoot.{p}" for p in packages), output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else "site"))
