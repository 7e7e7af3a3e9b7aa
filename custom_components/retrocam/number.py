"""Numbers: the length of the lookback, the interval of snapshots, the hours of tape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cameras import CameraInstance, RetrocamConfigEntry
from .entity import DescribedEntity
from .settings import INTERVAL_SEC, LOOKBACK_SECONDS, TAPE_HOURS

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamNumberDescription(NumberEntityDescription):
    """Description of a number: a duration in whole units, which is an option as well."""

    device_class: NumberDeviceClass = NumberDeviceClass.DURATION
    entity_category: EntityCategory = EntityCategory.CONFIG
    entity_registry_enabled_default: bool = False
    mode: NumberMode = NumberMode.BOX
    native_step: float = 1
    native_unit_of_measurement: str = UnitOfTime.SECONDS
    value: Callable[[CameraInstance], int]
    set: Callable[[CameraInstance, int], None]


NUMBERS = (
    RetrocamNumberDescription(
        key="lookback_seconds",
        native_min_value=LOOKBACK_SECONDS.start,
        native_max_value=LOOKBACK_SECONDS.stop - 1,
        value=lambda instance: instance.lookback.seconds,
        set=lambda instance, value: instance.lookback.async_set_seconds(value),
    ),
    RetrocamNumberDescription(
        key="interval_sec",
        native_min_value=INTERVAL_SEC.start,
        native_max_value=INTERVAL_SEC.stop - 1,
        value=lambda instance: instance.history.interval,
        set=lambda instance, value: instance.history.async_set_interval(value),
    ),
    RetrocamNumberDescription(
        key="tape_hours",
        native_unit_of_measurement=UnitOfTime.HOURS,
        native_min_value=TAPE_HOURS.start,
        native_max_value=TAPE_HOURS.stop - 1,
        value=lambda instance: instance.tape.hours,
        set=lambda instance, value: instance.tape.async_set_hours(value),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of an instance."""
    async_add_entities(RetrocamNumber(entry.runtime_data, description) for description in NUMBERS)


class RetrocamNumber(DescribedEntity[RetrocamNumberDescription], NumberEntity):
    """A number of an instance."""

    entity_description: RetrocamNumberDescription

    @property
    @override
    def native_value(self) -> int:
        return self.entity_description.value(self.instance)

    @override
    async def async_set_native_value(self, value: float) -> None:
        self.entity_description.set(self.instance, int(value))
