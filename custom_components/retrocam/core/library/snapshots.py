"""The history of a camera's stills: one directory, first in, first out."""

from collections.abc import Callable
from pathlib import Path
import time as clocks

from ..files import free_space
from ..frames.image_codec import still_extension
from .index import MediaItem
from .retention import Limits
from .store import MediaLibrary
from .thumbnails import still_thumbnail


class SnapshotStore(MediaLibrary):
    """A MediaLibrary of JPEG and PNG stills, with thumbnails; both may be mixed."""

    def __init__(
        self,
        directory: Path,
        *,
        limits: Limits | None = None,
        free: Callable[[Path], int] = free_space,
        clock: Callable[[], float] = clocks.time,
        monotonic: Callable[[], float] = clocks.monotonic,
    ) -> None:
        """Take the directory; nothing is read before `load`. The rest is as in MediaLibrary."""
        super().__init__(
            directory,
            extensions=("jpg", "png"),
            limits=limits,
            thumbnailer=still_thumbnail,
            free=free,
            clock=clock,
            monotonic=monotonic,
        )

    def save(self, picture: bytes, time: float) -> MediaItem:
        """Keep a JPEG or PNG taken at `time`, UNIX seconds of the frame itself; blocks.

        Raises InvalidFrameError for other or cut off data, before the disk is touched; otherwise as
        `add`, with StorageError and ValueError.
        """
        return self.add(picture, time, still_extension(picture))
