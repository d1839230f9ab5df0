"""Songs that the protocols leave out, where the protocols find them.

python docs/scripts/other_songs.py SONGS OUT

A protocol takes every sixth song of a folder by name. OUT gets links to the others, every second of
them, at every sixth place: `hotfoot evaluate protocol standard --songs OUT`.
"""

import sys
from pathlib import Path

from hotfoot.music.audio import SONG_SUFFIXES

PLACE, EVERY, MOST = 3, 6, 20


def main(songs: Path, out: Path) -> None:
    """Make the links."""
    found = sorted(p for p in songs.rglob("*") if p.suffix.lower() in SONG_SUFFIXES)
    others = [p for i, p in enumerate(found) if i % EVERY != PLACE][::2][:MOST]
    out.mkdir(parents=True)
    for i, song in enumerate(others):
        for place in range(EVERY):
            name = f"{i * EVERY + place:03d}-{song.stem}{song.suffix}"
            (out / name).symlink_to(song.resolve())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
