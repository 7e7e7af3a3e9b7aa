"""The event entity of saved media."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cameras import CameraInstance, RetrocamConfigEntry
from .cameras.media_events import MediaEvent, MediaEventType
from .entity import RetrocamEntity

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entity of an instance."""
    async_add_entities([RetrocamMediaEvent(entry.runtime_data)])


class RetrocamMediaEvent(RetrocamEntity, EventEntity):
    """Fires when a clip, a snapshot or a timelapse was saved."""

    _attr_translation_key = "media"

    def __init__(self, instance: CameraInstance) -> None:
        super().__init__(instance, "media")
        self._attr_event_types = list(MediaEventType)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.instance.media_events.listeners.add(self._async_fire))

    @callback
    def _async_fire(self, event: MediaEvent) -> None:
        self._trigger_event(event.kind, event.persistent_data)
        self.async_write_ha_state()
