"""The files of a tape, their index in memory, and limits.

A file is `<directory>/<UTC day YYYYMMDD>/<UTC time>.mp4`, named after its first frame. Loading lists the
names and sizes; how long files are is read from their indexes later, newest first. Files that are not of
ours, or that cannot be read, are neither counted nor touched.

Methods that access the disk say "blocks" and belong in one thread at a time, which holds `in_use`; all
others may be called from any thread.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
import logging
import math
import os
from pathlib import Path
import secrets
import threading
import time as clocks
from typing import Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from ..errors import StorageError, StorageFullError, StorageMissingError
from ..files import folder_status, free_space, storage_errors
from ..library.clock_trust import ClockTrust
from ..library.files import to_ms
from ..library.index import MediaIndex
from ..library.retention import DAY, Limits, excess_unprotected
from .file_reader import TapeFile
from .file_spans import (
    CLOCK_STEP,
    MAX_SECONDS,
    ends_of,
    first_after,
    last_before,
    seconds_of,
    spans_of,
    with_longest_gaps,
)
from .folders import list_files, path_of
from .locks import lock_of
from .records import SUFFIX, indexed_end
from .recovery import recover

_LOGGER = logging.getLogger(__name__)

_SLICE: Final = 0.1
"""Seconds of a step of reading indexes."""


@dataclass(frozen=True, slots=True)
class TapeLimits:
    """Limits of a tape; 0 is no limit, but for `hours`."""

    hours: int
    size: int
    """Bytes of all files."""
    min_free: int
    """Bytes that must stay free on the disk."""

    @property
    def of_files(self) -> Limits:
        """As limits of files, of which one begins up to `MAX_SECONDS` before its last frame."""
        days = (self.hours * 3600 + MAX_SECONDS) / DAY
        return Limits(days=days, size=self.size, min_free=self.min_free)


class TapeStore:
    """The files in one directory, of one ring."""

    def __init__(
        self,
        directory: Path,
        limits: TapeLimits,
        *,
        free: Callable[[Path], int] = free_space,
        clock: Callable[[], float] = clocks.time,
        monotonic: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """`free` returns the free bytes of a directory, `clock` UNIX time; both clocks in seconds."""
        self.directory = directory
        self.limits = limits
        """After a change call `apply_limits`."""
        self.in_use = lock_of(directory)
        """Held by the thread that accesses the disk; of all stores of this directory."""
        self.session = secrets.randbits(63)
        self.written = -1
        """Number of the newest segment of the ring of which parts were written."""
        self.loaded = False
        """Whether the files of the directory are known; not while it is missing."""
        self._was_loaded = False
        self._free = free
        self._clock = clock
        self._monotonic = monotonic
        self._clock_trust = ClockTrust(clock, monotonic)
        self._lock = threading.RLock()
        self._index = MediaIndex()
        self.seconds = 0.0
        """Seconds of all files."""
        self._unread: list[int] = []
        """Times of files whose length is unknown, in ms, newest last."""
        self._used: WeakValueDictionary[int, TapeFile] = WeakValueDictionary()
        self._doomed: dict[int, int] = {}
        """Bytes of files to be deleted once nobody reads them, by time in ms."""
        self._current: int | None = None

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return self._index.total_bytes

    @property
    def since(self) -> float:
        """UNIX time of the start of the oldest file, s; infinite without files."""
        times = self._index.times
        return float(times[0]) / 1000 if len(times) else math.inf

    @property
    def until(self) -> float:
        """UNIX time of the end of the newest file, s; -inf without files."""
        index = self._index
        last = len(index)
        return float(ends_of(index, last - 1, last)[0]) / 1000 if last else -math.inf

    def spans(
        self, after: float, before: float, newest: int | None = None, most: int | None = None
    ) -> list[tuple[float, float]]:
        """Return the spans of files without gaps, oldest first, within two times (UNIX s).

        Only the `newest` of them, or with the longest `most - 1` gaps alone, if given.
        """
        found = spans_of(self._index, after, before, newest)
        if most is not None:
            found = with_longest_gaps(found, most)
        return [(start, end) for start, end in found.tolist()]

    def last_before(self, time: float) -> float:
        """Return the end of what is held before a time, at most that time (UNIX s); -inf without any."""
        return last_before(self._index, time)

    def first_after(self, time: float) -> float:
        """Return the start of what is held after a time, at least that time (UNIX s); inf without."""
        return first_after(self._index, time)

    def has_files(self, start: float, end: float) -> bool:
        """Return whether `files` returns any."""
        return last_before(self._index, end + CLOCK_STEP) > start

    def files(self, start: float, end: float) -> list[tuple[TapeFile, float]]:
        """Return the files with parts from `start` to `end` (UNIX s), each with its end, oldest first.

        Also one that begins within the second after `end`: its parts may be earlier than its name.

        Where two files have the same time, as after the clock was set back, the later one begins.
        """
        with self._lock:
            index = self._index
            times = index.times
            first = max(0, int(times.searchsorted(start * 1000)) - 1)
            last = int(times.searchsorted((min(end, 1e10) + CLOCK_STEP) * 1000))
            ends = ends_of(index, first, last) / 1000
            found = list(zip(times[first:last].tolist(), ends.tolist(), strict=True))
            return [(self._use(ms), until) for ms, until in found if until > start]

    # With `in_use` held

    def load(self) -> None:
        """Create the directory and list its files; blocks. Raises StorageError."""
        with storage_errors():
            # Later its parents are not created: those of an unplugged drive would be in its mount point.
            self.directory.mkdir(parents=not self._was_loaded, exist_ok=True)
            folder_status(self.directory)
            times, sizes = list_files(self.directory)
        with self._lock:
            self._set_index(MediaIndex.from_columns(times, sizes, np.full_like(times, _MP4)))
            self._unread = self._index.times.tolist()
            self._clock_trust.compare(self._index.times, new_folder=True)
            self.loaded = self._was_loaded = True

    def read_indexes(self) -> bool:
        """Read how long some more files are, and recover damaged ones; blocks.

        Returns whether there are more. Files that cannot be used are dropped from the index.
        """
        until = self._monotonic() + _SLICE
        read = dict[int, tuple[int, float]]()
        while self._unread and (not read or self._monotonic() < until):
            time_ms = self._unread.pop()
            read[time_ms] = self._read_index(time_ms)
        with self._lock:
            self._update(read)
        return bool(self._unread)

    def begin(self, time: float) -> Path:
        """Return the path of a new file, after deleting old ones to make room; blocks.

        Raises StorageError. If the directory is missing, all files are forgotten until `load`.
        """
        try:
            with storage_errors():
                folder_status(self.directory)
                self.apply_limits()
                time_ms = to_ms(time)
                while self._index.has_time(time_ms) or os.path.lexists(self.path(time_ms)):
                    time_ms += 1
                path = self.path(time_ms)
                path.parent.mkdir(exist_ok=True)
                folder_status(path.parent)
        except StorageMissingError:
            with self._lock:
                self._set_index(MediaIndex())
                self._unread, self.loaded = [], False
            raise
        self._current = time_ms
        return path

    def update(self, size: int, end: float) -> None:
        """Set what the file begun last has by now; `end` is UNIX time, s."""
        current = self._current
        assert current is not None  # noqa: S101  # a file was begun
        with self._lock:
            index = self._index
            if index.has_time(current):
                index = index.without(np.array([index.position(current)]))
            length = max(1, round(end * 1000) - current)
            self._set_index(index.with_item(current, size, "mp4", length))

    def end(self) -> None:
        """End the file begun last."""
        self._current = None

    def apply_limits(self) -> None:
        """Delete files beyond the limits, oldest first; blocks.

        Raises StorageError, StorageFullError if too few bytes are free without all of them.
        """
        self._delete_doomed()
        limits = self._clock_trust.applicable(self.limits.of_files)
        missing = 0
        if limits.min_free:
            missing = limits.min_free - self._free(self.directory) - sum(self._doomed.values())
            if missing > self.total_bytes:
                raise StorageFullError(f"{missing} bytes too few are free for {self.directory}")
        with self._lock:
            index = self._index
            gone = excess_unprotected(
                index, limits, self._clock(), self._protected, missing=max(0, missing)
            )
            rows = zip(index.times[gone].tolist(), index.sizes()[gone].tolist(), strict=True)
            self._doomed |= dict(rows)
            self._set_index(index.without(gone))
        self._delete_doomed()

    def path(self, time_ms: int) -> Path:
        """Return the path of a file."""
        return path_of(self.directory, time_ms)

    def _read_index(self, time_ms: int) -> tuple[int, float]:
        """Return size and seconds of a file, 0 for one that cannot be used."""
        path = self.path(time_ms)
        with self._lock:
            position = self._index.find(path.name)
            size = int(self._index.sizes()[position]) if position is not None else 0
        try:
            with suppress(OSError):
                if end := indexed_end(path.with_suffix(SUFFIX), size):
                    return size, end - time_ms / 1000
            recovered = recover(TapeFile(path, time_ms / 1000))
        except StorageError as err:
            _LOGGER.warning("Cannot read %s: %s", path, err)
            return 0, 0.0
        return (recovered.size, recovered.end - time_ms / 1000) if recovered else (0, 0.0)

    def _update(self, files: dict[int, tuple[int, float]]) -> None:
        """Set size and seconds of files; those of 0 bytes are dropped."""
        index = self._index
        times = np.array(sorted(files), np.int64)
        kept = ~np.isin(index.times, times)
        rows = [(ms, *files[ms]) for ms in times.tolist() if files[ms][0]]
        updated = MediaIndex.from_columns(
            np.append(index.times[kept], np.array([row[0] for row in rows], np.int64)),
            np.append(index.sizes()[kept], np.array([row[1] for row in rows], np.int64)),
            np.full(int(kept.sum()) + len(rows), _MP4, np.int64),
            np.append(
                index.durations[kept],
                np.array([max(1, round(row[2] * 1000)) for row in rows], np.uint32),
            ),
        )
        self._set_index(updated)

    def _set_index(self, index: MediaIndex) -> None:
        self._index, self.seconds = index, seconds_of(index)

    def _use(self, time_ms: int) -> TapeFile:
        if (used := self._used.get(time_ms)) is None:
            used = self._used[time_ms] = TapeFile(self.path(time_ms), time_ms / 1000)
        return used

    def _protected(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which files may not be deleted: the one being written, and those not read yet."""
        return np.isin(times, [self._current or -1, *self._unread])

    def _delete_doomed(self) -> None:
        """Delete the files that nobody reads. Raises StorageError."""
        with storage_errors():
            for time_ms in list(self._doomed):
                if self._used.get(time_ms) is not None:
                    continue
                path = self.path(time_ms)
                path.unlink(missing_ok=True)
                path.with_suffix(SUFFIX).unlink(missing_ok=True)
                del self._doomed[time_ms]
                with suppress(OSError):
                    path.parent.rmdir()


_MP4: Final = 2
