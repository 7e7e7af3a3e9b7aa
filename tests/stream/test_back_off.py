"""Users of a stream provider, and its back-off from a failing camera."""

import asyncio
import threading

from homeassistant.core import HomeAssistant

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.backoff import Backoff
from custom_components.retrocam.stream.back_off import BackOff

from ..conftest import LoadEntry
from ..core.media import Clock
from ..foreign import SourceCamera, add
from ..rtsp import RtspServer
from ..viewers import QUIET
from ..waiting import until


async def test_failing_camera_backs_off(home: HomeAssistant, load: LoadEntry) -> None:
    asked: list[str] = []

    def source() -> str:
        asked.append("again")
        raise KeyError("no login")

    camera = await add(home, SourceCamera(source))
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    provider, clock = entry.runtime_data.provider, Clock()
    provider._backoff = Backoff(2, 60, clock)
    release = provider.acquire()
    await until(lambda: not provider.available)

    async def asked_after(seconds: float) -> int:
        asked.clear()
        clock.now += seconds
        for _ in range(5):
            provider.acquire()()
            await home.async_block_till_done()
            await asyncio.sleep(0)
        return len(asked)

    assert await asked_after(1) == 0
    assert await asked_after(1) == 1
    assert await asked_after(3) == 0
    assert await asked_after(1) == 1
    # A change of attributes alone does not reset the back-off.
    camera.async_write_ha_state()
    assert await asked_after(1) == 0
    home.states.async_set("camera.source", "recording")
    assert await asked_after(0) == 1
    assert await asked_after(2) == 1
    release()


async def test_acquire_after_close_is_a_no_op(home: HomeAssistant, demo: CameraInstance) -> None:
    provider = demo.provider
    late = provider.acquire()
    await provider.async_close()
    late()
    assert provider.diagnostics()["users"] == 0
    other = provider.acquire()
    assert provider.diagnostics()["users"] == 0
    other()
    late()
    assert provider.diagnostics()["users"] == 0


async def test_camera_that_hangs_up_again_and_again_is_back_each_time(
    load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch")
    entry = await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    provider = entry.runtime_data.provider
    release = provider.acquire()
    await until(lambda: provider.ring.last_arrival)
    hls = provider.stream.add_provider("hls")
    # By itself, the worker would wait 10 and 20 s.
    async with asyncio.timeout(25):
        for _ in range(2):
            mount.disconnect()
            await until(lambda: not provider.available)
            await until(lambda: provider.available)
    # The same worker: links of HLS viewers stay valid.
    assert provider.stream.get_diagnostics()["start_worker"] == 3
    assert provider.stream.outputs()["hls"] is hls
    release()


def test_back_off_takes_over_from_an_event_in_use() -> None:
    replaced = threading.Event()
    back_off = BackOff(replaced)
    assert not back_off.wait(0)
    assert back_off.started is None
    back_off.set()
    assert replaced.is_set()
    assert back_off.wait(60)
    assert BackOff(replaced).is_set()


async def test_refusing_camera_is_not_asked_more_often(
    load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch")
    mount.refuse(503)
    entry = await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    provider = entry.runtime_data.provider
    release = provider.acquire()
    await until(lambda: not provider.available)
    await until(lambda: provider._retries.remaining)
    for _ in range(3):
        provider.async_retry()
        await asyncio.sleep(0)
    assert provider.stream.get_diagnostics()["start_worker"] == 1
    release()
