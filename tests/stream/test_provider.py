"""Stream providers with a real RTSP server that is killed, frozen and restarted."""

import asyncio
from collections.abc import AsyncIterator
import logging
import os
import time
from typing import Final

from homeassistant.components.camera import DATA_COMPONENT
from homeassistant.components.stream.core import Segment as StreamSegment
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.errors import CannotConnectError, SourceTimeoutError
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.frames.jpeg_ring import Frame
from custom_components.retrocam.stream.tap import async_release, attach

from ..conftest import LoadEntry
from ..core.frames.stills import jpeg as drawn
from ..foreign import SourceCamera, StillCamera, add, end_stream, failing
from ..pattern_reader import read_frame_number
from ..rtsp import RtspServer
from ..viewers import QUIET, idle, working_threads
from ..waiting import until

OUTAGE: Final = float(os.environ.get("RETROCAM_OUTAGE", "0"))
"""Minimum duration of outages, in seconds, for long runs."""


def number(frame: Frame) -> int:
    frame_number = read_frame_number(jpeg.planes(jpeg.decode(frame.data))[0])
    assert frame_number is not None
    return frame_number


async def read_numbers(instance: CameraInstance, count: int) -> list[int]:
    """Return the numbers of the next `count` MJPEG frames."""
    release = instance.watch()
    numbers: list[int] = []
    try:
        async with asyncio.timeout(30):
            async for frame in instance.frames.frames():
                numbers.append(number(frame))
                if len(numbers) == count:
                    break
    finally:
        release()
    return numbers


@pytest.fixture
async def url_camera(load: LoadEntry, rtsp_server: RtspServer) -> CameraInstance:
    mount = rtsp_server.mount("/porch", fps=25)
    data = {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"}
    entry = await load(data, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    return instance


async def test_frames_are_in_order_and_connection_closes_after_last_viewer(
    home: HomeAssistant, url_camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mounts["/porch"]
    assert mount.watchers_ever == 0
    numbers = await read_numbers(url_camera, 15)
    assert numbers == sorted(set(numbers))
    assert mount.watchers_ever == 1
    await until(lambda: not url_camera.feed.running)
    await until(lambda: not url_camera.provider.in_use)
    await idle(home)
    await until(lambda: mount.watchers == 0)
    await until(lambda: working_threads() == [])


async def test_hls_mjpeg_and_stills_share_one_connection(
    home: HomeAssistant, url_camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    stream = await url_camera.async_stream()
    assert stream is not None
    hls = stream.add_provider("hls")
    await stream.start()
    assert await hls.part_recv(30)
    await read_numbers(url_camera, 3)
    still = await url_camera.async_still()
    assert number(still) > 0
    assert rtsp_server.mounts["/porch"].watchers_ever == 1


async def test_still_has_capture_time(url_camera: CameraInstance, rtsp_server: RtspServer) -> None:
    still = await url_camera.async_still()
    taken = rtsp_server.epoch + number(still) / 25
    assert still.time == pytest.approx(taken, abs=1.0)


async def test_outage_is_logged_once_and_source_reconnects(
    home: HomeAssistant,
    url_camera: CameraInstance,
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
    socket_enabled: None,
) -> None:
    caplog.set_level(logging.INFO)
    release = url_camera.watch()
    await until(lambda: url_camera.frames.latest)
    rtsp_server.kill()
    await until(lambda: not url_camera.available)
    assert not url_camera.connected
    state = home.states.get("camera.porch")
    assert state is not None
    assert state.state == "unavailable"
    # Longer than one attempt of the worker.
    failed, gone = "Error opening stream", time.monotonic()
    await until(
        lambda: caplog.text.count(failed) >= 1 and time.monotonic() - gone >= OUTAGE,
        within=OUTAGE + 30,
    )
    await home.async_add_executor_job(rtsp_server.start)
    # The worker's own back-off would take longer.
    await until(lambda: url_camera.available, within=OUTAGE + 30)
    last = url_camera.frames.latest
    await until(lambda: url_camera.frames.latest is not last)
    assert caplog.text.count("Porch is unavailable") == 1
    assert caplog.text.count("Porch is available again") == 1
    release()


async def test_unload_does_not_mark_lost_camera_available(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    mount = rtsp_server.mount("/porch")
    data = {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"}
    entry = await load(data)
    instance: CameraInstance = entry.runtime_data
    await mount.async_wait_for_watchers(1)
    rtsp_server.kill()
    await until(lambda: not instance.available)
    assert await home.config_entries.async_unload(entry.entry_id)
    assert "Porch is available again" not in caplog.text
    assert not instance.available


async def test_frozen_source_gives_no_old_still(
    url_camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    release = url_camera.provider.acquire()
    still = await url_camera.async_still()
    mount = rtsp_server.mounts["/porch"]
    mount.freeze()
    # The stream worker soon connects again, and would find a new stream, which is not frozen.
    mount.refuse(503)
    await until(lambda: not url_camera.stills.is_live)
    with pytest.raises(SourceTimeoutError):
        await url_camera.async_still()
    assert number(still) > 0
    release()


@pytest.fixture
async def wrapped(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> AsyncIterator[CameraInstance]:
    mount = rtsp_server.mount("/source", fps=25)
    await add(home, SourceCamera(mount.url))
    data = {"kind": "camera_entity", "entity_id": "camera.source"}
    entry = await load(data, options=QUIET)
    yield entry.runtime_data
    assert await home.config_entries.async_unload(entry.entry_id)
    await end_stream(home, "camera.source")


async def test_wrapped_camera_opens_no_second_connection(
    home: HomeAssistant, wrapped: CameraInstance, rtsp_server: RtspServer
) -> None:
    source = home.data[DATA_COMPONENT].get_entity("camera.source")
    assert source is not None
    stream = await source.async_create_stream()
    assert stream is not None
    hls = stream.add_provider("hls")
    await stream.start()
    assert await hls.part_recv(30)
    numbers = await read_numbers(wrapped, 10)
    assert numbers == sorted(set(numbers))
    assert await wrapped.async_stream() is stream
    assert rtsp_server.mounts["/source"].watchers_ever == 1


async def test_reloaded_wrapped_camera_is_read_again(
    home: HomeAssistant, wrapped: CameraInstance, rtsp_server: RtspServer
) -> None:
    component = home.data[DATA_COMPONENT]
    mount = rtsp_server.mounts["/source"]
    release = wrapped.watch()
    await until(lambda: wrapped.frames.latest)
    await component.async_remove_entity("camera.source")
    await until(lambda: not wrapped.available)
    await add(home, SourceCamera(mount.url))
    await until(lambda: wrapped.available)
    last = wrapped.frames.latest
    await until(lambda: wrapped.frames.latest is not last)
    # The stream of the removed camera has ended.
    await mount.async_wait_for_watchers(1)
    release()


async def test_wrapped_camera_without_stream_gives_stills(
    home: HomeAssistant, load: LoadEntry
) -> None:
    count = iter(range(1000))
    await add(home, StillCamera(lambda: drawn(next(count))))
    data = {"kind": "camera_entity", "entity_id": "camera.source"}
    entry = await load(data, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    assert number(await instance.async_still()) == 0
    numbers = await read_numbers(instance, 5)
    assert numbers == sorted(set(numbers))
    assert await instance.async_stream() is None


async def test_renamed_wrapped_camera_is_tracked(home: HomeAssistant, load: LoadEntry) -> None:
    registry = er.async_get(home)
    entity = registry.async_get_or_create("camera", "other", "1", suggested_object_id="shed")
    home.states.async_set("camera.shed", "idle")
    entry = await load({"kind": "camera_entity", "entity_id": entity.id}, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    # Loading also updates listeners.
    await until(lambda: instance.media.loaded)
    updates: list[bool] = []
    instance.async_add_listener(lambda: updates.append(instance.available))
    # Changes of other entities are ignored.
    registry.async_get_or_create("light", "other", "2")
    await home.async_block_till_done()
    assert updates == []
    registry.async_update_entity(entity.entity_id, new_entity_id="camera.barn")
    home.states.async_set("camera.barn", "unavailable")
    await home.async_block_till_done()
    home.states.async_set("camera.barn", "idle")
    await home.async_block_till_done()
    assert (False in updates, updates[-1]) == (True, True)


async def test_stills_continue_after_unexpected_errors(
    home: HomeAssistant, load: LoadEntry, caplog: pytest.LogCaptureFixture
) -> None:
    count = iter(range(1000))
    await add(home, StillCamera(failing(2, lambda: drawn(next(count)))))
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    with pytest.raises(CannotConnectError):
        await instance.async_still()
    assert len(await read_numbers(instance, 3)) == 3
    assert "hunter2" not in caplog.text


async def test_stream_starts_after_unexpected_errors(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mount = rtsp_server.mount("/source", fps=25)

    def source() -> str:
        raise KeyError("rtsp://keeper:hunter2@camera")

    camera = await add(home, SourceCamera(source))
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    release = instance.provider.acquire()
    await until(lambda: not instance.available)
    camera.url = mount.url
    await until(lambda: instance.available and instance.ring.available > 0)
    release()
    ours = [record for record in caplog.records if record.name.startswith("custom_components")]
    assert [record.message for record in ours if record.levelno > logging.INFO] == []
    assert "hunter2" not in caplog.text
    assert await home.config_entries.async_unload(entry.entry_id)
    await home.data[DATA_COMPONENT].async_remove_entity("camera.source")


async def test_reattaching_keeps_segment_order(
    short_segments: None, home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    """Segments in HLS that a short ring has dropped already must not be appended to it."""
    url = rtsp_server.mount("/porch", fps=25).url
    entry = await load({"kind": "camera_url", "url": url}, options=QUIET)
    provider, ring = entry.runtime_data.provider, entry.runtime_data.ring
    stream = await provider.async_stream()
    hls = stream.add_provider("hls")
    await stream.start()
    ring.limit(5, 10_000_000)
    release = provider.acquire()

    def dropped() -> list[StreamSegment]:
        return [
            segment
            for segment in hls.get_segments()
            if segment.parts and not any(ring.holds(part) for part in segment.parts)
        ]

    await until(lambda: ring.available > 5 and dropped())
    tap = provider._tap
    assert tap is not None
    gone = dropped()
    release()
    await async_release(stream, tap, ring, at_once=True)
    before = [segment.start for segment in ring.segments]
    again = attach(stream, ring)
    # Dropped segments must not replace newer ones.
    assert [segment.start for segment in ring.segments] == before
    for segment in gone:
        assert not any(ring.holds(part) for part in segment.parts)
    await async_release(stream, again, ring, at_once=True)
