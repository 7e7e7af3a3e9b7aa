"""The fragments of a recording: writing their headers, and reading them back.

Nothing here touches media data. The layout is that of ISO/IEC 14496-12, section 8.8, with one form
of each box.
"""

from collections.abc import Sequence
import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import FragmentError
from .boxes import Box, box, boxes, full_box

KEYFRAME: Final = 0x0200_0000
"""Sample flags: depends on no other (8.8.3.1)."""
NO_KEYFRAME: Final = 0x0101_0000
"""Sample flags: depends on others, and is no sync sample."""
# Of tfhd and trun (8.8.7, 8.8.8): offsets count from the moof; each sample has all four values.
_TFHD_FLAGS: Final = 0x02_0000
_TRUN_FLAGS: Final = 0xF01


class Run(NamedTuple):
    """Consecutive samples of one track in a fragment."""

    track: int
    """Its place in the file, from 0."""
    start: int
    """When the first is decoded, in ticks."""
    rows: Sequence[int]
    """Four numbers a sample: duration in ticks, bytes, flags, ticks from decoding to showing."""
    size: int
    """Bytes of all samples."""


class Rows(NamedTuple):
    """A run that was read back."""

    track: int
    start: int
    rows: NDArray[np.int64]
    """`(n, 4)`, as in Run."""
    size: int


def fragment(sequence: int, runs: Sequence[Run]) -> bytes:
    """Make the `moof` and the head of the `mdat`; the samples of the runs follow, in this order."""
    size = 24 + sum(64 + 4 * len(run.rows) for run in runs)
    offset, tracks = size + 8, list[bytes]()
    for run in runs:
        count = len(run.rows) // 4
        tracks.append(
            box(
                b"traf",
                full_box(b"tfhd", _TFHD_FLAGS, struct.pack(">I", run.track + 1)),
                full_box(b"tfdt", 1 << 24, struct.pack(">Q", run.start)),
                full_box(
                    b"trun",
                    1 << 24 | _TRUN_FLAGS,
                    struct.pack(f">Ii{4 * count}i", count, offset, *run.rows),
                ),
            )
        )
        offset += run.size
    moof = box(b"moof", full_box(b"mfhd", 0, struct.pack(">I", sequence)), *tracks)
    return moof + struct.pack(">I4s", offset - size, b"mdat")


def read_fragment(moof: bytes, tracks: int) -> list[Rows]:
    """Read what `fragment` wrote, of a file with so many tracks. Raises FragmentError."""
    return [_read_run(moof, traf, tracks) for traf in boxes(moof, 8) if traf.kind == b"traf"]


def _read_run(moof: bytes, traf: Box, tracks: int) -> Rows:
    sizes = {one.kind: one.end - one.start for one in boxes(moof, traf.body, traf.end)}
    run = sizes.get(b"trun", 0) - 20
    if sizes != {b"tfhd": 16, b"tfdt": 20, b"trun": run + 20} or run <= 0 or run % 16:
        raise FragmentError("not a fragment as we write it")
    (number,) = struct.unpack_from(">I", moof, traf.body + 12)
    (start,) = struct.unpack_from(">Q", moof, traf.body + 28)
    rows = np.frombuffer(moof, ">i4", run // 4, traf.body + 56).reshape(-1, 4).astype(np.int64)
    if not 1 <= number <= tracks or start >= 1 << 62 or (rows[:, :2] < 0).any():
        raise FragmentError("not a fragment as we write it")
    return Rows(number - 1, start, rows, int(rows[:, 1].sum()))
