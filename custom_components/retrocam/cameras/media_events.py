"""Events of an instance's media: for the event entity, and on Home Assistant's bus."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..camera_entity import camera_entity_id
from ..core.clips.result import ClipResult
from ..core.library.index import MediaItem
from ..core.listeners import Listeners
from ..media.items import MediaKind, describe
from .history import Snapshot
from .timelapses import Export, Progress, describe_timelapse, progress_fields

EVENT_MEDIA: Final = "retrocam_media"
"""Bus event for each saved file except snapshots, of which there may be one per second."""
EVENT_PROGRESS: Final = "retrocam_timelapse_progress"
"""Bus event for each percent, and for the end, of an export."""


class MediaEventType(StrEnum):
    """Types of the event entity."""

    CLIP_SAVED = "clip_saved"
    CLIP_SALVAGED = "clip_salvaged"
    SNAPSHOT_SAVED = "snapshot_saved"
    TIMELAPSE_SAVED = "timelapse_saved"


@dataclass(frozen=True, slots=True)
class MediaEvent:
    """A saved media file."""

    kind: MediaEventType
    data: dict[str, Any]

    @property
    def persistent_data(self) -> dict[str, Any]:
        """The data without signed URLs, which must not get into states, the bus or the recorder."""
        return {key: value for key, value in self.data.items() if not key.endswith("url")}


class MediaEvents:
    """Sends the media events of one instance. All methods run in the event loop."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        self._hass = hass
        self._entry_id = entry_id
        self._describe = partial(describe, hass, entry_id)
        self.listeners = Listeners[[MediaEvent]]()

    @callback
    def async_clip_done(self, result: ClipResult) -> None:
        """Send an event for each file of a clip; files outside the library only have a path."""
        for file in result.parts:
            data = {} if file.item is None else self._describe(MediaKind.RECORDINGS, file.item)
            data |= {"path": str(file.path), "complete": result.complete}
            self._send(MediaEventType.CLIP_SAVED, data)

    @callback
    def async_clip_recovered(self, item: MediaItem) -> None:
        """Send an event for a clip that was recovered after a crash."""
        self._send(MediaEventType.CLIP_SALVAGED, self._describe(MediaKind.RECORDINGS, item))

    @callback
    def async_snapshot_saved(self, snapshot: Snapshot) -> None:
        """Send an event for a snapshot, to listeners only."""
        data = self._describe(MediaKind.SNAPSHOTS, snapshot.item)
        data |= {"width": snapshot.width, "height": snapshot.height}
        self._send(MediaEventType.SNAPSHOT_SAVED, data)

    @callback
    def async_timelapse_saved(self, export: Export) -> None:
        """Send an event for a timelapse."""
        data = describe_timelapse(self._hass, self._entry_id, export)
        self._send(MediaEventType.TIMELAPSE_SAVED, data)

    @callback
    def async_timelapse_progress(self, progress: Progress) -> None:
        """Fire the progress of an export, on the bus only."""
        self._fire(EVENT_PROGRESS, progress_fields(progress))

    def _send(self, kind: MediaEventType, data: dict[str, Any]) -> None:
        event = MediaEvent(kind, data)
        self.listeners.notify(event)
        if kind is not MediaEventType.SNAPSHOT_SAVED:
            self._fire(EVENT_MEDIA, {"type": kind.value, **event.persistent_data})

    def _fire(self, event_type: str, data: dict[str, Any]) -> None:
        entity_id = camera_entity_id(self._hass, self._entry_id)
        ids = {"entry_id": self._entry_id, "entity_id": entity_id}
        self._hass.bus.async_fire(event_type, {**ids, **data})
