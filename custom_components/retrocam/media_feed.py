"""What happens to the media of one entry, told to one subscriber for as long as it listens.

When an entry is loaded, or loaded anew, the feed goes over to the new instance and says `reset`, since
things may have happened in between.
"""

from collections.abc import Callable
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .core.catalog import MediaChange
from .following import async_follow
from .instances import CameraInstance, RetrocamConfigEntry
from .instances.timelapses import Progress, progress_fields
from .media_items import MediaKind, content_id, describe


class MediaFeed:
    """Tells of saved and deleted files, and of how far a timelapse is. All in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: RetrocamConfigEntry,
        send: Callable[[dict[str, Any]], None],
        may_read: Callable[[CameraInstance], bool],
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

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Listen from now on; returns what ends it."""
        end = async_follow(self._hass, self._entry, self._async_attach)
        self._listening = True
        return end

    @callback
    def async_tell_progress(self) -> None:
        """Say how far the timelapse is that is being made, if there is one."""
        if self._instance is not None and (progress := self._instance.timelapses.progress):
            self._progressed(progress)

    @callback
    def _async_attach(self, instance: CameraInstance) -> CALLBACK_TYPE:
        if not self._may_read(instance):
            return lambda: None
        self._instance = instance
        unsubscribe = [
            instance.media.async_add_listener(self._changed),
            instance.timelapses.async_add_listener(self._progressed),
        ]
        if self._listening:
            self._send({"type": "reset"})
            self.async_tell_progress()

        @callback
        def detach() -> None:
            self._instance = None
            for end in unsubscribe:
                end()

        return detach

    @callback
    def _changed(self, kind: MediaKind, change: MediaChange) -> None:
        instance = self._instance
        assert instance is not None  # noqa: S101  # it is what told
        if not self._may_read(instance):
            return  # no longer
        if change.reset:
            self._send({"type": "reset"})
        for item in change.added:
            said = describe(self._hass, instance, kind, item, self._refresh_token_id)
            self._send({"type": "saved", "kind": kind, "item": said})
        for name in change.removed:
            identifier = content_id(self._entry.entry_id, kind, name)
            self._send(
                {
                    "type": "deleted",
                    "kind": kind,
                    "filename": name,
                    "media_content_id": identifier,
                }
            )

    @callback
    def _progressed(self, progress: Progress) -> None:
        instance = self._instance
        if instance is None or not self._may_read(instance):
            return
        self._send({"type": "progress", "kind": MediaKind.TIMELAPSES, **progress_fields(progress)})
