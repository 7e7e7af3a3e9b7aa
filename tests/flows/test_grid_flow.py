"""Config flow, options and layouts of a grid."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.retrocam.cameras.grid import GridCamera
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.grid.layout import Layout

from ..cameras.grids import OPTIONS, load_demo, load_grid, set_layout
from ..conftest import LoadEntry
from .steps import start


async def test_layout_by_select_and_action(home: HomeAssistant, load: LoadEntry) -> None:
    for name in ("One", "Two"):
        await load_demo(load, name, 320, 180, 10)
    grid = await load_grid(load, ["camera.one", "camera.two"])

    def state() -> str:
        entity_state = home.states.get("select.grid_layout")
        assert entity_state is not None
        return entity_state.state

    assert state() == "quad"
    await home.services.async_call(
        "select",
        "select_option",
        {"entity_id": "select.grid_layout", "option": "single"},
        blocking=True,
    )
    assert (state(), grid.main) == ("single", "camera.one")
    await set_layout(home, main="camera.two")
    assert (state(), grid.main) == ("single", "camera.two")
    await set_layout(home, layout="auto")
    assert (state(), grid.main) == ("auto", "camera.two")
    for data in ({"main": "camera.three"}, {}, {"layout": "auto", "entity_id": "camera.one"}):
        with pytest.raises(ServiceValidationError):
            await set_layout(home, **data)
    with pytest.raises(vol.Invalid):
        await set_layout(home, layout="spiral")
    assert home.states.get("select.one_layout") is None
    assert grid.diagnostics()["grid"] == {
        "layout": "auto",
        "main": 1,
        "members": ["camera.one", "camera.two"],
    }


async def submit(hass: HomeAssistant, flow_id: str, **data: Any) -> ConfigFlowResult:
    return await hass.config_entries.flow.async_configure(flow_id, {"name": "Yard", **data})


async def test_flow_creates_grid(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    home.states.async_set("camera.other", "idle", {"friendly_name": "Other"})
    flow_id = await start(home, "grid")
    result = await submit(home, flow_id, cameras=[])
    assert result["errors"] == {"cameras": "no_cameras"}
    many = [f"camera.c{n}" for n in range(17)]
    for camera in many:
        home.states.async_set(camera, "idle")
    result = await submit(home, flow_id, cameras=many)
    assert result["errors"] == {"cameras": "too_many_cameras"}
    result = await submit(home, flow_id, cameras=["camera.one", "camera.missing"])
    assert result["errors"] == {"cameras": "not_found"}
    result = await submit(
        home, flow_id, cameras=["camera.other", "camera.one", "camera.other"], layout="auto"
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    entry = result["result"]
    member_entry = er.async_get(home).async_get("camera.one")
    assert member_entry is not None
    assert entry.data["cameras"] == ["camera.other", member_entry.id]
    grid = entry.runtime_data
    assert grid.layout is Layout.AUTO
    assert [member.name for member in grid.members] == ["Other", "One"]
    # A grid would keep drawing without a viewer.
    assert not grid.lookback.enabled
    assert not grid.history.enabled
    flow_id = await start(home, "grid")
    result = await submit(home, flow_id, cameras=["camera.other", "camera.one"])
    assert result["reason"] == "already_configured"


async def reconfigured(hass: HomeAssistant, entry: MockConfigEntry, cameras: list[str]) -> Any:
    result = await entry.start_reconfigure_flow(hass)
    return await submit(hass, result["flow_id"], cameras=cameras)


async def test_reconfigure_members_without_loops(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    inner = (await load_grid(load, ["camera.one"])).entry
    outer = await load(
        {"kind": "grid", "cameras": ["camera.grid"], "slug": "x"}, title="Outer", options=OPTIONS
    )
    for cameras in (["camera.grid"], ["camera.one", "camera.outer"]):
        result = await reconfigured(home, inner, cameras)
        assert result["errors"] == {"cameras": "grid_loop"}
    result = await reconfigured(home, outer, ["camera.grid", "camera.one"])
    assert result["reason"] == "reconfigure_successful"
    await home.async_block_till_done()
    assert outer.title == "Yard"
    assert outer.data["slug"] == "x"
    assert [member.entity_id for member in outer.runtime_data.members] == [
        "camera.grid",
        "camera.one",
    ]
    result = await outer.start_reconfigure_flow(home)
    key = next(key for key in result["data_schema"].schema if key == "cameras")
    assert key.description["suggested_value"] == ["camera.grid", "camera.one"]


async def test_grid_options_include_picture(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    grid = await load_grid(load, ["camera.one"])
    result = await home.config_entries.options.async_init(grid.entry.entry_id)
    assert result["data_schema"] is not None
    sections = {str(key): value for key, value in result["data_schema"].schema.items()}
    assert "picture" in sections
    user = {key: value.schema({}) for key, value in sections.items()}
    user["lookback"]["lookback_enabled"] = False
    user["picture"] = {"layout": "auto", "width": 641, "height": 361, "fps": 5}
    result = await home.config_entries.options.async_configure(result["flow_id"], user)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    changed = grid.entry.runtime_data
    assert isinstance(changed, GridCamera)
    assert changed.layout is Layout.AUTO
    assert jpeg.size((await changed.async_still()).data) == (640, 360)
    other = home.config_entries.async_loaded_entries(DOMAIN)[0]
    result = await home.config_entries.options.async_init(other.entry_id)
    assert result["data_schema"] is not None
    assert "picture" not in {str(key) for key in result["data_schema"].schema}
    home.config_entries.options.async_abort(result["flow_id"])
