"""Events of a camera's media."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cameras import CameraInstance, RetrocamConfigEntry
from .cameras.media_events import Happening, MediaEvent
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
    """A clip, a snapshot or a timelapse was saved."""

    _attr_translation_key = "media"

    def __init__(self, instance: CameraInstance) -> None:
        """Make the entity; the instance tells."""
        super().__init__(instance, "media")
        self._attr_event_types = list(MediaEvent)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the instance."""
        await super().async_added_to_hass()
        self.async_on_remove(self.instance.happenings.async_add_listener(self._async_happened))

    @callback
    def _async_happened(self, happening: Happening) -> None:
        self._trigger_event(happening.kind, happening.lasting)
        self.async_write_ha_state()
