"""Headers of the fragments of a recording: write and parse them, without the media data.

ISO/IEC 14496-12, 8.8, with one layout of each box.
"""

from collections.abc import Sequence
import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import FragmentError
from .boxes import Box, box, boxes, full_box

KEYFRAME: Final = 0x0200_0000
"""Sample flags: depends on no other sample (8.8.3.1)."""
NO_KEYFRAME: Final = 0x0101_0000
"""Sample flags: depends on others, is not a sync sample."""
# tfhd: default-base-is-moof (8.8.7). trun: data offset, all four values for each sample (8.8.8).
_TFHD_FLAGS: Final = 0x02_0000
_TRUN_FLAGS: Final = 0xF01


class SampleRun(NamedTuple):
    """Consecutive samples of one track in a fragment."""

    track: int
    """Index in the file, from 0."""
    start: int
    """First dts, in ticks."""
    rows: Sequence[int]
    """Four numbers per sample: duration in ticks, bytes, flags, pts - dts in ticks."""
    size: int
    """Bytes of all samples."""


class SampleRows(NamedTuple):
    """A parsed SampleRun."""

    track: int
    start: int
    rows: NDArray[np.int64]
    """`(n, 4)`, as in SampleRun."""
    size: int


def fragment(sequence: int, runs: Sequence[SampleRun]) -> bytes:
    """Build `moof` and the header of `mdat`, to be followed by the samples, run after run."""
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


def read_fragment(moof: bytes, tracks: int) -> list[SampleRows]:
    """Parse a `moof` built by `fragment`, of a file with `tracks` tracks. Raises FragmentError."""
    return [_read_run(moof, traf, tracks) for traf in boxes(moof, 8) if traf.kind == b"traf"]


def _read_run(moof: bytes, traf: Box, tracks: int) -> SampleRows:
    sizes = {child.kind: child.end - child.start for child in boxes(moof, traf.body, traf.end)}
    run = sizes.get(b"trun", 0) - 20
    if sizes != {b"tfhd": 16, b"tfdt": 20, b"trun": run + 20} or run <= 0 or run % 16:
        raise FragmentError("not a fragment of this integration")
    (number,) = struct.unpack_from(">I", moof, traf.body + 12)
    (start,) = struct.unpack_from(">Q", moof, traf.body + 28)
    rows = np.frombuffer(moof, ">i4", run // 4, traf.body + 56).reshape(-1, 4).astype(np.int64)
    if not 1 <= number <= tracks or start >= 1 << 62 or (rows[:, :2] < 0).any():
        raise FragmentError("not a fragment of this integration")
    return SampleRows(number - 1, start, rows, int(rows[:, 1].sum()))
