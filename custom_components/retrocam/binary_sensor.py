"""Binary sensors: connected, recording."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cameras import CameraInstance, RetrocamConfigEntry
from .entity import DescribedEntity

PARALLEL_UPDATES = 0
SCAN_INTERVAL = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class RetrocamBinarySensorDescription(BinarySensorEntityDescription):
    """Description of a binary sensor."""

    value: Callable[[CameraInstance], bool]


BINARY_SENSORS = (
    RetrocamBinarySensorDescription(
        key="connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda instance: instance.connected,
    ),
    RetrocamBinarySensorDescription(
        key="recording",
        device_class=BinarySensorDeviceClass.RUNNING,
        value=lambda instance: instance.recorder.active > 0,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of an instance."""
    async_add_entities(
        RetrocamBinarySensor(entry.runtime_data, description) for description in BINARY_SENSORS
    )


class RetrocamBinarySensor(DescribedEntity[RetrocamBinarySensorDescription], BinarySensorEntity):
    """A binary sensor of an instance; polled, since a stream that stalls notifies no listener."""

    entity_description: RetrocamBinarySensorDescription
    _attr_should_poll = True

    @property
    @override
    def is_on(self) -> bool:
        return self.entity_description.value(self.instance)
