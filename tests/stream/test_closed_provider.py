"""A closed stream provider opens no source and starts no worker."""

import asyncio

from homeassistant.components.camera import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.core.clips.result import ClipReason

from ..rtsp import RtspServer
from ..viewers import working_threads
from ..waiting import until


async def test_closed_provider_opens_no_source(
    home: HomeAssistant, quiet_url_camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    release_early = quiet_url_camera.provider.acquire()
    mount = rtsp_server.mounts["/porch"]
    await until(lambda: mount.watchers)
    assert await home.config_entries.async_unload(quiet_url_camera.entry.entry_id)
    await until(lambda: not mount.watchers)
    release_early()
    # As actions that began before the unload.
    recording = quiet_url_camera.recorder.async_begin(lookback=0, duration=60)
    late = [quiet_url_camera.provider.acquire() for _ in range(2)]
    with pytest.raises(HomeAssistantError):
        await quiet_url_camera.async_stream()
    assert (await recording.done).reason is ClipReason.CLOSED
    assert not quiet_url_camera.provider.in_use
    await home.async_block_till_done(wait_background_tasks=True)
    # The clip's thread reports its result, then ends.
    await until(lambda: working_threads() == [])
    assert mount.watchers_ever == 1
    for release in late:
        release()


async def test_viewer_during_unload_does_not_restart_worker(
    home: HomeAssistant, quiet_demo: GeneratedCamera
) -> None:
    camera = home.data[DATA_COMPONENT].get_entity("camera.porch")
    assert camera is not None
    stream = await camera.async_create_stream()
    assert stream is not None
    stream.add_provider("hls")
    await stream.start()
    await until(lambda: quiet_demo.publisher.readers)
    async with stream._start_stop_lock:
        # The viewer has the Stream, and is about to start its worker.
        viewer = asyncio.create_task(camera.async_create_stream())
        await asyncio.sleep(0)
        unloading = asyncio.create_task(home.config_entries.async_unload(quiet_demo.entry.entry_id))
        await until(lambda: quiet_demo.provider.stream is None)
        assert not viewer.done()
    with pytest.raises(HomeAssistantError):
        await viewer
    assert await unloading
    assert working_threads() == []
