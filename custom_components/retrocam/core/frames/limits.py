"""Limits of what is decoded: pixels of a picture, and scans of a JPEG, checked before decoding.

A few kB can claim to be gigabytes of pixels, or make a decoder run over the same pixels hundreds of
times. Checks read headers and markers only.
"""

import re
from typing import Final

from ..errors import PictureTooLargeError

MAX_PIXELS: Final = 36_000_000
"""A little more than 8192x4320, the largest picture of any camera or screen, in whatever shape."""
MAX_SCANS: Final = 64
"""Scans of a JPEG. Progressive encoders write about 10; the standard allows 900 for one component."""
MAX_FRAMES: Final = 2
"""Frame headers of a JPEG: one, or one for each field of an interlaced picture."""
PIXEL_LIMIT: Final = {"max_pixels": str(MAX_PIXELS)}
"""The limit as an option of FFmpeg's decoders, for their look at a stream and for changes in it."""

_MARKER: Final = re.compile(
    rb"\xff(?:(?P<scan>\xda)|(?P<frame>[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf])|[\xe0-\xef\xfe](?P<skip>..))",
    re.DOTALL,
)
"""Scans, frame headers, and the segments whose content no decoder looks at: APPn and comments."""

_JPEG_CODECS: Final = frozenset({"amv", "mjpeg", "mjpegb", "sp5x", "thp"})
"""FFmpeg's names of the video codecs whose pictures are JPEGs."""


def check_pixels(width: int, height: int) -> None:
    """Raise PictureTooLargeError for a picture of more than `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise PictureTooLargeError(f"a picture of {width}x{height} pixels")


def check_markers(jpeg: bytes | memoryview) -> None:
    """Raise PictureTooLargeError for a JPEG of too many scans or frame headers.

    Walks as FFmpeg does, which looks for markers also in segments that it does not know: an EXIF
    thumbnail is passed over, a scan in an unknown segment is counted. Takes about 1 ms per MB.
    """
    at = scans = frames = 0
    while (marker := _MARKER.search(jpeg, at)) is not None:
        at = marker.end()
        if (length := marker["skip"]) is not None:
            after = marker.start() + 2 + int.from_bytes(length)
            at = after if after <= len(jpeg) else marker.start() + 2
        elif marker["scan"]:
            scans += 1
        else:
            frames += 1
        if scans > MAX_SCANS or frames > MAX_FRAMES:
            raise PictureTooLargeError(f"a JPEG of {scans} scans and {frames} frames")


def check_packet(codec: str, data: bytes | memoryview) -> None:
    """Check the markers of a packet of video if its codec, named as by FFmpeg, is one of JPEGs.

    Raises PictureTooLargeError.
    """
    if codec in _JPEG_CODECS:
        check_markers(data)
