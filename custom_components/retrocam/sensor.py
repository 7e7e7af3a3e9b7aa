"""Figures about a camera."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfInformation, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .cameras import CameraInstance, RetrocamConfigEntry
from .entity import DescribedEntity

PARALLEL_UPDATES = 0
SCAN_INTERVAL = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class RetrocamSensorDescription(SensorEntityDescription):
    """What a sensor reads from its instance."""

    value: Callable[[CameraInstance], StateType | datetime]


def _frame_size(instance: CameraInstance) -> str | None:
    size = instance.ring.frame_size
    return f"{size[0]}x{size[1]}" if size else None


def _last_snapshot(instance: CameraInstance) -> datetime | None:
    newest = instance.media.snapshots.newest
    return None if newest is None else dt_util.utc_from_timestamp(newest.time)


SENSORS = (
    RetrocamSensorDescription(
        key="lookback_available",
        translation_key="lookback_available",
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        value=lambda instance: round(instance.ring.available, 1),
    ),
    RetrocamSensorDescription(
        key="lookback_size",
        translation_key="lookback_size",
        device_class=SensorDeviceClass.DATA_SIZE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfInformation.BYTES,
        suggested_unit_of_measurement=UnitOfInformation.MEGABYTES,
        suggested_display_precision=0,
        value=lambda instance: instance.ring.size,
    ),
    RetrocamSensorDescription(
        key="recordings",
        translation_key="recordings",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda instance: instance.media.recordings.total if instance.media.loaded else None,
    ),
    RetrocamSensorDescription(
        key="snapshots",
        translation_key="snapshots",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda instance: instance.media.snapshots.total if instance.media.loaded else None,
    ),
    RetrocamSensorDescription(
        key="last_snapshot",
        translation_key="last_snapshot",
        device_class=SensorDeviceClass.TIMESTAMP,
        value=_last_snapshot,
    ),
    RetrocamSensorDescription(
        key="storage_used",
        translation_key="storage_used",
        device_class=SensorDeviceClass.DATA_SIZE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfInformation.BYTES,
        suggested_unit_of_measurement=UnitOfInformation.MEGABYTES,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda instance: instance.media.total_bytes if instance.media.loaded else None,
    ),
    RetrocamSensorDescription(
        key="fps",
        translation_key="fps",
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement="fps",
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=lambda instance: instance.ring.fps,
    ),
    RetrocamSensorDescription(
        key="frame_size",
        translation_key="frame_size",
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value=_frame_size,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of an instance."""
    async_add_entities(RetrocamSensor(entry.runtime_data, description) for description in SENSORS)


class RetrocamSensor(DescribedEntity[RetrocamSensorDescription], SensorEntity):
    """A figure about an instance; polled, since it changes with every picture."""

    entity_description: RetrocamSensorDescription
    _attr_should_poll = True

    @property
    @override
    def native_value(self) -> StateType | datetime:
        """Read the instance."""
        return self.entity_description.value(self.instance)
