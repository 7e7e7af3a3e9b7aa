"""Write one file of a tape, and the index beside it.

The file is the init of the camera's stream and its parts as they came, but for their timestamps, which
begin at 0. It plays from its first second while it is still being written, and whatever ends it. A part
that cannot be read is kept in a `free` box, which players skip. There is no fsync: the system writes
within half a minute anyway.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
import os
from pathlib import Path
import struct
from typing import Final, NamedTuple

import numpy as np

from ..errors import FragmentError
from ..files import storage_errors, write_pieces
from ..mp4.fragment_reader import Track, samples
from ..mp4.shift import Piece, shifted
from ..segments.cursors import ReadPart
from ..segments.segment import PartTiming, Segment
from ..segments.segment_timing import LAG_SECONDS
from .file_spans import CLOCK_STEP
from .records import DISCONTINUITY, FIRST, HEADER_SIZE, RECORD, SUFFIX, Header

_LEAP: Final = 0.5
"""Seconds by which timestamps leap at least if they do not continue those before."""
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class TapeFileWriter:
    """Appends parts to a file. All methods block; one thread at a time."""

    def __init__(self, path: Path, segment: Segment, session: int, *, continues: bool) -> None:
        """Create the file and its index, which must not exist, for a segment and those that follow.

        `session` is as of `Header`; `continues` is whether nothing is missing between the file before
        and this one. Raises StorageError.
        """
        self._path = path
        self._continues = continues
        self.tracks = segment.tracks
        self.start = segment.start
        """Position of its start in the ring, s."""
        self.wall_shift = segment.lag + segment.wall_ahead
        """Seconds to add to a position for the UNIX time, as the file has it."""
        self._lag = segment.lag
        self._header = Header(session, len(segment.init), self.start, self.start + self.wall_shift)
        self._media = _Output()
        self._index = _Output()
        self._media_times = _MediaTimes()
        index_path = path.with_suffix(SUFFIX)
        with storage_errors():
            # The index is there first: only a file that has one was written by us for sure.
            self._index.create(index_path, self._header.pack())
            try:
                self._media.create(path, segment.init)
            except OSError:
                self._index.close()
                with suppress(OSError):
                    index_path.unlink()
                raise

    @property
    def size(self) -> int:
        """Bytes of the file, without its index."""
        return self._media.size

    def append(self, reads: Sequence[ReadPart]) -> None:
        """Write parts. Raises StorageError; the file is then as before."""
        offset, pieces, records = self._media.size, list[Piece](), np.zeros(len(reads), RECORD)
        media_times = self._media_times
        for index, read in enumerate(reads):
            stored, media_times = self._stored(read, media_times)
            size = sum(map(len, stored))
            continues = self._continues or index > 0
            records[index] = self._record(
                read, offset, size, media_times.shift, continues=continues
            )
            pieces += stored
            offset += size
        with storage_errors():
            self._follow_lag(reads[-1].segment)
            before = self._media.size
            self._media.append(pieces)
            try:
                self._index.append([records.tobytes()])
            except OSError:
                self._media.cut(before)
                raise
        self._media_times, self._continues = media_times, True

    def close(self) -> None:
        """Close the files, and delete them if they have no part."""
        self._media.close()
        self._index.close()
        if self._index.size == HEADER_SIZE:
            for path in (self._path, self._path.with_suffix(SUFFIX)):
                with suppress(OSError):
                    path.unlink()

    def _follow_lag(self, newest: Segment) -> None:
        """Move the times of the file as the ring moves those of the last minute. Raises OSError."""
        fall = self._lag - newest.lag
        if newest.end - self.start > LAG_SECONDS or not 0 < fall <= CLOCK_STEP:
            return
        header = replace(self._header, wall=self._header.wall - fall)
        self._index.replace_start(header.pack())
        self._header, self._lag = header, newest.lag
        self.wall_shift -= fall

    def _stored(self, read: ReadPart, times: _MediaTimes) -> tuple[list[Piece], _MediaTimes]:
        """Return the bytes of a part in the file, and its media times."""
        data = read.part.data
        try:
            if read.timing.frames:
                later = times.after(read, self.tracks)
                return shifted(data, self.tracks, later.shift), later
        except FragmentError:
            pass
        return [struct.pack(">I4s", 8 + len(data), b"free"), data], times

    def _record(
        self, read: ReadPart, offset: int, size: int, shift: float, *, continues: bool
    ) -> tuple[float, ...]:
        timing, segment = read.timing, read.segment
        flags = FIRST if read.first else 0
        if read.first and (segment.discontinuity or not continues):
            flags |= DISCONTINUITY
        keyframe = np.nan if timing.keyframe is None else timing.keyframe - self.start
        return (
            offset,
            size,
            segment.number,
            min(timing.frames, 0xFFFF),
            flags,
            timing.start - self.start,
            timing.duration,
            timing.media_start + shift,
            timing.base - timing.rate * shift - self.start,
            timing.rate,
            timing.limit - self.start,
            keyframe,
        )


class _MediaTimes(NamedTuple):
    """How timestamps of parts become those of the file, which rise from 0."""

    shift: float = 0.0
    """Seconds to add to a media time."""
    last: PartTiming | None = None
    end: float = 0.0
    """End of the parts so far, in seconds of the file."""

    def after(self, read: ReadPart, tracks: Iterable[Track]) -> _MediaTimes:
        """Return the times of the next part. Raises FragmentError."""
        timing, last, shift = read.timing, self.last, self.shift
        if last is None:
            shift = -_first_time(read.part.data, tracks)
        elif abs(timing.media_start - last.media_start - last.duration / last.rate) > _LEAP:
            shift = self.end + max(0.0, timing.start - last.end) - timing.media_start
        end = timing.media_start + shift + timing.duration / timing.rate
        return _MediaTimes(shift, timing, max(self.end, end))


def _first_time(data: bytes, tracks: Iterable[Track]) -> float:
    """Return the lowest dts of a part, in seconds. Raises FragmentError."""
    first = ((next(samples(data, track), None), track.timescale) for track in tracks)
    return min(sample.dts / scale for sample, scale in first if sample is not None)


class _Output:
    """A file that grows; what could not be written whole is cut off."""

    def __init__(self) -> None:
        self.size = 0
        self._descriptor = -1

    def create(self, path: Path, data: bytes) -> None:
        """Create the file, which must not exist, with its first bytes; leave none if that fails."""
        self._descriptor = os.open(path, _FLAGS, 0o644)
        try:
            self.append([data])
        except OSError:
            self.close()
            with suppress(OSError):
                path.unlink()
            raise

    def append(self, pieces: Sequence[Piece]) -> None:
        try:
            write_pieces(self._descriptor, pieces)
        except OSError:
            self.cut(self.size)
            raise
        self.size += sum(map(len, pieces))

    def replace_start(self, data: bytes) -> None:
        """Replace the first bytes of the file."""
        os.pwrite(self._descriptor, data, 0)

    def cut(self, size: int) -> None:
        """Cut the file back to a size; an error is ignored, since recovery cuts it as well."""
        self.size = size
        with suppress(OSError):
            os.ftruncate(self._descriptor, size)
            os.lseek(self._descriptor, size, os.SEEK_SET)

    def close(self) -> None:
        """Close the file; the disk may be gone by now."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)
