"""Events about the media of one instance, for one WebSocket subscription.

The feed of an instance that is loaded during the subscription begins with `reset`, since changes may
have been missed. It also sends one `reset` in place of many changes.
"""

import asyncio
from collections.abc import Iterator

from homeassistant.core import callback

from ..cameras import CameraInstance
from ..cameras.timelapses import Progress, progress_fields
from ..core.library.index import MediaItem
from ..core.library.reader import MAX_NAMED, MediaChange
from ..media.items import MediaKind, content_id, describe
from ..workload import async_slices
from .subscription import Subscription

type _Event = tuple[MediaKind, MediaItem | str] | None
"""A saved file, the name of a deleted one, or None for `reset`."""


class MediaFeed:
    """Sends saved and deleted files, and the progress of a timelapse. All in the event loop."""

    def __init__(self, instance: CameraInstance, subscription: Subscription) -> None:
        self._instance = instance
        self._subscription = subscription
        self._queue: list[_Event] = []
        """Oldest first, up to `MAX_NAMED`."""
        self._sender: asyncio.Task[None] | None = None
        self._unsubscribes = (
            instance.media.listeners.add(self._async_changed),
            instance.timelapses.listeners.add(self._async_progressed),
        )
        if subscription.is_new:
            self._send_progress()
        else:
            self._send_event(None)

    def close(self) -> None:
        """End sending."""
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        if self._sender is not None:
            self._sender.cancel()

    @callback
    def _async_changed(self, kind: MediaKind, change: MediaChange) -> None:
        """Queue a change, to be sent in turns shared with all other subscribers, the first at once."""
        self._queue += [(kind, item) for item in change.added]
        self._queue += [(kind, name) for name in change.removed]
        if change.reset:
            self._queue.append(None)
        if len(self._queue) > MAX_NAMED:
            self._queue = [None]
        if self._queue and (self._sender is None or self._sender.done()):
            self._sender = self._instance.hass.async_create_background_task(
                self._async_send_queue(), f"retrocam media feed of {self._instance.name}"
            )

    async def _async_send_queue(self) -> None:
        while self._queue:
            await async_slices(self._instance.hass).map(self._send_event, self._dequeued())

    def _dequeued(self) -> Iterator[_Event]:
        while self._queue:
            yield self._queue.pop(0)

    def _send_event(self, event: _Event) -> None:
        send = self._subscription.send
        if event is None:
            send({"type": "reset"})
            # A client that reloads the lists has lost the progress.
            self._send_progress()
            return
        kind, file = event
        entry_id = self._instance.entry.entry_id
        if isinstance(file, str):
            identifier = content_id(entry_id, kind, file)
            fields = {"kind": kind, "filename": file, "media_content_id": identifier}
            send({"type": "deleted", **fields})
        elif self._subscription.may_read:
            token = self._subscription.refresh_token_id
            item = describe(self._instance.hass, entry_id, kind, file, token)
            send({"type": "saved", "kind": kind, "item": item})

    def _send_progress(self) -> None:
        """Send the progress of a running timelapse, if any."""
        if progress := self._instance.timelapses.progress:
            self._async_progressed(progress)

    @callback
    def _async_progressed(self, progress: Progress) -> None:
        fields = {"kind": MediaKind.TIMELAPSES, **progress_fields(progress)}
        self._subscription.send({"type": "progress", **fields})
