"""Buttons: take a snapshot, save the lookback."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .actions.exceptions import validation_error
from .actions.recordings import async_record, async_require_stream
from .actions.snapshots import async_take_snapshot
from .cameras import CameraInstance, RetrocamConfigEntry
from .entity import DescribedEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamButtonDescription(ButtonEntityDescription):
    """Description of a button."""

    press: Callable[[CameraInstance], Awaitable[object]]


async def _record_lookback(instance: CameraInstance) -> None:
    """Save the lookback, of memory and tape, as a clip. Raises ServiceValidationError if it is empty."""
    reach = instance.lookback.max_seconds
    if not reach:
        await async_require_stream(instance)
        key = "clip_empty" if instance.available else "camera_unavailable"
        raise validation_error(key, name=instance.name)
    await async_record(instance, lookback=reach, duration=0)


BUTTONS = (
    RetrocamButtonDescription(key="take_snapshot", press=async_take_snapshot),
    RetrocamButtonDescription(key="record_lookback", press=_record_lookback),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of an instance."""
    async_add_entities(RetrocamButton(entry.runtime_data, description) for description in BUTTONS)


class RetrocamButton(DescribedEntity[RetrocamButtonDescription], ButtonEntity):
    """A button of an instance."""

    entity_description: RetrocamButtonDescription

    @override
    async def async_press(self) -> None:
        await self.entity_description.press(self.instance)
