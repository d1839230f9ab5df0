"""Hotfoot: music in, 2D dance poses out.

>>> import hotfoot
>>> hotfoot.dance("song.mp3", seed=1).save("dance.mp4")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hotfoot._version import __version__

if TYPE_CHECKING:
    from hotfoot.errors import HotfootError, InputError
    from hotfoot.generation.pipeline import dance, variations
    from hotfoot.generation.result import Dance
    from hotfoot.model.checkpoint import load_model
    from hotfoot.music.synthesis import compose
    from hotfoot.pose.formats import read_poses, write_poses
    from hotfoot.pose.sequence import PoseSequence

# Public names are imported on first use, so that `import hotfoot` costs nothing.
_HOMES = {
    "dance": "hotfoot.generation.pipeline",
    "variations": "hotfoot.generation.pipeline",
    "Dance": "hotfoot.generation.result",
    "load_model": "hotfoot.model.checkpoint",
    "compose": "hotfoot.music.synthesis",
    "PoseSequence": "hotfoot.pose.sequence",
    "read_poses": "hotfoot.pose.formats",
    "write_poses": "hotfoot.pose.formats",
    "HotfootError": "hotfoot.errors",
    "InputError": "hotfoot.errors",
}
__all__ = [
    "Dance",
    "HotfootError",
    "InputError",
    "PoseSequence",
    "__version__",
    "compose",
    "dance",
    "load_model",
    "read_poses",
    "variations",
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
