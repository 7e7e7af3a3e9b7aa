"""The file of a clip while it is recorded: an MP4 in fragments, readable at any moment.

Each fragment is whole or not there: one that could not be written is cut off again. The disk is not
asked to have them at once: the system writes them within half a minute by itself, and a past that
is written and copied in one go would else cost the disk twice as much.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import batched
import os
from pathlib import Path
from typing import Final

from ..files import storage_errors
from ..mp4.fragment_writer import Run, fragment
from ..mp4.movie_writer import fragmented_init
from ..mp4.tracks import TrackHeader

_PIECES: Final = 512
"""Pieces of memory written by one call; the system allows 1024."""


class ClipFile:
    """Writes fragments, each at once. All methods block; one thread at a time."""

    def __init__(self, path: Path, tracks: Sequence[TrackHeader]) -> None:
        """Make the file, which must not be there, and write its init. Raises StorageError."""
        self.path = path
        self.size = 0
        """Bytes of the init and of all whole fragments."""
        self.samples = [0] * len(tracks)
        """How many samples each track has."""
        self._sequence = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with storage_errors():
            self._descriptor = os.open(path, flags, 0o644)
        try:
            self._write([memoryview(fragmented_init(tracks))])
        except BaseException:
            self.close()
            with suppress(OSError):
                path.unlink()
            raise

    def append(self, runs: Sequence[Run], data: Sequence[memoryview]) -> None:
        """Write a fragment. Raises StorageError; the file then is as it was before."""
        self._sequence += 1
        self._write([memoryview(fragment(self._sequence, runs)), *data])
        for run in runs:
            self.samples[run.track] += len(run.rows) // 4

    def close(self) -> None:
        """Close the file; safe to call again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self, pieces: Sequence[memoryview]) -> None:
        with storage_errors():
            try:
                for some in batched(pieces, _PIECES, strict=False):
                    _write_pieces(self._descriptor, list(some))
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self.size)
                    os.lseek(self._descriptor, self.size, os.SEEK_SET)
                raise
            self.size += sum(map(len, pieces))


def _write_pieces(descriptor: int, pieces: list[memoryview]) -> None:
    """Write all, also when the system takes them in several goes. Raises OSError."""
    while pieces:
        written = os.writev(descriptor, pieces)
        pieces = list(_rest(pieces, written))


def _rest(pieces: list[memoryview], written: int) -> Iterator[memoryview]:
    for piece in pieces:
        if written < len(piece):
            yield piece[written:]
        written = max(0, written - len(piece))
