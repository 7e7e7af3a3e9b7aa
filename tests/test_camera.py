"""The camera entity, through Home Assistant's camera API."""

import asyncio
from contextlib import aclosing
import io
import time
from typing import Any, override
from urllib.parse import urljoin

import av
from homeassistant.components.camera import (
    CameraEntityFeature,
    CameraWebRTCProvider,
    async_get_image,
    async_get_stream_source,
    async_register_webrtc_provider,
)
from homeassistant.components.stream.core import TRANSFORM_IMAGE_FUNCTION, Orientation
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg

from .conftest import LoadEntry
from .foreign import StillCamera, add
from .pattern_reader import read_frame_number
from .rtsp import RtspServer
from .viewers import QUIET, Viewer, frame_number, idle, url_of, working_threads
from .waiting import WITHIN, until

CAMERA = "camera.porch"


@pytest.fixture(params=["demo", "camera_url"])
async def camera(request: pytest.FixtureRequest, load: LoadEntry) -> CameraInstance:
    """A camera without lookback and history, of each kind with its own source of frames."""
    data: dict[str, Any] = {"kind": request.param, "name": "Porch"}
    if request.param == "camera_url":
        server: RtspServer = request.getfixturevalue("rtsp_server")
        data = {"kind": request.param, "url": server.mount("/porch", fps=25).url}
    entry = await load(data, options=QUIET)
    instance: CameraInstance = entry.runtime_data
    return instance


def seen_as(data: bytes, orientation: int) -> int | None:
    """Read the frame number of a rotated JPEG by undoing `orientation`."""
    back = Orientation({6: 8, 8: 6}.get(orientation, orientation))
    luma = jpeg.planes(jpeg.decode(data))[0]
    return read_frame_number(TRANSFORM_IMAGE_FUNCTION[back](luma))


async def test_camera_proxy_serves_stills(
    home: HomeAssistant, camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    numbers = []
    release = camera.provider.acquire()
    for _ in range(2):
        response = await client.get(f"/api/camera_proxy/{CAMERA}")
        assert response.status == 200
        assert response.content_type == "image/jpeg"
        numbers.append(frame_number(await response.read()))
        keyframe = camera.ring.newest_keyframe
        await until(lambda keyframe=keyframe: camera.ring.newest_keyframe is not keyframe)  # type: ignore[misc]  # a default of a lambda has no type
    release()
    assert numbers[0] < numbers[1]
    await until(lambda: not camera.provider.in_use)
    await idle(home)
    await until(lambda: working_threads() == [])


async def test_still_can_be_scaled(home: HomeAssistant, camera: CameraInstance) -> None:
    image = await async_get_image(home, CAMERA, width=160, height=90)
    width, _ = jpeg.size(image.content)
    assert 160 <= width <= 320


async def test_concurrent_requests_share_one_still(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25, gop=4.0)
    await load({"kind": "camera_url", "url": mount.url}, options=QUIET)
    images = await asyncio.gather(*(async_get_image(home, CAMERA) for _ in range(10)))
    assert len({image.content for image in images}) == 1
    assert mount.watchers_ever == 1


async def test_preferred_orientation_applies_to_stills_and_mjpeg(
    home: HomeAssistant,
    camera: CameraInstance,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    client, socket = await hass_client(), await hass_ws_client()

    async def prefer(orientation: int) -> None:
        await socket.send_json_auto_id(
            {"type": "camera/update_prefs", "entity_id": CAMERA, "orientation": orientation}
        )
        assert (await socket.receive_json())["success"]

    async def mjpeg_turns(viewer: Viewer, orientation: int) -> None:
        while seen_as((await viewer.read(1))[0].data, orientation) is None:
            pass

    async def still_turns(orientation: int) -> None:
        async with client.get(f"/api/camera_proxy/{CAMERA}") as response:
            assert seen_as(await response.read(), orientation) is not None

    state = home.states.get(CAMERA)
    assert state is not None
    url = url_of(
        home, f"/api/camera_proxy_stream/{CAMERA}?token={state.attributes['access_token']}"
    )
    # Set before anybody watches: even the first frame is rotated.
    await prefer(6)
    await still_turns(6)
    async with Viewer.watching(url) as viewer, asyncio.timeout(WITHIN):
        for orientation in range(1, 9):
            await prefer(orientation)
            await mjpeg_turns(viewer, orientation)
            await still_turns(orientation)
            size = jpeg.size((await viewer.read(1))[0].data)
            assert (size[0] > size[1]) == (orientation < 5)


async def play(client: Any, master: str) -> tuple[bytes, list[str]]:
    """Play HLS without low-latency parts: return a header and two segments."""
    text = await (await client.get(master)).text()
    assert text.startswith("#EXTM3U")
    assert "CODECS=" in text
    playlist = urljoin(master, text.strip().splitlines()[-1])
    init, segments = "", dict[str, bytes]()
    async with asyncio.timeout(WITHIN):
        while len(segments) < 2:
            text = await (await client.get(playlist)).text()
            lines = text.splitlines()
            (init,) = [line for line in lines if line.startswith("#EXT-X-MAP")]
            for line in lines:
                if line.startswith("./segment/") and line not in segments:
                    response = await client.get(urljoin(playlist, line))
                    assert response.status == 200
                    segments[line] = await response.read()
            # The playlist is delayed until the requested segment is complete.
            playlist = f"{playlist.partition('?')[0]}?_HLS_msn={len(segments)}"
    name = init.partition('URI="')[2].partition('"')[0]
    header = await (await client.get(urljoin(playlist, name))).read()
    return header + b"".join(segments.values()), list(segments)


@pytest.mark.usefixtures("short_segments")
async def test_hls_plays_every_frame_once(
    home: HomeAssistant,
    load: LoadEntry,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The encoder of a busy machine drops what it is a second behind with.
    monkeypatch.setattr("custom_components.retrocam.core.publish.publisher._QUEUE_SECONDS", 60)
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    drawn: list[int | None] = []
    unsubscribe = entry.runtime_data.feed.subscribe(
        lambda picture: drawn.append(read_frame_number(jpeg.planes(picture.frame)[0]))
    )
    client, socket = await hass_client(), await hass_ws_client()
    await socket.send_json_auto_id({"type": "camera/stream", "entity_id": CAMERA, "format": "hls"})
    answer = await socket.receive_json()
    assert answer["success"]
    data, names = await play(client, answer["result"]["url"])
    assert len(names) == 2
    with av.open(io.BytesIO(data), "r") as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert len(container.streams.audio) == 1
        numbers = [read_frame_number(jpeg.planes(frame)[0]) for frame in container.decode(video=0)]
    unsubscribe()
    assert len(numbers) > 25
    # A picture that was due while the machine was busy is not drawn.
    begin = drawn.index(numbers[0])
    assert numbers == drawn[begin : begin + len(numbers)]
    assert drawn == sorted(set(drawn), key=lambda number: number or 0)
    await idle(home)
    await until(lambda: working_threads() == [])


async def test_still_is_current_during_hls(
    short_segments: None, home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    url = rtsp_server.mount("/porch", fps=25).url
    entry = await load({"kind": "camera_url", "url": url}, options=QUIET)
    stream = await entry.runtime_data.async_stream()
    hls = stream.add_provider("hls")
    await stream.start()
    await until(lambda: hls.last_sequence >= 3)
    called = time.time()
    still = await entry.runtime_data.async_still()
    taken = rtsp_server.epoch + frame_number(still.data) / 25
    # A keyframe comes each second, and is delivered up to a second later.
    assert called - taken < 4
    assert still.time == pytest.approx(taken, abs=1)


async def test_unreachable_camera_raises_translated_error(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await load({"kind": "camera_entity", "entity_id": "camera.gone"}, options=QUIET)
    with pytest.raises(HomeAssistantError) as caught:
        await async_get_image(home, CAMERA)
    assert caught.value.translation_domain == "retrocam"
    assert caught.value.translation_key == "cannot_connect"
    assert "Porch" in str(caught.value)


async def test_unload_fails_waiting_still_request(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"}, options=QUIET)
    waiting = asyncio.create_task(async_get_image(home, CAMERA))
    await until(lambda: any("still" in name for name in working_threads()))
    assert await home.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError) as caught:
        await waiting
    assert caught.value.translation_key == "timeout"
    assert "Porch" in str(caught.value)


class _WebRtc(CameraWebRTCProvider):
    """Takes any source, as go2rtc does, and records those that it may open."""

    def __init__(self) -> None:
        self.sources: set[str] = set()

    @property
    @override
    def domain(self) -> str:
        return "go2rtc"

    @override
    def async_is_supported(self, stream_source: str) -> bool:
        self.sources.add(stream_source)
        return True

    @override
    async def async_handle_async_webrtc_offer(self, *_: object) -> None:
        """Not asked for."""

    @override
    async def async_on_webrtc_candidate(self, *_: object) -> None:
        """Not asked for."""


async def test_webrtc_opens_no_camera_again(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_ws_client: WebSocketGenerator,
) -> None:
    provider = _WebRtc()
    async_register_webrtc_provider(home, provider)
    socket = await hass_ws_client()

    async def kinds(entity_id: str) -> set[str]:
        await socket.send_json_auto_id({"type": "camera/capabilities", "entity_id": entity_id})
        return set((await socket.receive_json())["result"]["frontend_stream_types"])

    url = rtsp_server.mount("/porch", fps=25).url
    await load({"kind": "camera_url", "url": url}, options=QUIET)
    await load({"kind": "demo", "name": "Demo"}, title="Demo", options=QUIET)
    assert await kinds(CAMERA) == {"hls"}
    # What Retrocam draws has no other connection.
    assert await kinds("camera.demo") == {"hls", "web_rtc"}
    assert not any(source.startswith("rtsp") for source in provider.sources)
    # Who asks for the camera's own address, such as HomeKit, still gets it.
    assert await async_get_stream_source(home, CAMERA) == url


async def test_wrapped_camera_offers_the_stream_that_its_source_has(
    home: HomeAssistant, load: LoadEntry
) -> None:
    source = await add(home, StillCamera())
    await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)

    def features() -> int:
        state = home.states.get(CAMERA)
        assert state is not None
        return int(state.attributes["supported_features"])

    # With it, Home Assistant's page would ask for HLS, and then open MJPEG by itself.
    assert features() == 0
    source._attr_supported_features = CameraEntityFeature.STREAM
    source.async_write_ha_state()
    await until(lambda: features() == CameraEntityFeature.STREAM)
    home.states.async_set("camera.source", "unavailable")
    await until(lambda: features() == CameraEntityFeature.STREAM)


async def test_stream_source_by_kind(home: HomeAssistant, load: LoadEntry) -> None:
    # go2rtc opens stream_source: never a second connection to a wrapped camera.
    demo = await load({"kind": "demo", "name": "Demo"}, title="Demo", options=QUIET)
    wrapped = await load({"kind": "camera_entity", "entity_id": "camera.demo"}, options=QUIET)
    assert wrapped.runtime_data.stream_source is None
    assert demo.runtime_data.stream_source.startswith("http://127.0.0.1:")
    async with aclosing(demo.runtime_data.publisher.reader()):
        stream = await wrapped.runtime_data.async_stream()
    assert stream is await demo.runtime_data.async_stream()
