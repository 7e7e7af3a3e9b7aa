"""The names of media files, and writing one whole.

A file that Retrocam writes is called `<YYYYMMDDTHHMMSS.mmmZ>.<ext>`, the UTC time of its first
picture, so that names sort by time. While it is being written it is called
`<YYYYMMDDTHHMMSS.mmmZ>.partial.<ext>` in the same folder; no list ever shows such a name.

What survives a fault: `os.replace` is atomic, so a killed process leaves a partial file or a whole
one, never half a picture under a final name. A power cut is another matter: only data that was
synced is sure to be there. Clips and timelapses are synced, because somebody asked for them.
Snapshots are not: one every second would wear out the flash of a small board, and a cut costs the
last few seconds of pictures at worst: they show up as empty files, which the next load removes.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
import math
import os
from pathlib import Path
import re
from typing import Final

from ..files import create_file, publish, storage_errors, write_all

EXTENSIONS: Final = ("jpg", "png", "mp4")
"""Every kind of media file, by its place in an index."""

NAME_LENGTH: Final = 24
"""Characters in a name, which is ASCII: 20 for the time, 4 for the extension."""

MAX_TIME_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, the end of what a name can say."""

_PARTIAL: Final = ".partial"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NAME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})\.([0-9]{3})Z\.(jpg|png|mp4)"
)


def to_ms(time: float) -> int:
    """Convert UNIX seconds to the whole milliseconds that a name holds.

    Raises ValueError for a time that no name can say: before 1970, after 9999, or not a number.
    """
    if not math.isfinite(time) or not 0 <= (time_ms := round(time * 1000)) <= MAX_TIME_MS:
        msg = f"no file can be named after the time {time}"
        raise ValueError(msg)
    return time_ms


def format_name(time_ms: int, extension: str) -> str:
    """Name the file of a UNIX time in ms, with an extension from EXTENSIONS."""
    time = _EPOCH + time_ms * _MILLISECOND
    return f"{time:%Y%m%dT%H%M%S}.{time_ms % 1000:03}Z.{extension}"


def parse_name(name: str) -> tuple[int, str] | None:
    """Read `(UNIX time in ms, extension)` from a file name, or None for any other string."""
    if (match := _NAME.fullmatch(name)) is None:
        return None
    *fields, milliseconds, extension = match.groups()
    try:
        time = datetime(*map(int, fields), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six whole numbers
    except ValueError:
        return None
    time_ms = (time - _EPOCH) // _MILLISECOND + int(milliseconds)
    return (time_ms, extension) if time_ms >= 0 else None


def partial_path(path: Path) -> Path:
    """Name the file that becomes `path` once it is whole."""
    return path.with_name(f"{path.stem}{_PARTIAL}{path.suffix}")


def whole_path(partial: Path) -> Path:
    """Name the file that a partial one becomes: the reverse of `partial_path`."""
    return partial.with_name(partial.stem.removesuffix(_PARTIAL) + partial.suffix)


def write_atomic(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Write a file that is either whole or absent; replaces one of the same name. Blocks.

    With `sync` it also survives a power cut. Raises StorageError, and then leaves nothing behind.
    """
    partial = partial_path(path)
    with storage_errors():
        try:
            descriptor = create_file(partial)
            try:
                write_all(descriptor, data)
            finally:
                os.close(descriptor)
            publish(partial, path, sync=sync)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise
