"""A media file that is open, and read in the thread that works on its disk."""

from functools import partial
from io import FileIO
import os
from typing import Self

from ..core.files import storage_errors
from ..core.library.store import MediaLibrary
from ..media.items import MediaKind
from .media_storage import Media


class OpenFile:
    """One open file of a library. All methods run in the event loop and none of them blocks it."""

    def __init__(self, media: Media, kind: MediaKind, file: FileIO, status: os.stat_result) -> None:
        """Take an open file; `close` has to be called."""
        self._media = media
        self._kind = kind
        self._file = file
        self.size = status.st_size
        """Bytes."""
        self.modified_ns = status.st_mtime_ns
        """When it was written, UNIX time in ns."""

    @classmethod
    async def async_open(cls, media: Media, kind: MediaKind, name: str) -> Self:
        """Open a file of the index. Raises MediaNotFoundError and StorageError."""
        opened = await media.async_run(partial(_open, media.libraries[kind], name), kind)
        return cls(media, kind, *opened)

    async def async_read(self, position: int, size: int) -> bytes:
        """Read at most `size` bytes from `position` on; none at the end. Raises StorageError."""
        return await self._media.async_run(partial(_read, self._file, position, size), self._kind)

    def close(self) -> None:
        """Close the file, which may take long on a network drive, without waiting for it."""
        self._media.async_release(self._file.close)


def _open(library: MediaLibrary, name: str) -> tuple[FileIO, os.stat_result]:
    file = library.open(name)
    with storage_errors():
        return file, os.fstat(file.fileno())


def _read(file: FileIO, position: int, size: int) -> bytes:
    with storage_errors():
        return os.pread(file.fileno(), size, position)
