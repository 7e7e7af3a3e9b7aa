"""An hour of tape as Home Assistant casts it: to a receiver elsewhere, which has no login."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from aiohttp import ClientResponse, ClientSession, TCPConnector
from homeassistant.components.media_player import async_process_play_media_url
from homeassistant.components.media_source import async_resolve_media
from homeassistant.core import HomeAssistant
from homeassistant.core_config import async_process_ha_core_config
from homeassistant.loader import async_get_integration
import pytest

from custom_components.retrocam import cast
from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.media.spans import SpanId, Unit

from ..conftest import LoadEntry
from ..core.footage.hls import attributes, parse
from ..core.footage.runs import shown
from ..core.tape.taping import numbers_in
from ..http.taped import add_taped
from ..players import decoded_by_ffmpeg
from ..viewers import url_of
from .browsing import ROOT, browse

PLAYER = "media_player.living_room"
RECEIVER = "https://www.gstatic.com"
"""Origin of the page that a Chromecast plays in."""


@pytest.fixture
async def camera(drawn: list[int], load: LoadEntry) -> CameraInstance:
    """A camera with some seconds on tape, and less in memory."""
    return await add_taped(load)


@pytest.fixture
async def receiver(home: HomeAssistant) -> AsyncIterator[ClientSession]:
    """A client with another address than this one, and an origin of its own."""
    connector = TCPConnector(local_addr=("127.0.0.9", 0))
    async with ClientSession(connector=connector, headers={"Origin": RECEIVER}) as session:
        yield session


async def given_to_cast(home: HomeAssistant, media_id: str) -> tuple[str, str]:
    """Return the URL and the type that the cast integration tells a receiver."""
    await async_process_ha_core_config(home, {"internal_url": url_of(home, "")})
    played = await async_resolve_media(home, media_id, PLAYER)
    return async_process_play_media_url(home, played.url), played.mime_type


def may_be_read(response: ClientResponse) -> bool:
    """Return whether the page of the receiver may read an answer."""
    return response.headers.get("Access-Control-Allow-Origin") in (RECEIVER, "*")


async def read(receiver: ClientSession, url: str) -> bytes:
    async with receiver.get(url) as response:
        assert response.status == 200, url
        assert may_be_read(response), url
        return await response.read()


async def hour_of(home: HomeAssistant, camera: CameraInstance, name: str = "") -> str:
    """Return the id of the newest hour of the tape, or of that with a name."""
    hours: list[str] = []
    for day in (await browse(home, camera.entry.entry_id, "tape")).children or ():
        listed = await browse(home, *day.media_content_id.removeprefix(f"{ROOT}/").split("/"))
        hours += [hour.media_content_id for hour in listed.children or ()]
    return next(hour for hour in hours if hour.endswith(name))


async def test_hour_of_tape_is_cast(
    home: HomeAssistant,
    camera: CameraInstance,
    drawn: list[int],
    receiver: ClientSession,
    tmp_path: Path,
) -> None:
    frame = shown(camera.ring)[-1]
    hour = SpanId(Unit.HOUR, int(frame.time) // 3600 * 3600)
    url, mime_type = await given_to_cast(home, await hour_of(home, camera, str(hour)))
    assert url.startswith(url_of(home, "/api/retrocam/footage/"))
    assert mime_type == "application/vnd.apple.mpegurl"

    master = (await read(receiver, url)).decode().splitlines()
    (stream,) = [line for line in master if line.startswith("#EXT-X-STREAM-INF:")]
    assert attributes(stream.partition(":")[2])["CODECS"].startswith("avc1.")
    (variant,) = [line for line in master if line and not line.startswith("#")]
    media_url = urljoin(url, variant)
    parsed = parse((await read(receiver, media_url)).decode())
    assert parsed.ended
    assert not any(one.parts for one in parsed.segments)
    media, sections = b"", list[str]()
    for one in parsed.segments:
        for uri in (one.section, one.uri) if one.section not in sections else (one.uri,):
            media += await read(receiver, urljoin(media_url, uri))
        sections.append(one.section)
    file = tmp_path / "hour.mp4"
    file.write_bytes(media)
    numbers = numbers_in(file)
    first, last = numbers[0], numbers[-1]
    assert first is not None
    assert last is not None
    assert numbers == [number for number in drawn if first <= number <= last]
    assert frame.number in numbers
    assert await decoded_by_ffmpeg(url) == numbers


async def test_receiver_may_ask_with_other_methods_and_headers(
    home: HomeAssistant, camera: CameraInstance, receiver: ClientSession
) -> None:
    url, _ = await given_to_cast(home, await hour_of(home, camera))
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "content-type",
    }
    async with receiver.options(url, headers=asked) as response:
        assert response.status == 200
        assert may_be_read(response)
    async with receiver.head(url) as response:
        assert response.status == 200
        assert may_be_read(response)
    # Without its signature, or with that of another hour, it opens nothing.
    async with receiver.get(url.partition("?")[0]) as response:
        assert response.status == 403
    async with receiver.get(url.replace("start=", "start=1")) as response:
        assert response.status == 403


async def test_present_and_last_minute_may_be_read_as_well(
    home: HomeAssistant, camera: CameraInstance, receiver: ClientSession
) -> None:
    for item in ("live", "60"):
        url, _ = await given_to_cast(home, f"{ROOT}/{camera.entry.entry_id}/footage/{item}")
        assert (await read(receiver, url)).startswith(b"#EXTM3U")


class Receiver:
    """What PyChromecast has been asked for."""

    def __init__(self) -> None:
        self.asked = list[tuple[str, str, dict[str, Any]]]()

    @property
    def media_controller(self) -> Receiver:
        return self

    def play_media(self, url: str, content_type: str, **options: Any) -> None:
        self.asked.append((url, content_type, options))


async def test_receiver_is_told_what_it_gets(home: HomeAssistant, camera: CameraInstance) -> None:
    chromecast = Receiver()
    for media_id in (
        await hour_of(home, camera),
        f"{ROOT}/{camera.entry.entry_id}/footage/live",
        f"{ROOT}/{camera.entry.entry_id}/footage/60",
    ):
        url, mime_type = await given_to_cast(home, media_id)
        played = await async_resolve_media(home, media_id, PLAYER)
        assert await cast.async_play_media(home, PLAYER, chromecast, played.mime_type, played.url)
        asked = chromecast.asked[-1]
        assert asked[0].partition("?")[0] == url.partition("?")[0]
        assert asked[1] == mime_type
        assert asked[2]["media_info"] == {"hlsVideoSegmentFormat": "fmp4"}
    assert [asked[2]["stream_type"] for asked in chromecast.asked] == [
        "BUFFERED",
        "LIVE",
        "BUFFERED",
    ]
    # Nothing else is ours.
    for other in ("/api/hls/abc/master_playlist.m3u8", "https://example.com/a.m3u8", "a", ""):
        assert not await cast.async_play_media(home, PLAYER, chromecast, "video/mp4", other)
    assert len(chromecast.asked) == 3


async def test_platform_is_complete(home: HomeAssistant, camera: CameraInstance) -> None:
    # Home Assistant's cast integration refuses one that lacks any of these.
    assert await cast.async_get_media_browser_root_object(home, "cast") == []
    assert (
        await cast.async_browse_media(home, "", f"{ROOT}/{camera.entry.entry_id}", "cast") is None
    )
    integration = await async_get_integration(home, "retrocam")
    assert integration.platforms_exists(["cast"]) == ["cast"]
