"""HLS links that are handed out while the stream becomes idle.

Home Assistant hands out a link, which the viewer opens later. Meanwhile the idle timer of earlier
viewers may fire, which would make the link invalid.
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
from custom_components.retrocam.stream.tap import TAP_PROVIDER

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
    """A camera with its own Stream, and one that shares another's."""
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
    """Start HLS for a viewer."""
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


async def test_link_outlives_idle_timer_of_earlier_viewers(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    stream, hls = await watched(home, camera)
    # Another user keeps the worker running.
    release = camera.provider.acquire()
    await until(lambda: "retrocam" in stream.outputs())
    hls.idle_timer.clear()
    hls.idle_timer._unsub = async_call_later(home, 1, hls.idle_timer.fire)
    link = await async_request_stream(home, CAMERA, "hls")
    async_fire_time_changed(home, dt_util.utcnow() + timedelta(seconds=2))
    await opens(home, hass_client, link)
    release()


async def test_viewer_during_worker_end_gets_new_worker(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    stream, hls = await watched(home, camera)
    ending = home.async_create_task(stream.remove_provider(hls))
    assert not ending.done()
    link = await async_request_stream(home, CAMERA, "hls")
    await opens(home, hass_client, link)
    await asyncio.wait_for(ending, 30)


async def test_first_viewer_of_a_warm_camera_does_not_wait(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    camera.lookback.async_set_enabled(enabled=True)
    await until(lambda: sum(segment.complete for segment in camera.ring.segments) >= 2)
    stream = await camera.async_stream()
    assert stream is not None
    assert list(stream.outputs()) == [TAP_PROVIDER]
    newest = camera.ring.segments[-1]
    link = await async_request_stream(home, CAMERA, "hls")
    hls = stream.outputs()["hls"]
    await until(lambda: hls.last_segment)
    first = list(hls.sequences)
    assert len(first) >= 2
    assert newest.parts[0].data in [p.data for s in hls.get_segments() for p in s.parts]
    await opens(home, hass_client, link)
    # It goes on with what is new.
    await until(lambda: hls.last_sequence >= first[-1] + 2)
    assert hls.sequences == list(range(hls.sequences[0], hls.last_sequence + 1))
