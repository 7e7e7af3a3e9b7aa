"""Fragmented MP4 of a clip in progress, readable at any moment.

A fragment is complete or absent: one that could not be written is truncated. There is no fsync: the
system writes within half a minute anyway, and a lookback that is written and copied at once would
otherwise be written to the disk twice.
"""

from collections.abc import Sequence
from contextlib import suppress
import os
from pathlib import Path

from ..files import storage_errors, write_all
from ..mp4.fragment_reader import Track
from ..mp4.fragment_writer import SampleRun, fragment
from ..mp4.movie_info import MovieInfo
from ..mp4.movie_writer import NO_INFO, fragmented_init


class FragmentedFileWriter:
    """Writes fragments, each at once. All methods block; one thread at a time."""

    def __init__(self, path: Path, tracks: Sequence[Track], info: MovieInfo = NO_INFO) -> None:
        """Create the file, which must not exist, and write its init. Raises StorageError."""
        self.path = path
        self.size = 0
        """Bytes of the init and all complete fragments."""
        self.samples = [0] * len(tracks)
        """Number of samples of each track."""
        self._sequence = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with storage_errors():
            self._descriptor = os.open(path, flags, 0o644)
        try:
            self._write([memoryview(fragmented_init(tracks, info=info))])
        except BaseException:
            self.close()
            with suppress(OSError):
                path.unlink()
            raise

    def append(self, runs: Sequence[SampleRun], data: Sequence[memoryview]) -> None:
        """Write a fragment. Raises StorageError; the file is then unchanged."""
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
                for piece in pieces:
                    write_all(self._descriptor, piece)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, self.size)
                    os.lseek(self._descriptor, self.size, os.SEEK_SET)
                raise
            self.size += sum(map(len, pieces))
