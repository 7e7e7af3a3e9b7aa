"""The grid camera: several cameras in one picture."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, override

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from ..const import CONF_CAMERAS, DOMAIN, KIND_GRID
from ..core.errors import NotAMemberError
from ..core.frames.feed import PictureFeed
from ..core.grid.compositor import Compositor, GridView
from ..core.grid.layout import MOST_MEMBERS, Layout
from ..core.publish.publisher import Publisher
from ..core.threads import run_in_thread
from ..settings import Settings
from ..translated import text
from .base import RetrocamConfigEntry
from .entity import source_entity_id
from .generated import DrawnInstance
from .grid_members import GridMember
from .source import Generator


class GridInstance(DrawnInstance):
    """Draws its members into one picture; layouts change while it runs."""

    kind: ClassVar[str] = KIND_GRID

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        """Take the members from the entry."""
        settings = Settings.from_options(entry.options, self.kind)
        width, height = settings.width // 2 * 2, settings.height // 2 * 2
        self._seen: list[tuple[str | None, bool]] = []
        self._stills = ThreadPoolExecutor(1, thread_name_prefix=f"retrocam grid {entry.title}")
        self.members = [
            GridMember(hass, stored, self._stills, number)
            for number, stored in enumerate(entry.data[CONF_CAMERAS], 1)
        ]
        self.compositor = Compositor(
            list(self.members),
            width=width,
            height=height,
            fps=settings.fps,
            view=GridView(Layout(settings.layout)),
            describe_gap=partial(describe_gap, hass),
        )

        def publisher(drawn: PictureFeed, name: str) -> Publisher:
            return Publisher(drawn, width=width, height=height, fps=settings.fps, name=name)

        super().__init__(hass, entry, Generator(self.compositor, publisher))

    @property
    def layout(self) -> Layout:
        """The layout that is shown."""
        return self.compositor.view.layout

    @property
    def main(self) -> str | None:
        """The entity id of the main member."""
        return self.members[self.compositor.view.main].entity_id

    @property
    def removed_members(self) -> int:
        """How many members are no longer in Home Assistant, as far as is known."""
        return sum(member.removed for member in self.members)

    @callback
    def async_set_view(self, layout: Layout | None = None, main: str | None = None) -> None:
        """Change layout or main member, from the next picture on. Raises NotAMemberError."""
        number = None
        if main is not None:
            ids = [member.entity_id for member in self.members]
            if main not in ids:
                raise NotAMemberError(f"{main} is no member of {self.name}")
            number = ids.index(main)
        self.async_show(layout, number)

    @callback
    def async_show(self, layout: Layout | None = None, main: int | None = None) -> None:
        """Change layout or main member, which is given by its index, from the next picture on."""
        view = self.compositor.view
        self.compositor.view = GridView(layout or view.layout, view.main if main is None else main)
        self.async_tell()

    @override
    async def async_start(self) -> None:
        """Look after the members."""
        await super().async_start()
        entry = self.entry
        self._seen = self._members_now()
        entry.async_on_unload(
            self.hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._async_check_members)
        )
        if ids := [stored for stored in entry.data[CONF_CAMERAS] if "." in stored]:
            entry.async_on_unload(
                async_track_state_change_event(self.hass, ids, self._async_check_members)
            )

    @override
    async def async_stop(self) -> None:
        """End what reads the members too."""
        await super().async_stop()
        await asyncio.gather(*(member.async_close() for member in self.members))
        await run_in_thread(f"retrocam stop {self.name}", self._stills.shutdown)

    @override
    def diagnostics(self) -> dict[str, Any]:
        """Return figures for a bug report, without secrets."""
        view = self.compositor.view
        return {
            **super().diagnostics(),
            "grid": {
                "layout": view.layout,
                "main": view.main,
                "members": [member.entity_id for member in self.members],
            },
        }

    @callback
    def _async_check_members(self, _moment: Event[Any]) -> None:
        """Tell if a member has come, gone or got another id: much else changes in a registry."""
        if (seen := self._members_now()) != self._seen:
            self._seen = seen
            self.async_tell()

    def _members_now(self) -> list[tuple[str | None, bool]]:
        return [(member.entity_id, member.removed) for member in self.members]


def describe_gap(hass: HomeAssistant, since: float | None) -> str:
    """Say since when a member has had no picture, in Home Assistant's language and time zone.

    Any thread.
    """
    if since is None:
        return text(hass, "no_picture_yet")
    moment = dt_util.as_local(dt_util.utc_from_timestamp(since))
    return text(hass, "no_picture_since", time=_clock_time(moment))


def _clock_time(moment: datetime) -> str:
    today = moment.date() == dt_util.now().date()
    return f"{moment:%H:%M:%S}" if today else f"{moment:%Y-%m-%d %H:%M:%S}"


@callback
def grid_fault(hass: HomeAssistant, stored: list[str], own: str | None) -> str | None:
    """Return the key of what speaks against these members of the grid `own`; None for a new grid."""
    if not stored:
        return "no_cameras"
    if len(stored) > MOST_MEMBERS:
        return "too_many_cameras"
    known = er.async_get(hass).entities
    if any(not known.get_entry(one) and hass.states.get(one) is None for one in stored):
        return "not_found"
    if own and any(async_contains(hass, one, own) for one in stored):
        return "grid_loop"
    return None


@callback
def async_contains(hass: HomeAssistant, stored: str, entry_id: str) -> bool:
    """Tell whether a camera is that of the grid `entry_id`, or a grid that contains it somewhere."""
    return entry_id in _grids_within(hass, stored, set())


def _grids_within(hass: HomeAssistant, stored: str, seen: set[str]) -> Iterator[str]:
    """Yield the entries of all grids that have to be drawn for a camera."""
    entity_id = source_entity_id(hass, stored)
    entity = er.async_get(hass).async_get(entity_id) if entity_id else None
    if entity is None or entity.platform != DOMAIN or entity.config_entry_id is None:
        return
    if (entry_id := entity.config_entry_id) in seen:
        return
    seen.add(entry_id)
    yield entry_id
    entry = hass.config_entries.async_get_entry(entry_id)
    for member in entry.data.get(CONF_CAMERAS, ()) if entry else ():
        yield from _grids_within(hass, member, seen)
