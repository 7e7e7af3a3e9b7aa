"""Who watches MJPEG: frames are made while somebody does, and kept for a while after the last one."""

import asyncio
from collections.abc import Callable
from typing import Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.frames.jpeg_ring import FrameRing

FRAMES_KEPT: Final = 5.0
"""Seconds for which frames can be read after the last viewer left; then memory is freed."""


class MjpegViewers:
    """The viewers of one camera, and requests that wait for a frame. For the event loop."""

    def __init__(self, frames: FrameRing, begin: Callable[[], Callable[[], None]]) -> None:
        """Have `frames` filled by `begin`, which returns what ends it."""
        self._frames = frames
        self._begin = begin
        self._end: Callable[[], None] | None = None
        self._clear: asyncio.TimerHandle | None = None
        self.count = 0
        """How many there are now."""

    @callback
    def watch(self) -> CALLBACK_TYPE:
        """Have `frames` filled until the function that is returned is called."""
        self.count += 1
        self._cancel_clearing()
        if self._end is None:
            self._end = self._begin()
        released = False

        @callback
        def release() -> None:
            nonlocal released
            if released:
                return
            released = True
            self.count -= 1
            if not self.count:
                self._stop_filling()
                # Until then these can be asked for by index; later nobody must be shown old ones.
                if not self._frames.stopped:
                    loop = asyncio.get_running_loop()
                    self._clear = loop.call_later(FRAMES_KEPT, self._frames.clear)

        return release

    @callback
    def end(self) -> None:
        """Fill no frames any more, whoever is there."""
        self._stop_filling()
        self._cancel_clearing()

    def _stop_filling(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None

    def _cancel_clearing(self) -> None:
        if self._clear is not None:
            self._clear.cancel()
            self._clear = None
