"""Grid cameras with members of every kind, checked by the frame numbers in the tiles."""

from collections.abc import AsyncIterator, Callable
from itertools import pairwise, product
import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.grid.layout import Layout
from custom_components.retrocam.core.pattern.picture import TestPattern

from ..conftest import LoadEntry
from ..foreign import SourceCamera, StillCamera, add
from ..rtsp import RtspServer
from ..viewers import QUIET, working_threads
from ..waiting import until
from .grids import (
    HEIGHT,
    OPTIONS,
    WIDTH,
    Arrivals,
    Shown,
    load_demo,
    load_grid,
    numbers,
    set_layout,
    watch,
)

PART = 1.0
"""Duration of Home Assistant's parts, and interval of polled stills, in seconds."""
BEHIND = PART + 0.5
"""Maximum delay of a member behind its source, in seconds."""
SWITCHES = 100


@pytest.fixture
async def foreign(
    home: HomeAssistant, rtsp_server: RtspServer
) -> AsyncIterator[Callable[[str], Shown]]:
    """Cameras of another integration, one with a stream and one with stills."""
    pattern = TestPattern(320, 240, 10)
    began, asked = home.loop.time(), list[float]()

    def still() -> bytes:
        asked.append(home.loop.time())
        number = int((asked[-1] - began) * 10)
        return jpeg.encode(pattern.render(number, 0.0))

    def taken(number: int) -> float:
        return rtsp_server.epoch + number / 25

    streamed = SourceCamera(rtsp_server.mount("/source", fps=25).url)
    await add(home, streamed)
    await add(home, StillCamera(still, "Stills"))
    offset = time.time() - home.loop.time() + began
    known = {
        "camera.source": Shown(320, 180, taken),
        "camera.stills": Shown(320, 240, lambda number: offset + number / 10, asked),
    }
    yield known.__getitem__
    for entry in home.config_entries.async_loaded_entries(DOMAIN):
        assert await home.config_entries.async_unload(entry.entry_id)
    if streamed.stream is not None:
        for output in streamed.stream.outputs().values():
            await streamed.stream.remove_provider(output)


async def test_every_kind_of_member_advances_in_all_layouts(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, foreign: Callable[[str], Shown]
) -> None:
    demo = await load_demo(load, "Demo", 240, 320, 10)
    mount = rtsp_server.mount("/porch", fps=25)
    await load({"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"}, options=QUIET)
    cameras = ["camera.demo", "camera.porch", "camera.source", "camera.stills"]
    porch = Shown(320, 180, lambda number: rtsp_server.epoch + number / 25)
    members = [demo, porch, foreign("camera.source"), foreign("camera.stills")]
    grid = await load_grid(load, cameras)
    porch_instance = home.config_entries.async_loaded_entries(DOMAIN)[1].runtime_data
    arrivals = {
        1: Arrivals(porch_instance.ring, members[1].taken),
        2: Arrivals(grid.members[2]._provider.ring, members[2].taken),
    }

    def late(member: int) -> float:
        """Return the excess latency of a member's frames before the grid, s."""
        if member in arrivals:
            return max(0.0, arrivals[member].longest - PART)
        asked = pairwise([*members[member].asked, home.loop.time()])
        return max((0.0, *(after - before - PART for before, after in asked)))

    views = list(product(Layout, range(4)))
    numbers_seen: dict[tuple[Layout, int], set[int]] = {}
    count = 0
    view = (Layout.QUAD, 0)
    async for frame in watch(grid):
        count += 1
        for stream in arrivals.values():
            stream.look()
        if count % 2 and count > 1:
            # The second frame since the switch.
            for member, number in numbers(frame, *view, members).items():
                behind = frame.time - members[member].taken(number)
                # Excess latency before the grid is not the grid's.
                assert behind < BEHIND + late(member), (view, member)
                numbers_seen.setdefault((view[0], member), set()).add(number)
            view = views[count // 2 % len(views)]
            await set_layout(home, layout=view[0], main=cameras[view[1]])
        if count > 2 * SWITCHES:
            break
    assert len(numbers_seen) == 4 * len(Layout)
    assert all(len(tile_numbers) > 1 for tile_numbers in numbers_seen.values())
    # One connection for each, closed without viewers.
    assert mount.watchers_ever == 1
    assert rtsp_server.mounts["/source"].watchers_ever == 1
    await until(lambda: not grid.feed.running and not porch_instance.feed.running)
    assert not porch_instance.provider.in_use


async def test_grid_has_stream_and_lookback(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    options = {"lookback": {"lookback_enabled": True}}
    grid = await load_grid(load, ["camera.one"], **options)
    await until(lambda: grid.ring.available > 1)
    assert grid.ring.frame_size == (WIDTH, HEIGHT)
    still = await grid.async_still()
    assert jpeg.size(still.data) == (WIDTH, HEIGHT)
    assert grid.connected


async def test_no_threads_without_viewers(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    grid = await load_grid(load, ["camera.one"])
    member = home.config_entries.async_loaded_entries(DOMAIN)[0].runtime_data
    assert working_threads() == []
    async for _frame in watch(grid):
        assert member.feed.readers == 1
        break
    await until(lambda: working_threads() == [])
    assert member.feed.readers == 0


async def test_wrapped_camera_without_stream_as_member(
    home: HomeAssistant, load: LoadEntry, foreign: Callable[[str], Shown]
) -> None:
    await load({"kind": "camera_entity", "entity_id": "camera.stills"}, options=QUIET)
    grid = await load_grid(load, ["camera.porch"])
    async for frame in watch(grid):
        assert numbers(frame, Layout.SINGLE, 0, [foreign("camera.stills")])[0] >= 0
        break


async def test_nested_grid_shows_its_members(home: HomeAssistant, load: LoadEntry) -> None:
    await load_demo(load, "One", 320, 180, 10)
    await load_grid(load, ["camera.one"])
    outer = await load({"kind": "grid", "cameras": ["camera.grid"]}, title="Outer", options=OPTIONS)
    async for frame in watch(outer.runtime_data):
        assert numbers(frame, Layout.SINGLE, 0, [Shown(WIDTH, HEIGHT, float)])[0] >= 0
        break
