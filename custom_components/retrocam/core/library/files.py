"""Names of media files, and atomic writes.

A media file is called `<YYYYMMDDTHHMMSS.mmmZ>.<ext>`, the UTC time of its first frame, so that names
sort by time. While it is written it is called `<YYYYMMDDTHHMMSS.mmmZ>.partial.<ext>` in the same
folder; no list contains such a name.

`os.replace` is atomic, so a killed process leaves a partial or a whole file, never half an image
under a final name. After a power cut only synced data is sure to be there. Clips and timelapses are
synced, since users asked for them. Snapshots are not: one every second would wear out the flash of a
small board. A power cut costs the last few seconds of them, as empty files, which a later load
removes.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
import math
import os
from pathlib import Path
import re
import time
from typing import Final

from ..files import commit_file, create_file, storage_errors, write_all

EXTENSIONS: Final = ("jpg", "png", "mp4")
"""All kinds of media files; an index stores the position in this tuple."""

NAME_LENGTH: Final = 24
"""Characters in a name, which is ASCII: 20 for the time, 4 for the extension."""

MAX_TIME_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, the latest time of a name."""

EMPTY_AGE: Final = 60.0
"""Seconds for which an empty file may be one that others have begun to write."""

_PARTIAL: Final = ".partial"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NAME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})\.([0-9]{3})Z\.(jpg|png|mp4)"
)


def to_ms(time: float) -> int:
    """Convert UNIX seconds to whole milliseconds.

    Raises ValueError for a time without a name: before 1970, after 9999, or not finite.
    """
    if not math.isfinite(time) or not 0 <= (time_ms := round(time * 1000)) <= MAX_TIME_MS:
        msg = f"no file can be named after the time {time}"
        raise ValueError(msg)
    return time_ms


def format_name(time_ms: int, extension: str) -> str:
    """Return the file name for a UNIX time in ms and an extension from EXTENSIONS."""
    time = _EPOCH + time_ms * _MILLISECOND
    return f"{time:%Y%m%dT%H%M%S}.{time_ms % 1000:03}Z.{extension}"


def parse_name(name: str) -> tuple[int, str] | None:
    """Parse a file name to `(UNIX time in ms, extension)`; None for any other string."""
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
    """Return the path under which `path` is written."""
    return path.with_name(f"{path.stem}{_PARTIAL}{path.suffix}")


def final_path(partial: Path) -> Path:
    """Return the path of the complete file: the reverse of `partial_path`."""
    return partial.with_name(partial.stem.removesuffix(_PARTIAL) + partial.suffix)


def remove_left_empty(path: Path) -> None:
    """Remove an empty file that a power cut left, not one that others begin to write. Raises OSError."""
    with suppress(FileNotFoundError):
        status = path.lstat()
        if status.st_size == 0 and time.time() - status.st_mtime > EMPTY_AGE:
            path.unlink()


def write_atomic(path: Path, data: bytes) -> None:
    """Write or replace a file, which is whole or absent at any time but after a power cut. Blocks.

    Raises StorageError, and leaves no file then.
    """
    partial = partial_path(path)
    with storage_errors():
        try:
            descriptor = create_file(partial)
            try:
                write_all(descriptor, data)
            finally:
                os.close(descriptor)
            commit_file(partial, path, sync=False)
        except BaseException:
            with suppress(OSError):
                partial.unlink()
            raise
