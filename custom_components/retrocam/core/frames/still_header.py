"""Format, size, orientation and end of a still, from its bytes and without decoding.

Formats are recognized by content, never by a file name or a content type.
"""

from collections.abc import Iterator
from dataclasses import dataclass
import struct
from typing import Final, Literal

from ..errors import InvalidFrameError, PictureTooLargeError
from . import jpeg
from .exif import exif_orientation
from .image_limits import MAX_BLOCKS, MAX_PIXELS, MAX_SEGMENTS, check_pixels
from .jpeg_markers import exif_of, without_rest

type StillFormat = Literal["jpeg", "png", "webp", "gif", "bmp"]

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_MAX_PNG_BITS: Final = 32 * MAX_PIXELS
"""Limit of a PNG; at 64 bits per pixel it allows half of `MAX_PIXELS`."""
_PNG_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Channels of a PNG by its colour type."""


@dataclass(frozen=True, slots=True)
class StillHeader:
    """What the header of a still says."""

    format: StillFormat
    width: int
    """Of the stored pixels."""
    height: int
    orientation: int
    """EXIF's, 1 to 8: how to show the stored pixels."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels as shown, upright."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def read_header(data: bytes) -> StillHeader:
    """Read the header of a still; bytes behind its end are ignored.

    Raises InvalidFrameError for another format or an invalid header, PictureTooLargeError for too
    many pixels.
    """
    try:
        kind, (width, height), exif = _read(data)
    except struct.error as error:
        raise InvalidFrameError(f"an image of {len(data)} bytes is truncated") from error
    if width < 1 or height < 1:
        raise InvalidFrameError(f"a {kind} of {width}x{height} pixels")
    check_pixels(width, height)
    return StillHeader(kind, width, height, exif_orientation(exif))


def without_trailing_bytes(data: bytes, kind: StillFormat) -> bytes:
    """Return a still up to its end, an animation up to the end of its first frame.

    Raises InvalidFrameError if the end is missing.
    """
    match kind:
        case "jpeg":
            return without_rest(data)
        case "png":
            return data[: _png_end(data)]
        case "webp":
            return _first_frame_of_webp(data)
        case "gif":
            return data[: _first_frame_end_of_gif(data)] + b";"
        case "bmp":
            return data


def _read(data: bytes) -> tuple[StillFormat, tuple[int, int], bytes]:
    """Return the format, the size of the stored pixels, and the EXIF data."""
    if data.startswith(b"\xff\xd8"):
        return "jpeg", jpeg.size(data), exif_of(data)
    if data.startswith(_PNG):
        return "png", _png_size(data), _png_exif(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp", _webp_size(data), _webp_exif(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif", struct.unpack_from("<HH", data, 6), b""
    if data.startswith(b"BM"):
        return "bmp", _bmp_size(data), b""
    raise InvalidFrameError(f"{len(data)} bytes that are no image of a known format")


def _png_size(data: bytes) -> tuple[int, int]:
    width, height, depth, colour_type = struct.unpack_from(">IIBB", data, 16)
    if width * height * depth * _PNG_CHANNELS.get(colour_type, 1) > _MAX_PNG_BITS:
        raise PictureTooLargeError(f"a PNG of {width}x{height} pixels of {depth} bits")
    return width, height


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each complete chunk, and the range of its data."""
    offset = len(_PNG)
    for _ in range(MAX_SEGMENTS):
        length, kind = int.from_bytes(data[offset : offset + 4]), data[offset + 4 : offset + 8]
        start, offset = offset + 8, offset + 12 + length
        if offset > len(data):
            return
        yield kind, start, offset - 4


def _png_exif(data: bytes) -> bytes:
    return next((data[start:end] for kind, start, end in _png_chunks(data) if kind == b"eXIf"), b"")


def _png_end(data: bytes) -> int:
    for kind, _, end in _png_chunks(data):
        if kind == b"IEND":
            return end + 4
    raise InvalidFrameError(f"a PNG of {len(data)} bytes is truncated")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return the size of the canvas (RFC 9649, section 2)."""
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            low_width, high_width, low_height, high_height = struct.unpack_from("<HBHB", data, 24)
            return (high_width << 16 | low_width) + 1, (high_height << 16 | low_height) + 1
    raise InvalidFrameError("a WebP of an unknown kind")


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each complete chunk, and the range of its data."""
    offset = 12
    end_of_file = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    for _ in range(MAX_SEGMENTS):
        kind = data[offset : offset + 4]
        start = offset + 8
        end = start + int.from_bytes(data[offset + 4 : start], "little")
        if start >= end_of_file or end > end_of_file:
            return
        yield kind, start, end
        offset = end + end % 2


def _webp_exif(data: bytes) -> bytes:
    return next(
        (data[start:end] for kind, start, end in _webp_chunks(data) if kind == b"EXIF"), b""
    )


def _first_frame_of_webp(data: bytes) -> bytes:
    """Return the WebP up to its end, or the first frame of an animation as a WebP of its own."""
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise InvalidFrameError(f"a WebP of {len(data)} bytes is truncated")
    for kind, start, end in _webp_chunks(data):
        if kind == b"ANMF":
            # Behind 16 bytes of place and duration, the frame's own chunks. Its alpha is dropped.
            image = data[start + 16 : end]
            if image.startswith(b"ALPH"):
                length = int.from_bytes(image[4:8], "little")
                image = image[8 + length + length % 2 :]
            return b"RIFF" + (len(image) + 4).to_bytes(4, "little") + b"WEBP" + image
    return data[: 8 + int.from_bytes(data[4:8], "little")]


def _first_frame_end_of_gif(data: bytes) -> int:
    """Return where the first image of a GIF89a ends (sections 18 to 27)."""
    offset = 13 + _gif_table(data, 10)
    for _ in range(MAX_SEGMENTS):
        introducer = data[offset : offset + 1]
        if introducer == b"!":
            offset = _gif_blocks_end(data, offset + 2)
        elif introducer == b",":
            return _gif_blocks_end(data, offset + 11 + _gif_table(data, offset + 9))
        else:
            break
    raise InvalidFrameError(f"a GIF of {len(data)} bytes has no image")


def _gif_table(data: bytes, offset: int) -> int:
    """Return the bytes of the colour table that the flags at `offset` announce."""
    flags = int.from_bytes(data[offset : offset + 1])
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_blocks_end(data: bytes, offset: int) -> int:
    for _ in range(MAX_BLOCKS):
        if offset >= len(data):
            break
        length = data[offset]
        offset += 1 + length
        if not length:
            return offset
    raise InvalidFrameError(f"a GIF of {len(data)} bytes is truncated")


def _bmp_size(data: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return width, abs(height)
