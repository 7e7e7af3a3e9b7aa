"""Waits for parts of a stream."""

import asyncio
from collections.abc import Callable

from homeassistant.core import HomeAssistant

from ..core.listeners import Listeners
from ..core.segments.ring import SegmentRing
from ..core.waiters import Waiters


class PartWaits:
    """Those who wait for parts of one ring. All methods run in the event loop, but for one."""

    def __init__(self, hass: HomeAssistant, ring: SegmentRing) -> None:
        self._hass = hass
        self._waiters = Waiters()
        self._closed = False
        self.count = 0
        """Waits at present."""
        self.listeners = Listeners[[]]()
        """Called in the event loop after each part."""
        self._end_listening = ring.listeners.add(self._changed)

    def close(self) -> None:
        """End all waits."""
        self._closed = True
        self._end_listening()
        self._waiters.wake()

    async def async_wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds, which is tried after each part; return whether it does."""
        self.count += 1
        try:
            async with asyncio.timeout(seconds):
                while not condition() and not self._closed:
                    await self._waiters.wait(self._waiters.add())
        except TimeoutError:
            pass
        finally:
            self.count -= 1
        return condition()

    def _changed(self) -> None:
        """Wake waiting requests. Called by the ring, in the thread that writes it."""
        if self.count or len(self.listeners):
            self._hass.loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._waiters.wake()
        self.listeners.notify()
