"""Which part of a song belongs to a dance."""

from __future__ import annotations

from pathlib import Path

from hotfoot.music.audio import Song, open_song
from hotfoot.pose.metadata import DanceMetadata, file_sha256


def song_for(metadata: DanceMetadata, path: Path) -> Song:
    """The part of a song's file that a dance was made for; all of it if the dance does not say.

    Raises:
        AudioError: missing or unreadable, or shorter than where the dance begins.
    """
    return open_song(path, metadata.start_s, metadata.end_s)


def song_warnings(metadata: DanceMetadata, path: Path) -> tuple[str, ...]:
    """A sentence if a file is not the one that the dance was made for.

    Files are compared by content: of the same name, one is often a cut or a new encoding of the
    other, in which the dance's seconds are elsewhere.
    """
    if not metadata.song_sha256 or file_sha256(path) == metadata.song_sha256:
        return ()
    made_for = f" ({metadata.song})" if metadata.song else ""
    return (
        f"{path.name} is not the file that this dance was made for{made_for}; beats may differ",
    )
