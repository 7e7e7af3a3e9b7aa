"""A directory of media files of one kind - snapshots, recordings or timelapses - and its index.

Threads: methods that access the disk say "blocks" and belong in one worker thread of the owner; calls
from several threads wait for each other. All others read the index in memory, take microseconds, and
may be called from any thread, the event loop included.

A directory is scanned once, at `load`. Later `refresh` costs one status call unless others have added
or removed files. While the directory is missing, every writer raises StorageMissingError; once its
parent is back, the next call continues with it. Only the last folder is created again: were its
parents created too, the files of an unplugged drive would end up in its mount point.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
import threading
import time as clocks

import numpy as np
from numpy.typing import NDArray

from ..errors import MediaNotFoundError, StorageFullError, StorageMissingError
from ..files import file_size, free_space, open_regular, read_image, storage_errors
from .clock_trust import ClockTrust
from .files import format_name, parse_name, remove_left_empty, to_ms, write_atomic
from .folder import WatchedFolder
from .index import MediaIndex, MediaItem
from .reader import MediaChange, MediaReader
from .reservations import Reservations
from .retention import Limits, excess_unprotected
from .scan import with_durations
from .thumbnails import THUMBNAILS, Thumbnailer, Thumbnails


class MediaLibrary(MediaReader):
    """The media files of one directory, kept within limits."""

    def __init__(
        self,
        directory: Path,
        *,
        extensions: tuple[str, ...],
        limits: Limits | None = None,
        thumbnailer: Thumbnailer | None = None,
        prober: Callable[[Path], int] | None = None,
        keep_partials: bool = False,
        protect_seconds: float = 0.0,
        free: Callable[[Path], int] = free_space,
        clock: Callable[[], float] = clocks.time,
        monotonic: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """Use `directory`, which is not accessed before `load`.

        `extensions` (of files.EXTENSIONS) are those of the library's files. `thumbnailer` makes a
        small JPEG of a file; `prober` returns a file's duration in ms, or raises OSError. With
        `keep_partials`, `load` returns incomplete files instead of deleting them. No limit applies to
        files adopted less than `protect_seconds` ago, and no age limit while the clock is not trusted
        (`clock_trust`). `free` returns the free bytes of a directory, `clock` UNIX time in seconds.
        """
        super().__init__(directory)
        self._lock = threading.RLock()
        self.limits = limits or Limits()
        """After a change call `apply_limits`."""
        self._extensions = extensions
        self._thumbnails = thumbnailer and Thumbnails(directory / THUMBNAILS, thumbnailer)
        self._prober = prober
        self._keep_partials = keep_partials
        self._free = free
        self._clock = clock
        self._clock_trust = ClockTrust(clock, monotonic)
        self._reservations = Reservations(directory, extensions, protect_seconds, monotonic)
        self._folder = WatchedFolder(directory, monotonic)
        self._missing = False
        self._newest_time = 0.0

    # Access to the disk: blocks, in the owner's worker thread.

    def load(self) -> list[Path]:
        """Create and scan the directory, clean up after a crash, apply the limits. Blocks.

        With `keep_partials`, returns the incomplete files, without those being written under a name
        from `reserve`. Raises StorageError; each later call then tries again.
        """
        with self._lock, self._disk():
            self._missing = True
            self.directory.mkdir(parents=True, exist_ok=True)
            scan = self._folder.scan(self._extensions)
            self._missing = False
            self._replace_index(scan.index, scan.mtime_ns, first=True)
            partials = [path for path in scan.partials if not self._reservations.is_reserved(path)]
            kept, garbage = (partials, []) if self._keep_partials else ([], partials)
            if self._thumbnails is not None:
                garbage += self._thumbnails.orphans(scan.index)
            for path in scan.empty:
                remove_left_empty(path)
            for path in garbage:
                path.unlink(missing_ok=True)
            self._prune()
            return kept

    def refresh(self, *, force: bool = False) -> bool:
        """Detect files that others added or deleted; return whether the directory was scanned. Blocks.

        Cheap without changes. Without `force` it trusts a time stamp of the directory unless it is
        recent; some network drives do not maintain it. Raises StorageError, StorageMissingError once
        the directory is missing.
        """
        with self._lock, self._disk():
            if self._recover():
                return True
            if not (force or self._folder.changed()):
                return False
            self._rescan()
            return True

    def apply_limits(self) -> int:
        """Delete the oldest files beyond the limits; return how many. Blocks. Raises StorageError."""
        with self._lock, self._disk():
            self._recover()
            return self._prune()

    def add(self, data: bytes, time: float, extension: str) -> MediaItem:
        """Write a file named after `time` (UNIX seconds) or the next free ms, apply the limits. Blocks.

        The limits may delete the file itself, if it is older than all others. Raises StorageError,
        StorageFullError also if no space can be freed for it, and ValueError for a time that cannot
        be a name.
        """
        with self._lock, self._disk():
            self._recover()
            self._make_room(len(data))
            time_ms = self._reservations.free_time(to_ms(time), self._index)
            path = self.directory / format_name(time_ms, extension)
            self._folder.before_change()
            try:
                write_atomic(path, data)
            finally:
                # Also after a failure, which created and deleted a file.
                with suppress(OSError):
                    self._folder.after_change()
            return self._insert(time_ms, len(data), extension, 0.0)

    def reserve(self, time: float, extension: str) -> Path:
        """Reserve and return the path for a file that the caller writes. Blocks briefly.

        The name stays reserved until `adopt` or `release`. Raises as `add`.
        """
        with self._lock, self._disk():
            self._recover()
            self._folder.before_change()  # raises also if the directory is missing
            self._make_room(0)
            time_ms = self._reservations.free_time(to_ms(time), self._index)
            self._reservations.reserve(time_ms)
            return self.directory / format_name(time_ms, extension)

    def adopt(self, path: Path, *, duration: float = 0.0) -> MediaItem:
        """Add the complete file at a path from `reserve`, and apply the limits. Blocks.

        `duration` in seconds. Raises StorageError (StorageMissingError also if only the file is
        missing), and ValueError for any other path.
        """
        parsed = parse_name(path.name)
        if parsed is None or path.parent != self.directory or parsed[1] not in self._extensions:
            raise ValueError(f"{path} is no file of this library")
        with self._lock, self._disk():
            self._reservations.complete(path)
            size = file_size(path)
            if (position := self._index.find(path.name)) is not None:
                return self._index.item(position)  # added by a refresh
            return self._insert(parsed[0], size, parsed[1], duration)

    def hold(self, path: Path) -> None:
        """Reserve the name of a file that is being finished. Any thread."""
        self._reservations.hold(path)

    def release(self, path: Path) -> None:
        """Release an unused path from `reserve`, or one from `hold`. Any thread."""
        self._reservations.release(path)

    def read(self, name: str) -> bytes:
        """Read an image. Blocks. Raises MediaNotFoundError, also if it was deleted meanwhile."""
        with self._file(name) as path:
            return read_image(path)

    def open(self, name: str) -> FileIO:
        """Open a file for reading. Blocks, as its reads do. Raises MediaNotFoundError."""
        with self._file(name) as path:
            return FileIO(open_regular(path))

    def thumbnail(self, name: str) -> bytes:
        """Return a small JPEG of a file, made on the first request. Blocks.

        Raises MediaNotFoundError, also without a thumbnailer, and InvalidFrameError for a file that
        cannot be decoded.
        """
        if self._thumbnails is None:
            raise MediaNotFoundError(name)
        with self._file(name) as path:
            data = self._thumbnails.get(path)
        if self._index.find(name) is None:
            # Deleted while its thumbnail was made.
            self._thumbnails.discard(name)
        return data

    def delete(self, names: Iterable[str]) -> tuple[str, ...]:
        """Delete files, ignoring unknown names; return the deleted names, oldest first. Blocks.

        Raises StorageError; listeners are notified of those deleted before.
        """
        with self._lock, self._disk():
            self._recover()
            positions = {at for name in names if (at := self._index.find(name)) is not None}
            return self._remove(np.array(sorted(positions), np.int64))

    @contextmanager
    def _file(self, name: str) -> Iterator[Path]:
        """Read a file of the index; remove it from there if others have deleted it."""
        path = self.path(name)
        try:
            with storage_errors():
                self._folder.check()  # a link would lead to the thumbnails of others
                yield path
        except StorageMissingError as error:
            with self._lock:
                if (position := self._index.find(name)) is not None:
                    self._index = self._index.without(np.array([position]))
                    self.listeners.notify(MediaChange(removed=(name,)))
            raise MediaNotFoundError(name) from error

    # Below: with the lock held.

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Translate errors, and empty the index if the directory is missing."""
        try:
            with storage_errors():
                yield
        except StorageMissingError:
            if not self._folder.exists:
                self._missing = True
                self._replace_index(MediaIndex(), -1)
            raise

    def _recover(self) -> bool:
        """Continue with a directory that was missing; return whether it was. Raises OSError."""
        if not self._missing:
            if not self._folder.was_scanned:  # not loaded yet
                self.directory.mkdir(parents=True, exist_ok=True)
            return False
        self.directory.mkdir(exist_ok=True)
        self._rescan()
        self._missing = False
        return True

    def _rescan(self) -> None:
        scan = self._folder.scan(self._extensions)
        self._replace_index(scan.index, scan.mtime_ns)

    def _replace_index(self, index: MediaIndex, mtime_ns: int, *, first: bool = False) -> None:
        """Replace the index, and notify of the difference."""
        old = self._index
        self._folder.scanned(mtime_ns)
        self._clock_trust.compare(index.times, new_folder=first or not len(old))
        self._index = (
            with_durations(index, old, self.directory, self._prober) if self._prober else index
        )
        if change := MediaChange(reset=True) if first else MediaChange.between(old, self._index):
            self.listeners.notify(change)

    def _insert(self, time_ms: int, size: int, extension: str, duration: float) -> MediaItem:
        """Add a new file to the index, notify of it, and apply the limits."""
        self._index = self._index.with_item(time_ms, size, extension, round(duration * 1000))
        item = MediaItem(format_name(time_ms, extension), time_ms / 1000, size, duration)
        self.listeners.notify(MediaChange(added=(item,)))
        self._newest_time = item.time
        self._remove(self._excess(0))
        return item

    def _prune(self) -> int:
        return len(self._remove(self._excess(max(0, self._missing_bytes(0)))))

    def _excess(self, missing: int) -> NDArray[np.int64]:
        return excess_unprotected(
            self._index,
            self._clock_trust.applicable(self.limits),
            self._clock(),
            self._reservations.protected,
            newest=self._newest_time,
            missing=missing,
        )

    def _missing_bytes(self, size: int) -> int:
        """Return the bytes to free before `size` bytes can be written; 0 or less is none."""
        min_free = self.limits.min_free
        return min_free + size - self._free(self.directory) if min_free else 0

    def _make_room(self, size: int) -> None:
        """Delete old files until `size` bytes can be written. Raises StorageFullError if too few.

        Free space is not read again: some file systems release it only later, and every further call
        would delete more.
        """
        missing = self._missing_bytes(size)
        if missing > self.total_bytes:
            raise StorageFullError(f"{missing} bytes too few are free for {self.directory}")
        if missing > 0:
            self._remove(self._excess(missing))

    def _remove(self, positions: NDArray[np.int64]) -> tuple[str, ...]:
        """Delete files and their thumbnails, ignoring those already deleted."""
        if not len(positions):
            return ()
        index, names = self._index, list[str]()
        self._folder.before_change()
        try:
            for position in positions.tolist():
                name = index.item(position).name
                (self.directory / name).unlink(missing_ok=True)
                names.append(name)
                if self._thumbnails is not None:
                    self._thumbnails.discard(name)
        finally:
            self._index = index.without(positions[: len(names)])
            if names:
                self.listeners.notify(MediaChange.of_removed(names))
        self._folder.after_change()
        return tuple(names)
