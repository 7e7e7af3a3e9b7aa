"""Walk the marker segments of a JPEG, to find its EXIF data and its end.

Searching for the end marker FFD9 would not do: thumbnails inside EXIF data have one of their own, and
so has a second JPEG behind the first.
"""

from collections.abc import Iterator
import re
from typing import Final, NamedTuple

from ..errors import InvalidFrameError
from .image_limits import MAX_SEGMENTS

_START_OF_IMAGE: Final = 0xD8
_END_OF_IMAGE: Final = 0xD9
_START_OF_SCAN: Final = 0xDA
_APP1: Final = 0xE1
_EXIF: Final = b"Exif\0\0"
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers without a length: TEM, RSTn, SOI and EOI."""

_MARKER: Final = re.compile(rb"\xff([^\x00\xff])", re.DOTALL)
_MARKER_AFTER_SCAN: Final = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])", re.DOTALL)
"""Skips entropy-coded data with its stuffed zeros and restart markers."""


class Segment(NamedTuple):
    """A marker, its low byte, and the range of its payload in the JPEG."""

    marker: int
    start: int
    end: int


def exif_of(jpeg: bytes) -> bytes:
    """Return the EXIF data, empty if there is none."""
    for marker, start, end in _segments(jpeg):
        if marker == _START_OF_SCAN:
            break
        if marker == _APP1 and jpeg.startswith(_EXIF, start):
            return jpeg[start:end]
    return b""


def without_rest(jpeg: bytes) -> bytes:
    """Return the JPEG up to its end marker; cameras send padding or a second JPEG behind it.

    Where the data ends within a scan, an end marker is added: some cameras leave it out, and whether
    the scan is complete only decoding shows. Takes about 1 ms per MB. Raises InvalidFrameError for any
    other end.
    """
    last = Segment(_START_OF_IMAGE, 0, 0)
    for last in _segments(jpeg):
        if last.marker == _END_OF_IMAGE:
            return jpeg[: last.end]
    if last.marker == _START_OF_SCAN and _MARKER_AFTER_SCAN.search(jpeg, last.end) is None:
        return jpeg + b"\xff\xd9"
    raise InvalidFrameError(f"{len(jpeg)} bytes that are not a complete JPEG")


def _segments(jpeg: bytes) -> Iterator[Segment]:
    """Yield the segments behind the start marker, up to the end marker or where the data ends."""
    if not jpeg.startswith(b"\xff\xd8"):
        return
    offset, pattern = 2, _MARKER
    for _ in range(MAX_SEGMENTS):
        if (match := pattern.search(jpeg, offset)) is None:
            return
        marker, start = match[1][0], match.end()
        length = 0 if marker in _STANDALONE else int.from_bytes(jpeg[start : start + 2])
        offset = start + length
        # The next image begins: this one has no end.
        if marker == _START_OF_IMAGE or offset > len(jpeg):
            return
        yield Segment(marker, min(start + 2, offset), offset)
        if marker == _END_OF_IMAGE:
            return
        pattern = _MARKER_AFTER_SCAN if marker == _START_OF_SCAN else _MARKER
