"""What the kinds of cameras hand to the base: how pictures come, and how they are generated."""

from collections.abc import Callable
from dataclasses import dataclass

from ..core.frames.feed import PictureFeed, PictureSource
from ..core.publish.publisher import Publisher
from ..core.segments.ring import SegmentRing
from ..stream.provider import StreamSupply


@dataclass(frozen=True, slots=True)
class CameraSource:
    """How the segments and pictures of a camera come."""

    ring: SegmentRing
    supply: StreamSupply
    """Fills the ring while it is held."""
    feed: PictureFeed


@dataclass(frozen=True, slots=True)
class Generator:
    """How a camera's pictures are generated."""

    pictures: PictureSource
    make_publisher: Callable[[PictureFeed, str], Publisher]
    """Makes what encodes the pictures of a feed, in a thread of the name given."""


def empty_ring() -> SegmentRing:
    """Return a ring that holds nothing until it is limited to more."""
    return SegmentRing(seconds=0.0, max_bytes=0)
