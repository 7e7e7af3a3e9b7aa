"""The thumbnail of what plays: fetched over checked connections, and known by its bytes alone.

A page names it, and so may name anything: it is data for browsers and is never decoded here.
"""

from dataclasses import dataclass
import hashlib
import struct
from typing import Final

from ..errors import InvalidFrameError, UnsupportedMediaError
from ..frames.image_codec import still_extension, still_size
from .net.addresses import Network
from .net.fetch import fetch_all

MOST_BYTES: Final = 4 * 1024 * 1024
"""YouTube's largest thumbnails have 300 kB, photographs that news sites show some MB."""
MOST_PIXELS: Final = 36_000_000
"""The pixels of 8192x4320, the largest video that is decoded."""
_HEADERS: Final = {
    "User-Agent": "Mozilla/5.0",
    "Accept": "image/webp,image/jpeg,image/png",
    "Accept-Encoding": "identity",
}
_WEBP_HEADER: Final = 30
"""Bytes that hold the size, in each of the three forms of WebP (RFC 9649)."""


@dataclass(frozen=True, slots=True)
class Artwork:
    """A JPEG, PNG or WebP."""

    data: bytes
    content_type: str
    digest: str
    """Differs where the bytes do."""


def fetch_artwork(network: Network, url: str) -> Artwork:
    """Fetch an image of at most MOST_BYTES. Blocks until it is there or `network` is closed.

    Raises a PlayError, OSError or HTTPException.
    """
    _, data = fetch_all(network, url, headers=_HEADERS, most=MOST_BYTES)
    return read_artwork(data)


def read_artwork(data: bytes) -> Artwork:
    """Tell what image `data` is. Raises UnsupportedMediaError for no image, and for a huge one."""
    try:
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            kind, (width, height) = "webp", _webp_size(data)
        else:
            kind = "png" if still_extension(data) == "png" else "jpeg"
            width, height = still_size(data)
    except (InvalidFrameError, struct.error) as err:
        raise UnsupportedMediaError("not a JPEG, PNG or WebP") from err
    if not 0 < width * height <= MOST_PIXELS:
        raise UnsupportedMediaError("the image is larger than any screen")
    return Artwork(data, f"image/{kind}", hashlib.sha256(data).hexdigest()[:16])


def _webp_size(data: bytes) -> tuple[int, int]:
    """Return (width, height) in pixels of a WebP. Raises InvalidFrameError or struct.error."""
    if len(data) < _WEBP_HEADER:
        raise InvalidFrameError("a WebP that is cut off")
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            width, height = data[24:27], data[27:30]
            return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    raise InvalidFrameError("a WebP of no known form")
