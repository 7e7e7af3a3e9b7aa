"""Cameras by URL whose sound Home Assistant's worker drops, read through the relay."""

from itertools import pairwise
import logging
from pathlib import Path
from typing import Any

import av
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.url import UrlCamera
from custom_components.retrocam.core.publish.relay import Relay

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.clips.clip_checks import flashes, numbers_in
from ..core.hearing import beeps
from ..leaks import own_threads
from ..rtsp import Mount, RtspServer
from ..viewers import idle
from ..waiting import until

FPS = 25
WITHIN = 90
"""Seconds for a camera to deliver, on a busy machine."""
STORAGE: dict[str, dict[str, Any]] = {"storage": {"min_free_megabytes": 0}}


async def load_camera(
    load: LoadEntry, mount: Mount, *, audio: str | None, sound: str = "auto", **data: Any
) -> UrlCamera:
    """Load a camera whose probe found a codec."""
    entry = await load(
        {
            "kind": "camera_url",
            "url": mount.url,
            "rtsp_transport": "tcp",
            "audio_codec": audio,
            "video_codec": "h264",
            **data,
        },
        options={**STORAGE, "sound": {"sound": sound}},
    )
    camera: UrlCamera = entry.runtime_data
    return camera


def sound_of(camera: CameraInstance) -> list[str]:
    """Return the codecs of the sound of the newest segment."""
    segments = camera.ring.segments
    return (
        [track.codec for track in segments[-1].tracks if track.codec == "mp4a"] if segments else []
    )


async def running(camera: CameraInstance) -> None:
    """Wait for a few seconds of footage."""
    await until(lambda: camera.ring.available > 3, within=WITHIN)


async def test_clip_has_sound_and_every_frame(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, sound="pcma")
    camera = await load_camera(load, mount, audio="pcm_alaw")
    await until(lambda: camera.ring.available > 6, within=WITHIN)
    clip = Path((await answer_of(home, "record", "camera.porch", lookback=5, duration=3))["path"])
    numbers = [number or 0 for number in numbers_in(clip)]
    assert len(numbers) > 6 * FPS
    assert {after - before for before, after in pairwise(numbers)} == {1}
    with av.open(str(clip)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    heard, seen = beeps(clip), flashes(clip)
    # The first and last may lack sound, which is cut at packets and not at frames.
    inner = seen[1:-1]
    assert len(inner) >= 3
    assert max(min(abs(at - beep) for beep in heard) for at in inner) < 0.04
    assert (mount.watchers, mount.watchers_ever) == (1, 1)


async def test_camera_that_home_assistant_takes_is_not_relayed(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, audio=True)
    camera = await load_camera(load, mount, audio="aac")
    await running(camera)
    assert camera.relay is None
    assert camera.provider.stream is not None
    assert str(camera.provider.stream.source) == mount.url
    assert sound_of(camera) == ["mp4a"]


@pytest.mark.parametrize(
    ("audio", "video"),
    [("pcm_alaw", "mpeg4"), ("pcm_alaw", None), ("no_such_codec", "h264"), (None, "h264")],
)
async def test_what_cannot_be_relayed_is_left_to_home_assistant(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    audio: str | None,
    video: str | None,
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, sound="pcma")
    camera = await load_camera(load, mount, audio=audio, video_codec=video)
    await until(lambda: camera.ring.available > 0, within=WITHIN)
    assert camera.relay is None
    assert sound_of(camera) == []


async def test_sound_can_be_converted_or_left_out(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, audio=True)
    camera = await load_camera(load, mount, audio="aac", sound="convert")
    await running(camera)
    assert camera.relay is not None
    assert sound_of(camera) == ["mp4a"]
    assert await home.config_entries.async_remove(camera.entry.entry_id)
    camera = await load_camera(load, mount, audio="aac", sound="off")
    await running(camera)
    assert camera.relay is None
    assert sound_of(camera) == []


async def test_camera_that_is_set_to_aac_goes_direct_at_its_next_start(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, audio=True)
    camera = await load_camera(load, mount, audio="pcm_alaw")
    assert camera.relay is not None
    await until(lambda: camera.entry.data["audio_codec"] == "aac", within=WITHIN)
    # The stream that runs is left alone.
    assert camera.entry.runtime_data is camera
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    camera = camera.entry.runtime_data
    assert camera.relay is None
    await running(camera)
    assert sound_of(camera) == ["mp4a"]


async def test_relay_runs_only_while_it_is_read(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, sound="pcma")
    camera = await load_camera(load, mount, audio="pcm_alaw")
    camera.lookback.async_stop()
    assert camera.relay is not None
    await until(lambda: not camera.provider.in_use, within=WITHIN)
    release = camera.provider.acquire()
    await until(lambda: sound_of(camera) == ["mp4a"], within=WITHIN)
    assert camera.relay.readers == 1
    release()
    await until(lambda: not camera.provider.in_use, within=WITHIN)
    await idle(home)
    await mount.async_wait_for_watchers(0)
    await until(lambda: not any("relay" in name for name in own_threads()), within=WITHIN)
    assert camera.available


async def test_outages_are_survived(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, sound="pcma")
    camera = await load_camera(load, mount, audio="pcm_alaw")
    await running(camera)
    rtsp_server.kill()
    await until(lambda: not camera.available, within=WITHIN)
    rtsp_server.start()
    await until(lambda: camera.available, within=WITHIN)
    await until(lambda: sound_of(camera) == ["mp4a"], within=WITHIN)
    before = camera.ring.last_arrival or 0.0
    rtsp_server.hang()
    await until(lambda: not camera.available, within=WITHIN)
    rtsp_server.resume()
    await until(lambda: camera.available, within=WITHIN)
    assert (camera.ring.last_arrival or 0.0) > before


async def test_unload_does_not_wait_for_a_camera_that_hangs(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=FPS, sound="pcma")
    camera = await load_camera(load, mount, audio="pcm_alaw")
    await running(camera)
    rtsp_server.hang()
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    # FFmpeg still reads, until the time-out of 5 s.
    assert own_threads() == ["retrocam relay Porch", "retrocam stop Porch"]
    await until(lambda: own_threads() == [], within=WITHIN)
    assert await home.config_entries.async_setup(camera.entry.entry_id)


async def test_refusal_asks_for_the_password_and_tells_no_secret(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    mount = rtsp_server.mount(
        "/porch", fps=FPS, sound="pcma", username="keeper", password="hunter2"
    )
    camera = await load_camera(load, mount, audio="pcm_alaw", username="keeper", password="wr0ng/@")
    await until(lambda: any(camera.entry.async_get_active_flows(home, {"reauth"})), within=WITHIN)
    assert "HTTPUnauthorizedError" in caplog.text
    # Also what it did not expect, between two connections.
    rtsp_server.kill()
    await until(lambda: not any("relay" in name for name in own_threads()), within=WITHIN)
    # Without the host, which is also that of the relay here.
    error = RuntimeError("keeper with wr0ng/@ is unexpected")
    logging.getLogger(Relay.__module__).error("ended with an error", exc_info=error)
    assert "ended with an error" in caplog.text
    assert "wr0ng" not in caplog.text
    assert "keeper" not in caplog.text
