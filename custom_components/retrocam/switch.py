"""What can be switched while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cameras import CameraInstance, RetrocamConfigEntry
from .entity import DescribedEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamSwitchDescription(SwitchEntityDescription):
    """What a switch reads from its instance, and what it does to it."""

    value: Callable[[CameraInstance], bool]
    switch: Callable[[CameraInstance, bool], None]


SWITCHES = (
    RetrocamSwitchDescription(
        key="lookback",
        translation_key="lookback",
        entity_category=EntityCategory.CONFIG,
        value=lambda instance: instance.lookback.enabled,
        switch=lambda instance, on: instance.lookback.async_set_enabled(enabled=on),
    ),
    RetrocamSwitchDescription(
        key="history",
        translation_key="history",
        entity_category=EntityCategory.CONFIG,
        value=lambda instance: instance.history.enabled,
        switch=lambda instance, on: instance.history.async_set_enabled(enabled=on),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of an instance."""
    async_add_entities(RetrocamSwitch(entry.runtime_data, description) for description in SWITCHES)


class RetrocamSwitch(DescribedEntity[RetrocamSwitchDescription], SwitchEntity):
    """Something of an instance that is on or off."""

    entity_description: RetrocamSwitchDescription

    @property
    @override
    def is_on(self) -> bool:
        """Read the instance."""
        return self.entity_description.value(self.instance)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch it on."""
        self.entity_description.switch(self.instance, True)  # noqa: FBT003  # a switch is on or off

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch it off."""
        self.entity_description.switch(self.instance, False)  # noqa: FBT003  # a switch is on or off
