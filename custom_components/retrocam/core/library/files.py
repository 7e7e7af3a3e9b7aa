"""Media files on disk: their names, atomic writes, and what goes wrong with a disk.

A file that Retrocam writes is called `<YYYYMMDDTHHMMSS.mmmZ>.<ext>`, the UTC time of its first
picture, so that names sort by time. While it is being written it is called
`<YYYYMMDDTHHMMSS.mmmZ>.partial.<ext>` in the same folder; no list ever shows such a name.

What survives a fault: `os.replace` is atomic, so a killed process leaves a partial file or a whole
one, never half a picture under a final name. A power cut is another matter: only data that was
synced is sure to be there. Clips and timelapses are synced, because somebody asked for them.
Snapshots are not: one every second would wear out the flash of a small board, and a cut costs the
last few seconds of pictures at worst: they show up as empty files, which the next load removes.
"""

from collections.abc import Buffer, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
import errno
import math
import os
from pathlib import Path
import re
import shutil
import stat
from typing import Final

from ..errors import (
    PictureTooLargeError,
    RetrocamError,
    StorageError,
    StorageFullError,
    StorageMissingError,
    StorageReadOnlyError,
)

EXTENSIONS: Final = ("jpg", "png", "mp4")
"""Every kind of media file, by its place in an index."""

NAME_LENGTH: Final = 24
"""Characters in a name, which is ASCII: 20 for the time, 4 for the extension."""

MAX_TIME_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999, the end of what a name can say."""

MAX_PICTURE: Final = 160_000_000
"""Bytes of a picture that is read whole: more than a PNG of the most pixels that are decoded."""

_PARTIAL: Final = ".partial"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NAME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})\.([0-9]{3})Z\.(jpg|png|mp4)"
)
_ERRORS: Final[dict[int, type[StorageError]]] = {
    errno.ENOSPC: StorageFullError,
    errno.EDQUOT: StorageFullError,
    errno.EROFS: StorageReadOnlyError,
    errno.EACCES: StorageReadOnlyError,
    errno.EPERM: StorageReadOnlyError,
    errno.ENOENT: StorageMissingError,
    errno.ENOTDIR: StorageMissingError,
    # What a network drive says once its server is gone, or has forgotten it.
    errno.ENODEV: StorageMissingError,
    errno.ENOTCONN: StorageMissingError,
    errno.ESTALE: StorageMissingError,
}


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


def storage_error(error: OSError) -> StorageError:
    """Translate what the operating system says about a disk into one of our errors."""
    kind = _ERRORS.get(error.errno or 0, StorageError)
    return kind(str(error))


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn an OSError of the body into a StorageError, and let ours pass."""
    try:
        yield
    except RetrocamError:
        raise
    except OSError as error:
        raise storage_error(error) from error


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


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file and return its descriptor, which the caller closes. Blocks.

    Follows no link: neither the file nor its folder may be one. Never waits for the other end of a
    FIFO. Raises OSError; FileNotFoundError for anything but a regular file.
    """
    # Linked folders further up are the choice of whoever set the directory.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        # O_NONBLOCK has no effect on a regular file.
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(path.name, flags, dir_fd=folder)
    except OSError as error:
        # A link; a socket, or a FIFO that nobody reads.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _irregular(path) from error
        raise
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _irregular(path)
    return descriptor


def read_picture(path: Path) -> bytes:
    """Read a picture whole; blocks. Raises as `open_regular`, and PictureTooLargeError.

    Of a file that is too large, nothing is read: it may be sparse, and larger than the memory.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        # It may grow while it is read.
        if size > MAX_PICTURE or len(data := file.read(MAX_PICTURE + 1)) > MAX_PICTURE:
            raise PictureTooLargeError(f"a picture of {size} bytes")
    return data


def create_file(path: Path, flags: int = os.O_WRONLY) -> int:
    """Make a new file in the place of whatever has its name, and return its descriptor. Blocks.

    What was there is unlinked, not opened: it may be a FIFO, or a link to a file of somebody else.
    Raises OSError.
    """
    flags |= os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o644)
    except FileExistsError:
        path.unlink()
        return os.open(path, flags, 0o644)


def folder_status(path: Path) -> os.stat_result:
    """Return the status of a folder. Blocks. Raises OSError; NotADirectoryError also for a link."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return status


def file_size(path: Path) -> int:
    """Return the bytes of a regular file. Blocks. Raises as `open_regular`, but opens nothing."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise _irregular(path)
    return status.st_size


def _irregular(path: Path) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "not a regular file", str(path))


def write_all(descriptor: int, data: Buffer) -> None:
    """Write all of the data. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def publish(partial: Path, path: Path, *, sync: bool) -> None:
    """Give a whole file its final name; with `sync`, first make sure that it is on the disk.

    Raises StorageError; the partial file is then still there.
    """
    with storage_errors():
        if sync:
            sync_and_close(open_regular(partial))
        partial.replace(path)
        if sync:
            sync_and_close(os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def sync_and_close(descriptor: int) -> None:
    """Have a file or folder written to the disk, then close it. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a folder, and say so.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def free_space(directory: Path) -> int:
    """Bytes that may still be written below a directory. Raises StorageError."""
    with storage_errors():
        return shutil.disk_usage(directory).free
