"""What happens to the media of an instance, for those who listen: the event entity and automations."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, callback

from ..core.listeners import Listeners

if TYPE_CHECKING:
    from .base import CameraInstance

EVENT_MEDIA: Final = "retrocam_media"
"""Fired on Home Assistant's bus with what is saved, but for snapshots, which may come each second."""


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

    def __init__(self, instance: CameraInstance) -> None:
        """Tell of `instance`; nobody listens yet."""
        self._instance = instance
        self._listeners = Listeners[[Happening]]()

    @callback
    def async_add_listener(self, listener: HappeningListener) -> CALLBACK_TYPE:
        """Call `listener` with each event; returns what ends it."""
        return self._listeners.add(listener)

    @callback
    def async_tell(self, kind: MediaEvent, data: dict[str, Any]) -> None:
        """Tell of an event, on Home Assistant's bus too unless it is a snapshot."""
        happening = Happening(kind, data)
        self._listeners.tell(happening)
        if kind is not MediaEvent.SNAPSHOT_SAVED:
            instance = self._instance
            known = {"entry_id": instance.entry.entry_id, "entity_id": instance.camera_entity_id}
            instance.hass.bus.async_fire(
                EVENT_MEDIA, {**known, "type": kind.value, **happening.lasting}
            )
