"""The samples of a track, as the rows of its sample tables (ISO/IEC 14496-12, 8.6 and 8.7).

A clip of a day has six million samples. They are kept packed as the file has them, 4 to 20 bytes a
sample, and never as one array of numbers.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .boxes import Pieces
from .fragment_writer import Rows

_BATCH: Final = 8192
"""Samples that are packed at a time."""
_NO_SYNC: Final = 0x1_0000
"""Of the sample flags: is no sync sample (8.8.3.1)."""

type Ints = NDArray[np.int64]
"""`(n,)`, one to each sample or chunk."""


class RunLengths:
    """Pairs of 32-bit numbers: how often a value comes in a row, and the value."""

    def __init__(self) -> None:
        """Begin without values."""
        self._rows = bytearray()
        self._count = 0
        self._value = 0

    def add(self, values: Ints) -> None:
        """Append at least one value."""
        starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
        rows = np.stack((np.diff(starts, append=len(values)), values[starts]), axis=1)
        if self._count and self._value == values[0]:
            rows[0, 0] += self._count
        elif self._count:
            rows = np.insert(rows, 0, (self._count, self._value), axis=0)
        self._rows += rows[:-1].astype(">i4").tobytes()
        self._count, self._value = int(rows[-1, 0]), int(rows[-1, 1])

    def rows(self) -> Ints:
        """Return all pairs, `(n, 2)`."""
        last = np.array([[self._count, self._value]])[: bool(self._count)]
        return np.concatenate((np.frombuffer(self._rows, ">i4").reshape(-1, 2), last))

    def packed(self) -> Pieces:
        """Return all pairs, big-endian."""
        last = np.array([self._count, self._value])[: 2 * bool(self._count)]
        return [self._rows, last.astype(">i4").tobytes()]


class SampleTable:
    """All samples of a track, added fragment by fragment and then closed."""

    def __init__(self) -> None:
        """Begin without samples."""
        self.start = 0
        """When the first sample is decoded, in ticks after the file's time 0."""
        self.samples = 0
        self.size = 0
        """Bytes of all samples."""
        self.shifted = False
        """True if some sample is shown at another time than it is decoded."""
        self.fits = True
        """False if a sample lasts longer than 32 bits of ticks: no `stts` can say so."""
        self.durations = RunLengths()
        self.shifts = RunLengths()
        """Ticks from decoding to showing."""
        self.counts = RunLengths()
        """Samples in each chunk."""
        self.keyframes = bytearray()
        """Numbers of the sync samples from 1, packed as 32-bit integers."""
        self.sizes = bytearray()
        """Bytes of each sample, packed as 32-bit integers."""
        self._chunks = bytearray()
        self._waiting: list[Rows] = []
        self._waiting_samples = 0
        self._end: int | None = None
        self._held = 0

    @property
    def duration(self) -> int:
        """Ticks from the first sample's decoding to the end of the last."""
        return 0 if self._end is None else self._end - self.start

    @property
    def chunks(self) -> Ints:
        """Where each chunk begins, counted from the start of the media data."""
        return np.frombuffer(self._chunks, np.int64)

    def add(self, fragment: Rows, chunk: int) -> None:
        """Append the samples of a fragment, whose data are at `chunk` of the media data."""
        self._waiting.append(fragment)
        self._waiting_samples += len(fragment.rows)
        self._chunks += chunk.to_bytes(8, "little")
        if self._waiting_samples >= _BATCH:
            self._pack()

    def close(self) -> None:
        """End with the samples that were added."""
        self._pack()
        if self.samples:
            self._add_durations(np.array([self._held]))

    def _pack(self) -> None:
        if not self._waiting:
            return
        fragments, self._waiting, self._waiting_samples = self._waiting, [], 0
        rows = np.concatenate([fragment.rows for fragment in fragments])
        counts = np.array([len(fragment.rows) for fragment in fragments])
        self._pack_durations(fragments, rows[:, 0].copy(), counts)
        self.counts.add(counts)
        self.shifts.add(rows[:, 3])
        self.shifted |= bool(rows[:, 3].any())
        self.sizes += rows[:, 1].astype(">u4").tobytes()
        self.size += int(rows[:, 1].sum())
        keyframes = np.flatnonzero((rows[:, 2] & _NO_SYNC) == 0) + self.samples + 1
        self.keyframes += keyframes.astype(">u4").tobytes()
        self.samples += len(rows)

    def _pack_durations(self, fragments: list[Rows], durations: Ints, counts: Ints) -> None:
        """Let each sample last until the next is decoded, over fragments too."""
        lasts = np.cumsum(counts) - 1
        starts = np.array([fragment.start for fragment in fragments])
        ends = starts + np.add.reduceat(durations, lasts - counts + 1)
        durations[lasts[:-1]] += starts[1:] - ends[:-1]
        if self._end is None:
            self.start = int(starts[0])
        else:
            self._add_durations(np.array([self._held + int(starts[0]) - self._end]))
        if len(durations) > 1:
            self._add_durations(durations[:-1])
        self._held, self._end = int(durations[-1]), int(ends[-1])

    def _add_durations(self, durations: Ints) -> None:
        self.fits &= bool(durations.min() >= 0 and durations.max() < 1 << 32)
        self.durations.add(durations)
