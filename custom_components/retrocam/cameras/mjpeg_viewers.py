"""MJPEG viewers of a camera: JPEG frames are produced while there are any."""

import asyncio
from collections.abc import Callable
from typing import Final

from homeassistant.core import CALLBACK_TYPE

from ..core.frames.jpeg_ring import FrameRing

FRAMES_KEPT: Final = 5.0
"""Seconds for which frames can be read after the last viewer left; then their memory is freed."""


class MjpegViewers:
    """Counts viewers of one camera and requests waiting for a frame. For the event loop."""

    def __init__(self, frames: FrameRing, start: Callable[[], Callable[[], None]]) -> None:
        """`start` begins to fill `frames` and returns the function that stops it."""
        self._frames = frames
        self._start = start
        self._stop: Callable[[], None] | None = None
        self._clear_timer: asyncio.TimerHandle | None = None
        self.count = 0

    def watch(self) -> CALLBACK_TYPE:
        """Fill `frames` until the returned function is called."""
        self.count += 1
        self._cancel_clearing()
        if self._stop is None:
            self._stop = self._start()
        released = False

        def release() -> None:
            nonlocal released
            if released:
                return
            released = True
            self.count -= 1
            if not self.count:
                self._stop_filling()
                # Frames stay readable by index for a while, then must not be shown as current.
                if not self._frames.stopped:
                    loop = asyncio.get_running_loop()
                    self._clear_timer = loop.call_later(FRAMES_KEPT, self._frames.clear)

        return release

    def end(self) -> None:
        """Stop filling frames, whether or not there are viewers."""
        self._stop_filling()
        self._cancel_clearing()

    def _stop_filling(self) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None

    def _cancel_clearing(self) -> None:
        if self._clear_timer is not None:
            self._clear_timer.cancel()
            self._clear_timer = None
