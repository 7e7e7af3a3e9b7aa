"""Cameras that send endless segments or oversized stills."""

from homeassistant.components.camera import async_get_image
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.core.sources.allocation import MAX_PACKET
from custom_components.retrocam.stream import tap

from ..conftest import LoadEntry
from ..core.frames.stills import jpeg
from ..foreign import StillCamera, add
from ..rtsp import RtspServer
from ..viewers import QUIET
from ..waiting import until


async def test_endless_segment_closes_the_stream(
    home: HomeAssistant,
    *,
    load: LoadEntry,
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tap, "MAX_SEGMENT", 50_000)
    mount = rtsp_server.mount("/porch", width=640, height=360, fps=25, gop=600)
    entry = await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    release = entry.runtime_data.provider.acquire()
    await until(lambda: "sends video without keyframes" in caplog.text)
    await mount.async_wait_for_watchers(0)
    assert not entry.runtime_data.available
    assert entry.runtime_data.ring.size < 2 * tap.MAX_SEGMENT
    release()


async def test_oversized_still_is_refused(home: HomeAssistant, load: LoadEntry) -> None:
    picture = jpeg(0)
    camera = StillCamera(lambda: picture)
    await add(home, camera)
    await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    assert (await async_get_image(home, "camera.porch")).content == picture
    picture += bytes(MAX_PACKET)
    with pytest.raises(HomeAssistantError, match="too large"):
        await async_get_image(home, "camera.porch")
