"""Hotfoot: music in, 2D dance poses out.

>>> import hotfoot
>>> hotfoot.dance("song.mp3", seed=1).save("dance.mp4")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

from hotfoot._version import __version__

if TYPE_CHECKING:
    from hotfoot.errors import HotfootError, InputError
    from hotfoot.generation.generator import load_generator
    from hotfoot.generation.options import DanceOptions
    from hotfoot.generation.pipeline import dance, dances
    from hotfoot.generation.result import Dance
    from hotfoot.music.synthesis import compose
    from hotfoot.pose.formats import read_poses, write_poses
    from hotfoot.pose.sequence import PoseSequence

# Public names are imported on first use, so that `import hotfoot` costs nothing.
_HOMES = {
    "Dance": "hotfoot.generation.result",
    "DanceOptions": "hotfoot.generation.options",
    "HotfootError": "hotfoot.errors",
    "InputError": "hotfoot.errors",
    "PoseSequence": "hotfoot.pose.sequence",
    "compose": "hotfoot.music.synthesis",
    "dance": "hotfoot.generation.pipeline",
    "dances": "hotfoot.generation.pipeline",
    "load_generator": "hotfoot.generation.generator",
    "read_poses": "hotfoot.pose.formats",
    "write_poses": "hotfoot.pose.formats",
}
__all__ = [
    "Dance",
    "DanceOptions",
    "HotfootError",
    "InputError",
    "PoseSequence",
    "__version__",
    "compose",
    "dance",
    "dances",
    "load_generator",
    "read_poses",
    "write_poses",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hotfoot' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
