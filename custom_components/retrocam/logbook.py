"""Logbook entries for saved media."""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback

from .cameras.media_events import EVENT_MEDIA, MediaEventType
from .const import DOMAIN
from .translations import translate

_MESSAGES: Final = {
    MediaEventType.CLIP_SAVED: "logbook_clip_saved",
    MediaEventType.CLIP_SALVAGED: "logbook_clip_salvaged",
    MediaEventType.TIMELAPSE_SAVED: "logbook_timelapse_saved",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None],
) -> None:
    """Register the description of the event `EVENT_MEDIA`."""

    @callback
    def describe(event: Event) -> dict[str, Any]:
        entity_id = event.data[ATTR_ENTITY_ID]
        state = hass.states.get(entity_id)
        seconds = str(round(event.data.get("duration") or 0))
        return {
            LOGBOOK_ENTRY_NAME: entity_id if state is None else state.name,
            LOGBOOK_ENTRY_MESSAGE: translate(hass, _MESSAGES[event.data["type"]], seconds=seconds),
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
        }

    async_describe_event(DOMAIN, EVENT_MEDIA, describe)
