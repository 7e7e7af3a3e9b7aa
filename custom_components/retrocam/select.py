"""What can be chosen while it runs."""

from collections.abc import Callable
import contextlib
from dataclasses import asdict, dataclass
from typing import Any, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from .cameras import CameraInstance, RetrocamConfigEntry
from .cameras.grid import GridInstance
from .cameras.player import PlayerInstance
from .core.ascii.presets import CHARSETS, PRESETS
from .core.errors import NotAMemberError
from .core.grid.layout import Layout
from .entity import DescribedEntity

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class RetrocamSelectDescription(SelectEntityDescription):
    """What a select reads from its instance, and what it does to it."""

    supported: Callable[[CameraInstance], bool]
    value: Callable[[CameraInstance], str]
    select: Callable[[CameraInstance, str], None]


def _layout(instance: CameraInstance) -> str:
    assert isinstance(instance, GridInstance)  # noqa: S101  # `supported` says so
    return instance.layout


def _set_layout(instance: CameraInstance, option: str) -> None:
    assert isinstance(instance, GridInstance)  # noqa: S101  # as above
    instance.async_set_view(Layout(option))


def _player(instance: CameraInstance) -> PlayerInstance:
    assert isinstance(instance, PlayerInstance)  # noqa: S101  # `supported` says so
    return instance


SELECTS = (
    RetrocamSelectDescription(
        key="layout",
        translation_key="layout",
        options=[layout.value for layout in Layout],
        supported=lambda instance: isinstance(instance, GridInstance),
        value=_layout,
        select=_set_layout,
    ),
    RetrocamSelectDescription(
        key="preset",
        translation_key="preset",
        entity_category=EntityCategory.CONFIG,
        options=list(PRESETS),
        supported=lambda instance: isinstance(instance, PlayerInstance),
        value=lambda instance: _player(instance).style.preset,
        select=lambda instance, option: _player(instance).async_set_style(preset=option),
    ),
    RetrocamSelectDescription(
        key="charset",
        translation_key="charset",
        entity_category=EntityCategory.CONFIG,
        options=list(CHARSETS),
        supported=lambda instance: isinstance(instance, PlayerInstance),
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
    """Something of an instance that is one of several."""

    entity_description: RetrocamSelectDescription

    @property
    @override
    def current_option(self) -> str:
        """Read the instance."""
        return self.entity_description.value(self.instance)

    @override
    async def async_select_option(self, option: str) -> None:
        """Choose."""
        self.entity_description.select(self.instance, option)


@dataclass(frozen=True, slots=True)
class _StoredView(ExtraStoredData):
    """What a grid showed when Home Assistant stopped."""

    layout: str
    main: str | None
    option: str
    """The layout of the options at that time: if they have another one now, that is wanted."""

    @override
    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class LayoutSelect(RetrocamSelect, RestoreEntity):
    """The layout of a grid; it outlives a restart, and so does the main camera."""

    instance: GridInstance

    @property
    @override
    def extra_restore_state_data(self) -> _StoredView:
        """What is shown."""
        instance = self.instance
        return _StoredView(instance.layout, instance.main, instance.settings.layout)

    @override
    async def async_added_to_hass(self) -> None:
        """Show again what was shown, unless the options were changed meanwhile."""
        await super().async_added_to_hass()
        last = await self.async_get_last_extra_data()
        stored = last.as_dict() if last is not None else {}
        if stored.get("option") == self.instance.settings.layout:
            # The main camera may have been taken out of the grid.
            with contextlib.suppress(NotAMemberError):
                self.instance.async_set_view(main=stored["main"])
            self.instance.async_set_view(Layout(stored["layout"]))
