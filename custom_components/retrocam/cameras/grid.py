"""Grid cameras: several cameras composed into one frame."""

import asyncio
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ClassVar, override

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util

from ..const import CONF_CAMERAS, KIND_GRID
from ..core.errors import NotAMemberError
from ..core.grid.compositor import Compositor, GridView
from ..core.grid.layout import MAX_MEMBERS, Layout
from ..core.publish.publisher import Publisher
from ..core.threads import run_in_thread
from ..settings import Settings
from ..translations import translate
from .base import RetrocamConfigEntry
from .generated import GeneratedCamera
from .grid_members import GridMember, own_entry_id


class GridCamera(GeneratedCamera):
    """Composes its members into one frame; the layout can change while it runs."""

    kind: ClassVar[str] = KIND_GRID

    def __init__(self, hass: HomeAssistant, entry: RetrocamConfigEntry) -> None:
        settings = Settings.from_options(entry.options, self.kind)
        width, height = settings.width // 2 * 2, settings.height // 2 * 2
        self._member_states: list[tuple[str | None, bool]] = []
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
        publisher = partial(Publisher, width=width, height=height, fps=settings.fps)
        super().__init__(hass, entry, self.compositor, publisher)

    @property
    def layout(self) -> Layout:
        """Current layout."""
        return self.compositor.view.layout

    @property
    def main(self) -> str | None:
        """Entity id of the main member."""
        return self.members[self.compositor.view.main].entity_id

    @property
    def removed_members(self) -> int:
        """Number of members that no longer exist."""
        return sum(member.removed for member in self.members)

    @callback
    def async_set_view(self, layout: Layout | None = None, main: str | None = None) -> None:
        """Change layout or main member, from the next frame on. Raises NotAMemberError."""
        index = None
        if main is not None:
            ids = [member.entity_id for member in self.members]
            if main not in ids:
                raise NotAMemberError(f"{main} is no member of {self.name}")
            index = ids.index(main)
        self.async_show(layout, index)

    @callback
    def async_show(self, layout: Layout | None = None, main: int | None = None) -> None:
        """Change layout or main member, given by its index, from the next frame on."""
        view = self.compositor.view
        self.compositor.view = GridView(layout or view.layout, view.main if main is None else main)
        self.async_update_listeners()

    @override
    async def async_start(self) -> None:
        await super().async_start()
        entry = self.entry
        self._member_states = self._get_member_states()
        entry.async_on_unload(
            self.hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._async_check_members)
        )
        if ids := [stored for stored in entry.data[CONF_CAMERAS] if "." in stored]:
            entry.async_on_unload(
                async_track_state_change_event(self.hass, ids, self._async_check_members)
            )

    @override
    async def async_stop(self) -> None:
        await super().async_stop()
        await asyncio.gather(*(member.async_close() for member in self.members))
        await run_in_thread(f"retrocam stop {self.name}", self._stills.shutdown)

    @override
    def diagnostics(self) -> dict[str, Any]:
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
    def _async_check_members(self, _event: Event[Any]) -> None:
        """Update listeners if a member was added, removed or renamed."""
        if (states := self._get_member_states()) != self._member_states:
            self._member_states = states
            self.async_update_listeners()

    def _get_member_states(self) -> list[tuple[str | None, bool]]:
        return [(member.entity_id, member.removed) for member in self.members]


def describe_gap(hass: HomeAssistant, since: float | None) -> str:
    """Return the text for a member without frames since a time (UNIX s), localized. Any thread."""
    if since is None:
        return translate(hass, "no_picture_yet")
    local = dt_util.as_local(dt_util.utc_from_timestamp(since))
    today = local.date() == dt_util.now().date()
    return translate(
        hass,
        "no_picture_since",
        time=f"{local:%H:%M:%S}" if today else f"{local:%Y-%m-%d %H:%M:%S}",
    )


def grid_error(hass: HomeAssistant, stored: list[str], own: str | None) -> str | None:
    """Validate the cameras of the grid with entry id `own`, None for a new one.

    Returns a translation key, or None if they are valid.
    """
    if not stored:
        return "no_cameras"
    if len(stored) > MAX_MEMBERS:
        return "too_many_cameras"
    entities = er.async_get(hass).entities
    if any(not entities.get_entry(id_) and hass.states.get(id_) is None for id_ in stored):
        return "not_found"
    if own and own in _entry_ids(hass, stored, set()):
        return "grid_loop"
    return None


def _entry_ids(hass: HomeAssistant, stored: Iterable[str], visited: set[str]) -> Iterator[str]:
    """Yield the entry ids of Retrocam's cameras among these, members of grids included."""
    for camera in stored:
        if (entry_id := own_entry_id(hass, camera)) is None or entry_id in visited:
            continue
        visited.add(entry_id)
        yield entry_id
        if (entry := hass.config_entries.async_get_entry(entry_id)) is not None:
            yield from _entry_ids(hass, entry.data.get(CONF_CAMERAS, ()), visited)
