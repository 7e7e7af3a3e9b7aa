"""Sample tables of a track (ISO/IEC 14496-12, 8.6 and 8.7).

A clip of a day has six million samples. They are kept packed as in the file, in 4 to 20 bytes per
sample, never as one array of integers.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .boxes import Pieces
from .fragment_writer import SampleRows

_BATCH: Final = 8192
"""Samples packed at a time."""
_NON_SYNC: Final = 0x1_0000
"""Sample flag `sample_is_non_sync_sample` (8.8.3.1)."""

type Ints = NDArray[np.int64]
"""`(n,)`, one for each sample or chunk."""


class RunLengths:
    """Run-length encoding in pairs of 32-bit integers: count, value."""

    def __init__(self) -> None:
        self._rows = bytearray()
        self._count = 0
        self._value = 0

    def add(self, values: Ints) -> None:
        """Append one or more values."""
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
    """Samples of a track, added by fragment, then closed."""

    def __init__(self) -> None:
        self.start = 0
        """First dts, in ticks after time 0 of the file."""
        self.samples = 0
        self.size = 0
        """Bytes of all samples."""
        self.has_offsets = False
        """Whether pts differs from dts for any sample."""
        self.durations_fit = True
        """False if a sample duration exceeds the 32 bits of `stts`."""
        self.durations = RunLengths()
        self.composition_offsets = RunLengths()
        """pts - dts, in ticks."""
        self.chunk_samples = RunLengths()
        """Samples in each chunk."""
        self.keyframes = bytearray()
        """Sync samples, counted from 1, as packed 32-bit integers."""
        self.sizes = bytearray()
        """Bytes of each sample, as packed 32-bit integers."""
        self._chunks = bytearray()
        self._pending: list[SampleRows] = []
        self._pending_samples = 0
        self._end: int | None = None
        self._last_duration = 0

    @property
    def duration(self) -> int:
        """Ticks from the first dts to the end of the last sample."""
        return 0 if self._end is None else self._end - self.start

    @property
    def chunk_offsets(self) -> Ints:
        """Offsets of the chunks in the media data."""
        return np.frombuffer(self._chunks, np.int64)

    def add(self, fragment: SampleRows, chunk: int) -> None:
        """Append the samples of a fragment with its data at offset `chunk` of the media data."""
        self._pending.append(fragment)
        self._pending_samples += len(fragment.rows)
        self._chunks += chunk.to_bytes(8, "little")
        if self._pending_samples >= _BATCH:
            self._pack()

    def close(self) -> None:
        """Add the last duration; no more samples follow."""
        self._pack()
        if self.samples:
            self._add_durations(np.array([self._last_duration]))

    def _pack(self) -> None:
        if not self._pending:
            return
        fragments, self._pending, self._pending_samples = self._pending, [], 0
        rows = np.concatenate([fragment.rows for fragment in fragments])
        chunk_samples = np.array([len(fragment.rows) for fragment in fragments])
        self._pack_durations(fragments, rows[:, 0].copy(), chunk_samples)
        self.chunk_samples.add(chunk_samples)
        self.composition_offsets.add(rows[:, 3])
        self.has_offsets |= bool(rows[:, 3].any())
        self.sizes += rows[:, 1].astype(">u4").tobytes()
        self.size += int(rows[:, 1].sum())
        keyframes = np.flatnonzero((rows[:, 2] & _NON_SYNC) == 0) + self.samples + 1
        self.keyframes += keyframes.astype(">u4").tobytes()
        self.samples += len(rows)

    def _pack_durations(
        self, fragments: list[SampleRows], durations: Ints, chunk_samples: Ints
    ) -> None:
        """Extend each duration to the next dts, across fragments too."""
        lasts = np.cumsum(chunk_samples) - 1
        starts = np.array([fragment.start for fragment in fragments])
        ends = starts + np.add.reduceat(durations, lasts - chunk_samples + 1)
        durations[lasts[:-1]] += starts[1:] - ends[:-1]
        if self._end is None:
            self.start = int(starts[0])
        else:
            self._add_durations(np.array([self._last_duration + int(starts[0]) - self._end]))
        if len(durations) > 1:
            self._add_durations(durations[:-1])
        self._last_duration, self._end = int(durations[-1]), int(ends[-1])

    def _add_durations(self, durations: Ints) -> None:
        self.durations_fit &= bool(durations.min() >= 0 and durations.max() < 1 << 32)
        self.durations.add(durations)
