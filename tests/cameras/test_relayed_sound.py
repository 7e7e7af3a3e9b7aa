"""Where the converted sound of a relayed camera is heard, in step with the picture."""

from pathlib import Path

import av
from homeassistant.components.camera import async_request_stream, get_camera_from_entity_id
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras.url import UrlCamera
from custom_components.retrocam.urls import FOOTAGE_MASTER_PATH, signed

from ..conftest import LoadEntry
from ..core.clips.clip_checks import flashes
from ..core.hearing import beeps
from ..core.tape.taping import files_of
from ..players import saved
from ..rtsp import Mount, RtspServer
from ..share.guests import Browser, page_path, sharing
from ..viewers import url_of
from ..waiting import until

WITHIN = 90
"""Seconds for a camera to deliver, on a busy machine."""
SECONDS = 7.0


@pytest.fixture(params=["pcma", "opus"])
def mount(request: pytest.FixtureRequest, rtsp_server: RtspServer) -> Mount:
    """A camera with beeps at its flashes."""
    return rtsp_server.mount("/porch", fps=25, sound=request.param)


@pytest.fixture
async def camera(load: LoadEntry, mount: Mount) -> UrlCamera:
    """A relayed camera with a tape, which guests may rewind, and some seconds of footage."""
    codec = {"pcma": "pcm_alaw"}.get(mount.options.sound, mount.options.sound)
    entry = await load(
        {"kind": "camera_url", "url": mount.url, "audio_codec": codec, "video_codec": "h264"},
        options={
            **sharing(share_rewind=True),
            "lookback": {"lookback_enabled": True, "lookback_seconds": 60},
            "storage": {"min_free_megabytes": 0},
            "tape": {"tape_enabled": True},
        },
    )
    camera: UrlCamera = entry.runtime_data
    assert camera.relay is not None
    await until(lambda: camera.ring.available > SECONDS + 2, within=WITHIN)
    return camera


def is_in_step(path: Path) -> None:
    """Check that a file has AAC, and a beep with each flash, but for the first and the last."""
    with av.open(str(path)) as container:
        assert [stream.codec_context.name for stream in container.streams.audio] == ["aac"]
    heard, inner = beeps(path), flashes(path)[1:-1]
    assert len(inner) >= 3
    assert max(min(abs(at - beep) for beep in heard) for at in inner) < 0.04


async def test_tape(home: HomeAssistant, camera: UrlCamera, mount: Mount) -> None:
    await until(lambda: camera.tape.seconds > SECONDS, within=WITHIN)
    (file,) = files_of(camera.media.directory)
    is_in_step(file)
    assert (mount.watchers, mount.watchers_ever) == (1, 1)


async def test_footage(home: HomeAssistant, camera: UrlCamera, tmp_path: Path) -> None:
    (span, *_) = camera.footage.memory_spans()
    query = f"?start={span.start}&end={span.end}"
    path = FOOTAGE_MASTER_PATH.format(entry_id=camera.entry.entry_id) + query
    is_in_step(await saved(url_of(home, signed(home, path)), tmp_path / "past.mkv", SECONDS))


async def test_live_playlist(
    home: HomeAssistant, camera: UrlCamera, mount: Mount, tmp_path: Path
) -> None:
    path = await async_request_stream(home, "camera.porch", "hls")
    is_in_step(await saved(url_of(home, path), tmp_path / "live.mkv", SECONDS))
    assert mount.watchers_ever == 1


async def test_share_page(home: HomeAssistant, camera: UrlCamera, tmp_path: Path) -> None:
    (span, *_) = camera.footage.memory_spans()
    async with Browser.at(home, page_path(camera.entry)) as guest:
        assert (await guest.unlock()).status == 204
        url = f"{guest.root}/footage/playlist.m3u8?start={span.start}&end={span.end}"
        cookie = ("-headers", f"Cookie: retrocam_share={guest.cookie}\r\n")
        is_in_step(await saved(url, tmp_path / "guest.mkv", SECONDS, *cookie))


async def test_webrtc_is_not_offered(home: HomeAssistant, camera: UrlCamera, mount: Mount) -> None:
    """Home Assistant's has one provider, go2rtc, which would open the camera a second time."""
    entity = get_camera_from_entity_id(home, "camera.porch")
    assert [kind.value for kind in entity.camera_capabilities.frontend_stream_types] == ["hls"]
    assert mount.watchers_ever == 1
