"""The base of Retrocam's entities."""

from typing import Final, override

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
_REAL: Final = (KIND_CAMERA_URL, KIND_CAMERA_ENTITY)
"""Kinds with a camera behind them that can be touched: Home Assistant calls all else a service."""


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
            model=_MODELS[instance.kind],
            entry_type=None if instance.kind in _REAL else DeviceEntryType.SERVICE,
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the instance's changes."""
        await super().async_added_to_hass()
        self.async_on_remove(self.instance.async_add_listener(self.async_write_ha_state))


class DescribedEntity[Description: EntityDescription](RetrocamEntity):
    """An entity of which a description says all."""

    entity_description: Description

    def __init__(self, instance: CameraInstance, description: Description) -> None:
        """Make the entity of a description."""
        super().__init__(instance, description.key)
        self.entity_description = description
