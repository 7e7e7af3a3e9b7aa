"""Cameras of MJPEG, which the relay converts to H.264."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras.url import UrlCamera

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.clips.clip_checks import numbers_in
from ..flows.steps import form, start, submit
from ..leaks import own_threads
from ..mjpeg import MjpegCamera
from ..rtsp import RtspServer
from ..rtsp_viewer import watched
from ..waiting import until

FPS = 10
WITHIN = 90
"""Seconds for a camera to deliver, on a busy machine."""


@pytest.fixture
def mjpeg_camera(socket_enabled: None) -> Iterator[MjpegCamera]:
    with MjpegCamera(fps=FPS) as camera:
        yield camera


async def load_camera(load: LoadEntry, camera: MjpegCamera, **data: Any) -> UrlCamera:
    """Load a camera whose probe found MJPEG, as the flow adds it."""
    entry = await load(
        {
            "kind": "camera_url",
            "url": camera.url,
            "audio_codec": None,
            "video_codec": "mjpeg",
            "advanced": {"use_wallclock_as_timestamps": True},
            **data,
        },
        options={"storage": {"min_free_megabytes": 0}},
    )
    instance: UrlCamera = entry.runtime_data
    return instance


async def test_new_camera_is_told_of_the_conversion_and_gives_clips_of_h264(
    home: HomeAssistant, load: LoadEntry, mjpeg_camera: MjpegCamera
) -> None:
    flow_id = await start(home, "camera_url")
    preview = await submit(home, flow_id, form(mjpeg_camera.url))
    assert preview["step_id"] == "preview_video"
    result: Any = await submit(home, flow_id, {})
    await home.async_block_till_done()
    camera: UrlCamera = result["result"].runtime_data
    await until(lambda: camera.ring.available > 6, within=WITHIN)
    answer = await answer_of(home, "record", "camera.porch", lookback=5, duration=3)
    assert (answer["codec"], answer["plays_in"]) == ("h264", "browsers")
    clip = Path(answer["path"])
    with av.open(str(clip)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
    numbers = [number or 0 for number in numbers_in(clip)]
    assert len(numbers) > 6 * FPS
    assert {after - before for before, after in pairwise(numbers)} == {1}
    # The probe's, and the relay's.
    assert mjpeg_camera.requests == 2


async def test_relay_survives_outages_and_a_hang(
    home: HomeAssistant, load: LoadEntry, mjpeg_camera: MjpegCamera
) -> None:
    camera = await load_camera(load, mjpeg_camera)
    await until(lambda: camera.ring.available > 1, within=WITHIN)
    mjpeg_camera.disconnect()
    await until(lambda: mjpeg_camera.requests == 2, within=WITHIN)
    await until(lambda: camera.available, within=WITHIN)
    mjpeg_camera.flowing.clear()
    await until(lambda: not camera.available, within=WITHIN)
    mjpeg_camera.flowing.set()
    await until(lambda: camera.available, within=WITHIN)


async def test_unload_leaves_nothing(
    home: HomeAssistant, load: LoadEntry, mjpeg_camera: MjpegCamera
) -> None:
    camera = await load_camera(load, mjpeg_camera)
    await until(lambda: camera.ring.available > 1, within=WITHIN)
    assert any(name == "retrocam relay Porch" for name in own_threads())
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    await until(lambda: own_threads() == [], within=WITHIN)
    await until(lambda: mjpeg_camera.clients == 0, within=WITHIN)


async def test_reload_during_a_hang_opens_no_second_connection(
    home: HomeAssistant, load: LoadEntry, mjpeg_camera: MjpegCamera
) -> None:
    camera = await load_camera(load, mjpeg_camera)
    await until(lambda: camera.ring.available > 1, within=WITHIN)
    mjpeg_camera.flowing.clear()
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    # The former relay reads until the camera sends, and the new one waits for it.
    await until(lambda: own_threads().count("retrocam relay Porch") == 2, within=WITHIN)
    assert (mjpeg_camera.clients, mjpeg_camera.requests) == (1, 1)
    mjpeg_camera.flowing.set()
    await until(lambda: camera.entry.runtime_data.ring.available > 1, within=WITHIN)
    assert mjpeg_camera.requests == 2


async def test_refusal_asks_for_the_password(
    home: HomeAssistant,
    load: LoadEntry,
    mjpeg_camera: MjpegCamera,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mjpeg_camera.status = 401
    camera = await load_camera(load, mjpeg_camera, username="keeper", password="wr0ng/@")
    await until(lambda: any(camera.entry.async_get_active_flows(home, {"reauth"})), within=WITHIN)
    assert "HTTPUnauthorizedError" in caplog.text
    assert "wr0ng" not in caplog.text
    assert "keeper" not in caplog.text


async def test_first_part_takes_four_pictures_at_most(
    home: HomeAssistant, load: LoadEntry, socket_enabled: None
) -> None:
    # Two seconds apart: what is counted does not depend on how busy the machine is.
    with MjpegCamera(fps=0.5) as source:
        camera = await load_camera(load, source)
        await until(lambda: camera.ring.available > 0, within=WITHIN)
        sent = len(source.sent)
        assert await home.config_entries.async_unload(camera.entry.entry_id)
    await until(lambda: own_threads() == [], within=WITHIN)
    # Three are what a source needs that is read directly.
    assert sent in {3, 4}


@pytest.mark.parametrize(
    ("sound", "step"), [("", "preview_video_transport"), ("pcma", "preview_video_transport_sound")]
)
async def test_refused_transport_is_told_also_where_video_is_converted(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, sound: str, step: str
) -> None:
    mount = rtsp_server.mount("/porch", codec="mjpeg", sound=sound, transport="tcp")
    with watched(mount, transport="tcp"):
        flow_id = await start(home, "camera_url")
        result = await submit(home, flow_id, form(mount.url, rtsp_transport="udp"))
        assert result["step_id"] == step
        placeholders = result["description_placeholders"] or {}
        assert (placeholders["refused"], placeholders["taken"]) == ("UDP", "TCP")
        assert bool(placeholders.get("sound")) == bool(sound)
        result = await submit(home, flow_id, {})
        assert result["data"]["video_codec"] == "mjpeg"
        await home.async_block_till_done()
        camera: Any = result["result"].runtime_data
        await until(lambda: camera.ring.available > 0, within=WITHIN)
        assert camera.ring.segments[-1].tracks[0].codec.startswith("avc")
