"""What the header of an MP4 says about its movie: creation time and title.

The title is that of iTunes' metadata (`moov/udta/meta/ilst/©nam`), which FFmpeg and players read.
"""

from dataclasses import dataclass
import struct
from typing import Final

from ..errors import FragmentError
from .boxes import Box, Data, box, child_of, full_box

EPOCH: Final = 2_082_844_800
"""Seconds from 1904, where the times of MP4 begin, to 1970."""
MAX_TITLE: Final = 1024
"""Bytes."""

_NAME: Final = b"\xa9nam"
_UTF8: Final = 1


@dataclass(frozen=True, slots=True)
class MovieInfo:
    """Facts about a movie."""

    created: float = 0.0
    """UNIX time of its first frame, s; 0 if unknown."""
    title: bytes = b""
    """UTF-8; empty for none."""

    @property
    def creation_time(self) -> int:
        """The time as in `mvhd`, `tkhd` and `mdhd`: seconds since 1904, 0 if unknown."""
        return int(self.created) + EPOCH if self.created > 0 else 0

    def user_data(self) -> bytes:
        """Return the `udta` box, nothing without a title."""
        if not self.title:
            return b""
        data = box(b"data", struct.pack(">II", _UTF8, 0), self.title[:MAX_TITLE])
        handler = full_box(b"hdlr", 0, struct.pack(">4x4s4s8x", b"mdir", b"appl"), b"\0")
        items = box(b"ilst", box(_NAME, data))
        return box(b"udta", full_box(b"meta", 0, handler, items))


def read_title(data: Data, moov: Box) -> bytes:
    """Return the title that `MovieInfo.user_data` wrote into `moov`; empty without one."""
    try:
        meta = child_of(data, child_of(data, moov, b"udta"), b"meta")
        # `meta` has a version in front of its children.
        items = child_of(data, meta._replace(body=meta.body + 4), b"ilst")
        found = child_of(data, child_of(data, items, _NAME), b"data")
    except FragmentError:
        return b""
    return bytes(data[found.body + 8 : found.end])
