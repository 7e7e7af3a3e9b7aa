"""Cameras that send a frame every few seconds."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest

from ..conftest import LoadEntry
from ..flows.steps import add_camera
from ..mjpeg import MjpegCamera
from ..rtsp import RtspServer
from ..rtsp_viewer import watched
from ..waiting import until

FPS = 0.2


@pytest.mark.long
async def test_slow_rtsp_camera(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, gop=10)
    # The test server answers only after some frames of a new stream.
    with watched(mount, packets=0):
        result = await add_camera(home, mount.url)
        assert result["data"]["slow"]
        entry: Any = result["result"]
        instance = entry.runtime_data
        await until(lambda: instance.ring.available > 0 and instance.available, within=45)
        assert instance.provider.stream.get_diagnostics()["start_worker"] == 1


@pytest.mark.long
async def test_slow_mjpeg_camera(
    home: HomeAssistant, load: LoadEntry, socket_enabled: None
) -> None:
    with MjpegCamera(fps=FPS) as camera:
        result = await add_camera(home, camera.url)
        assert "slow" not in result["data"]
        entry: Any = result["result"]
        # The fourth frame ends the first part; see test_relay_mjpeg.py.
        await until(lambda: entry.runtime_data.ring.available > 0, within=45)
        assert await home.config_entries.async_unload(entry.entry_id)
