"""Loading, unloading, reloading and removing entries without leaks."""

import asyncio
from collections import Counter
from collections.abc import Iterator
import contextlib
import gc
import logging
import re
import sys
import threading
from typing import Any

import aiohttp
from aiohttp import ClientPayloadError
from homeassistant.components.stream import Stream
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.async_ import get_scheduled_timer_handles
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.demo import DemoCamera
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.frames.feed import PictureFeed, Sink
from custom_components.retrocam.core.publish.publisher import Publisher
from custom_components.retrocam.core.segments.ring import SegmentRing
from custom_components.retrocam.stream.provider import StreamProvider
from custom_components.retrocam.stream.tap import StreamTap
from demo.probe import settle

from .conftest import LoadEntry
from .leaks import own_tasks, own_threads, streams
from .rtsp import RtspServer
from .viewers import QUIET, Viewer, mjpeg_url, open_sockets
from .waiting import WITHIN, until

KINDS = (CameraInstance, SegmentRing, Stream, StreamTap, StreamProvider, PictureFeed, Publisher)


def own_timers() -> list[str]:
    """Return the pending timers of Retrocam and its streams."""
    handles = get_scheduled_timer_handles(asyncio.get_running_loop())
    pending = [repr(handle) for handle in handles if not handle.cancelled()]
    # Not "retrocam" alone: a checkout in a folder of that name has it in every path.
    return [text for text in pending if re.search(r"custom_components[./]retrocam|IdleTimer", text)]


def alive() -> dict[str, int]:
    """Count the living objects of the classes of an instance."""
    gc.collect()
    return Counter(
        kind.__name__ for thing in gc.get_objects() for kind in KINDS if _is(thing, kind)
    )


def _is(thing: object, kind: type) -> bool:
    # Not isinstance: it resolves lazy proxies of other libraries.
    return issubclass(type(thing), kind)


@pytest.fixture(params=["demo", "camera_url", "camera_entity"])
async def entry(
    request: pytest.FixtureRequest, home: HomeAssistant, load: LoadEntry
) -> MockConfigEntry:
    """An entry of each kind with lookback, whose stream runs."""
    if request.param == "demo":
        return await load({"kind": "demo", "name": "Porch"})
    server: RtspServer = request.getfixturevalue("rtsp_server")
    data = {"kind": "camera_url", "url": server.mount("/porch", fps=25).url}
    if request.param == "camera_url":
        return await load(data)
    await load(data, title="Source", options=QUIET)
    return await load({"kind": "camera_entity", "entity_id": "camera.source"})


@contextlib.contextmanager
def no_complaints(
    caplog: pytest.LogCaptureFixture, *, while_opening: bool = False
) -> Iterator[None]:
    """Check that no warnings or errors are logged.

    A worker whose source ends `while_opening` it logs that: Home Assistant cannot tell it before.
    """
    caplog.clear()
    yield
    # Except asyncio's, which logs slow callbacks: on a busy machine any callback is slow.
    worse = [
        record
        for record in caplog.records
        if record.levelno >= logging.WARNING
        and record.name != "asyncio"
        and not (while_opening and "Error opening stream" in record.getMessage())
    ]
    assert [record.getMessage() for record in worse] == []


async def test_unloading_leaves_nothing_behind(
    home: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 0)
    async with Viewer.watching(mjpeg_url(home, instance)) as viewer:
        await viewer.read(3)
        with no_complaints(caplog):
            assert await home.config_entries.async_unload(entry.entry_id)
        async with asyncio.timeout(WITHIN):
            # It is cut off: browsers tell a page of that, but not of a complete stream.
            with pytest.raises(ClientPayloadError):
                await viewer.response.content.read()
    state = home.states.get("camera.porch")
    assert state is not None
    assert state.state == "unavailable"
    for other in home.config_entries.async_loaded_entries(DOMAIN):
        assert await home.config_entries.async_unload(other.entry_id)
    assert own_threads() == []
    assert own_tasks() == []
    assert own_timers() == []
    assert streams(home) == 0


@pytest.mark.parametrize("options", [{}, QUIET], ids=["lookback", "quiet"])
async def test_unload_before_first_segment(
    home: HomeAssistant,
    load: LoadEntry,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
) -> None:
    data = {"kind": "demo", "name": "Porch"}
    entry = MockConfigEntry(domain=DOMAIN, title="Porch", data=data, options=options)
    entry.add_to_hass(home)
    assert await home.config_entries.async_setup(entry.entry_id)
    with no_complaints(caplog, while_opening=True):
        assert await home.config_entries.async_unload(entry.entry_id)
    assert own_threads() == []
    assert own_tasks() == []
    assert own_timers() == []


async def test_unload_while_stream_worker_opens_source(
    home: HomeAssistant, load: LoadEntry
) -> None:
    """A worker that is opening its source would wait for 30 s."""
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    instance: DemoCamera = entry.runtime_data
    asked = threading.Event()

    def draw_nothing(_emit: Sink, stop: threading.Event) -> None:
        asked.set()
        stop.wait()

    source: Any = instance.feed._source
    source.run = draw_nothing
    instance.provider.acquire()
    await until(asked.is_set)
    async with asyncio.timeout(15):
        assert await home.config_entries.async_unload(entry.entry_id)
    assert own_threads() == []


async def test_repeated_reload_before_media_is_read(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    for _ in range(8):
        assert await home.config_entries.async_reload(entry.entry_id)
        await home.async_block_till_done()
    assert await home.config_entries.async_unload(entry.entry_id)
    assert own_threads() == []
    assert own_tasks() == []


async def test_remove_deletes_entities_device_stream_and_sockets(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    sockets = open_sockets()
    entry = await load({"kind": "camera_url", "url": mount.url})
    await until(lambda: entry.runtime_data.ring.available > 0)
    assert streams(home) == 1
    await home.config_entries.async_remove(entry.entry_id)
    await home.async_block_till_done()
    assert streams(home) == 0
    assert er.async_entries_for_config_entry(er.async_get(home), entry.entry_id) == []
    assert dr.async_entries_for_config_entry(dr.async_get(home), entry.entry_id) == []
    assert home.states.get("camera.porch") is None
    await mount.async_wait_for_watchers(0)
    await until(lambda: open_sockets() <= sockets)
    assert own_threads() == []


async def test_unload_while_lost_camera_is_probed(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url})
    await until(lambda: entry.runtime_data.ring.available > 0)
    mount.disconnect()
    rtsp_server.hang()
    await until(lambda: "retrocam probe Porch" in own_threads())
    assert await home.config_entries.async_unload(entry.entry_id)
    assert own_threads() == []
    assert own_tasks() == []


async def test_unreachable_camera_loads(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"})
    assert entry.state is ConfigEntryState.LOADED
    await until(lambda: not entry.runtime_data.available)
    state = home.states.get("camera.porch")
    assert state is not None
    assert state.state == "unavailable"


@pytest.mark.long
async def test_ten_reloads_leave_memory_flat(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    url = rtsp_server.mount("/porch", fps=25).url
    entries = [
        await load({"kind": "demo", "name": "Demo"}, title="Demo"),
        await load({"kind": "camera_url", "url": url}),
    ]

    async def reload_one(entry: MockConfigEntry) -> None:
        """Reload it, then read the stream, an MJPEG viewer and a still."""
        assert await home.config_entries.async_reload(entry.entry_id)
        instance: CameraInstance = entry.runtime_data
        async with Viewer.watching(mjpeg_url(home, instance)) as viewer:
            await viewer.read(1)
        await until(lambda: instance.ring.available)
        await instance.async_still()

    async def reload() -> None:
        await asyncio.gather(*(reload_one(entry) for entry in entries))

    # Codecs, caches and allocator pools grow during the first loads.
    for _ in range(2):
        await reload()
    two = {"CameraInstance": 2, "Stream": 2, "SegmentRing": 2}
    await until(lambda: two.items() <= alive().items())
    before, sizes = alive(), [held()]
    for _ in range(10):
        await reload()
        sizes.append(held())
    # A thread of what was unloaded last may be about to end.
    await until(lambda: alive() == before)
    assert streams(home) == 2
    assert len(own_threads()) <= 2 * 5
    # The contents of the rings vary by 4 MB; a leak of ten reloads would exceed that.
    assert min(size for size, _ in sizes[-4:]) - sizes[0][0] < 4_000_000, sizes
    assert min(blocks for _, blocks in sizes[-4:]) - sizes[0][1] < 20_000, sizes


def held() -> tuple[int, int]:
    """Return the bytes that C libraries hold, FFmpeg among them (0 without glibc), and the blocks
    of memory that Python's objects are in.

    Not what is resident: the allocator keeps freed memory for each thread that has ever run.
    """
    return settle() or 0, sys.getallocatedblocks()


async def test_home_assistant_stops_with_viewers_connected(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    url = rtsp_server.mount("/porch", fps=25).url
    entries = [
        await load({"kind": "demo", "name": "Demo"}, title="Demo"),
        await load({"kind": "camera_url", "url": url}),
    ]
    async with contextlib.AsyncExitStack() as stack:
        viewers = [
            await stack.enter_async_context(Viewer.watching(mjpeg_url(home, entry.runtime_data)))
            for entry in entries
            for _ in range(3)
        ]
        for viewer in viewers:
            await viewer.read(2)
        assert own_threads() != []
        await home.async_stop(force=True)
        assert own_threads() == []
        async with asyncio.timeout(WITHIN):
            for viewer in viewers:
                with contextlib.suppress(aiohttp.ClientError):
                    await viewer.response.content.read()
    assert own_tasks() == []


async def test_unload_does_not_disturb_other_camera(home: HomeAssistant, load: LoadEntry) -> None:
    kept = await load({"kind": "demo", "name": "Kept"}, title="Kept", options=QUIET)
    other = await load({"kind": "demo", "name": "Other"}, title="Other", options=QUIET)
    async with Viewer.watching(mjpeg_url(home, kept.runtime_data)) as viewer:
        first = (await viewer.read(2))[-1].index
        assert await home.config_entries.async_reload(other.entry_id)
        await home.config_entries.async_remove(other.entry_id)
        indices = [part.index for part in await viewer.read(3)]
    assert indices[0] > first


async def test_removing_entry_keeps_media(
    home: HomeAssistant, load: LoadEntry, tmp_path: Any
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    directory = entry.runtime_data.media.recordings.directory
    directory.mkdir(parents=True, exist_ok=True)
    clip = directory / "20260101T000000.000Z.mp4"
    clip.write_bytes(b"a clip")
    await home.config_entries.async_remove(entry.entry_id)
    assert clip.read_bytes() == b"a clip"


@pytest.mark.parametrize(
    ("kind", "model", "entry_type"),
    [
        ("camera_url", "Camera by URL", None),
        ("demo", "Demo camera", "service"),
    ],
)
async def test_only_physical_cameras_are_devices(
    home: HomeAssistant, load: LoadEntry, kind: str, model: str, entry_type: str | None
) -> None:
    data = {"kind": kind, "name": "Porch", "url": "rtsp://127.0.0.1:1/away"}
    entry = await load(data, options=QUIET)
    devices = dr.async_entries_for_config_entry(dr.async_get(home), entry.entry_id)
    assert [(device.model, device.entry_type) for device in devices] == [(model, entry_type)]
