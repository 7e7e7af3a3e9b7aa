"""Recordings of a lost camera, without lookback, and during the end of another."""

import asyncio
from pathlib import Path
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from custom_components.retrocam.actions.recordings import async_record
from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.errors import ClipEndedError

from ..conftest import LoadEntry
from ..rtsp import RtspServer
from ..viewers import QUIET, idle
from ..waiting import WITHIN, until

BUTTON: Final = {"entity_id": "button.porch_save_lookback"}


@pytest.fixture
async def camera(load: LoadEntry, rtsp_server: RtspServer) -> CameraInstance:
    """A camera with a keyframe each second and some seconds of lookback."""
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 3)
    return instance


async def test_lookback_of_lost_camera_can_be_saved(
    home: HomeAssistant, camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    rtsp_server.kill()
    await until(lambda: not camera.available)
    held = camera.ring.available
    clock = camera.ring.clock
    camera.ring.clock = lambda: clock() + 300
    # Not as an action: Home Assistant may skip unavailable entities.
    answer, _ = await asyncio.gather(
        async_record(camera, lookback=2, duration=0),
        home.services.async_call("button", "press", BUTTON, blocking=True),
    )
    assert answer["requested_lookback"] == 2
    assert 2 <= answer["lookback"] <= 2 + 1.1
    assert answer["duration"] == pytest.approx(answer["lookback"], abs=0.1)
    longest = max(item.duration for item in camera.media.recordings.page(9))
    assert longest == pytest.approx(held, abs=0.5)
    # An automation must not save the same lookback of a lost camera again and again.
    camera.ring.clock = lambda: clock() + 3600
    with pytest.raises(HomeAssistantError):
        await async_record(camera, lookback=2, duration=0)


async def test_button_raises_without_lookback(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    with pytest.raises(ServiceValidationError) as raised:
        await home.services.async_call("button", "press", BUTTON, blocking=True)
    assert raised.value.translation_key == "clip_empty"


async def test_button_ignores_lookback_from_before_idle(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    release = instance.provider.acquire()
    await until(lambda: instance.ring.available > 1)
    release()
    await idle(home)
    await until(lambda: mount.watchers == 0)
    clock = instance.ring.clock
    instance.ring.clock = lambda: clock() + 7200
    with pytest.raises(ServiceValidationError) as raised:
        await home.services.async_call("button", "press", BUTTON, blocking=True)
    assert raised.value.translation_key == "clip_empty"


async def test_finishing_clip_does_not_block_extending_others(
    camera: CameraInstance,
) -> None:
    short = camera.recorder.async_begin(lookback=2, duration=0)
    long = camera.recorder.async_begin(lookback=1, duration=600)
    try:
        # The end is not announced while the loop is blocked here.
        short.writer.stop(at_once=True)
        assert short.writer.join(WITHIN)
        until_then = long.writer.until
        assert camera.recorder.async_extend(60) == [long]
        assert long.writer.until == until_then + 60
        long.writer.stop(at_once=True)
        assert long.writer.join(WITHIN)
        with pytest.raises(ClipEndedError):
            camera.recorder.async_extend(60)
    finally:
        camera.recorder.async_stop_all()
        await asyncio.gather(short.done, long.done)


async def test_unwritable_path_is_not_a_library_problem(
    home: HomeAssistant, camera: CameraInstance, media_directory: Path
) -> None:
    home.config.allowlist_external_dirs = {str(media_directory)}
    (media_directory / "file").write_bytes(b"no folder")
    filename = str(media_directory / "file" / "clip.mp4")
    answer = await async_record(camera, lookback=2, duration=0, filename=filename)
    assert answer["reason"] in {"storage_missing", "storage_failed"}
    assert Path(answer["path"]).parent == camera.media.recordings.directory
    assert camera.media.problem is None
