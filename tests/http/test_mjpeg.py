"""Tests of MJPEG viewers over real connections: content and cost."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from datetime import timedelta
import socket
import threading

from aiohttp import ClientPayloadError
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.cameras.mjpeg_viewers import FRAMES_KEPT
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.http.mjpeg import WRITE_TIMEOUT
from custom_components.retrocam.urls import VIEWER_PATH, signed

from ..conftest import LoadEntry
from ..leaks import own_threads
from ..rtsp import RtspServer
from ..viewers import (
    QUIET,
    Part,
    Viewer,
    frame_number,
    idle,
    mjpeg_url,
    open_sockets,
    read_part,
    url_of,
    working_threads,
)
from ..waiting import until

VIEWERS = 10
FRAMES = 12


@pytest.fixture
async def quiet_demo(load: LoadEntry) -> GeneratedCamera:
    """A camera of the size that users get: its JPEGs fill the buffers of a viewer that does not read."""
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    instance: GeneratedCamera = entry.runtime_data
    return instance


@contextlib.asynccontextmanager
async def ten_viewers(url: str) -> AsyncIterator[list[Viewer]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Viewer.watching(url)) for _ in range(VIEWERS)]


def check_shared(seen: list[list[Part]], encoded: int) -> None:
    """Check that all viewers got the same JPEGs, encoded once each."""
    pictures: dict[int, bytes] = {}
    for parts in seen:
        indices = [part.index for part in parts]
        assert indices == sorted(set(indices))
        numbers = [frame_number(part.data) for part in parts]
        assert numbers == sorted(set(numbers))
        for part in parts:
            assert pictures.setdefault(part.index, part.data) == part.data
    # Frames that came before the first viewer read, or after the last: at the ends, not per viewer.
    assert max(pictures) + 1 <= encoded <= max(pictures) + 1 + FRAMES
    assert len(pictures) >= max(pictures) - FRAMES


async def test_ten_viewers_of_the_demo_camera_cost_one_encode_a_frame(
    home: HomeAssistant, quiet_demo: GeneratedCamera
) -> None:
    sockets = open_sockets()
    async with ten_viewers(mjpeg_url(home, quiet_demo)) as viewers:
        seen = await asyncio.gather(*(viewer.read(FRAMES) for viewer in viewers))
        check_shared(seen, quiet_demo.jpegs.encoded)
        assert quiet_demo.viewers.count == VIEWERS
        # One thread draws and one encodes; nothing is published without readers.
        assert working_threads() == ["retrocam drawing Porch"]
        assert quiet_demo.feed.readers == 1
        assert not quiet_demo.publisher.running
    await until(lambda: quiet_demo.viewers.count == 0)
    await until(lambda: working_threads() == [])
    assert quiet_demo.feed.readers == 0
    await until(lambda: open_sockets() <= sockets)


async def test_ten_viewers_of_a_camera_cost_one_decode_and_one_encode_a_frame(
    home: HomeAssistant, quiet_url_camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mounts["/porch"]
    sockets = open_sockets()
    threads = threading.active_count()
    async with ten_viewers(mjpeg_url(home, quiet_url_camera)) as viewers:
        seen = await asyncio.gather(*(viewer.read(FRAMES) for viewer in viewers))
        check_shared(seen, quiet_url_camera.jpegs.encoded)
        assert working_threads() == ["retrocam decoder Porch", "stream_worker"]
        assert quiet_url_camera.feed.readers == 1
        assert mount.watchers_ever == 1
    await until(lambda: quiet_url_camera.viewers.count == 0)
    await until(lambda: working_threads() == ["stream_worker"])
    await until(lambda: not quiet_url_camera.provider.in_use)
    await idle(home)
    await mount.async_wait_for_watchers(0)
    await until(lambda: working_threads() == [])
    await until(lambda: threading.active_count() <= threads + 1)  # the shared executor's
    await until(lambda: open_sockets() <= sockets)


async def test_the_stream_is_multipart_with_lengths_and_times_and_the_first_frame_twice(
    home: HomeAssistant, quiet_demo: GeneratedCamera
) -> None:
    async with Viewer.watching(mjpeg_url(home, quiet_demo)) as viewer:
        content_type = viewer.response.headers["Content-Type"]
        assert content_type == "multipart/x-mixed-replace; boundary=frame"
        assert viewer.response.headers["Cache-Control"] == "no-store"
        parts = [await read_part(viewer.response.content) for _ in range(2)]
        later = await viewer.read(3)
    assert parts[0] == parts[1]
    for part in [*parts, *later]:
        assert part.headers["Content-Type"] == "image/jpeg"
        assert jpeg.size(part.data) == (1280, 720)
        assert float(part.headers["X-Timestamp"]) == pytest.approx(
            dt_util.utcnow().timestamp(), abs=20
        )


async def test_late_viewer_gets_no_old_frames(
    home: HomeAssistant, quiet_demo: GeneratedCamera
) -> None:
    url = mjpeg_url(home, quiet_demo)
    async with Viewer.watching(url) as viewer:
        before = frame_number((await viewer.read(3))[-1].data)
    await until(lambda: quiet_demo.viewers.count == 0)
    await until(lambda: not quiet_demo.feed.running)
    async_fire_time_changed(home, dt_util.utcnow() + timedelta(seconds=FRAMES_KEPT + 1))
    await until(lambda: quiet_demo.frames.latest is None)
    async with Viewer.watching(url) as viewer:
        assert frame_number((await viewer.read(1))[0].data) > before


async def test_viewer_that_stops_reading_is_dropped(
    home: HomeAssistant, quiet_demo: GeneratedCamera
) -> None:
    url = URL(mjpeg_url(home, quiet_demo))
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect((url.host, url.port))
        stuck.sendall(f"GET {url.raw_path_qs} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await until(lambda: quiet_demo.viewers.count == 1)
        async with Viewer.watching(str(url)) as viewer:
            # Enough to fill all buffers of the viewer that does not read.
            indices = [part.index for part in await viewer.read(40)]
            # They come while the other one is waited for, which is until the time is moved below.
            assert indices == sorted(set(indices))
            assert quiet_demo.viewers.count == 2
            async_fire_time_changed(home, dt_util.utcnow() + timedelta(seconds=WRITE_TIMEOUT + 1))
            await until(lambda: quiet_demo.viewers.count == 1)
            after = (await viewer.read(2))[-1].index
            assert after > indices[-1]
    await until(lambda: quiet_demo.viewers.count == 0)


async def test_unloading_disconnects_viewers(
    home: HomeAssistant, quiet_demo: GeneratedCamera
) -> None:
    async with Viewer.watching(mjpeg_url(home, quiet_demo)) as viewer:
        await viewer.read(2)
        assert await home.config_entries.async_unload(quiet_demo.entry.entry_id)
        # Incomplete, which a browser shows, so that its page notices.
        async with asyncio.timeout(30):
            with pytest.raises(ClientPayloadError):
                await viewer.response.content.read()
    assert own_threads() == []


async def test_viewer_page_uses_a_signed_stream_url(
    home: HomeAssistant, load: LoadEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    entry = await load({"kind": "demo", "name": "x"}, title='<b>"Porch"</b>', options=QUIET)
    client = await hass_client_no_auth()
    response = await client.get(signed(home, VIEWER_PATH.format(entry_id=entry.entry_id)))
    assert response.status == 200
    assert response.content_type == "text/html"
    # The signature in its URL must not reach other sites.
    assert response.headers["Referrer-Policy"] == "no-referrer"
    page = await response.text()
    assert "<b>" not in page
    assert "&lt;b&gt;&quot;Porch&quot;&lt;/b&gt;" in page
    source = page.partition('<img src="')[2].partition('"')[0].replace("&amp;", "&")
    async with Viewer.watching(url_of(home, source)) as viewer:
        assert frame_number((await viewer.read(1))[0].data) >= 0
