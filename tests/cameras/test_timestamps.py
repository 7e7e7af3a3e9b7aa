"""Cameras whose timestamps are missing or made up, recorded by the clock of their sender."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
import time

import av
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames.jpeg import planes

from ..calling import answer_of
from ..conftest import LoadEntry
from ..flows.steps import add_camera
from ..mjpeg import MjpegCamera
from ..pattern_reader import read_frame_number
from ..rtsp import RtspServer
from ..rtsp_viewer import watched
from ..viewers import frame_number
from ..waiting import until

FPS = 5
LOOKBACK = 4
DURATION = 3
GOP = 10.0
"""Seconds from keyframe to keyframe of a camera that is joined between them."""


@pytest.fixture
def mjpeg_camera(socket_enabled: None) -> Iterator[MjpegCamera]:
    with MjpegCamera(fps=FPS) as camera:
        yield camera


def frames(path: str) -> list[tuple[float, int]]:
    """Return time in the clip and number of each frame."""
    with av.open(path) as container:
        return [
            (frame.time, read_frame_number(planes(frame)[0]) or 0)
            for frame in container.decode(video=0)
        ]


async def assert_clip_follows_the_sender(
    hass: HomeAssistant, instance: CameraInstance, camera: MjpegCamera
) -> None:
    """Record, and compare the clip with the clock of the camera."""
    await until(lambda: instance.ring.available > LOOKBACK + 1)
    called = time.time()
    answer = await answer_of(hass, "record", "camera.porch", lookback=LOOKBACK, duration=DURATION)
    assert answer["complete"]
    seen = frames(answer["path"])
    # All pictures, each as long after the one before it as it was sent.
    assert [number for _, number in seen] == list(range(seen[0][1], seen[-1][1] + 1))
    for (before, _), (after, _) in pairwise(seen):
        assert after - before == pytest.approx(1 / FPS, abs=0.15)
    assert answer["duration"] == pytest.approx(len(seen) / FPS, abs=0.3)
    asked = LOOKBACK + DURATION
    assert asked - 0.5 <= answer["duration"] <= asked + 2
    # What it claims of the time before the call is what the camera sent then.
    sent_before = sum(camera.sent_at(number) < called for _, number in seen) / FPS
    assert answer["lookback"] == pytest.approx(sent_before, abs=0.7)
    start_of_clip = datetime.fromisoformat(answer["start"]).timestamp()
    assert start_of_clip == pytest.approx(camera.sent_at(seen[0][1]), abs=1)


async def add_by_clock(hass: HomeAssistant, url: str) -> CameraInstance:
    """Set up a camera in a flow, which finds that it needs the clock; return its instance."""
    result = await add_camera(hass, url)
    assert result["data"]["advanced"]["use_wallclock_as_timestamps"]
    instance: CameraInstance = result["result"].runtime_data
    return instance


async def test_new_mjpeg_camera(
    home: HomeAssistant, load: LoadEntry, mjpeg_camera: MjpegCamera
) -> None:
    instance = await add_by_clock(home, mjpeg_camera.url)
    await assert_clip_follows_the_sender(home, instance, mjpeg_camera)


async def test_mjpeg_camera_of_an_earlier_version(
    home: HomeAssistant, load: LoadEntry, mjpeg_camera: MjpegCamera
) -> None:
    entry = await load({"kind": "camera_url", "url": mjpeg_camera.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: entry.data.get("advanced"))
    assert entry.data["advanced"] == {"use_wallclock_as_timestamps": True}
    await until(lambda: mjpeg_camera.requests == 2)
    await assert_clip_follows_the_sender(home, instance, mjpeg_camera)
    # Once and for all.
    assert mjpeg_camera.requests == 2
    assert await home.config_entries.async_reload(entry.entry_id)
    await until(lambda: entry.runtime_data.ring.available > 1)
    assert mjpeg_camera.requests == 3


async def test_mjpeg_that_ffmpeg_rejects_comes_by_another_integration(
    home: HomeAssistant, load: LoadEntry, socket_enabled: None
) -> None:
    with MjpegCamera(part_type="image/jpg") as camera:
        options = {"mjpeg_url": camera.url, "authentication": "basic", "verify_ssl": False}
        options |= {"username": "", "password": ""}
        other = MockConfigEntry(domain="mjpeg", title="Yard", options=options)
        other.add_to_hass(home)
        assert await home.config_entries.async_setup(other.entry_id)
        await home.async_block_till_done()
        (entity_id,) = home.states.async_entity_ids("camera")
        entry = await load({"kind": "camera_entity", "entity_id": entity_id})
        instance: CameraInstance = entry.runtime_data
        still = await instance.async_still()
        assert camera.sent_at(frame_number(still.data)) == pytest.approx(time.time(), abs=3)
        assert await home.config_entries.async_unload(other.entry_id)


async def test_new_camera_that_stamps_in_steps_of_a_second(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=10, stamp_step=1.0)
    instance = await add_by_clock(home, mount.url)
    await until(lambda: instance.ring.available > 3)
    called = time.time()
    answer = await answer_of(home, "record", "camera.porch", lookback=2, duration=1)
    seen = frames(answer["path"])
    # By its stamps, it has one frame of ten.
    assert [number for _, number in seen] == list(range(seen[0][1], seen[-1][1] + 1))
    off = [called - answer["lookback"] + at - rtsp_server.epoch - n / 10 for at, n in seen]
    assert max(map(abs, off)) < 1


async def test_new_camera_joined_between_keyframes(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", gop=7)
    with watched(mount):
        await assert_first_picture_comes(await add_by_clock(home, mount.url), attempts=1)


async def test_camera_of_an_earlier_version_joined_between_keyframes(
    load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", gop=GOP)
    with watched(mount):
        entry = await load({"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"})
        await assert_first_picture_comes(entry.runtime_data, attempts=2)
        assert entry.data["advanced"] == {"use_wallclock_as_timestamps": True}


async def assert_first_picture_comes(instance: CameraInstance, *, attempts: int) -> None:
    """Wait for a picture, for which the worker may open the camera `attempts` times."""
    await until(lambda: instance.ring.available > 0, within=GOP + 20)
    await until(lambda: instance.available)
    stream = instance.provider.stream
    assert stream is not None
    assert stream.get_diagnostics()["start_worker"] == attempts
