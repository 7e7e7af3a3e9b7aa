"""Stills as live pictures, for cameras without a stream."""

import threading
from typing import Final

from ..errors import InvalidFrameError, RingStoppedError
from .feed import Picture, Sink
from .image_codec import decode_still
from .jpeg_ring import FrameRing

_POLL_SECONDS: Final = 0.2
"""Wait for a still before the stop event is checked again."""


class StillPictures:
    """A `PictureSource` that decodes the stills of a ring, starting with the newest."""

    def __init__(self, frames: FrameRing) -> None:
        """Read `frames`, which is filled elsewhere."""
        self._frames = frames

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Decode until `stop` is set or the ring is stopped; invalid stills are skipped."""
        next_index, start_time = 0, None
        while not stop.is_set():
            try:
                still = self._frames.wait(next_index, _POLL_SECONDS)
            except RingStoppedError:
                return
            if still is None:
                continue
            next_index = still.index + 1
            start_time = still.time if start_time is None else start_time
            try:
                frame = decode_still(still.data)
            except InvalidFrameError:
                continue
            emit(Picture(frame, still.time, max(0.0, still.time - start_time)))
