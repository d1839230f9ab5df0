"""Which part of a song belongs to a dance."""

from pathlib import Path

from hotfoot.music.audio import Song, open_song
from hotfoot.pose.metadata import DanceMetadata


def song_for(metadata: DanceMetadata, path: Path, start_s: float | None = None) -> Song:
    """The part of a song's file that a dance was made for; all of it if the dance does not say.

    ``start_s`` is where the dance begins in it, in place of where the metadata say. Raises
    AudioError where the file is missing or unreadable.
    """
    start, end = metadata.start_s, metadata.end_s
    if start_s is not None:
        start, end = start_s, None if end is None else end - start + start_s
    return open_song(path, start, end)


def song_warnings(metadata: DanceMetadata, path: Path) -> tuple[str, ...]:
    """A sentence if a file, by its content, is not the song that the dance was made for.

    Of the same name, one is often a cut or a new encoding of the other, with seconds elsewhere.
    """
    own = metadata.song_sha256
    if not own or song_for(metadata, path).fingerprint() == own:
        return ()
    return (f"the dance was made for another file than {path.name}; its beats may be elsewhere",)
