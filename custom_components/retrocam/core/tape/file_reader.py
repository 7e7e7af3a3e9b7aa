"""Read a tape file: its segments, as the ring had them, with parts that are read when asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
import os
from pathlib import Path

import numpy as np

from ..errors import StorageError
from ..files import open_regular, storage_errors
from ..mp4.fragment_reader import Track, read_tracks
from ..segments.segment import ON_TAPE, PartTiming, Segment
from .records import DISCONTINUITY, FIRST, Header, Records


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class TapeFile:
    """A file of a tape, which is not deleted as long as this object is used."""

    path: Path
    start: float
    """UNIX time of its name, s."""

    def read(self, offset: int, size: int) -> bytes:
        """Read bytes; blocks. Raises StorageError, also if there are fewer."""
        with storage_errors():
            descriptor = open_regular(self.path)
            try:
                data = os.pread(descriptor, size, offset)
            finally:
                os.close(descriptor)
        if len(data) != size:
            raise StorageError(f"{self.path} has been cut short")
        return data


@dataclass(frozen=True, slots=True)
class TapePart:
    """A part in a file. A MediaPart."""

    file: TapeFile
    offset: int
    size: int
    duration: float

    @property
    def data(self) -> bytes:
        """Its bytes; blocks. Raises StorageError."""
        return self.file.read(self.offset, self.size)


@dataclass(frozen=True, slots=True)
class TapeSegments:
    """The segments of a file."""

    file: TapeFile
    header: Header
    records: Records
    init: bytes

    def between(self, start: float, end: float, session: int, below: int) -> list[Segment]:
        """Return the segments with parts from `start` to `end` (UNIX s), in order.

        Positions and numbers are those of the ring if the file is of this `session`, and then only
        segments whose numbers are `below`; in other files positions are seconds from the file's start,
        and numbers negative. Raises FragmentError.
        """
        header, records = self.header, self.records
        firsts = np.flatnonzero(records["flags"] & FIRST)
        if not len(firsts):
            return []
        own = header.session == session
        starts = records["start"][firsts] + header.wall
        stops = np.append(firsts[1:], len(records))
        ends = records["start"][stops - 1] + records["duration"][stops - 1] + header.wall
        wanted = (ends > start) & (starts < end)
        if own:
            wanted &= records["number"][firsts] < below
        chosen = np.flatnonzero(wanted)
        if not len(chosen):
            return []
        origin = header.position if own else 0.0
        tracks = _tracks(self.init)
        numbers = records["number"][firsts[chosen]].tolist() if own else range(-len(chosen), 0)
        return [
            self._segment(number, slice(firsts[at], stops[at]), tracks, origin)
            for number, at in zip(numbers, chosen, strict=True)
        ]

    def _segment(
        self, number: int, rows: slice, tracks: tuple[Track, ...], origin: float
    ) -> Segment:
        records = self.records[rows]
        timings = list(_timings(records, origin))
        parts = [
            TapePart(self.file, *place)
            for place in zip(*(records[name].tolist() for name in _PLACE), strict=True)
        ]
        return Segment(
            number=number,
            run=ON_TAPE,
            init=self.init,
            tracks=tracks,
            discontinuity=bool(records["flags"][0] & DISCONTINUITY),
            start=timings[0].start,
            parts=[*parts],
            timings=timings,
            settled=len(timings),
            duration=float(records["duration"].sum()),
            size=len(self.init) + int(records["size"].sum()),
            complete=True,
            # By the name, which stays, while the header's time may still become earlier.
            lag=self.header.wall - self.file.start,
            wall_ahead=self.file.start - origin,
        )


_PLACE = ("offset", "size", "duration")
_TIMES = ("start", "duration", "frames", "keyframe", "media_start", "base", "rate", "limit")


def _timings(records: Records, origin: float) -> Iterator[PartTiming]:
    columns = (records[name].tolist() for name in _TIMES)
    for start, duration, frames, keyframe, media, base, rate, limit in zip(*columns, strict=True):
        yield PartTiming(
            start=origin + start,
            duration=duration,
            arrived=origin + start + duration,
            frames=frames,
            keyframe=None if keyframe != keyframe else origin + keyframe,  # noqa: PLR0124  # NaN
            media_start=media,
            base=origin + base,
            rate=rate,
            limit=origin + limit,
        )


@lru_cache(maxsize=16)
def _tracks(init: bytes) -> tuple[Track, ...]:
    return read_tracks(init)
