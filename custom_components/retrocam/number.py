"""Figures that can be set while it runs."""

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
from .settings import INTERVAL_SEC, LOOKBACK_SECONDS

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamNumberDescription(NumberEntityDescription):
    """What a number reads from its instance, and what it does to it."""

    value: Callable[[CameraInstance], int]
    set: Callable[[CameraInstance, int], None]


NUMBERS = (
    RetrocamNumberDescription(
        key="lookback_seconds",
        translation_key="lookback_seconds",
        entity_category=EntityCategory.CONFIG,
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        native_min_value=LOOKBACK_SECONDS.start,
        native_max_value=LOOKBACK_SECONDS.stop - 1,
        native_step=1,
        mode=NumberMode.BOX,
        value=lambda instance: instance.lookback.seconds,
        set=lambda instance, value: instance.lookback.async_set_seconds(value),
    ),
    RetrocamNumberDescription(
        key="interval_sec",
        translation_key="interval_sec",
        entity_category=EntityCategory.CONFIG,
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        native_min_value=INTERVAL_SEC.start,
        native_max_value=INTERVAL_SEC.stop - 1,
        native_step=1,
        mode=NumberMode.BOX,
        value=lambda instance: instance.history.interval,
        set=lambda instance, value: instance.history.async_set_interval(value),
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
    """A figure of an instance."""

    entity_description: RetrocamNumberDescription

    @property
    @override
    def native_value(self) -> int:
        """Read the instance."""
        return self.entity_description.value(self.instance)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Change the instance, at once."""
        self.entity_description.set(self.instance, int(value))
