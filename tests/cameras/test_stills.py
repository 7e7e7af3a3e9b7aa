"""Use of MJPEG frames as stills."""

import time

from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.frames.stills import jpeg
from ..rtsp import RtspServer
from ..rtsp_viewer import watched
from ..viewers import QUIET, frame_number


@pytest.mark.parametrize("age", [-3600, 3600], ids=["before the clock was set back", "an hour ago"])
async def test_old_mjpeg_frame_is_not_used_as_still(
    home: HomeAssistant, quiet_url_camera: CameraInstance, age: float
) -> None:
    taken = time.time() - age
    quiet_url_camera.frames.add_frame(jpeg(7), taken)
    still = await quiet_url_camera.async_still()
    assert still.time != taken
    assert abs(still.time - time.time()) < 60


async def test_recent_mjpeg_frame_is_used_as_still(
    home: HomeAssistant, quiet_url_camera: CameraInstance
) -> None:
    taken = time.time()
    quiet_url_camera.frames.add_frame(jpeg(7), taken)
    assert (await quiet_url_camera.async_still()).time == taken


async def test_camera_with_gradual_refresh_gives_stills(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=15, gop=2, refresh=True)
    # The first frame of the stream is whole, and not for those who join it.
    with watched(mount):
        entry = await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
        instance: CameraInstance = entry.runtime_data
        for _ in range(2):  # Of an idle stream, and of one that is watched.
            still = await instance.async_still()
            taken = rtsp_server.epoch + frame_number(still.data) / 15
            assert still.time == pytest.approx(taken, abs=1.5)
            assert time.time() - taken < 5
        await answer_of(home, "take_snapshot", "camera.porch")
        answer = await answer_of(home, "record", "camera.porch", lookback=1, duration=1)
        assert answer["codec"] == "h264"
        assert answer["plays_in"] == "some_browsers"
