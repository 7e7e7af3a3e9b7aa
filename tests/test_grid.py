"""The grid camera in Home Assistant, of members of every kind that are read back by number."""

from collections.abc import AsyncIterator, Callable
from itertools import product
import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core import jpeg
from custom_components.retrocam.core.grid import Layout
from custom_components.retrocam.core.test_pattern import TestPattern

from .conftest import LoadEntry
from .foreign import SourceCamera, StillCamera, add
from .grids import HEIGHT, OPTIONS, WIDTH, Shown, load_demo, load_grid, numbers, set_layout, watch
from .rtsp import RtspServer
from .viewers import QUIET, working_threads
from .waiting import until

BEHIND = 4.0


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


async def test_a_wrapped_camera_without_a_stream_is_a_member_too(
    home: HomeAssistant, load: LoadEntry, foreign: Callable[[str], Shown]
) -> None:
    await load({"kind": "camera_entity", "entity_id": "camera.stills"}, options=QUIET)
    grid = await load_grid(load, ["camera.porch"])
    async for frame in watch(grid):
        assert numbers(frame, Layout.SINGLE, 0, [foreign("camera.stills")])[0] >= 0
        break


async def test_a_grid_in_a_grid_shows_its_members(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    await load_grid(load, ["camera.one"])
    outer = await load({"kind": "grid", "cameras": ["camera.grid"]}, title="Outer", options=OPTIONS)
    async for frame in watch(outer.runtime_data):
        assert numbers(frame, Layout.SINGLE, 0, [Shown(WIDTH, HEIGHT, float)])[0] >= 0
        break
