"""The camera entity that belongs to an entry of Retrocam."""

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN


@callback
def camera_entity_id(hass: HomeAssistant, entry_id: str) -> str:
    """Return the id of an entry's camera entity, or a stand-in while there is none."""
    found = er.async_get(hass).async_get_entity_id(CAMERA_DOMAIN, DOMAIN, f"{entry_id}_camera")
    return found or f"{CAMERA_DOMAIN}.{entry_id.lower()}"
