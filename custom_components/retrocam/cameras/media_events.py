"""What happens to the media of an instance, for those who listen: the event entity and automations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..camera_entity import camera_entity_id
from ..core.clips.writer import ClipResult
from ..core.library.index import MediaItem
from ..core.listeners import Listeners
from ..media.items import MediaKind, describe
from .history import Snapshot
from .timelapses import Export, Progress, described, progress_fields

EVENT_MEDIA: Final = "retrocam_media"
"""Fired on Home Assistant's bus with what is saved, but for snapshots, which may come each second."""
EVENT_PROGRESS: Final = "retrocam_timelapse_progress"
"""Fired on Home Assistant's bus with each percent, and with the end of an export."""


class MediaEvent(StrEnum):
    """The types of the media event."""

    CLIP_SAVED = "clip_saved"
    CLIP_SALVAGED = "clip_salvaged"
    SNAPSHOT_SAVED = "snapshot_saved"
    TIMELAPSE_SAVED = "timelapse_saved"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event."""

    kind: MediaEvent
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def lasting(self) -> dict[str, Any]:
        """The data without signed URLs: in a state or in the history they would be open doors."""
        return {key: value for key, value in self.data.items() if not key.endswith("url")}


type HappeningListener = Callable[[Happening], None]
"""Called in the event loop."""


class Happenings:
    """Tells what happens to the media of one instance. All methods run in the event loop."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Tell of the media of an entry; nobody listens yet."""
        self._hass = hass
        self._entry_id = entry_id
        self._listeners = Listeners[[Happening]]()

    @callback
    def async_add_listener(self, listener: HappeningListener) -> CALLBACK_TYPE:
        """Call `listener` with each event; returns what ends it."""
        return self._listeners.add(listener)

    @callback
    def async_clip_done(self, result: ClipResult) -> None:
        """Tell of each file of a clip; one outside of the library has nothing but a path."""
        for part in result.parts:
            said = {} if part.item is None else self._describe(MediaKind.RECORDINGS, part.item)
            said |= {"path": str(part.path), "complete": result.complete}
            self._tell(MediaEvent.CLIP_SAVED, said)

    @callback
    def async_clip_salvaged(self, item: MediaItem) -> None:
        """Tell of a clip that was finished after a crash."""
        self._tell(MediaEvent.CLIP_SALVAGED, self._describe(MediaKind.RECORDINGS, item))

    @callback
    def async_snapshot_saved(self, snapshot: Snapshot) -> None:
        """Tell of a snapshot."""
        said = self._describe(MediaKind.SNAPSHOTS, snapshot.item)
        said |= {"width": snapshot.width, "height": snapshot.height}
        self._tell(MediaEvent.SNAPSHOT_SAVED, said)

    @callback
    def async_timelapse_saved(self, export: Export) -> None:
        """Tell of a timelapse."""
        self._tell(MediaEvent.TIMELAPSE_SAVED, described(self._hass, self._entry_id, export))

    @callback
    def async_timelapse_progress(self, progress: Progress) -> None:
        """Tell how far a timelapse is: on the bus alone."""
        self._fire(EVENT_PROGRESS, progress_fields(progress))

    def _describe(self, kind: MediaKind, item: MediaItem) -> dict[str, Any]:
        return describe(self._hass, self._entry_id, kind, item)

    def _tell(self, kind: MediaEvent, data: dict[str, Any]) -> None:
        """Tell of an event, on Home Assistant's bus too unless it is a snapshot."""
        happening = Happening(kind, data)
        self._listeners.tell(happening)
        if kind is not MediaEvent.SNAPSHOT_SAVED:
            self._fire(EVENT_MEDIA, {"type": kind.value, **happening.lasting})

    def _fire(self, event: str, data: dict[str, Any]) -> None:
        entity_id = camera_entity_id(self._hass, self._entry_id)
        known = {"entry_id": self._entry_id, "entity_id": entity_id}
        self._hass.bus.async_fire(event, {**known, **data})
