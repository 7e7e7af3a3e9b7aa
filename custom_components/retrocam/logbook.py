"""The logbook's words for what Retrocam saves."""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback

from .cameras.media_events import EVENT_MEDIA, MediaEvent
from .const import DOMAIN
from .translated import text

_MESSAGES: Final = {
    MediaEvent.CLIP_SAVED: "logbook_clip_saved",
    MediaEvent.CLIP_SALVAGED: "logbook_clip_salvaged",
    MediaEvent.TIMELAPSE_SAVED: "logbook_timelapse_saved",
}


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None],
) -> None:
    """Describe the event that is fired with what is saved."""

    @callback
    def describe(event: Event) -> dict[str, Any]:
        entity_id = event.data[ATTR_ENTITY_ID]
        state = hass.states.get(entity_id)
        seconds = round(event.data.get("duration") or 0)
        return {
            LOGBOOK_ENTRY_NAME: entity_id if state is None else state.name,
            LOGBOOK_ENTRY_MESSAGE: text(hass, _MESSAGES[event.data["type"]], seconds=str(seconds)),
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
        }

    async_describe_event(DOMAIN, EVENT_MEDIA, describe)
