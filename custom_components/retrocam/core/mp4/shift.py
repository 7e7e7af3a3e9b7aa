"""Shift the timestamps of fragments, without copying their media."""

from collections.abc import Iterable, Iterator
import struct

from ..errors import FragmentError
from .boxes import boxes, by_version, child_of, children_of, unpack
from .fragment_reader import Track

type Piece = bytes | memoryview


def shifted(part: bytes, tracks: Iterable[Track], seconds: float) -> list[Piece]:
    """Return a part, in pieces, with all samples `seconds` later; the part itself for 0.

    Raises FragmentError for a damaged part, and for times that do not fit.
    """
    if not seconds:
        return [part]
    scales = {track.id: track.timescale for track in tracks}
    view, pieces = memoryview(part), list[Piece]()
    for found in boxes(part):
        if found.kind != b"moof":
            pieces.append(view[found.start : found.end])
            continue
        moof = bytearray(view[found.start : found.end])
        for at, form, ticks in _times(part, found.start, scales, seconds):
            try:
                struct.pack_into(form, moof, at, ticks)
            except struct.error as err:
                raise FragmentError(f"a fragment cannot begin at {ticks}") from err
        pieces.append(bytes(moof))
    return pieces


def _times(
    part: bytes, start: int, scales: dict[int, int], seconds: float
) -> Iterator[tuple[int, str, int]]:
    """Yield offset, layout and new value of each `tfdt` (ISO/IEC 14496-12, 8.8.12) of a `moof`."""
    moof = next(boxes(part, start))
    for traf in children_of(part, moof, b"traf"):
        tfhd = child_of(part, traf, b"tfhd")
        (number,) = unpack(">4xI", part, tfhd.body, tfhd.end)
        tfdt = child_of(part, traf, b"tfdt")
        form = by_version(part, tfdt, ">I", ">Q")
        (ticks,) = unpack(form, part, tfdt.body + 4, tfdt.end)
        if number in scales:
            yield tfdt.body + 4 - start, form, ticks + round(seconds * scales[number])
