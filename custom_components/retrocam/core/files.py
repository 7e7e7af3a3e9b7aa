"""Opening, writing and syncing files by descriptor, and what goes wrong with a disk.

Nothing here follows a link or waits for the other end of a FIFO: what lies in a media directory may have
been put there by others. All functions block.
"""

from collections.abc import Buffer, Iterator
from contextlib import contextmanager
import errno
import os
from pathlib import Path
import shutil
import stat
from typing import Final

from .errors import (
    PictureTooLargeError,
    RetrocamError,
    StorageError,
    StorageFullError,
    StorageMissingError,
    StorageReadOnlyError,
)

MAX_PICTURE: Final = 160_000_000
"""Bytes of a picture that is read whole: more than a PNG of the most pixels that are decoded."""

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
