"""A directory of media files of one kind - snapshots, recordings or timelapses - and its index.

Threads: methods that touch the disk say "blocks" and belong in one worker thread of the owner;
should two threads call them all the same, they wait for each other. Everything else reads the
index in memory, takes microseconds, and may be called from any thread, the event loop too.

A directory is read once, at `load`. Later `refresh` costs one question to the disk, unless
somebody else has added or removed files. A directory that goes away while running makes every
writer raise StorageMissingError; as soon as the place is there again, the next call goes on with
it. Only the last folder is made anew: were its parents made too, an unplugged drive would end up
with its pictures in the place where it is mounted.
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
from ..files import file_size, free_space, open_regular, read_picture, storage_errors
from .clock_trust import ClockTrust
from .files import format_name, parse_name, to_ms, write_atomic
from .folder import Folder
from .index import MediaIndex, MediaItem
from .reader import MediaCatalog, MediaChange
from .reservations import Reservations
from .retention import Limits, excess_beside
from .scan import probed
from .thumbnails import THUMBNAILS, Thumbnailer, Thumbnails


class MediaLibrary(MediaCatalog):
    """Keeps media files of one directory within limits, and knows them all."""

    def __init__(
        self,
        directory: Path,
        *,
        extensions: tuple[str, ...],
        limits: Limits | None = None,
        thumbnailer: Thumbnailer | None = None,
        prober: Callable[[Path], int] | None = None,
        keep_partials: bool = False,
        spare: float = 0.0,
        free: Callable[[Path], int] = free_space,
        clock: Callable[[], float] = clocks.time,
        monotonic: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """Take the directory; nothing is read before `load`.

        `extensions` (of files.EXTENSIONS) are the ones this library owns. `thumbnailer` makes a
        small JPEG of a file; `prober` tells a file's duration in ms, raising OSError. With
        `keep_partials`, files whose writing did not end are given to the caller of `load` instead
        of being removed. No limit takes away what was adopted less than `spare` seconds ago, and
        the limit of age nothing while the clock is in doubt (`clock_trust`). `free` tells the free
        bytes of a directory, `clock` UNIX time in seconds.
        """
        super().__init__(directory)
        self._lock = threading.RLock()
        self.limits = limits or Limits()
        """What may be kept; after a change call `apply_limits`."""
        self._extensions = extensions
        self._thumbnails = thumbnailer and Thumbnails(directory / THUMBNAILS, thumbnailer)
        self._prober = prober
        self._keep_partials = keep_partials
        self._free = free
        self._clock = clock
        self._clock_trust = ClockTrust(clock, monotonic)
        self._reservations = Reservations(directory, extensions, spare=spare, monotonic=monotonic)
        self._folder = Folder(directory, monotonic)
        self._lost = False
        self._last_time = 0.0

    # Work on the disk: blocks, in the owner's worker thread.

    def load(self) -> list[Path]:
        """Make the directory, read it, tidy up after a kill, and apply the limits; blocks.

        Returns what was left unfinished, with `keep_partials`. What is being written now, under a
        name from `reserve`, is none of that. Raises StorageError; the library then goes on trying at
        each later call.
        """
        with self._lock, self._disk():
            self._lost = True
            self.directory.mkdir(parents=True, exist_ok=True)
            found = self._folder.scan(self._extensions)
            self._lost = False
            self._take(found.index, found.mtime_ns, first=True)
            left = [path for path in found.partials if not self._reservations.covers(path)]
            litter = [*found.empty, *(() if self._keep_partials else left)]
            if self._thumbnails is not None:
                litter += self._thumbnails.orphans(found.index)
            for path in litter:
                path.unlink(missing_ok=True)
            self._prune()
            return left if self._keep_partials else []

    def refresh(self, *, force: bool = False) -> bool:
        """Notice files that somebody else added or deleted; blocks.

        Cheap when there are none. Without `force` it trusts a time stamp of the directory that is not
        young; some network drives do not keep it well. Returns whether the directory was read. Raises
        StorageError, StorageMissingError once the directory is gone.
        """
        with self._lock, self._disk():
            if self._recover():
                return True
            if not (force or self._folder.changed()):
                return False
            self._read_again()
            return True

    def apply_limits(self) -> int:
        """Delete what exceeds the limits, oldest first; blocks; return how many. Raises StorageError."""
        with self._lock, self._disk():
            self._recover()
            return self._prune()

    def add(self, data: bytes, time: float, extension: str, *, duration: float = 0.0) -> MediaItem:
        """Write a file named after `time` (UNIX seconds), or the next free ms; blocks.

        `duration` in seconds. Then applies the limits, so that the file itself may be gone again
        when it is older than all that is kept. Raises StorageError, StorageFullError also when no
        space can be made for it, and ValueError for a time that cannot be a name.
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
                # Also after a failure, which has come and gone in the directory.
                with suppress(OSError):
                    self._folder.after_change()
            return self._enter(time_ms, len(data), extension, duration)

    def reserve(self, time: float, extension: str) -> Path:
        """Choose the path for a file that the caller writes in its own time; blocks briefly.

        The name is nobody else's until `adopt` or `release`. Raises as `add`.
        """
        with self._lock, self._disk():
            self._recover()
            # Notices a directory that is gone, too.
            self._folder.before_change()
            self._make_room(0)
            time_ms = self._reservations.free_time(to_ms(time), self._index)
            self._reservations.reserve(time_ms)
            return self.directory / format_name(time_ms, extension)

    def adopt(self, path: Path, *, duration: float = 0.0) -> MediaItem:
        """Take up a whole file at a path from `reserve`, and apply the limits; blocks.

        `duration` in seconds. Raises StorageError (StorageMissingError also when only the file is
        not there), and ValueError for a path of another kind.
        """
        parsed = parse_name(path.name)
        if parsed is None or path.parent != self.directory or parsed[1] not in self._extensions:
            raise ValueError(f"{path} is no file of this library")
        with self._lock, self._disk():
            self._reservations.settle(path)
            size = file_size(path)
            if (position := self._index.find(path.name)) is not None:
                return self._index.item(position)  # a refresh has seen it already
            return self._enter(parsed[0], size, parsed[1], duration)

    def release(self, path: Path) -> None:
        """Give back a path from `reserve` that is not going to be used; any thread."""
        self._reservations.release(path)

    def read(self, name: str) -> bytes:
        """Read a picture; blocks. Raises MediaNotFoundError, also for one deleted meanwhile."""
        with self._file(name) as path:
            return read_picture(path)

    def open(self, name: str) -> FileIO:
        """Open a file for reading; blocks, as what reads it does. Raises MediaNotFoundError."""
        with self._file(name) as path:
            return FileIO(open_regular(path))

    def thumbnail(self, name: str) -> bytes:
        """Give a small JPEG of a file, made when it is first asked for; blocks.

        Raises MediaNotFoundError, also in a library without thumbnails, and InvalidFrameError for
        a file that cannot be decoded.
        """
        if self._thumbnails is None:
            raise MediaNotFoundError(name)
        with self._file(name) as path:
            data = self._thumbnails.get(path)
        if self._index.find(name) is None:
            # Deleted while its thumbnail was made, which would else stay behind.
            self._thumbnails.discard(name)
        return data

    def delete(self, names: Iterable[str]) -> tuple[str, ...]:
        """Delete files; blocks. Returns the names that were there, oldest first.

        Other names are passed over. Raises StorageError; what was deleted before is then told.
        """
        with self._lock, self._disk():
            self._recover()
            places = {place for name in names if (place := self._index.find(name)) is not None}
            return self._remove(np.array(sorted(places), np.int64))

    @contextmanager
    def _file(self, name: str) -> Iterator[Path]:
        """Read a file of the index; one that somebody else has deleted is forgotten."""
        path = self.path(name)
        try:
            with storage_errors():
                self._folder.check()  # a link would lead to the thumbnails of others
                yield path
        except StorageMissingError as error:
            with self._lock:
                if (position := self._index.find(name)) is not None:
                    self._index = self._index.without(np.array([position]))
                    self._listeners.tell(MediaChange(removed=(name,)))
            raise MediaNotFoundError(name) from error

    # Below: with the lock held.

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Translate errors, and empty the library when its directory is gone."""
        try:
            with storage_errors():
                yield
        except StorageMissingError:
            if not self._folder.there:
                self._lost = True
                self._take(MediaIndex(), -1)
            raise

    def _recover(self) -> bool:
        """Go on with a directory that was gone, if it is there again. Returns whether it was."""
        if not self._lost:
            if not self._folder.read:  # not loaded yet: what comes so early gets its place, too
                self.directory.mkdir(parents=True, exist_ok=True)
            return False
        self.directory.mkdir(exist_ok=True)
        self._read_again()
        self._lost = False
        return True

    def _read_again(self) -> None:
        found = self._folder.scan(self._extensions)
        self._take(found.index, found.mtime_ns)

    def _take(self, index: MediaIndex, mtime_ns: int, *, first: bool = False) -> None:
        """Put an index in the place of the present one, and tell the difference."""
        old = self._index
        self._folder.took(mtime_ns)
        self._clock_trust.compare(index.times, anew=first or not len(old))
        self._index = (
            index if self._prober is None else probed(index, old, self.directory, self._prober)
        )
        if change := MediaChange(reset=True) if first else MediaChange.between(old, self._index):
            self._listeners.tell(change)

    def _enter(self, time_ms: int, size: int, extension: str, duration: float) -> MediaItem:
        """Put a new file into the index, tell of it, and drop what is now too much."""
        self._index = self._index.with_item(time_ms, size, extension, round(duration * 1000))
        item = MediaItem(format_name(time_ms, extension), time_ms / 1000, size, duration)
        self._listeners.tell(MediaChange(added=(item,)))
        self._last_time = item.time
        self._remove(self._excess(0))
        return item

    def _prune(self) -> int:
        return len(self._remove(self._excess(max(0, self._short_of(0)))))

    def _excess(self, missing: int) -> NDArray[np.int64]:
        limits, spared = self._clock_trust.applicable(self.limits), self._reservations.spared
        now, latest = self._clock(), self._last_time
        return excess_beside(self._index, limits, now, spared, latest=latest, missing=missing)

    def _short_of(self, size: int) -> int:
        """Count the bytes that must be freed before so many can be written; 0 or less is none."""
        least = self.limits.min_free
        return least + size - self._free(self.directory) if least else 0

    def _make_room(self, size: int) -> None:
        """Delete old files until so many bytes may be written, unless all of them are too few.

        The disk is not asked again: some file systems give space back only later, and would have
        us delete ever more.
        """
        short = self._short_of(size)
        if short > self.total_bytes:
            raise StorageFullError(f"{short} bytes too few are free for {self.directory}")
        if short > 0:
            self._remove(self._excess(short))

    def _remove(self, positions: NDArray[np.int64]) -> tuple[str, ...]:
        """Delete files and their thumbnails; one that is gone already is no error."""
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
                self._listeners.tell(MediaChange.without(names))
        self._folder.after_change()
        return tuple(names)
