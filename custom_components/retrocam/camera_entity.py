"""The camera entity of a Retrocam entry."""

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN


@callback
def camera_entity_id(hass: HomeAssistant, entry_id: str) -> str:
    """Return the entity id of an entry's camera, or a placeholder id before it is registered."""
    entity_id = er.async_get(hass).async_get_entity_id(CAMERA_DOMAIN, DOMAIN, f"{entry_id}_camera")
    return entity_id or f"{CAMERA_DOMAIN}.{entry_id.lower()}"
