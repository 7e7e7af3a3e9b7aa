"""Sensors: lookback, tape, media and stream of an instance."""

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
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .cameras import CameraInstance, RetrocamConfigEntry
from .entity import DescribedEntity

PARALLEL_UPDATES = 0
SCAN_INTERVAL = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class RetrocamSensorDescription(SensorEntityDescription):
    """Description of a sensor: a figure that few people need, thus disabled by default."""

    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    entity_registry_enabled_default: bool = False
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    value: Callable[[CameraInstance], StateType | datetime]
    is_quick: bool = False
    """Whether the value changes with every frame or file: written when polled, not at each change."""
    needs_camera: bool = False
    """Whether the sensor is unavailable while the camera is."""


def _frame_size(instance: CameraInstance) -> str | None:
    size = instance.frame_size
    return f"{size[0]}x{size[1]}" if size else None


def _last_snapshot(instance: CameraInstance) -> datetime | None:
    newest = instance.media.snapshots.newest
    return None if newest is None else dt_util.utc_from_timestamp(newest.time)


SENSORS = (
    RetrocamSensorDescription(
        key="lookback_available",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        is_quick=True,
        value=lambda instance: round(instance.ring.available, 1),
    ),
    RetrocamSensorDescription(
        key="lookback_size",
        device_class=SensorDeviceClass.DATA_SIZE,
        native_unit_of_measurement=UnitOfInformation.BYTES,
        suggested_unit_of_measurement=UnitOfInformation.MEGABYTES,
        suggested_display_precision=0,
        is_quick=True,
        value=lambda instance: instance.ring.size,
    ),
    RetrocamSensorDescription(
        key="tape_available",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_unit_of_measurement=UnitOfTime.HOURS,
        suggested_display_precision=1,
        is_quick=True,
        value=lambda instance: round(instance.tape.seconds),
    ),
    RetrocamSensorDescription(
        key="tape_size",
        device_class=SensorDeviceClass.DATA_SIZE,
        native_unit_of_measurement=UnitOfInformation.BYTES,
        suggested_unit_of_measurement=UnitOfInformation.MEGABYTES,
        suggested_display_precision=0,
        is_quick=True,
        value=lambda instance: instance.tape.size,
    ),
    RetrocamSensorDescription(
        key="recordings",
        value=lambda instance: instance.media.recordings.total if instance.media.loaded else None,
    ),
    RetrocamSensorDescription(
        key="snapshots",
        value=lambda instance: instance.media.snapshots.total if instance.media.loaded else None,
    ),
    RetrocamSensorDescription(
        key="last_snapshot",
        state_class=None,
        device_class=SensorDeviceClass.TIMESTAMP,
        value=_last_snapshot,
    ),
    RetrocamSensorDescription(
        key="storage_used",
        device_class=SensorDeviceClass.DATA_SIZE,
        native_unit_of_measurement=UnitOfInformation.BYTES,
        suggested_unit_of_measurement=UnitOfInformation.MEGABYTES,
        suggested_display_precision=0,
        is_quick=True,
        value=lambda instance: instance.media.total_bytes if instance.media.loaded else None,
    ),
    RetrocamSensorDescription(
        key="fps",
        native_unit_of_measurement="fps",
        suggested_display_precision=1,
        is_quick=True,
        needs_camera=True,
        value=lambda instance: instance.ring.fps,
    ),
    RetrocamSensorDescription(
        key="frame_size",
        state_class=None,
        needs_camera=True,
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
    """A sensor of an instance; polled, since most values change with every frame."""

    entity_description: RetrocamSensorDescription
    _attr_should_poll = True
    _was_available = True

    @property
    @override
    def available(self) -> bool:
        return self.instance.available or not self.entity_description.needs_camera

    @callback
    @override
    def _async_instance_changed(self) -> None:
        """Write the state, that of a quick figure only if its availability has changed."""
        was_available, self._was_available = self._was_available, self.available
        if not self.entity_description.is_quick or self.available != was_available:
            super()._async_instance_changed()

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value(self.instance)
