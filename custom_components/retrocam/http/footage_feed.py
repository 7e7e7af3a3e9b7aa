"""Events about the footage of one instance, for one WebSocket subscription."""

import asyncio
import time
from typing import Any, Final

from ..cameras import CameraInstance
from ..cameras.footage_spans import describe_spans
from ..datetimes import iso
from .subscription import Subscription

INTERVAL: Final = 1.0
"""Seconds between two events."""


class FootageFeed:
    """Sends what is held, at once and when it changes, until it is closed. All in the event loop."""

    def __init__(self, instance: CameraInstance, subscription: Subscription) -> None:
        self._instance = instance
        self._subscription = subscription
        self._sent: dict[str, Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._changed = False
        self._end_listening = instance.footage.listeners.add(self._notice)
        self._update()

    def close(self) -> None:
        """End sending."""
        self._end_listening()
        if self._timer is not None:
            self._timer.cancel()

    def _notice(self) -> None:
        """Send the change now, or an interval after the last event."""
        self._changed = True
        if self._timer is None:
            self._update()

    def _update(self) -> None:
        self._timer = self._instance.hass.loop.call_later(INTERVAL, self._rest)
        self._changed = False
        # Who is told of the oldest segment has it kept.
        if not self._subscription.may_read:
            return
        held = describe_spans(self._instance.footage.announce())
        # Which of it is of the present is told by Home Assistant's clock: the browser's may differ.
        if held != self._sent and self._subscription.send({**held, "now": iso(time.time())}):
            self._sent = held

    def _rest(self) -> None:
        self._timer = None
        if self._changed:
            self._update()
