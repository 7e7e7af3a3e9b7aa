"""Keeps the stream running for readers of footage, and what they were promised for long enough."""

import asyncio
from collections.abc import Callable
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant

from ..stream.provider import StreamProvider

WATCHED: Final = 30.0
"""Seconds after the last request of a playlist for which the stream is kept running."""
_TICK: Final = 5.0
"""Seconds between checks of what readers were promised."""


class FootageReaders:
    """The readers of one instance's footage. All methods run in the event loop."""

    def __init__(
        self, hass: HomeAssistant, provider: StreamProvider, expire: Callable[[], bool]
    ) -> None:
        """`expire` drops what was promised for long enough, and returns whether any is left."""
        self._hass = hass
        self._provider = provider
        self._expire = expire
        self._watched_until = 0.0
        self._release: CALLBACK_TYPE | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def watched(self) -> bool:
        """Whether the stream is kept running."""
        return self._release is not None

    def close(self) -> None:
        """Let the stream go, for good."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._stop_watching()

    def watch(self) -> None:
        """Keep the stream running for a reader."""
        self._watched_until = self._hass.loop.time() + WATCHED
        if self._release is None and not self._closed:
            self._release = self._provider.acquire()
            self.check_regularly()

    def check_regularly(self) -> None:
        """Check what readers were promised, as long as there are any."""
        if self._timer is None and not self._closed:
            self._timer = self._hass.loop.call_later(_TICK, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._hass.loop.time() >= self._watched_until:
            self._stop_watching()
        if self._expire() or self._release is not None:
            self.check_regularly()

    def _stop_watching(self) -> None:
        if self._release is not None:
            self._release()
            self._release = None
