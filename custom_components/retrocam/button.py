"""What can be asked for by a press."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.exceptions import invalid
from .actions.recordings import async_record
from .actions.snapshots import async_take_snapshot
from .cameras import CameraInstance, RetrocamConfigEntry
from .entity import DescribedEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamButtonDescription(ButtonEntityDescription):
    """What a button does to its instance."""

    press: Callable[[CameraInstance], Awaitable[object]]


async def _record_lookback(instance: CameraInstance) -> None:
    """Save what is held right now. Raises ServiceValidationError if that is nothing."""
    reach = instance.lookback.reach
    if not reach and instance.available:
        raise invalid("clip_empty", name=instance.name)
    await async_record(instance, lookback=reach, duration=0)


BUTTONS = (
    RetrocamButtonDescription(
        key="take_snapshot", translation_key="take_snapshot", press=async_take_snapshot
    ),
    RetrocamButtonDescription(
        key="record_lookback", translation_key="record_lookback", press=_record_lookback
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of an instance."""
    async_add_entities(RetrocamButton(entry.runtime_data, description) for description in BUTTONS)


class RetrocamButton(DescribedEntity[RetrocamButtonDescription], ButtonEntity):
    """A press on it does something with an instance."""

    entity_description: RetrocamButtonDescription

    @override
    async def async_press(self) -> None:
        """Do it."""
        await self.entity_description.press(self.instance)
