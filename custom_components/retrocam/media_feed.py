"""What happens to the media of one entry, told to one subscriber for as long as it listens.

An entry that is reloaded gets a new instance, and one may be subscribed to before it is loaded, as
dashboards do that come back while Home Assistant starts: the feed goes over to the new instance, and
says `reset`, since things may have happened in between.
"""

from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .core.catalog import MediaChange
from .instances import CameraInstance
from .instances.timelapses import Progress, progress_fields
from .media_items import MediaKind, content_id, describe


class MediaFeed:
    """Tells of saved and deleted files, and of how far a timelapse is. All in the event loop."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        send: Callable[[dict[str, Any]], None],
        may_read: Callable[[CameraInstance], bool],
    ) -> None:
        """Take where to `send` events; nothing is listened to before `async_start`."""
        self._hass = hass
        self._entry = entry
        self._send = send
        self._may_read = may_read
        self._instance: CameraInstance | None = None
        self._unsubscribe: list[CALLBACK_TYPE] = []

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Listen from now on; returns what ends it."""
        end = async_dispatcher_connect(
            self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_entry_changed
        )
        self._async_attach()

        @callback
        def stop() -> None:
            end()
            self._async_detach()

        return stop

    @callback
    def async_tell_progress(self) -> None:
        """Say how far the timelapse is that is being made, if there is one."""
        if self._instance is not None and (progress := self._instance.timelapses.progress):
            self._progressed(progress)

    @callback
    def _async_entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry is not self._entry:
            return
        if entry.state is not ConfigEntryState.LOADED:
            self._async_detach()
        elif self._instance is not entry.runtime_data:
            self._async_detach()
            self._async_attach()
            if self._instance is not None:
                self._send({"type": "reset"})
                self.async_tell_progress()

    @callback
    def _async_attach(self) -> None:
        if self._entry.state is not ConfigEntryState.LOADED:
            return
        instance: CameraInstance = self._entry.runtime_data
        if not self._may_read(instance):
            return
        self._instance = instance
        self._unsubscribe = [
            instance.media.async_add_listener(self._changed),
            instance.timelapses.async_add_listener(self._progressed),
        ]

    @callback
    def _async_detach(self) -> None:
        self._instance = None
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []

    @callback
    def _changed(self, kind: MediaKind, change: MediaChange) -> None:
        instance = self._instance
        assert instance is not None  # noqa: S101  # it is what told
        if change.reset:
            self._send({"type": "reset"})
        for item in change.added:
            said = describe(self._hass, instance, kind, item)
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
        self._send({"type": "progress", "kind": MediaKind.TIMELAPSES, **progress_fields(progress)})
