"""Whether a source is connected."""

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
    """What a binary sensor reads from its instance."""

    value: Callable[[CameraInstance], bool]


BINARY_SENSORS = (
    RetrocamBinarySensorDescription(
        key="connected",
        translation_key="connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda instance: instance.connected,
    ),
    RetrocamBinarySensorDescription(
        key="recording",
        translation_key="recording",
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
    """A yes or no about an instance; polled, since silence sends no event."""

    entity_description: RetrocamBinarySensorDescription
    _attr_should_poll = True

    @property
    @override
    def is_on(self) -> bool:
        """Read the instance."""
        return self.entity_description.value(self.instance)
