"""Opening, writing and syncing files by descriptor, and errors of the disk.

Others may have put files into a media directory, so nothing here follows a link or waits for the
other end of a FIFO. All functions block.
"""

from collections import deque
from collections.abc import Buffer, Iterable, Iterator
from contextlib import contextmanager
import errno
from itertools import islice
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

MAX_IMAGE_BYTES: Final = 160_000_000
"""Limit for images: more than a PNG has with the most pixels that are decoded."""

_MAX_PIECES: Final = 1024
"""Pieces written by one call: Linux's IOV_MAX."""

_ERRORS: Final[dict[int, type[StorageError]]] = {
    errno.ENOSPC: StorageFullError,
    errno.EDQUOT: StorageFullError,
    errno.EROFS: StorageReadOnlyError,
    errno.EACCES: StorageReadOnlyError,
    errno.EPERM: StorageReadOnlyError,
    errno.ENOENT: StorageMissingError,
    errno.ENOTDIR: StorageMissingError,
    # From network drives whose server is gone or was restarted.
    errno.ENODEV: StorageMissingError,
    errno.ENOTCONN: StorageMissingError,
    errno.ESTALE: StorageMissingError,
}


def storage_error(error: OSError) -> StorageError:
    """Return the StorageError for an error of the operating system."""
    return _ERRORS.get(error.errno or 0, StorageError)(str(error))


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn an OSError of the block into a StorageError; a RetrocamError passes unchanged."""
    try:
        yield
    except RetrocamError:
        raise
    except OSError as error:
        raise storage_error(error) from error


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a regular file and return its descriptor, which the caller closes.

    Neither the file nor its folder may be a link. Raises OSError; FileNotFoundError for anything but
    a regular file.
    """
    # Linked folders further up are the choice of the user who set the directory.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        # O_NONBLOCK has no effect on a regular file.
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(path.name, flags, dir_fd=folder)
    except OSError as error:
        # A link; a socket, or a FIFO without a reader.
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _irregular(path) from error
        raise
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _irregular(path)
    return descriptor


def read_image(path: Path) -> bytes:
    """Read an image file. Raises as `open_regular`, and PictureTooLargeError.

    A file that is too large is not read at all: it may be sparse, and larger than the memory.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        # It may grow while it is read.
        if size > MAX_IMAGE_BYTES or len(data := file.read(MAX_IMAGE_BYTES + 1)) > MAX_IMAGE_BYTES:
            raise PictureTooLargeError(f"an image of {size} bytes")
    return data


def create_file(path: Path, flags: int = os.O_WRONLY) -> int:
    """Create a file, replacing any of its name, and return its descriptor. Raises OSError.

    The old one is unlinked, not opened: it may be a FIFO, or a link to a file of others.
    """
    flags |= os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o644)
    except FileExistsError:
        path.unlink()
        return os.open(path, flags, 0o644)


def folder_status(path: Path) -> os.stat_result:
    """Return the status of a folder. Raises OSError; NotADirectoryError also for a link."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    return status


def file_size(path: Path) -> int:
    """Return the size in bytes of a regular file, without opening it. Raises as `open_regular`."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise _irregular(path)
    return status.st_size


def _irregular(path: Path) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, "not a regular file", str(path))


def write_all(descriptor: int, data: Buffer) -> None:
    """Write all of `data`. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_pieces(descriptor: int, pieces: Iterable[Buffer]) -> None:
    """Write pieces one after another, without joining them. Raises OSError."""
    views = deque(memoryview(piece) for piece in pieces)
    while views:
        written = os.writev(descriptor, list(islice(views, _MAX_PIECES)))
        while views and written >= len(views[0]):
            written -= len(views.popleft())
        if written:
            views[0] = views[0][written:]


def commit_file(partial: Path, path: Path, *, sync: bool) -> None:
    """Rename a complete file to its final name; with `sync`, sync it first, and its folder then.

    Raises StorageError, and leaves the partial file in place.
    """
    with storage_errors():
        if sync:
            sync_and_close(open_regular(partial))
        partial.replace(path)
        if sync:
            sync_and_close(os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def sync_and_close(descriptor: int) -> None:
    """Sync a file or folder to the disk, and close it. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a folder.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def free_space(directory: Path) -> int:
    """Return the bytes that can still be written below a directory. Raises StorageError."""
    with storage_errors():
        return shutil.disk_usage(directory).free
