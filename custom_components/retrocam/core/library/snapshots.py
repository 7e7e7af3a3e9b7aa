"""The library of a camera's snapshots: JPEG and PNG stills, with thumbnails."""

from functools import partial

from ..frames.image_codec import still_extension
from .index import MediaItem
from .store import MediaLibrary
from .thumbnails import still_thumbnail

snapshot_library = partial(MediaLibrary, extensions=("jpg", "png"), thumbnailer=still_thumbnail)


def save_still(library: MediaLibrary, image: bytes, time: float) -> MediaItem:
    """Keep a JPEG or PNG of a frame at `time`, UNIX seconds. Blocks.

    Raises InvalidFrameError for other or truncated data, before any access to the disk; otherwise
    as `MediaLibrary.add`.
    """
    return library.add(image, time, still_extension(image))
