"""The link from the device of a wrapping entry to the device of the camera that it wraps."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN


@callback
def async_link_device(hass: HomeAssistant, entry_id: str, source_entity_id: str | None) -> None:
    """Set the `via_device` of an entry's device to the device of a camera entity, if it has one."""
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier((DOMAIN, entry_id), entry_id)
    if device is None:
        return
    source = _device_of(hass, source_entity_id)
    via = None if source is None or source.id == device.id else source.id
    if via != device.via_device_id:
        registry.async_update_device(device.id, via_device_id=via)


def _device_of(hass: HomeAssistant, entity_id: str | None) -> dr.DeviceEntry | None:
    """Return the device of an entity; of a child device its parent, since no device is via a child."""
    entity = er.async_get(hass).async_get(entity_id) if entity_id else None
    if entity is None or entity.device_id is None:
        return None
    registry = dr.async_get(hass)
    device = registry.async_get(entity.device_id, include_composite_devices=False)
    if isinstance(device, dr.ChildDeviceEntry):
        return registry.async_get(device.parent_device_id, include_child_devices=False)
    return device
