"""What happens to the media of one entry, told to one subscriber for as long as it listens.

When an entry is loaded, or loaded anew, the feed goes over to the new instance and says `reset`, since
things may have happened in between. It says so too, once, in place of many changes.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..cameras import CameraInstance, RetrocamConfigEntry
from ..cameras.entry_tracking import async_follow
from ..cameras.timelapses import Progress, progress_fields
from ..core.library.index import MediaItem
from ..core.library.reader import MOST_TOLD, MediaChange
from ..media.items import MediaKind, content_id, describe
from ..workload import async_slices

type _News = tuple[MediaKind, MediaItem | str] | None
"""A file that was saved, the name of one that was deleted, or None for `reset`."""


class MediaFeed:
    """Tells of saved and deleted files, and of how far a timelapse is. All in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RetrocamConfigEntry,
        send: Callable[[dict[str, Any]], None],
        may_read: Callable[[], bool],
        refresh_token_id: str | None = None,
    ) -> None:
        """Take where to `send` events; nothing is listened to before `async_start`.

        URLs are signed for the user of `refresh_token_id`: events come from outside of any connection.
        """
        self._hass = hass
        self._entry = entry
        self._send = send
        self._may_read = may_read
        self._refresh_token_id = refresh_token_id
        self._instance: CameraInstance | None = None
        self._listening = False
        self._waiting: list[_News] = []
        """What is to be told, oldest first; `MOST_TOLD` at the most."""
        self._telling: asyncio.Task[None] | None = None

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Listen from now on; returns what ends it."""
        end = async_follow(self._hass, self._entry, self._async_attach)
        self._listening = True

        @callback
        def stop() -> None:
            end()
            if self._telling is not None:
                self._telling.cancel()

        return stop

    @callback
    def async_tell_progress(self) -> None:
        """Say how far the timelapse is that is being made, if there is one."""
        if self._instance is not None and (progress := self._instance.timelapses.progress):
            self._progressed(progress)

    @callback
    def _async_attach(self, instance: CameraInstance) -> CALLBACK_TYPE:
        if not self._may_read():
            return lambda: None
        self._instance = instance
        unsubscribe = [
            instance.media.async_add_listener(self._changed),
            instance.timelapses.async_add_listener(self._progressed),
        ]
        if self._listening:
            self._tell(None)

        @callback
        def detach() -> None:
            self._instance = None
            self._waiting = []
            for end in unsubscribe:
                end()

        return detach

    @callback
    def _changed(self, kind: MediaKind, change: MediaChange) -> None:
        if change.reset:
            self._send_later([None])
        else:
            added = [(kind, item) for item in change.added]
            self._send_later([*added, *((kind, name) for name in change.removed)])

    @callback
    def _send_later(self, news: list[_News]) -> None:
        """Tell of it in turns that are shared with all other subscribers, the first one now."""
        self._waiting += news
        if len(self._waiting) > MOST_TOLD:
            self._waiting = [None]
        if self._waiting and (self._telling is None or self._telling.done()):
            self._telling = self._hass.async_create_background_task(
                self._async_send_waiting(), f"retrocam news of {self._entry.title}"
            )

    async def _async_send_waiting(self) -> None:
        while self._waiting:
            await async_slices(self._hass).each(self._tell, self._taken())

    def _taken(self) -> Iterator[_News]:
        while self._waiting:
            yield self._waiting.pop(0)

    def _tell(self, news: _News) -> None:
        if self._instance is None or not self._may_read():
            return  # no longer
        if news is None:
            self._send({"type": "reset"})
            # Who lists everything anew has forgotten it.
            self.async_tell_progress()
            return
        kind, what = news
        if isinstance(what, str):
            identifier = content_id(self._entry.entry_id, kind, what)
            said = {"kind": kind, "filename": what, "media_content_id": identifier}
            self._send({"type": "deleted", **said})
        else:
            said = describe(self._hass, self._entry.entry_id, kind, what, self._refresh_token_id)
            self._send({"type": "saved", "kind": kind, "item": said})

    @callback
    def _progressed(self, progress: Progress) -> None:
        if self._instance is None or not self._may_read():
            return
        self._send({"type": "progress", "kind": MediaKind.TIMELAPSES, **progress_fields(progress)})
