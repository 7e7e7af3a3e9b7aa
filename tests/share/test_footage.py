"""Guests who rewind: what they may read, and what keeps the owner from waiting for them."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import time
from typing import Any, Final

from aiohttp import ClientError, ClientResponse, ClientSession
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.footage import TRANSFERS
from custom_components.retrocam.cameras.share_access import MAX_STREAMS_PER_GUEST
from custom_components.retrocam.cameras.share_auth import SHARE_AUTH
from custom_components.retrocam.core.footage.held import Where
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.share.base import HEADERS
from custom_components.retrocam.urls import FOOTAGE_FRAME_PATH, FOOTAGE_PLAYLIST_PATH, signed
from custom_components.retrocam.workload import DECODES, async_footage_decoding

from ..conftest import LoadEntry
from ..core.footage.hls import parse
from ..core.footage.runs import between, shown, shown_at
from ..core.media import Clock
from ..http.footage_clients import player_of
from ..http.taped import DATA, OPTIONS, beyond
from ..leaks import own_threads
from ..players import decoded_by_ffmpeg
from ..viewers import QUIET, SMALL, frame_number
from ..waiting import until
from .guests import FAST, Browser, change_share, page_path, sharing, visible_response

HELD: Final = 6.0
"""Seconds of footage to wait for."""
LOOKBACK: Final = {"lookback_enabled": True, "lookback_seconds": 60}


@pytest.fixture
async def rewinding(load: LoadEntry, clock: Clock) -> MockConfigEntry:
    """A shared camera with some seconds of footage, whose guests may rewind."""
    options = {**sharing(share_rewind=True), "lookback": LOOKBACK}
    entry = await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=options)
    await until(lambda: entry.runtime_data.ring.available > HELD)
    return entry


@pytest.fixture
def camera(rewinding: MockConfigEntry) -> CameraInstance:
    instance: CameraInstance = rewinding.runtime_data
    return instance


@pytest.fixture
async def viewer(home: HomeAssistant, rewinding: MockConfigEntry) -> AsyncIterator[Browser]:
    """A guest of this camera."""
    async with Browser.at(home, page_path(rewinding)) as browser:
        assert (await browser.unlock()).status == 204
        yield browser


def body(response: ClientResponse) -> bytes:
    return visible_response(response)[1]


async def media_paths(guest: Browser) -> list[str]:
    """Return what a playlist names, as paths below the page."""
    response = await guest.get("/footage/playlist.m3u8")
    assert response.status == 200
    parsed = parse(await response.text())
    named = {parsed.segments[0].section} | {s.uri for s in parsed.segments}
    named |= {part["URI"] for segment in parsed.segments for part in segment.parts}
    return [f"/footage/{uri}" for uri in sorted(named - {""})]


async def test_guest_sees_footage_of_this_camera(camera: CameraInstance, viewer: Browser) -> None:
    assert (await (await viewer.get("/info")).json())["rewind"] == LOOKBACK["lookback_seconds"]
    held = await (await viewer.get("/footage")).json()
    (span,) = held["spans"]
    assert (span["where"], held.keys()) == ("memory", {"spans", "total"})
    assert held["total"] > HELD
    frames = shown(camera.ring)
    at = frames[40].time
    frame = await viewer.get("/footage/frame", params={"at": at})
    # A part that comes sooner than any before makes all times earlier.
    first, last = (shown_at(told, at + 0.0006).number for told in (frames, shown(camera.ring)))
    assert first <= frame_number(body(frame)) <= last
    small = await viewer.get("/footage/frame", params={"at": at, "fast": 1, "width": 160})
    assert jpeg.size(body(small)) == (160, 90)
    paths = await media_paths(viewer)
    # Nothing that is valid elsewhere, or without the cookie.
    assert len(paths) > 3
    assert not [path for path in paths if "authSig" in path or camera.entry.entry_id in path]
    for path in ("/footage", "/footage/playlist.m3u8", f"/footage/frame?at={at}", *paths):
        response = await viewer.get(path)
        assert response.status == 200, path
        # No page but ours may use it, and nobody keeps it.
        for name, value in HEADERS.items():
            assert response.headers[name] == value, (path, name)
        head = await viewer.session.head(viewer.root + path)
        assert (head.status, await head.read()) == (200, b"")
    await until(lambda: not camera.share.open_streams)


async def test_player_of_a_guest_shows_each_frame_once(
    camera: CameraInstance, viewer: Browser
) -> None:
    frames = shown(camera.ring)
    start, end = frames[10].time, frames[-5].time
    decoded = camera.footage.decoded
    url = f"{viewer.root}/footage/playlist.m3u8?start={start}&end={end}"
    cookie = ("-headers", f"Cookie: retrocam_share={viewer.cookie}\r\n")
    numbers = await decoded_by_ffmpeg(url, *cookie)
    assert numbers == between(shown(camera.ring), numbers[0], numbers[-1])
    assert numbers[0] <= frames[10].number
    assert numbers[-1] >= frames[-6].number
    assert camera.footage.decoded == decoded


async def test_guest_sees_nothing_of_the_tape(home: HomeAssistant, load: LoadEntry) -> None:
    """Not by its times, nor by a name that the owner's playlist told."""
    entry = await load(DATA, options={**OPTIONS, **sharing(share_rewind=True)})
    camera: CameraInstance = entry.runtime_data
    await until(lambda: beyond(camera) > 3)
    # Names of media outlive a reload, and what waited for the disk is on it.
    assert await home.config_entries.async_reload(entry.entry_id)
    camera = entry.runtime_data
    await until(lambda: beyond(camera) > 3)
    taped = camera.footage.spans()[0]
    at, begin = taped.start + 1, camera.footage.memory_spans()[0].start
    assert taped.where is Where.TAPE
    assert (await camera.footage.async_jpeg(at)).data
    async with ClientSession() as session, Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        player = player_of(home, session, camera, f"?start={at}&end={at + 1}")
        uri = parse(await player.playlist()).segments[0].uri
        assert (await player.get(uri)).status == 200
        name = uri.partition("?")[0].rpartition("/")[2]
        assert name.startswith("t")
        media = f"/footage/media/{camera.footage.epoch}/{name}"
        for path in (f"/footage/frame?at={at}", f"/footage/playlist.m3u8?end={at + 1}", media):
            assert (await guest.get(path)).status == 404, path
        response = await guest.get(f"/footage/playlist.m3u8?start={at}")
        listed = parse(await response.text()).segments if response.status == 200 else []
        assert all(segment.date > begin - 0.5 for segment in listed)
        spans = (await (await guest.get("/footage")).json())["spans"]
        assert [span["where"] for span in spans] == ["memory"]
    await until(lambda: not camera.share.open_streams)


async def test_footage_requires_the_rewind_option(
    home: HomeAssistant, camera: CameraInstance, viewer: Browser
) -> None:
    at = shown(camera.ring)[40].time
    paths = ["/footage", f"/footage/frame?at={at}", "/footage/playlist.m3u8"]
    paths += await media_paths(viewer)
    entry = camera.entry
    options = {**entry.options, "share": {**entry.options["share"], "share_rewind": False}}
    home.config_entries.async_update_entry(entry, options=options)
    forbidden = await viewer.post("/play")
    for path in paths:
        response = await viewer.get(path)
        assert (response.status, await response.json()) == (403, {"error": "forbidden"}), path
        assert response.headers["Content-Type"] == forbidden.headers["Content-Type"]
    assert (await (await viewer.get("/info")).json())["rewind"] == 0


@pytest.mark.parametrize(
    "share", [{"share_pin": "81940752"}, {"share_enabled": False}], ids=["another PIN", "no page"]
)
async def test_what_was_named_ends_with_the_session(
    home: HomeAssistant,
    rewinding: MockConfigEntry,
    camera: CameraInstance,
    viewer: Browser,
    share: dict[str, Any],
) -> None:
    """And whoever has the URL only gets nothing."""
    home.data[SHARE_AUTH].cost = FAST
    at = shown(camera.ring)[40].time
    paths = ["/footage", f"/footage/frame?at={at}", "/footage/playlist.m3u8"]
    paths += await media_paths(viewer)
    async with Browser.at(home, page_path(rewinding)) as stranger:
        for path in paths:
            assert (await stranger.get(path)).status == 401, path
    await change_share(home, rewinding, **share)
    for path in paths:
        assert (await viewer.get(path)).status == 401, path


async def test_cookie_opens_no_footage_of_other_entries(
    home: HomeAssistant, load: LoadEntry, camera: CameraInstance, viewer: Browser
) -> None:
    other = await load(
        {"kind": "demo", "name": "Yard", "advanced": SMALL},
        title="Yard",
        options={**sharing(share_rewind=True)},
    )
    hidden = await load(
        {"kind": "demo", "name": "Attic", "advanced": SMALL}, title="Attic", options=QUIET
    )
    cookie = {"Cookie": f"retrocam_share={viewer.cookie}"}
    at = time.time() - 2
    async with Browser.at(home, page_path(other)) as there:
        for path in ("/footage", f"/footage/frame?at={at}", "/footage/playlist.m3u8"):
            assert (await there.get(path, headers=cookie)).status == 401, path
    async with Browser.at(home, "/api/retrocam/footage") as views:
        for entry in (camera.entry, other, hidden):
            for path in ("", f"/frame?at={at}", "/playlist.m3u8", "/master.m3u8"):
                response = await views.get(f"/{entry.entry_id}{path}", headers=cookie)
                assert response.status == 403, path
    # A signature of Home Assistant's own opens nothing here either.
    for template in (FOOTAGE_PLAYLIST_PATH, FOOTAGE_FRAME_PATH):
        path = signed(home, template.format(entry_id=other.entry_id))
        query = path.partition("?")[2]
        async with Browser.at(home, page_path(other)) as stranger:
            for name in ("/footage", "/footage/playlist.m3u8", f"/footage/frame?at={at}"):
                mark = "&" if "?" in name else "?"
                assert (await stranger.get(f"{name}{mark}{query}")).status == 401, name


REFUSED: Final = {
    "/footage/frame": (404, "invalid_time"),
    "/footage/frame?at=0": (404, "not_held"),
    "/footage/frame?at=-5e9": (404, "not_held"),
    "/footage/frame?at=1e300": (404, "not_held"),
    "/footage/frame?at=nan": (404, "invalid_time"),
    "/footage/frame?at=inf": (404, "invalid_time"),
    "/footage/frame?at=yesterday": (404, "invalid_time"),
    "/footage/frame?at=%00%ff": (404, "invalid_time"),
    "/footage/frame?at=0&width=-1": (404, "invalid_width"),
    "/footage/frame?at=0&width=99999": (404, "invalid_width"),
    "/footage?after=2&before=1": (404, "invalid_span"),
    "/footage?after=nan": (404, "invalid_time"),
    "/footage/playlist.m3u8?start=-5": (404, "not_held"),
    "/footage/playlist.m3u8?end=1": (404, "not_held"),
    "/footage/playlist.m3u8?start=4102444800": (404, "not_held"),
    "/footage/playlist.m3u8?start=nan": (404, "invalid_time"),
    "/footage/playlist.m3u8?_HLS_msn=x": (400, "bad_request"),
    "/footage/playlist.m3u8?_HLS_msn=999999": (400, "bad_request"),
    "/footage/media/0/0.m4s": (404, "not_held"),
    "/footage/media/{epoch}/9.9.m4s": (404, "not_held"),
    "/footage/media/{epoch}/999999.m4s": (404, "not_held"),
    "/footage/media/{epoch}/init-0-9.mp4": (404, "not_held"),
    "/footage/media/{epoch}/x": (404, "not_held"),
}


async def test_hostile_requests_are_refused(camera: CameraInstance, viewer: Browser) -> None:
    for path, expected in REFUSED.items():
        response = await viewer.get(path.replace("{epoch}", camera.footage.epoch))
        assert (response.status, (await response.json())["error"]) == expected, path
        assert response.headers["Content-Security-Policy"]
        # An answer names nothing of the server.
        assert camera.entry.entry_id not in await response.text()
    assert camera.share.open_streams == {}


async def test_camera_without_footage(home: HomeAssistant, load: LoadEntry, clock: Clock) -> None:
    options = sharing(share_rewind=True)
    entry = await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=options)
    async with Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        assert (await (await guest.get("/info")).json())["rewind"] == 0
        assert await (await guest.get("/footage")).json() == {"spans": [], "total": 0}
        assert (await guest.get("/footage/frame", params={"at": time.time()})).status == 404
    assert not entry.runtime_data.provider.in_use


@contextlib.asynccontextmanager
async def taken(limiter: Any) -> AsyncIterator[None]:
    """Take all places that guests may have, as other guests would."""
    async with contextlib.AsyncExitStack() as places:
        for _ in range(limiter.guests):
            await places.enter_async_context(limiter.enter(guest=True))
        yield


async def test_guests_never_keep_the_owner_waiting(
    home: HomeAssistant,
    camera: CameraInstance,
    viewer: Browser,
    hass_client: ClientSessionGenerator,
) -> None:
    owner = await hass_client()
    root = f"/api/retrocam/footage/{camera.entry.entry_id}"
    at = shown(camera.ring)[40].time
    media = next(path for path in await media_paths(viewer) if "init" not in path)
    decoding = async_footage_decoding(home)
    assert decoding.guests == DECODES // 2
    assert camera.footage.transfers.guests == TRANSFERS // 2
    for limiter, theirs, own in (
        (decoding, f"/footage/frame?at={at}", f"/frame?at={at}"),
        (camera.footage.transfers, media, media.removeprefix("/footage")),
    ):
        async with taken(limiter):
            asked = [asyncio.create_task(viewer.get(theirs)) for _ in range(MAX_STREAMS_PER_GUEST)]
            await until(lambda: len(camera.share.open_streams) == MAX_STREAMS_PER_GUEST)
            # One guest has no more than that, with all that it watches.
            assert (await (await viewer.get("/info")).json())["full"]
            for path in (theirs, "/mjpeg"):
                full = await viewer.get(path)
                assert (full.status, (await full.json())["error"]) == (429, "too_many_streams")
            assert (await owner.get(root + own)).status == 200
            assert not any(task.done() for task in asked)
        assert [(await task).status for task in asked] == [200] * MAX_STREAMS_PER_GUEST
    await until(lambda: not camera.share.open_streams)
    assert [name for name in own_threads() if "frame" in name] == []


async def test_waiting_requests_end_with_the_session(
    home: HomeAssistant, rewinding: MockConfigEntry, camera: CameraInstance, viewer: Browser
) -> None:
    path = f"/footage/frame?at={shown(camera.ring)[40].time}"
    async with taken(async_footage_decoding(home)):
        asked = asyncio.create_task(viewer.get(path))
        await until(lambda: camera.share.open_streams)
        async with Browser.at(home, page_path(rewinding)) as copy:
            headers = {"Cookie": f"retrocam_share={viewer.cookie}"}
            assert (await copy.post("/lock", headers=headers)).status == 204
            await until(lambda: not camera.share.open_streams)
            assert (await copy.get(path, headers=headers)).status == 401
        # The connection is cut; a client that asks again is locked out.
        with contextlib.suppress(ClientError):
            assert (await asked).status == 401
