"""An index of media files in memory: 20 bytes a file, read by any thread without a lock.

A MediaIndex never changes. The next one, made by `with_item` or `without`, shares its arrays where
it can: a file newer than all others is written into the spare room behind them, and the oldest
files are dropped by moving the start. So a store that goes first in, first out, costs nothing a
picture, and a reader who still holds the previous index sees what it saw before.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .files import EXTENSIONS, format_name, parse_name

_KIND_BITS: Final = 8
_SPARE: Final = 16
"""Room for growth: one part in 16 of the files, so that an entry never costs over 32 bytes."""


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One media file."""

    name: str
    """The file's name within its directory."""
    time: float
    """UNIX time in seconds of the picture, or of the first one; whole milliseconds."""
    size: int
    """Bytes."""
    duration: float = 0.0
    """Seconds; 0 for a still, or when nobody knows."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of n files, in no order: the raw material of an index."""

    times: NDArray[np.int64]
    """`(n,)`, UNIX time in ms."""
    sizes: NDArray[np.int64]
    """`(n,)`, bytes."""
    kinds: NDArray[np.int64]
    """`(n,)`, the place of the file's extension in EXTENSIONS."""
    durations: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))
    """`(n,)`, ms; empty when all are 0."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The arrays behind one or more indexes, of one length."""

    times: NDArray[np.int64]
    """UNIX time in ms."""
    meta: NDArray[np.int64]
    """Size in bytes above, kind in the lowest 8 bits: 48 bits are enough for a file."""
    durations: NDArray[np.uint32]
    """Milliseconds."""

    @classmethod
    def room_for(cls, count: int) -> Self:
        """Make arrays for so many files and some more, their content undefined."""
        length = count + count // _SPARE + 16
        return cls(
            np.empty(length, np.int64), np.empty(length, np.int64), np.empty(length, np.uint32)
        )

    def copy_to(self, other: Self, source: slice | NDArray[np.intp], target: slice) -> None:
        """Copy some of the rows into a place of other arrays."""
        other.times[target] = self.times[source]
        other.meta[target] = self.meta[source]
        other.durations[target] = self.durations[source]


class MediaIndex:
    """Files in the order of their time, oldest first; their positions are 0 to `len - 1`.

    Any thread may read. Only one at a time may derive the next index, always from the newest.
    """

    __slots__ = ("_rows", "_start", "_stop", "total_bytes")

    def __init__(
        self, rows: Rows | None = None, start: int = 0, stop: int = 0, total_bytes: int = 0
    ) -> None:
        """See part of some rows; without any, the index is empty."""
        self._rows = rows or Rows.room_for(0)
        self._start, self._stop = start, stop
        self.total_bytes = total_bytes

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """Sort files into an index."""
        count = len(columns.times)
        rows = Rows.room_for(count)
        order = np.argsort((columns.times << _KIND_BITS) | columns.kinds)
        np.take(columns.times, order, out=rows.times[:count])
        np.take((columns.sizes << _KIND_BITS) | columns.kinds, order, out=rows.meta[:count])
        rows.durations[:count] = columns.durations[order] if len(columns.durations) else 0
        return cls(rows, 0, count, int(columns.sizes.sum()))

    def __len__(self) -> int:
        """How many files there are."""
        return self._stop - self._start

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, spare room included."""
        return self._rows.times.nbytes + self._rows.meta.nbytes + self._rows.durations.nbytes

    @property
    def times(self) -> NDArray[np.int64]:
        """`(n,)` UNIX times in ms, ascending; to be read only."""
        return self._rows.times[self._start : self._stop]

    @property
    def keys(self) -> NDArray[np.int64]:
        """`(n,)` numbers, ascending, one for each name: its time and its kind."""
        live = slice(self._start, self._stop)
        return (self._rows.times[live] << _KIND_BITS) | (self._rows.meta[live] & 0xFF)

    @property
    def durations(self) -> NDArray[np.uint32]:
        """`(n,)` ms, in the order of the files; to be read only."""
        return self._rows.durations[self._start : self._stop]

    def sizes(self, start: int = 0, stop: int | None = None) -> NDArray[np.int64]:
        """`(stop - start,)` bytes of the files from `start` up to `stop`."""
        live = self._rows.meta[self._start : self._stop]
        return live[start:stop] >> _KIND_BITS

    def item(self, position: int) -> MediaItem:
        """Describe the file at a position."""
        place = self._start + position
        time_ms, meta = int(self._rows.times[place]), int(self._rows.meta[place])
        name = format_name(time_ms, EXTENSIONS[meta & 0xFF])
        duration = int(self._rows.durations[place]) / 1000
        return MediaItem(name, time_ms / 1000, meta >> _KIND_BITS, duration)

    def find(self, name: str) -> int | None:
        """Give the position of a file, or None when there is none of that name."""
        if (parsed := parse_name(name)) is None:
            return None
        time_ms, kind = parsed[0], EXTENSIONS.index(parsed[1])
        position = self.position(time_ms)
        # A still can be there as JPEG and as PNG when somebody has put it there.
        while position < len(self) and self._rows.times[self._start + position] == time_ms:
            if self._rows.meta[self._start + position] & 0xFF == kind:
                return position
            position += 1
        return None

    def position(self, time_ms: int) -> int:
        """Count the files older than a time: the position of the first that is not."""
        return int(self.times.searchsorted(time_ms))

    def has_time(self, time_ms: int) -> bool:
        """Whether a file of any kind has this time."""
        position = self.position(time_ms)
        return position < len(self) and int(self._rows.times[self._start + position]) == time_ms

    def between(self, after_ms: int | None, before_ms: int | None) -> range:
        """Positions of the files from `after_ms` on and before `before_ms`; None is no bound."""
        start = 0 if after_ms is None else self.position(after_ms)
        stop = len(self) if before_ms is None else self.position(before_ms)
        return range(start, max(start, stop))

    def items(self, positions: range) -> Iterator[MediaItem]:
        """Describe the files at these positions, in their order."""
        return map(self.item, positions)

    def with_item(self, time_ms: int, size: int, extension: str, duration_ms: int = 0) -> Self:
        """Derive the index that has one more file."""
        position = self.position(time_ms)
        start, stop, rows = self._start, self._stop + 1, self._rows
        if position < len(self) or self._stop == len(rows.times):
            start, stop, rows = 0, len(self) + 1, Rows.room_for(len(self) + 1)
            middle = self._start + position
            self._rows.copy_to(rows, slice(self._start, middle), slice(position))
            self._rows.copy_to(rows, slice(middle, self._stop), slice(position + 1, stop))
        place = start + position
        rows.times[place] = time_ms
        rows.meta[place] = (size << _KIND_BITS) | EXTENSIONS.index(extension)
        rows.durations[place] = duration_ms
        return type(self)(rows, start, stop, self.total_bytes + size)

    def without(self, positions: NDArray[np.int64]) -> Self:
        """Derive the index that lacks the files at these positions, each named once."""
        gone = len(positions)
        if not gone:
            return self
        left = len(self) - gone
        total = self.total_bytes - int((self._rows.meta[self._start + positions] >> 8).sum())
        # The oldest go by moving the start, until the arrays are twice as long as they need be.
        if int(positions.max()) + 1 == gone and left * 2 >= len(self._rows.times) - 64:
            return type(self)(self._rows, self._start + gone, self._stop, total)
        kept = np.ones(len(self), np.bool_)
        kept[positions] = False
        rows = Rows.room_for(left)
        self._rows.copy_to(rows, self._start + np.flatnonzero(kept), slice(left))
        return type(self)(rows, 0, left, total)
