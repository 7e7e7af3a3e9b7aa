"""Selects: the layout of a grid, the preset and charset of an ASCII player."""

from collections.abc import Callable
import contextlib
from dataclasses import dataclass
from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import RestoredExtraData, RestoreEntity

from .cameras import CameraInstance, RetrocamConfigEntry
from .cameras.grid import GridCamera
from .cameras.player import AsciiPlayer
from .core.ascii.presets import CHARSETS, PRESETS
from .core.errors import NotAMemberError
from .core.grid.layout import Layout
from .entity import DescribedEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamSelectDescription(SelectEntityDescription):
    """Description of a select."""

    supported: Callable[[CameraInstance], bool]
    value: Callable[[CameraInstance], str]
    select: Callable[[CameraInstance, str], None]


def _grid(instance: CameraInstance) -> GridCamera:
    assert isinstance(instance, GridCamera)  # noqa: S101  # checked by `supported`
    return instance


def _player(instance: CameraInstance) -> AsciiPlayer:
    assert isinstance(instance, AsciiPlayer)  # noqa: S101  # checked by `supported`
    return instance


SELECTS = (
    RetrocamSelectDescription(
        key="layout",
        options=[layout.value for layout in Layout],
        supported=lambda instance: isinstance(instance, GridCamera),
        value=lambda instance: _grid(instance).layout,
        select=lambda instance, option: _grid(instance).async_set_view(Layout(option)),
    ),
    RetrocamSelectDescription(
        key="preset",
        entity_category=EntityCategory.CONFIG,
        options=list(PRESETS),
        supported=lambda instance: isinstance(instance, AsciiPlayer),
        value=lambda instance: _player(instance).style.preset,
        select=lambda instance, option: _player(instance).async_set_style(preset=option),
    ),
    RetrocamSelectDescription(
        key="charset",
        entity_category=EntityCategory.CONFIG,
        options=list(CHARSETS),
        supported=lambda instance: isinstance(instance, AsciiPlayer),
        value=lambda instance: _player(instance).style.charset,
        select=lambda instance, option: _player(instance).async_set_style(charset=option),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects of an instance."""
    instance = entry.runtime_data
    async_add_entities(
        (LayoutSelect if description.key == "layout" else RetrocamSelect)(instance, description)
        for description in SELECTS
        if description.supported(instance)
    )


class RetrocamSelect(DescribedEntity[RetrocamSelectDescription], SelectEntity):
    """A select of an instance."""

    entity_description: RetrocamSelectDescription

    @property
    @override
    def current_option(self) -> str:
        return self.entity_description.value(self.instance)

    @override
    async def async_select_option(self, option: str) -> None:
        self.entity_description.select(self.instance, option)


class LayoutSelect(RetrocamSelect, RestoreEntity):
    """The layout of a grid; restores layout and main camera after a restart."""

    instance: GridCamera

    @property
    @override
    def extra_restore_state_data(self) -> RestoredExtraData:
        """Return the view, and the option, which overrides the stored view once it is changed."""
        grid = self.instance
        return RestoredExtraData(
            {"layout": grid.layout, "main": grid.main, "option": grid.settings.layout}
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Restore the view, unless the options have changed since."""
        await super().async_added_to_hass()
        last = await self.async_get_last_extra_data()
        stored = last.as_dict() if last is not None else {}
        if stored.get("option") == self.instance.settings.layout:
            # The main camera may have been removed from the grid.
            with contextlib.suppress(NotAMemberError):
                self.instance.async_set_view(main=stored["main"])
            self.instance.async_set_view(Layout(stored["layout"]))
