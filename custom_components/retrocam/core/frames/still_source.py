"""Stills as moving pictures, for cameras that have nothing else."""

import threading
from typing import Final

from ..errors import InvalidFrameError, RingStoppedError
from .feed import Picture, Sink
from .image_codec import decode_still
from .jpeg_ring import FrameRing

_TICK: Final = 0.2
"""Seconds after which it is looked whether anybody still reads."""


class StillPictures:
    """A `PictureSource`: decodes the JPEGs of a ring as they come, the newest one first."""

    def __init__(self, frames: FrameRing) -> None:
        """Read `frames`, which somebody else fills."""
        self._frames = frames

    def run(self, emit: Sink, stop: threading.Event) -> None:
        """Decode until `stop` is set or the ring ends; what is no picture is left out."""
        wanted, first = 0, None
        while not stop.is_set():
            try:
                frame = self._frames.wait(wanted, _TICK)
            except RingStoppedError:
                return
            if frame is None:
                continue
            wanted = frame.index + 1
            first = frame.time if first is None else first
            try:
                picture = decode_still(frame.data)
            except InvalidFrameError:
                continue
            emit(Picture(picture, frame.time, max(0.0, frame.time - first)))
