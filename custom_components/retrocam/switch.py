"""Switches: lookback, snapshot history, tape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cameras import CameraInstance, RetrocamConfigEntry
from .cameras.history import History
from .cameras.lookback import Lookback
from .cameras.tape import Tape
from .entity import DescribedEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamSwitchDescription(SwitchEntityDescription):
    """Description of a switch."""

    entity_category: EntityCategory = EntityCategory.CONFIG
    feature: Callable[[CameraInstance], Lookback | History | Tape]


SWITCHES = (
    RetrocamSwitchDescription(key="lookback", feature=lambda instance: instance.lookback),
    RetrocamSwitchDescription(key="history", feature=lambda instance: instance.history),
    RetrocamSwitchDescription(key="tape", feature=lambda instance: instance.tape),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of an instance."""
    async_add_entities(RetrocamSwitch(entry.runtime_data, description) for description in SWITCHES)


class RetrocamSwitch(DescribedEntity[RetrocamSwitchDescription], SwitchEntity):
    """Turns a feature of an instance on and off."""

    entity_description: RetrocamSwitchDescription

    @property
    @override
    def is_on(self) -> bool:
        return self.entity_description.feature(self.instance).enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        self.entity_description.feature(self.instance).async_set_enabled(enabled=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        self.entity_description.feature(self.instance).async_set_enabled(enabled=False)
