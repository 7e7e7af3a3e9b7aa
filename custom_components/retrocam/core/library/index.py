"""An index of media files in memory: 20 bytes a file, read by any thread without a lock.

A MediaIndex is immutable. The next one, made by `with_item` or `without`, shares its arrays where
possible: a file newer than all others goes into the spare rows behind them, and the oldest files are
dropped by moving the start. So a first in, first out store copies nothing, and readers of an earlier
index see it unchanged.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .files import EXTENSIONS, MAX_TIME_MS, format_name, parse_name

_KIND_BITS: Final = 8
_SPARE: Final = 16
"""Spare rows: one for every 16 files, so that a file never costs over 32 bytes."""


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One media file."""

    name: str
    """File name within its directory."""
    time: float
    """UNIX time in seconds of the (first) frame; whole milliseconds."""
    size: int
    """Bytes."""
    duration: float = 0.0
    """Seconds; 0 for a still, or if unknown."""


@dataclass(frozen=True, slots=True)
class IndexArrays:
    """The arrays behind one or more indexes, all of one length."""

    times: NDArray[np.int64]
    """UNIX time in ms."""
    meta: NDArray[np.int64]
    """Size in bytes in the upper bits, kind in the lowest 8: 48 bits are enough for a file."""
    durations: NDArray[np.uint32]
    """Milliseconds."""

    @classmethod
    def allocate(cls, count: int) -> Self:
        """Return uninitialized arrays for `count` files and spare rows."""
        length = count + count // _SPARE + 16
        return cls(
            np.empty(length, np.int64), np.empty(length, np.int64), np.empty(length, np.uint32)
        )

    def copy_to(self, other: Self, source: slice | NDArray[np.intp], target: slice) -> None:
        """Copy rows to other arrays."""
        other.times[target] = self.times[source]
        other.meta[target] = self.meta[source]
        other.durations[target] = self.durations[source]


class MediaIndex:
    """Files in order of time, oldest first, at positions 0 to `len - 1`.

    Any thread may read. Only one at a time may derive the next index, always from the newest.
    """

    __slots__ = ("_rows", "_start", "_stop", "total_bytes")

    def __init__(
        self, rows: IndexArrays | None = None, start: int = 0, stop: int = 0, total_bytes: int = 0
    ) -> None:
        """Use `rows` from `start` to `stop`; by default, the index is empty."""
        self._rows = rows or IndexArrays.allocate(0)
        self._start, self._stop = start, stop
        self.total_bytes = total_bytes

    @classmethod
    def from_columns(
        cls,
        times: NDArray[np.int64],
        sizes: NDArray[np.int64],
        kinds: NDArray[np.int64],
        durations: NDArray[np.uint32] | None = None,
    ) -> Self:
        """Sort n files into an index, from columns `(n,)`.

        `times` in ms, `sizes` in bytes, `kinds` as positions of the extensions in EXTENSIONS,
        `durations` in ms, 0 by default.
        """
        count = len(times)
        rows = IndexArrays.allocate(count)
        order = np.argsort((times << _KIND_BITS) | kinds)
        np.take(times, order, out=rows.times[:count])
        np.take((sizes << _KIND_BITS) | kinds, order, out=rows.meta[:count])
        rows.durations[:count] = 0 if durations is None else durations[order]
        return cls(rows, 0, count, int(sizes.sum()))

    def __len__(self) -> int:
        """Return the number of files."""
        return self._stop - self._start

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, spare rows included."""
        return self._rows.times.nbytes + self._rows.meta.nbytes + self._rows.durations.nbytes

    @property
    def times(self) -> NDArray[np.int64]:
        """`(n,)` UNIX times in ms, ascending; read-only."""
        return self._rows.times[self._start : self._stop]

    @property
    def keys(self) -> NDArray[np.int64]:
        """`(n,)` numbers, ascending, unique for each name: time and kind."""
        return (self.times << _KIND_BITS) | (self._rows.meta[self._start : self._stop] & 0xFF)

    @property
    def durations(self) -> NDArray[np.uint32]:
        """`(n,)` ms; read-only."""
        return self._rows.durations[self._start : self._stop]

    def sizes(self, start: int = 0, stop: int | None = None) -> NDArray[np.int64]:
        """Return the bytes of the files from position `start` up to `stop`: `(stop - start,)`."""
        return self._rows.meta[self._start : self._stop][start:stop] >> _KIND_BITS

    def item(self, position: int) -> MediaItem:
        """Return the file at a position."""
        row = self._start + position
        time_ms, meta = int(self._rows.times[row]), int(self._rows.meta[row])
        name = format_name(time_ms, EXTENSIONS[meta & 0xFF])
        duration = int(self._rows.durations[row]) / 1000
        return MediaItem(name, time_ms / 1000, meta >> _KIND_BITS, duration)

    def find(self, name: str) -> int | None:
        """Return the position of a file, None for any other name."""
        if (parsed := parse_name(name)) is None:
            return None
        time_ms, kind = parsed[0], EXTENSIONS.index(parsed[1])
        position = self.position(time_ms)
        # A JPEG and a PNG may have the same time, if others have put one there.
        while position < len(self) and self._rows.times[self._start + position] == time_ms:
            if self._rows.meta[self._start + position] & 0xFF == kind:
                return position
            position += 1
        return None

    def position(self, time_ms: int) -> int:
        """Return the position of the first file that is not older than `time_ms`."""
        return int(self.times.searchsorted(time_ms))

    def has_time(self, time_ms: int) -> bool:
        """Return whether a file of any kind has this time."""
        position = self.position(time_ms)
        return position < len(self) and int(self._rows.times[self._start + position]) == time_ms

    def between(self, after: float | None, before: float | None) -> range:
        """Return the positions of the files from `after` on and before `before`, UNIX seconds."""
        start = 0 if after is None else self.position(_clamped_ms(after))
        stop = len(self) if before is None else self.position(_clamped_ms(before))
        return range(start, max(start, stop))

    def with_item(self, time_ms: int, size: int, extension: str, duration_ms: int = 0) -> Self:
        """Return an index with one more file."""
        position = self.position(time_ms)
        start, stop, rows = self._start, self._stop + 1, self._rows
        if position < len(self) or self._stop == len(rows.times):
            start, stop, rows = 0, len(self) + 1, IndexArrays.allocate(len(self) + 1)
            middle = self._start + position
            self._rows.copy_to(rows, slice(self._start, middle), slice(position))
            self._rows.copy_to(rows, slice(middle, self._stop), slice(position + 1, stop))
        row = start + position
        rows.times[row] = time_ms
        rows.meta[row] = (size << _KIND_BITS) | EXTENSIONS.index(extension)
        rows.durations[row] = duration_ms
        return type(self)(rows, start, stop, self.total_bytes + size)

    def without(self, positions: NDArray[np.int64]) -> Self:
        """Return an index without the files at these positions, which must be unique."""
        removed = len(positions)
        if not removed:
            return self
        left = len(self) - removed
        sizes = self._rows.meta[self._start + positions] >> _KIND_BITS
        total = self.total_bytes - int(sizes.sum())
        # Drop the oldest by moving the start, until the arrays are twice as long as needed.
        if int(positions.max()) + 1 == removed and left * 2 >= len(self._rows.times) - 64:
            return type(self)(self._rows, self._start + removed, self._stop, total)
        remaining = np.ones(len(self), np.bool_)
        remaining[positions] = False
        rows = IndexArrays.allocate(left)
        self._rows.copy_to(rows, self._start + np.flatnonzero(remaining), slice(left))
        return type(self)(rows, 0, left, total)


def _clamped_ms(time: float) -> int:
    return round(min(max(time, 0.0), MAX_TIME_MS / 1000 + 1) * 1000)
