"""Limits of pixels per frame and scans per JPEG, checked before decoding.

A few kB can declare gigabytes of pixels, or make a decoder scan the same pixels hundreds of times.
Checks read headers and markers only.
"""

import re
from typing import Final

from ..errors import PictureTooLargeError

MAX_PIXELS: Final = 36_000_000
"""A little more than 8192x4320, the largest frame of any camera or screen; at any aspect."""
MAX_SCANS: Final = 64
"""Scans per JPEG. Progressive encoders write about 10; the standard allows 900 per component."""
MAX_FRAMES: Final = 2
"""Frame headers per JPEG: one, or one per field of an interlaced frame."""
MAX_SEGMENTS: Final = 20_000
"""Segments or chunks per still: a PNG of `MAX_PIXELS` in chunks of 8 kB has fewer. Walking them takes
some 10 ms."""
MAX_BLOCKS: Final = 600_000
"""Blocks per GIF, of 255 bytes mostly: more than one of `MAX_PIXELS` has."""
PIXEL_LIMIT: Final = {"max_pixels": str(MAX_PIXELS)}
"""The limit as option of FFmpeg's decoders, for stream probing and changes of size."""

_MARKER: Final = re.compile(
    rb"\xff(?:(?P<scan>\xda)|(?P<frame>[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf])|[\xe0-\xef\xfe](?P<skip>..))",
    re.DOTALL,
)
"""Scans, frame headers, and the segments that no decoder parses: APPn and comments."""

_JPEG_CODECS: Final = frozenset({"amv", "mjpeg", "mjpegb", "sp5x", "thp"})
"""FFmpeg's names of the JPEG-based video codecs."""


def check_pixels(width: int, height: int) -> None:
    """Raise PictureTooLargeError above `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise PictureTooLargeError(f"a frame of {width}x{height} pixels")


def check_markers(jpeg: bytes | memoryview) -> None:
    """Raise PictureTooLargeError for a JPEG of too many scans or frame headers.

    Walks like FFmpeg, which looks for markers also in unknown segments: an EXIF thumbnail is
    skipped, a scan in an unknown segment is counted. Takes about 1 ms per MB.
    """
    offset = scans = frames = 0
    while (marker := _MARKER.search(jpeg, offset)) is not None:
        offset = marker.end()
        if (length := marker["skip"]) is not None:
            after = marker.start() + 2 + int.from_bytes(length)
            offset = after if after <= len(jpeg) else marker.start() + 2
        elif marker["scan"]:
            scans += 1
        else:
            frames += 1
        if scans > MAX_SCANS or frames > MAX_FRAMES:
            raise PictureTooLargeError(f"a JPEG of {scans} scans and {frames} frames")


def check_packet(codec: str, data: bytes | memoryview) -> None:
    """Check a video packet as `check_markers` does, if FFmpeg's `codec` is JPEG-based."""
    if codec in _JPEG_CODECS:
        check_markers(data)
