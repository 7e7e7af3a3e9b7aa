"""Thumbnails of media: fetched over checked connections, identified by their bytes.

Their URLs come from web pages, so they may be anything: data for browsers, never decoded here.
"""

from dataclasses import dataclass
import hashlib
from typing import Final

from ..errors import InvalidFrameError, UnsupportedMediaError
from ..frames.still_header import read_header, without_trailing_bytes
from .net.addresses import Network
from .net.fetch import fetch_all

MAX_BYTES: Final = 4 * 1024 * 1024
"""YouTube's largest thumbnails take 300 kB, photos of news sites some MB."""
_HEADERS: Final = {
    "User-Agent": "Mozilla/5.0",
    "Accept": "image/webp,image/jpeg,image/png",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class Artwork:
    """A JPEG, PNG or WebP."""

    data: bytes
    content_type: str
    digest: str
    """Of the bytes."""


def fetch_artwork(network: Network, url: str) -> Artwork:
    """Fetch an image of at most MAX_BYTES. Blocks until done or `network` is closed.

    Raises a PlayError, OSError or HTTPException.
    """
    _, data = fetch_all(network, url, headers=_HEADERS, max_bytes=MAX_BYTES)
    return read_artwork(data)


def read_artwork(data: bytes) -> Artwork:
    """Identify an image. Raises UnsupportedMediaError for other data and for too many pixels."""
    try:
        kind = read_header(data).format
        if kind in ("jpeg", "png"):
            data = without_trailing_bytes(data, kind)
    except InvalidFrameError as err:
        raise UnsupportedMediaError("not a JPEG, PNG or WebP of a size that is shown") from err
    if kind not in ("jpeg", "png", "webp"):
        raise UnsupportedMediaError(f"a {kind}")
    return Artwork(data, f"image/{kind}", hashlib.sha256(data).hexdigest()[:16])
