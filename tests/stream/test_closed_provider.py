"""A supply that is closed: whoever comes too late opens no source, nor starts an old worker."""

import asyncio

from homeassistant.components.camera import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import DrawnInstance
from custom_components.retrocam.core.clips.writer import ClipReason

from ..rtsp import RtspServer
from ..viewers import working_threads
from ..waiting import until


async def test_a_closed_supply_opens_nothing(
    home: HomeAssistant, quiet_url_camera: CameraInstance, rtsp_server: RtspServer
) -> None:
    held = quiet_url_camera.supply.hold()
    mount = rtsp_server.mounts["/porch"]
    await until(lambda: mount.watchers)
    assert await home.config_entries.async_unload(quiet_url_camera.entry.entry_id)
    await until(lambda: not mount.watchers)
    held()
    # Actions that were called before may be at any point by now.
    recording = quiet_url_camera.recorder.async_begin(lookback=0, duration=60)
    late = [quiet_url_camera.supply.hold() for _ in range(2)]
    with pytest.raises(HomeAssistantError):
        await quiet_url_camera.async_stream()
    assert (await recording.done).reason is ClipReason.CLOSED
    assert not quiet_url_camera.supply.held
    await home.async_block_till_done(wait_background_tasks=True)
    assert working_threads() == []
    assert mount.watchers_ever == 1
    for release in late:
        release()


async def test_a_viewer_who_comes_during_the_unloading_starts_no_old_worker(
    home: HomeAssistant, quiet_demo: DrawnInstance
) -> None:
    camera = home.data[DATA_COMPONENT].get_entity("camera.porch")
    assert camera is not None
    stream = await camera.async_create_stream()
    assert stream is not None
    stream.add_provider("hls")
    await stream.start()
    await until(lambda: quiet_demo.publisher.readers)
    async with stream._start_stop_lock:
        # It has the Stream already, and is about to start its worker.
        viewer = asyncio.create_task(camera.async_create_stream())
        await asyncio.sleep(0)
        unloading = asyncio.create_task(home.config_entries.async_unload(quiet_demo.entry.entry_id))
        await until(lambda: quiet_demo.supply.stream is None)
        assert not viewer.done()
    with pytest.raises(HomeAssistantError):
        await viewer
    assert await unloading
    assert working_threads() == []
