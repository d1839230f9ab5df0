"""Opening sound, videos and photos, at every place that does.

FFmpeg and Pillow tell formats by content, whatever a file is called, and some formats are lists of
other files (HLS, ffconcat, SDP, ...) or programs (EPS). So what may be opened is named here; a
``protocol_whitelist`` would not do, since those other files are files, too.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from hotfoot.errors import InputError, raising

if TYPE_CHECKING:
    from av.container import InputContainer

_FORMATS = (
    "aac", "ac3", "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dsf", "dts", "dv", "eac3",
    "flac", "flv", "gif", "ivf", "matroska", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "nut",
    "ogg", "tak", "tta", "w64", "wav", "wv",
)  # fmt: skip
_IMAGE_FORMATS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP")
_HINTS = {
    "audio": "Allowed: mp3, m4a, aac, ogg, opus, flac, wav, aiff, and the sound of mp4, webm, mkv.",
    "video": "Allowed: mp4, mov, webm, mkv, avi, gif. Convert or download it again.",
}


def media_url(path: Path) -> str:
    """A path for FFmpeg, which takes what stands before a colon in it for a protocol."""
    return f"file:{path}"


@contextmanager
def open_media(
    path: Path, stream: Literal["audio", "video"], error_type: type[InputError]
) -> "Iterator[InputContainer]":
    """Open a file to decode its first ``stream``; no other file is ever opened.

    Raises ``error_type`` for no such file, another format, no such stream in it, or if what is
    decoded inside of the ``with`` is damaged.
    """
    import av
    from av.error import FFmpegError

    _check_file(path, error_type)
    what, inside = ("sound", "sound") if stream == "audio" else ("a video", "pictures")
    options = {"format_whitelist": ",".join(_FORMATS)}
    try:
        container = av.open(media_url(path), metadata_errors="replace", options=options)
    except (FFmpegError, OSError, ValueError) as error:
        refused = getattr(error, "errno", None) == errno.EINVAL
        why = "another format, or a list of files" if refused else reason(error)
        raise error_type(f"{path.name} cannot be read as {what} ({why})", _HINTS[stream]) from error
    with container:
        if not getattr(container.streams, stream):
            raise error_type(f"{path.name} holds no {inside}", f"Give a file with {what}.")
        try:
            yield container
        except FFmpegError as error:
            raise error_type(
                f"{path.name} cannot be decoded ({reason(error)})",
                "The file is damaged, or not what its name says. Convert or download it again.",
            ) from error


def read_image(path: Path, error_type: type[InputError]) -> NDArray[np.uint8]:
    """RGB [H, W, 3] of a picture, upright as its camera was held; raises ``error_type``."""
    from PIL import Image, ImageOps

    _check_file(path, error_type)
    wrong = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
    hint = "Save it as .jpg or .png; for .heic, export it from your photo app."
    with raising(error_type, wrong, f"{path.name} cannot be read as a picture ({{error}})", hint):
        with Image.open(path, formats=_IMAGE_FORMATS) as image:
            return np.asarray(ImageOps.exif_transpose(image).convert("RGB"), np.uint8)


def reason(error: Exception) -> str:
    """What FFmpeg says, in a few words."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).split("\n")[0].lower()


def _check_file(path: Path, error_type: type[InputError]) -> None:
    if not path.is_file():
        raise error_type(f"no such file: {path}", "Give the path of a file.")
    if path.stat().st_size == 0:
        raise error_type(f"{path.name} is empty (0 bytes)", "Copy or download it again.")
