"""Base classes of Retrocam's entities."""

from typing import Final, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription

from .cameras import CameraInstance
from .const import (
    DOMAIN,
    KIND_ASCII_PLAYER,
    KIND_CAMERA_ENTITY,
    KIND_CAMERA_URL,
    KIND_DEMO,
    KIND_GRID,
)

_MODELS: Final = {
    KIND_CAMERA_URL: "Camera by URL",
    KIND_CAMERA_ENTITY: "Camera of another integration",
    KIND_DEMO: "Demo camera",
    KIND_GRID: "Grid of cameras",
    KIND_ASCII_PLAYER: "ASCII player",
}
_PHYSICAL: Final = (KIND_CAMERA_URL, KIND_CAMERA_ENTITY)
"""Kinds with a physical camera; the devices of all others have the entry type `service`."""


class RetrocamEntity(Entity):
    """An entity of one instance, without state of its own."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, instance: CameraInstance, key: str) -> None:
        super().__init__()
        self.instance = instance
        is_physical = instance.kind in _PHYSICAL
        self._attr_unique_id = f"{instance.entry.entry_id}_{key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, instance.entry.entry_id)},
            name=instance.entry.title,
            # The maker of a physical camera is not known.
            manufacturer=None if is_physical else "Retrocam",
            model=_MODELS[instance.kind],
            entry_type=None if is_physical else DeviceEntryType.SERVICE,
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for changes of the instance."""
        await super().async_added_to_hass()
        self.async_on_remove(self.instance.async_add_listener(self._async_instance_changed))

    @callback
    def _async_instance_changed(self) -> None:
        """Write the state after each change of the instance."""
        self.async_write_ha_state()


class DescribedEntity[Description: EntityDescription](RetrocamEntity):
    """An entity defined by a description, whose key is also the translation key."""

    entity_description: Description

    def __init__(self, instance: CameraInstance, description: Description) -> None:
        super().__init__(instance, description.key)
        self._attr_translation_key = description.key
        self.entity_description = description
