"""Hotfoot: music in, 2D dance poses out.

>>> import hotfoot
>>> hotfoot.dance("song.mp3", seed=1).save("dance.mp4")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

from hotfoot._version import __version__ as __version__

if TYPE_CHECKING:
    from hotfoot.errors import HotfootError as HotfootError
    from hotfoot.errors import InputError as InputError
    from hotfoot.generation.generator import load_generator as load_generator
    from hotfoot.generation.options import DanceOptions as DanceOptions
    from hotfoot.generation.pipeline import dance as dance
    from hotfoot.generation.pipeline import dances as dances
    from hotfoot.generation.result import Dance as Dance
    from hotfoot.music.synthesis import compose as compose
    from hotfoot.pose.formats import read_poses as read_poses
    from hotfoot.pose.formats import write_poses as write_poses
    from hotfoot.pose.sequence import PoseSequence as PoseSequence

# Public names are imported on first use, so that `import hotfoot` costs nothing.
_HOMES = {
    "Dance": "generation.result",
    "DanceOptions": "generation.options",
    "HotfootError": "errors",
    "InputError": "errors",
    "PoseSequence": "pose.sequence",
    "compose": "music.synthesis",
    "dance": "generation.pipeline",
    "dances": "generation.pipeline",
    "load_generator": "generation.generator",
    "read_poses": "pose.formats",
    "write_poses": "pose.formats",
}
__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(f"hotfoot.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hotfoot' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
