"""Tests of single MJPEG frames by index: availability, waiting and cost."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from datetime import timedelta
import threading
from typing import Final

from aiohttp import ClientResponse, ClientSession
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.cameras.mjpeg_viewers import FRAMES_KEPT
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.frames.jpeg_ring import FrameRing

from ..conftest import LoadEntry
from ..leaks import own_threads
from ..rtsp import RtspServer
from ..viewers import QUIET, SMALL, Viewer, frame_number, idle, mjpeg_url, working_threads
from ..waiting import until

WAIT: Final = "wait=30"


class Frames:
    """A logged-in client of the frames of one instance."""

    def __init__(self, client: ClientSession, entry_id: str) -> None:
        self._client = client
        self._path = f"/api/retrocam/mjpeg/{entry_id}/frames/"

    async def get(self, index: int | str, query: str = "", method: str = "GET") -> ClientResponse:
        """Request a frame, and read the response."""
        response = await self._client.request(method, f"{self._path}{index}?{query}")
        await response.read()
        return response

    async def status(self, index: int | str, query: str = "") -> int:
        """Request a frame, and return the status."""
        return (await self.get(index, query)).status


def index_of(response: ClientResponse) -> int:
    """Return the index of a frame."""
    assert response.status == 200
    return int(response.headers["X-Retrocam-Index"])


@pytest.fixture
async def frames(quiet_demo: GeneratedCamera, hass_client: ClientSessionGenerator) -> Frames:
    """The frames of a demo camera without readers."""
    return Frames(await hass_client(), quiet_demo.entry.entry_id)


@contextlib.asynccontextmanager
async def filled(home: HomeAssistant, instance: CameraInstance) -> AsyncIterator[None]:
    """Fill the ring by a viewer for the block."""
    async with Viewer.watching(mjpeg_url(home, instance)) as viewer:
        await viewer.read(3)
        yield


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_last_frames_are_readable_and_no_others(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator, size: int
) -> None:
    options = {**QUIET, "mjpeg": {"ring_size": size, "mjpeg_fps": 10, "mjpeg_width": 320}}
    entry = await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=options)
    frames = Frames(await hass_client(), entry.entry_id)
    async with Viewer.watching(mjpeg_url(home, entry.runtime_data)) as viewer:
        seen = {part.index: part.data for part in await viewer.read(size + 3)}
    await until(lambda: not entry.runtime_data.feed.running)
    newest = index_of(await frames.get("latest"))
    numbers = []
    for index in range(newest - size + 1, newest + 1):
        response = await frames.get(index)
        assert index_of(response) == index
        data = await response.read()
        assert seen.get(index, data) == data
        assert jpeg.size(data) == (320, 180)
        numbers.append(frame_number(data))
    assert numbers == sorted(set(numbers))
    assert len(numbers) == size
    assert await frames.status(newest - size) == 410
    assert await frames.status(0) == 410
    assert await frames.status(newest + 1) == 404


async def test_frame_has_its_time_and_is_not_cached(
    home: HomeAssistant, quiet_demo: GeneratedCamera, frames: Frames
) -> None:
    async with filled(home, quiet_demo):
        response = await frames.get("latest")
        held = quiet_demo.frames.frame(index_of(response))
    assert response.content_type == "image/jpeg"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Retrocam-Time"] == f"{held.time:.3f}"
    assert held.time == pytest.approx(dt_util.utcnow().timestamp(), abs=20)
    assert await response.read() == held.data


async def test_head_has_no_body(
    home: HomeAssistant, quiet_demo: GeneratedCamera, frames: Frames
) -> None:
    async with filled(home, quiet_demo):
        pass
    await until(lambda: not quiet_demo.feed.running)
    whole = await frames.get("latest")
    head = await frames.get("latest", method="HEAD")
    assert head.status == 200
    assert await head.read() == b""
    for name in ("Content-Length", "Content-Type", "X-Retrocam-Index", "X-Retrocam-Time"):
        assert head.headers[name] == whole.headers[name]
    assert int(head.headers["Content-Length"]) == len(await whole.read())
    assert (await frames.get(index_of(whole) + 1, method="HEAD")).status == 404
    assert (await frames.get(index_of(whole) + 1, WAIT, "HEAD")).status == 200


async def test_request_without_wait_does_not_wake_the_camera(
    quiet_demo: GeneratedCamera, frames: Frames
) -> None:
    for index in ("latest", 0, 7):
        assert await frames.status(index) == 404
        assert await frames.status(index, "wait=0") == 404
    assert quiet_demo.jpegs.encoded == 0
    assert working_threads() == []


async def test_waiting_for_the_next_frame_wakes_the_camera(
    quiet_demo: GeneratedCamera, frames: Frames
) -> None:
    assert quiet_demo.frames.latest is None
    first = await frames.get("latest", WAIT)
    await until(lambda: working_threads() == [])
    assert quiet_demo.viewers.count == 0
    newest = index_of(await frames.get("latest"))
    following = await frames.get(newest + 1, WAIT)
    assert index_of(first) <= newest
    assert index_of(following) == newest + 1
    assert frame_number(await following.read()) > frame_number(await first.read())
    await until(lambda: working_threads() == [])
    assert quiet_demo.viewers.count == 0


async def test_sleeping_stream_is_woken_and_released(
    home: HomeAssistant,
    quiet_url_camera: CameraInstance,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    frames = Frames(await hass_client(), quiet_url_camera.entry.entry_id)
    mount = rtsp_server.mounts["/porch"]
    assert await frames.status("latest") == 404
    assert mount.watchers_ever == 0
    response = await frames.get("latest", WAIT)
    assert index_of(response) == 0
    assert frame_number(await response.read()) >= 0
    await until(lambda: not quiet_url_camera.provider.in_use)
    await idle(home)
    await mount.async_wait_for_watchers(0)
    assert mount.watchers_ever == 1


async def test_twenty_waiting_requests_cost_one_encode_a_frame(
    quiet_demo: GeneratedCamera, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_wait, add_frame = threading.Event(), FrameRing.add_frame

    def gated(ring: FrameRing, data: bytes, time: float) -> int:
        all_wait.wait(60)
        return add_frame(ring, data, time)

    monkeypatch.setattr(FrameRing, "add_frame", gated)
    async with asyncio.timeout(90):
        waiting = [asyncio.create_task(frames.get(4, WAIT)) for _ in range(20)]
        await until(lambda: quiet_demo.viewers.count == 20)
        assert quiet_demo.feed.readers == 1
        all_wait.set()
        answers = await asyncio.gather(*waiting)
    assert {index_of(answer) for answer in answers} == {4}
    assert len({await answer.read() for answer in answers}) == 1
    await until(lambda: not quiet_demo.feed.running)
    latest = quiet_demo.frames.latest
    assert latest is not None
    # Each picture once at most, also those that came until all had their answer.
    assert quiet_demo.jpegs.encoded <= frame_number(latest.data) + 1


async def test_frames_are_dropped_without_readers_and_indices_continue(
    home: HomeAssistant, quiet_demo: GeneratedCamera, frames: Frames
) -> None:
    async with filled(home, quiet_demo):
        pass
    await until(lambda: not quiet_demo.feed.running)
    newest = index_of(await frames.get("latest"))
    async_fire_time_changed(home, dt_util.utcnow() + timedelta(seconds=FRAMES_KEPT + 1))
    await until(lambda: quiet_demo.frames.latest is None)
    assert await frames.status(newest) == 410
    assert await frames.status("latest") == 404
    assert await frames.status(newest + 1) == 404
    assert index_of(await frames.get("latest", WAIT)) == newest + 1


async def test_wait_without_a_frame_answers_404(
    quiet_demo: GeneratedCamera, frames: Frames
) -> None:
    assert await frames.status(10**12, "wait=0.1") == 404
    await until(lambda: quiet_demo.viewers.count == 0)
    await until(lambda: working_threads() == [])


async def test_disconnect_releases_the_camera(quiet_demo: GeneratedCamera, frames: Frames) -> None:
    waiting = asyncio.create_task(frames.get(10**12, "wait=60"))
    await until(lambda: quiet_demo.viewers.count == 1)
    waiting.cancel()
    await until(lambda: quiet_demo.viewers.count == 0)
    await until(lambda: working_threads() == [])


async def test_unloading_ends_all_waits_with_404(
    home: HomeAssistant, quiet_demo: GeneratedCamera, frames: Frames
) -> None:
    waiting = [asyncio.create_task(frames.get(10**12, "wait=60")) for _ in range(5)]
    await until(lambda: quiet_demo.viewers.count == 5)
    assert await home.config_entries.async_unload(quiet_demo.entry.entry_id)
    async with asyncio.timeout(30):
        assert {(await answer).status for answer in waiting} == {404}
    assert own_threads() == []


@pytest.mark.parametrize("wait", ["x", "-1", "61", "nan", "inf", "1e3", ""])
async def test_invalid_wait_answers_400(frames: Frames, wait: str) -> None:
    assert await frames.status("latest", f"wait={wait}") == 400


@pytest.mark.parametrize("index", ["-1", "newest", "1.5", "9" * 16, "%2e%2e"])
async def test_invalid_index_answers_404(frames: Frames, index: str) -> None:
    assert await frames.status(index, WAIT) == 404
