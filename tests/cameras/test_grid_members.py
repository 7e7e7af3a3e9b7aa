"""Members of a grid that are removed, renamed, reloaded, hidden or invalid."""

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from custom_components.retrocam.cameras.grid import describe_gap
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.grid.layout import Layout

from ..conftest import LoadEntry
from ..core.frames.stills import jpeg as still
from ..foreign import StillCamera, add, failing
from ..pattern_reader import read_frame_number
from ..rtsp import RtspServer
from ..viewers import QUIET
from ..waiting import until
from .grids import HEIGHT, PICTURE, WIDTH, Shown, load_demo, load_grid, numbers, set_layout, watch


async def test_reloaded_member_is_read_again(home: HomeAssistant, load: LoadEntry) -> None:
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


async def test_renamed_member_is_still_read(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    registry = er.async_get(home)
    member = registry.async_get("camera.one")
    assert member is not None
    grid = await load_grid(load, [member.id])
    entry = home.config_entries.async_loaded_entries(DOMAIN)[0]
    async for _frame in watch(grid):
        registry.async_update_entity("camera.one", new_entity_id="camera.other")
        await home.async_block_till_done()
        assert home.states.get("camera.other") is not None
        before = entry.runtime_data
        assert await home.config_entries.async_reload(entry.entry_id)
        assert before.feed.readers == 0
        await until(lambda: entry.runtime_data.feed.readers == 1)
        break


async def test_only_keyframes_of_hidden_cameras_are_decoded(
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
    source = grid.compositor._readers[1].input
    async for _frame in frames:
        # Only keyframes are decoded: the camera's own decoder does not run.
        assert not porch.feed.running
        if source.filled:
            await set_layout(home, main="camera.porch")
            break
    await until(lambda: porch.feed.running)
    latest = grid.frames.latest
    async for frame in frames:
        if frame is not latest:
            assert numbers(frame, Layout.SINGLE, 1, shown)[1] > 0
            break


async def test_invalid_stills_and_missing_cameras_do_not_stop_other_members(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await add(home, StillCamera(lambda: b"no picture"))
    await load_demo(load, "One", 320, 180, 10)
    grid = await load_grid(load, ["camera.one", "camera.source", "camera.missing"])
    async for frame in watch(grid):
        luma = jpeg.planes(jpeg.decode(frame.data))[0]
        assert read_frame_number(luma[: HEIGHT // 2, : WIDTH // 2]) is not None
        break


async def test_member_is_shown_after_unexpected_errors(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await add(home, StillCamera(failing(2, lambda: still(7))))
    grid = await load_grid(load, ["camera.source"])
    async for frame in watch(grid):
        if read_frame_number(jpeg.planes(jpeg.decode(frame.data))[0]) == 7:
            break


async def test_removed_member_creates_issue_until_restored(
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
    repair_issue = issue()
    assert repair_issue is not None
    assert repair_issue.translation_placeholders == {"name": "Grid", "count": "1"}
    assert grid.members[0].name == "Camera 1"
    home.states.async_remove("camera.loose")
    await home.async_block_till_done()
    repair_issue = issue()
    assert repair_issue is not None
    assert (repair_issue.translation_placeholders or {})["count"] == "2"
    home.states.async_set("camera.loose", "idle")
    assert registry.async_get_or_create("camera", "other", "1").id == entity.id
    await home.async_block_till_done()
    assert issue() is None
    registry.async_remove(entity.entity_id)
    await home.async_block_till_done()
    assert issue() is not None
    assert await home.config_entries.async_unload(grid.entry.entry_id)
    assert issue() is None


async def test_missing_members_are_reported_after_start(
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


async def test_gap_text_uses_local_time(home: HomeAssistant) -> None:
    await home.config.async_set_time_zone("Asia/Tokyo")
    assert describe_gap(home, None) == "no picture yet"
    assert describe_gap(home, 1_700_000_000) == "no picture since 2023-11-15 07:13:20"
