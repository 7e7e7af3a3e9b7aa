"""The grid camera in Home Assistant, of members of every kind that are read back by number."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import product
import time
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core import jpeg
from custom_components.retrocam.core.frames import Frame
from custom_components.retrocam.core.grid import Layout, fitted, tiles
from custom_components.retrocam.core.test_pattern import TestPattern, read_frame_number
from custom_components.retrocam.instances.grid import GridInstance, describe_gap

from .conftest import LoadEntry
from .core.stills import jpeg as still
from .foreign import SourceCamera, StillCamera, add, failing
from .rtsp import RtspServer
from .viewers import QUIET, working_threads
from .waiting import until

WIDTH, HEIGHT = 960, 540
PICTURE = {"layout": "quad", "width": WIDTH, "height": HEIGHT, "fps": 10}
OPTIONS = {**QUIET, "picture": PICTURE, "mjpeg": {"mjpeg_fps": 30}}
BEHIND = 4.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What a member shows."""

    width: int
    height: int
    taken: Callable[[int], float]
    """When the picture of a number was taken, UNIX s."""


def numbers(frame: Frame, layout: Layout, main: int, members: list[Shown]) -> dict[int, int]:
    """Read the frame number in each tile."""
    luma = jpeg.planes(jpeg.decode(frame.data))[0]
    assert luma.shape == (HEIGHT, WIDTH)
    found = {}
    for member, area in tiles(layout, len(members), WIDTH, HEIGHT, main):
        left, top, width, height = fitted(area, members[member].width, members[member].height)
        number = read_frame_number(luma[top : top + height, left : left + width])
        assert number is not None, (layout, main, member)
        found[member] = number
    return found


async def load_demo(load: LoadEntry, name: str, width: int, height: int, fps: int) -> Shown:
    """Load a demo camera."""
    advanced = {"width": width, "height": height, "fps": fps}
    data = {"kind": "demo", "name": name, "advanced": advanced}
    entry = await load(data, title=name, options=QUIET)
    source = entry.runtime_data.drawn._source

    def taken(number: int) -> float:
        began: float = time.time() - time.monotonic() + source._began
        return began + number / fps

    return Shown(width, height, taken)


async def load_grid(load: LoadEntry, cameras: list[str], **more: Any) -> GridInstance:
    entry = await load(
        {"kind": "grid", "cameras": cameras}, title="Grid", options={**OPTIONS, **more}
    )
    assert isinstance(entry.runtime_data, GridInstance)
    return entry.runtime_data


async def watch(grid: GridInstance) -> AsyncIterator[Frame]:
    """Watch a grid until the test ends."""
    release = grid.watch()
    try:
        async with asyncio.timeout(60):
            async for frame in grid.frames.frames():
                yield frame
    finally:
        release()


async def set_layout(hass: HomeAssistant, **data: Any) -> None:
    data = {"entity_id": "camera.grid", **data}
    await hass.services.async_call(DOMAIN, "set_layout", data, blocking=True)


@pytest.fixture
async def foreign(
    home: HomeAssistant, rtsp_server: RtspServer
) -> AsyncIterator[Callable[[str], Shown]]:
    """Cameras of another integration, one with a stream and one with stills."""
    pattern = TestPattern(320, 240, 2)
    began = home.loop.time()

    def still() -> bytes:
        number = int((home.loop.time() - began) * 2)
        return jpeg.encode(pattern.render(number, 0.0))

    def taken(number: int) -> float:
        return rtsp_server.epoch + number / 25

    streamed = SourceCamera(rtsp_server.mount("/source", fps=25).url)
    await add(home, streamed)
    await add(home, StillCamera(still, "Stills"))
    offset = time.time() - home.loop.time() + began
    known = {
        "camera.source": Shown(320, 180, taken),
        "camera.stills": Shown(320, 240, lambda number: offset + number / 2),
    }
    yield known.__getitem__
    for entry in home.config_entries.async_loaded_entries(DOMAIN):
        assert await home.config_entries.async_unload(entry.entry_id)
    if streamed.stream is not None:
        for output in streamed.stream.outputs().values():
            await streamed.stream.remove_provider(output)


async def test_members_of_every_kind_advance_in_every_layout_through_many_switches(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, foreign: Callable[[str], Shown]
) -> None:
    demo = await load_demo(load, "Demo", 240, 320, 10)
    mount = rtsp_server.mount("/porch", fps=25)
    await load({"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"}, options=QUIET)
    cameras = ["camera.demo", "camera.porch", "camera.source", "camera.stills"]
    porch = Shown(320, 180, lambda number: rtsp_server.epoch + number / 25)
    members = [demo, porch, foreign("camera.source"), foreign("camera.stills")]
    grid = await load_grid(load, cameras)
    views = list(product(Layout, range(4)))
    seen: dict[tuple[Layout, int], set[int]] = {}
    count = 0
    view = (Layout.QUAD, 0)
    async for frame in watch(grid):
        count += 1
        if count % 2 and count > 1:
            # The second picture since the switch.
            for member, number in numbers(frame, *view, members).items():
                # Stills are asked for once a second, and shown for that long.
                assert frame.time - members[member].taken(number) < BEHIND, (view, member)
                seen.setdefault((view[0], member), set()).add(number)
            view = views[count // 2 % len(views)]
            await set_layout(home, layout=view[0], main=cameras[view[1]])
        if count > 4 * len(views) + 2:
            break
    assert len(seen) == 4 * len(Layout)
    assert all(len(found) > 1 for found in seen.values())
    # One connection for each, and none once nobody watches.
    assert mount.watchers_ever == 1
    assert rtsp_server.mounts["/source"].watchers_ever == 1
    porch_instance = home.config_entries.async_loaded_entries(DOMAIN)[1].runtime_data
    await until(lambda: not grid.drawn.running and not porch_instance.feed.running)
    assert not porch_instance.supply.held


async def test_layouts_by_select_and_action(home: HomeAssistant, load: LoadEntry) -> None:
    for name in ("One", "Two"):
        await load_demo(load, name, 320, 180, 10)
    grid = await load_grid(load, ["camera.one", "camera.two"])

    def state() -> str:
        found = home.states.get("select.grid_layout")
        assert found is not None
        return found.state

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


async def test_it_is_published_and_remembered_as_any_camera(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await load_demo(load, "One", 320, 180, 10)
    options = {"lookback": {"lookback_enabled": True}}
    grid = await load_grid(load, ["camera.one"], **options)
    await until(lambda: grid.ring.available > 1)
    assert grid.ring.frame_size == (WIDTH, HEIGHT)
    still = await grid.async_still()
    assert jpeg.size(still.data) == (WIDTH, HEIGHT)
    assert grid.connected


async def test_with_nobody_watching_nothing_runs(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    grid = await load_grid(load, ["camera.one"])
    member = home.config_entries.async_loaded_entries(DOMAIN)[0].runtime_data
    assert working_threads() == []
    async for _frame in watch(grid):
        assert member.feed.readers == 1
        break
    await until(lambda: working_threads() == [])
    assert member.feed.readers == 0


async def test_a_member_that_is_loaded_anew_comes_back(
    home: HomeAssistant, load: LoadEntry
) -> None:
    for name in ("One", "Two"):
        await load_demo(load, name, 320, 180, 10)
    grid = await load_grid(load, ["camera.one", "camera.two"])
    entry = home.config_entries.async_loaded_entries(DOMAIN)[0]
    async for _frame in watch(grid):
        before = entry.runtime_data
        assert before.feed.readers == 1
        assert await home.config_entries.async_reload(entry.entry_id)
        assert before.feed.readers == 0
        await until(lambda: entry.runtime_data.feed.readers == 1)
        break


async def test_hidden_cameras_are_only_tapped_for_keyframes(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    await load_demo(load, "One", 320, 180, 10)
    entry = await load(
        {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"}, options=QUIET
    )
    grid = await load_grid(
        load, ["camera.one", "camera.porch"], picture={**PICTURE, "layout": "single"}
    )
    porch = entry.runtime_data
    shown = [Shown(320, 180, float)] * 2
    frames = watch(grid)
    async for _frame in frames:
        break
    frames = watch(grid)
    slot = grid.compositor._readers[1].slot
    async for _frame in frames:
        # It sends keyframes; its own decoder does not run.
        assert not porch.feed.running
        if slot.filled:
            await set_layout(home, main="camera.porch")
            break
    await until(lambda: porch.feed.running)
    latest = grid.frames.latest
    async for frame in frames:
        if frame is not latest:
            assert numbers(frame, Layout.SINGLE, 1, shown)[1] > 0
            break


async def test_a_wrapped_camera_without_a_stream_is_a_member_too(
    home: HomeAssistant, load: LoadEntry, foreign: Callable[[str], Shown]
) -> None:
    await load({"kind": "camera_entity", "entity_id": "camera.stills"}, options=QUIET)
    grid = await load_grid(load, ["camera.porch"])
    async for frame in watch(grid):
        assert numbers(frame, Layout.SINGLE, 0, [foreign("camera.stills")])[0] >= 0
        break


async def test_stills_that_are_no_pictures_and_cameras_that_are_not_there_stop_nobody(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await add(home, StillCamera(lambda: b"no picture"))
    await load_demo(load, "One", 320, 180, 10)
    grid = await load_grid(load, ["camera.one", "camera.source", "camera.missing"])
    async for frame in watch(grid):
        luma = jpeg.planes(jpeg.decode(frame.data))[0]
        assert read_frame_number(luma[: HEIGHT // 2, : WIDTH // 2]) is not None
        break


async def test_a_member_is_shown_after_errors_that_no_camera_should_raise(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await add(home, StillCamera(failing(2, lambda: still(7))))
    grid = await load_grid(load, ["camera.source"])
    async for frame in watch(grid):
        if read_frame_number(jpeg.planes(jpeg.decode(frame.data))[0]) == 7:
            break


async def start(hass: HomeAssistant) -> str:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await hass.config_entries.flow.async_configure(
        result["flow_id"], {"next_step_id": "grid"}
    )
    assert result["step_id"] == "grid"
    return result["flow_id"]


async def submit(hass: HomeAssistant, flow_id: str, **data: Any) -> ConfigFlowResult:
    return await hass.config_entries.flow.async_configure(flow_id, {"name": "Yard", **data})


async def test_the_flow_makes_a_grid(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    home.states.async_set("camera.other", "idle", {"friendly_name": "Other"})
    flow_id = await start(home)
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
    one = er.async_get(home).async_get("camera.one")
    assert one is not None
    assert entry.data["cameras"] == ["camera.other", one.id]
    grid = entry.runtime_data
    assert grid.layout is Layout.AUTO
    assert [member.name for member in grid.members] == ["Other", "One"]
    # To draw for nobody costs.
    assert not grid.lookback.enabled
    assert not grid.history.enabled
    flow_id = await start(home)
    result = await submit(home, flow_id, cameras=["camera.other", "camera.one"])
    assert result["reason"] == "already_configured"


async def reconfigured(hass: HomeAssistant, entry: MockConfigEntry, cameras: list[str]) -> Any:
    result = await entry.start_reconfigure_flow(hass)
    return await submit(hass, result["flow_id"], cameras=cameras)


async def test_reconfigure_adds_and_removes_but_makes_no_loop(
    home: HomeAssistant, load: LoadEntry
) -> None:
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


async def test_a_grid_in_a_grid_shows_its_members(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    await load_grid(load, ["camera.one"])
    outer = await load({"kind": "grid", "cameras": ["camera.grid"]}, title="Outer", options=OPTIONS)
    async for frame in watch(outer.runtime_data):
        assert numbers(frame, Layout.SINGLE, 0, [Shown(WIDTH, HEIGHT, float)])[0] >= 0
        break


async def test_a_removed_member_is_a_repair_issue_until_it_is_back(
    home: HomeAssistant, load: LoadEntry
) -> None:
    registry = er.async_get(home)
    entity = registry.async_get_or_create("camera", "other", "1", suggested_object_id="shed")
    home.states.async_set("camera.loose", "idle")
    grid = await load_grid(load, [entity.id, "camera.loose"])
    issue_id = f"grid_member_removed_{grid.entry.entry_id}"

    def issue() -> ir.IssueEntry | None:
        return ir.async_get(home).async_get_issue(DOMAIN, issue_id)

    assert issue() is None
    registry.async_remove(entity.entity_id)
    await home.async_block_till_done()
    found = issue()
    assert found is not None
    assert found.translation_placeholders == {"name": "Grid", "count": "1"}
    assert grid.members[0].name == "Camera 1"
    home.states.async_remove("camera.loose")
    await home.async_block_till_done()
    found = issue()
    assert found is not None
    assert (found.translation_placeholders or {})["count"] == "2"
    home.states.async_set("camera.loose", "idle")
    assert registry.async_get_or_create("camera", "other", "1").id == entity.id
    await home.async_block_till_done()
    assert issue() is None
    registry.async_remove(entity.entity_id)
    await home.async_block_till_done()
    assert issue() is not None
    assert await home.config_entries.async_unload(grid.entry.entry_id)
    assert issue() is None


async def test_the_options_of_a_grid_have_its_picture(home: HomeAssistant, load: LoadEntry) -> None:
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
    assert isinstance(changed, GridInstance)
    assert changed.layout is Layout.AUTO
    assert jpeg.size((await changed.async_still()).data) == (640, 360)
    other = home.config_entries.async_loaded_entries(DOMAIN)[0]
    result = await home.config_entries.options.async_init(other.entry_id)
    assert result["data_schema"] is not None
    assert "picture" not in {str(key) for key in result["data_schema"].schema}
    home.config_entries.options.async_abort(result["flow_id"])


async def test_members_are_looked_for_once_home_assistant_has_started(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.set_state(CoreState.starting)
    grid = await load_grid(load, ["camera.late"])
    issues = ir.async_get(home)
    issue_id = f"grid_member_removed_{grid.entry.entry_id}"
    assert issues.async_get_issue(DOMAIN, issue_id) is None
    home.set_state(CoreState.running)
    home.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await home.async_block_till_done()
    assert issues.async_get_issue(DOMAIN, issue_id) is not None


async def test_a_gap_is_told_in_local_time(home: HomeAssistant) -> None:
    await home.config.async_set_time_zone("Asia/Tokyo")
    assert describe_gap(home, None) == "no picture yet"
    assert describe_gap(home, 1_700_000_000) == "no picture since 2023-11-15 07:13:20"
