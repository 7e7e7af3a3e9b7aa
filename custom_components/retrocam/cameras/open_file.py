"""Open media files, read in the thread of their library's disk."""

from functools import partial
from io import FileIO
import os
from typing import Self

from ..core.files import storage_errors
from ..core.library.store import MediaLibrary
from ..media.items import MediaKind
from .media_storage import MediaStorage


class OpenFile:
    """An open file of a library. All methods run in the event loop without blocking it."""

    def __init__(
        self, media: MediaStorage, kind: MediaKind, file: FileIO, status: os.stat_result
    ) -> None:
        self._media = media
        self._kind = kind
        self._file = file
        self.size = status.st_size
        """Bytes."""
        self.modified_ns = status.st_mtime_ns
        """Modification time, UNIX ns."""

    @classmethod
    async def async_open(cls, media: MediaStorage, kind: MediaKind, name: str) -> Self:
        """Open a file by name; the caller closes it. Raises MediaNotFoundError and StorageError."""
        opened = await media.async_run(partial(_open, media.libraries[kind], name), kind)
        return cls(media, kind, *opened)

    async def async_read(self, position: int, size: int) -> bytes:
        """Read up to `size` bytes at `position`; empty at the end. Raises StorageError."""
        return await self._media.async_run(partial(_read, self._file, position, size), self._kind)

    def close(self) -> None:
        """Close the file in the background: it may take long on a network drive."""
        self._media.async_release(self._file.close)


def _open(library: MediaLibrary, name: str) -> tuple[FileIO, os.stat_result]:
    file = library.open(name)
    with storage_errors():
        return file, os.fstat(file.fileno())


def _read(file: FileIO, position: int, size: int) -> bytes:
    with storage_errors():
        return os.pread(file.fileno(), size, position)
