"""Restoring the view of a grid after a restart."""

import copy

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.grid import GridCamera
from custom_components.retrocam.const import DOMAIN

from ..conftest import LoadEntry
from ..viewers import QUIET
from .grids import load_grid


async def reloaded(hass: HomeAssistant, entry: MockConfigEntry) -> GridCamera:
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert isinstance(entry.runtime_data, GridCamera)
    return entry.runtime_data


async def two(home: HomeAssistant, load: LoadEntry) -> GridCamera:
    for name in ("One", "Two"):
        await load({"kind": "demo", "name": name}, title=name, options=QUIET)
    grid = await load_grid(load, ["camera.one", "camera.two"])
    data = {"entity_id": "camera.grid", "layout": "main_plus_preview", "main": "camera.two"}
    await home.services.async_call(DOMAIN, "set_layout", data, blocking=True)
    return grid


async def test_view_is_restored_after_restart(home: HomeAssistant, load: LoadEntry) -> None:
    grid = await two(home, load)
    again = await reloaded(home, grid.entry)
    assert again is not grid
    assert (again.layout, again.main) == ("main_plus_preview", "camera.two")
    state = home.states.get("select.grid_layout")
    assert state is not None
    assert state.state == "main_plus_preview"


async def test_layout_in_options_overrides_restored_view(
    home: HomeAssistant, load: LoadEntry
) -> None:
    grid = await two(home, load)
    options = copy.deepcopy({**grid.entry.options})
    options["picture"]["layout"] = "auto"
    home.config_entries.async_update_entry(grid.entry, options=options)
    assert (await reloaded(home, grid.entry)).layout == "auto"


async def test_removed_main_camera_is_not_restored(home: HomeAssistant, load: LoadEntry) -> None:
    grid = await two(home, load)
    data = {**grid.entry.data, "cameras": grid.entry.data["cameras"][:1]}
    home.config_entries.async_update_entry(grid.entry, data=data)
    again = await reloaded(home, grid.entry)
    assert (again.layout, again.main) == ("main_plus_preview", "camera.one")
