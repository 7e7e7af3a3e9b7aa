"""The base of Retrocam's entities."""

from typing import override

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity

from .const import DOMAIN
from .instances import CameraInstance


class RetrocamEntity(Entity):
    """An entity of one instance; it reads from the instance and holds no state of its own."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, instance: CameraInstance, key: str) -> None:
        """Name the entity by `key`, which is also its translation key."""
        super().__init__()
        self.instance = instance
        self._attr_unique_id = f"{instance.entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, instance.entry.entry_id)},
            name=instance.entry.title,
            manufacturer="Retrocam",
            model=instance.kind.replace("_", " ").capitalize(),
            entry_type=DeviceEntryType.SERVICE,
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the instance's changes."""
        await super().async_added_to_hass()
        self.async_on_remove(self.instance.async_add_listener(self.async_write_ha_state))
