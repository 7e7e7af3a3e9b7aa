"""The index of a tape file: a header, and a record for each part of the file, in order.

It lies beside the file and only grows, but for the time in the header, which becomes earlier when the
lag of the stream falls. A record is written after its part: what has a record is on disk, but for a
power cut. Numbers are little-endian.
"""

from dataclasses import dataclass
import math
import os
from pathlib import Path
import struct
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ..files import open_regular

SUFFIX: Final = ".idx"

_HEADER: Final = struct.Struct("<8sQQdd")
_MAGIC: Final = b"RCTAPE1\n"
HEADER_SIZE: Final = _HEADER.size
MAX_INIT: Final = 1 << 20
"""Bytes of an init; a longer one is not of a camera."""

_MAX_SECONDS: Final = 86_400.0
_MAX_RECORDS: Final = 1 << 16
"""Records of a file; more than 100 a second are not of ours."""

FIRST: Final = 1
"""Flag of the first part of a segment."""
DISCONTINUITY: Final = 2
"""Flag of such a part if its segment does not continue the one before."""

RECORD: Final = np.dtype(
    [
        ("offset", "<u8"),
        ("size", "<u4"),
        ("number", "<u4"),
        ("frames", "<u2"),
        ("flags", "<u2"),
        ("start", "<f8"),
        ("duration", "<f8"),
        ("media_start", "<f8"),
        ("base", "<f8"),
        ("rate", "<f8"),
        ("limit", "<f8"),
        ("keyframe", "<f8"),
    ]
)
"""One part.

`offset` and `size` are those of its bytes in the file, `number` is that of its segment in the ring.
The others are of `PartTiming`, in seconds from the start of the file; `keyframe` is NaN for None.
"""

type Records = NDArray[np.void]
"""Of dtype RECORD, `(n,)`."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an index says of its file as a whole."""

    session: int
    """Random number of the ring, which positions and numbers of segments belong to."""
    init_size: int
    """Bytes of the init, with which the file begins."""
    position: float
    """Position in the ring at which the file starts, s."""
    wall: float
    """UNIX time of that, s; up to some tenths before that of the file's name."""

    def pack(self) -> bytes:
        """Return it as bytes."""
        return _HEADER.pack(_MAGIC, self.session, self.init_size, self.position, self.wall)

    @classmethod
    def unpack(cls, data: bytes) -> Self | None:
        """Parse the start of an index; None for anything else."""
        if len(data) < HEADER_SIZE:
            return None
        magic, session, init_size, position, wall = _HEADER.unpack_from(data)
        finite = math.isfinite(position) and math.isfinite(wall)
        if magic != _MAGIC or not 0 < init_size <= MAX_INIT or not finite:
            return None
        return cls(session, init_size, position, wall)


def parse_index(data: bytes, size: int) -> tuple[Header, Records] | None:
    """Parse an index; None without a valid header.

    Returns the records of parts within the first `size` bytes of the file, up to the first that does
    not follow the one before.
    """
    if (header := Header.unpack(data)) is None:
        return None
    count = (len(data) - HEADER_SIZE) // RECORD.itemsize
    records = np.frombuffer(data, RECORD, count, HEADER_SIZE)
    ends = records["offset"] + records["size"]
    starts = np.concatenate(([header.init_size], ends[:-1]))[:count]
    valid = (records["offset"] == starts) & (ends <= size) & (records["size"] > 0)
    for field in ("start", "duration", "media_start", "base", "rate"):
        valid &= np.isfinite(records[field])
    valid &= records["rate"] > 0
    broken = np.flatnonzero(~valid)
    return header, records[: int(broken[0])] if len(broken) else records


def end_of(records: Records) -> float:
    """Return the end of the last part, in seconds from the start of the file; 0 without parts."""
    return float(records["start"][-1] + records["duration"][-1]) if len(records) else 0.0


def read_index(path: Path) -> bytes:
    """Return the bytes of an index; blocks. Raises OSError."""
    descriptor = open_regular(path)
    try:
        return os.pread(descriptor, HEADER_SIZE + _MAX_RECORDS * RECORD.itemsize, 0)
    finally:
        os.close(descriptor)


def indexed_end(path: Path, size: int) -> float | None:
    """Return the UNIX time of the end of a file of `size` bytes, by its index at `path`; blocks.

    None for an index that does not end with the file. Raises OSError.
    """
    descriptor = open_regular(path)
    try:
        length = os.fstat(descriptor).st_size
        header = Header.unpack(os.pread(descriptor, HEADER_SIZE, 0))
        if header is None or length == HEADER_SIZE or (length - HEADER_SIZE) % RECORD.itemsize:
            return None
        last = os.pread(descriptor, RECORD.itemsize, length - RECORD.itemsize)
    finally:
        os.close(descriptor)
    records = np.frombuffer(last, RECORD)
    ends_with_file = int(records["offset"][0]) + int(records["size"][0]) == size
    seconds = end_of(records)
    return header.wall + seconds if ends_with_file and 0 <= seconds < _MAX_SECONDS else None
