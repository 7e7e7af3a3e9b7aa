"""Viewers who come just as Home Assistant takes HLS away from those who have left.

Home Assistant hands out a link first; the viewer opens it later. In between, the idle timer of
earlier viewers may fire, which makes the link worthless.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from homeassistant.components.camera import async_request_stream
from homeassistant.components.stream import Stream
from homeassistant.components.stream.core import StreamOutput
from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance

from ..conftest import LoadEntry
from ..foreign import SourceCamera, add, end_stream
from ..rtsp import RtspServer
from ..viewers import QUIET
from ..waiting import until

CAMERA = "camera.porch"


@pytest.fixture(params=["camera_url", "camera_entity"])
async def camera(
    request: pytest.FixtureRequest,
    short_segments: None,
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
) -> AsyncIterator[CameraInstance]:
    """A camera of its own stream, and one that borrows the stream of another."""
    url = rtsp_server.mount("/porch", fps=25).url
    data = {"kind": "camera_url", "url": url}
    if request.param == "camera_entity":
        await add(home, SourceCamera(url))
        data = {"kind": "camera_entity", "entity_id": "camera.source"}
    entry = await load(data, options=QUIET)
    yield entry.runtime_data
    assert await home.config_entries.async_unload(entry.entry_id)
    await end_stream(home, "camera.source")


async def watched(home: HomeAssistant, camera: CameraInstance) -> tuple[Stream, StreamOutput]:
    """Have somebody watch by HLS."""
    await async_request_stream(home, CAMERA, "hls")
    stream = await camera.async_stream()
    assert stream is not None
    hls = stream.outputs()["hls"]
    await until(lambda: hls.last_segment)
    return stream, hls


async def opens(home: HomeAssistant, hass_client: ClientSessionGenerator, link: str) -> None:
    client = await hass_client()
    async with client.get(link) as response:
        assert response.status == 200
        assert (await response.text()).startswith("#EXTM3U")


async def test_a_link_outlives_the_idle_timer_of_those_who_left(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    stream, hls = await watched(home, camera)
    # Something else keeps the worker running, so that only the link could go.
    release = camera.supply.hold()
    await until(lambda: "retrocam" in stream.outputs())
    hls.idle_timer.clear()
    hls.idle_timer._unsub = async_call_later(home, 1, hls.idle_timer.fire)
    link = await async_request_stream(home, CAMERA, "hls")
    async_fire_time_changed(home, dt_util.utcnow() + timedelta(seconds=2))
    await opens(home, hass_client, link)
    release()


async def test_one_who_comes_while_the_worker_ends_gets_a_new_one(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    stream, hls = await watched(home, camera)
    ending = home.async_create_task(stream.remove_provider(hls))
    assert not ending.done()
    link = await async_request_stream(home, CAMERA, "hls")
    await opens(home, hass_client, link)
    await asyncio.wait_for(ending, 30)
