"""The duration of an MP4 file from its header alone, without opening it as a video.

Opening a clip with FFmpeg decodes some of it, which takes 6 to 30 ms; reading the movie header by
its place takes 0.05 ms, so that a library of thousands of clips knows their durations at load.
The layout of boxes and of `mvhd` is that of ISO/IEC 14496-12, sections 4.2 and 8.2.2.
"""

import os
from pathlib import Path
import struct
from typing import BinaryIO, Final

from ..files import open_regular

_MAX_BOXES: Final = 64


def mp4_duration(path: Path) -> int:
    """Read how long a finished MP4 plays, in ms; 0 when its header does not say. Blocks.

    Raises OSError when the file cannot be read.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        end = file.seek(0, 2)
        movie = _find(file, b"moov", 0, end)
        header = movie and _find(file, b"mvhd", *movie)
        if not header:
            return 0
        file.seek(header[0])
        body = file.read(min(header[1] - header[0], 32))
    try:
        if body[:1] == b"\x01":
            timescale, duration = struct.unpack_from(">IQ", body, 20)
        else:
            timescale, duration = struct.unpack_from(">II", body, 12)
    except struct.error:
        return 0
    # A duration of all ones is unknown; none that is known fills more than 32 bits of ms (49 days).
    if not timescale or duration == 0xFFFFFFFF or duration * 1000 // timescale >= 1 << 32:
        return 0
    milliseconds: int = duration * 1000 // timescale
    return milliseconds


def _find(file: BinaryIO, kind: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Find a box between two offsets: the start and the end of its body."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return None
        file.seek(start)
        head = file.read(16)
        size, header = int.from_bytes(head[:4]), 8
        if size == 1:
            size, header = int.from_bytes(head[8:16]), 16
        elif size == 0:
            size = end - start
        if size < header:
            return None
        if head[4:8] == kind:
            return start + header, min(start + size, end)
        start += size
    return None
