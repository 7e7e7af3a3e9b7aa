"""The duration of an MP4 file from its header alone, without opening it as a video.

Opening a clip with FFmpeg decodes some of it, which takes 6 to 30 ms; reading the movie header by
its place takes 0.05 ms, so that a library of thousands of clips knows their durations at load.
The layout of boxes and of `mvhd` is that of ISO/IEC 14496-12, sections 4.2 and 8.2.2.
"""

from itertools import islice
import os
from pathlib import Path
from typing import Final

from ..errors import FragmentError
from ..files import open_regular
from .boxes import Box, by_version, file_boxes, first_of, unpack

_MAX_BOXES: Final = 64


def mp4_duration(path: Path) -> int:
    """Read how long a finished MP4 plays, in ms; 0 when its header does not say. Blocks.

    Raises OSError when the file cannot be read.
    """
    descriptor = open_regular(path)
    try:
        timescale, duration = _movie_header(descriptor)
    except FragmentError:
        return 0
    finally:
        os.close(descriptor)
    # A duration of all ones is unknown; none that is known fills more than 32 bits of ms (49 days).
    if not timescale or duration == 0xFFFFFFFF or duration * 1000 // timescale >= 1 << 32:
        return 0
    return duration * 1000 // timescale


def _movie_header(descriptor: int) -> tuple[int, ...]:
    """Read timescale and duration, in its ticks. Raises FragmentError and OSError."""
    end = os.fstat(descriptor).st_size
    movie = first_of(islice(file_boxes(descriptor, 0, end), _MAX_BOXES), b"moov")
    children = islice(file_boxes(descriptor, movie.body, movie.end), _MAX_BOXES)
    mvhd = first_of(children, b"mvhd")
    body = os.pread(descriptor, min(mvhd.end - mvhd.body, 32), mvhd.body)
    form = by_version(body, Box(mvhd.kind, 0, 0, len(body)), ">12xII", ">20xIQ")
    return unpack(form, body, 0, len(body))
