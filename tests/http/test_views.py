"""Retrocam's views over real connections: whom they let in, and what they answer."""

import asyncio
from collections import defaultdict
import contextlib
from datetime import timedelta
import io
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import make_mocked_request
import av
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from yarl import URL

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import DrawnInstance
from custom_components.retrocam.core.errors import StorageMissingError
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.pattern.picture import read_frame_number
from custom_components.retrocam.http.media import async_file_answer, async_thumbnail_answer
from custom_components.retrocam.media.items import MediaKind
from custom_components.retrocam.urls import MEDIA_LIST_PATH, MJPEG_PATH, VIEWER_PATH, signed

from ..viewers import working_threads
from ..waiting import until


def guarded_paths(hass: HomeAssistant, entry_id: str) -> list[str]:
    """Return a path of every view of ours that wants a login: all but the stream worker's."""
    names = defaultdict(lambda: "1", entry_id=entry_id, kind="snapshots")
    names["filename"] = "20260101T000000.000Z.jpg"
    found = [resource.canonical for resource in hass.http.app.router.resources()]
    ours = [path for path in found if path.startswith("/api/retrocam/") and "/live/" not in path]
    return [path.format_map(names) for path in ours]


async def test_no_view_lets_strangers_in(
    home: HomeAssistant,
    quiet_demo: DrawnInstance,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    client = await hass_client_no_auth()
    paths = guarded_paths(home, quiet_demo.entry.entry_id)
    assert len(paths) >= 6
    for path in paths:
        # 403, not 401: an expired signature must not count as a wrong login.
        assert (await client.get(path)).status == 403, path
        bad = await client.get(path, headers={"Authorization": "Bearer wrong"})
        assert bad.status == 401, path
        stale = await client.get(signed(home, path, timedelta(seconds=-1)))
        assert stale.status == 403, path
        elsewhere = URL(signed(home, "/api/retrocam/elsewhere")).query_string
        assert (await client.get(f"{path}?{elsewhere}")).status == 403, path
    assert quiet_demo.watchers == 0
    assert working_threads() == []


async def test_signed_paths_and_logins_open_the_views(
    home: HomeAssistant,
    quiet_demo: DrawnInstance,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    entry_id = quiet_demo.entry.entry_id
    stranger, user = await hass_client_no_auth(), await hass_client()
    paths = [
        path.format(kind="snapshots", entry_id=entry_id)
        for path in (MJPEG_PATH, VIEWER_PATH, MEDIA_LIST_PATH)
    ]
    for path in paths:
        async with stranger.get(signed(home, path)) as response:
            assert response.status == 200, path
        async with user.get(path) as response:
            assert response.status == 200, path


async def test_unknown_names_are_not_found(
    home: HomeAssistant,
    quiet_demo: DrawnInstance,
    hass_client: ClientSessionGenerator,
) -> None:
    client = await hass_client()
    other = MockConfigEntry(domain="other")
    other.add_to_hass(home)
    unloaded = quiet_demo.entry.entry_id
    assert await home.config_entries.async_unload(unloaded)
    for entry_id in ("unknown", other.entry_id, unloaded):
        for path in guarded_paths(home, entry_id):
            assert (await client.get(path)).status == 404, path
        assert (await client.get(f"/api/retrocam/live/{entry_id}.ts?auth=x")).status == 404


async def test_an_entry_that_is_being_unloaded_is_not_found(
    home: HomeAssistant, quiet_demo: DrawnInstance, hass_client: ClientSessionGenerator
) -> None:
    """Its instance is still there, and ends its threads."""
    client = await hass_client()
    entry = quiet_demo.entry
    assert isinstance(entry, MockConfigEntry)
    paths = guarded_paths(home, entry.entry_id)
    live = URL(quiet_demo.stream_source)
    entry.mock_state(home, ConfigEntryState.UNLOAD_IN_PROGRESS)
    for path in paths:
        assert (await client.get(path)).status == 404, path
    # The stream worker reads on until it is ended.
    async with client.get(live.path, params=live.query) as stream:
        assert stream.status == 200
    entry.mock_state(home, ConfigEntryState.LOADED)


async def test_the_live_stream_wants_the_camera_s_own_token(
    home: HomeAssistant,
    quiet_demo: DrawnInstance,
    quiet_url_camera: CameraInstance,
    hass_client: ClientSessionGenerator,
) -> None:
    client = await hass_client()
    source = URL(quiet_demo.stream_source)
    for wrong in (None, "", "wrong", "wröng", quiet_demo.token[:-1]):
        query = {} if wrong is None else {"auth": wrong}
        # Also who is logged in has no business here.
        assert (await client.get(source.path, params=query)).status == 403
    assert quiet_demo.publisher.encoded == 0
    other = source.path.replace(quiet_demo.entry.entry_id, quiet_url_camera.entry.entry_id)
    assert (await client.get(other, params=source.query)).status == 404


async def test_the_live_stream_holds_every_picture_once(
    home: HomeAssistant, quiet_demo: DrawnInstance
) -> None:
    async with ClientSession() as session, session.get(quiet_demo.stream_source) as response:
        assert response.status == 200
        assert response.content_type == "video/mp2t"
        data = io.BytesIO()
        async with asyncio.timeout(30):
            while data.tell() < 500_000:
                data.write(await response.content.readany())
    await until(lambda: not quiet_demo.publisher.running)
    data.seek(0)
    numbers = ts_frame_numbers(data)
    assert len(numbers) >= 10
    assert numbers[0] is not None
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    await until(lambda: working_threads() == [])


def ts_frame_numbers(data: Any) -> list[int | None]:
    """Decode an MPEG-TS that was cut off anywhere; its last picture may be cut, too."""
    numbers = []
    with av.open(data, format="mpegts") as container:
        for packet in container.demux(video=0):
            with contextlib.suppress(av.InvalidDataError):
                numbers += [read_frame_number(jpeg.planes(frame)[0]) for frame in packet.decode()]
    return numbers[:-1]


async def test_who_asks_while_an_entry_is_unloaded_gets_a_plain_answer(
    home: HomeAssistant, demo: CameraInstance
) -> None:
    await until(lambda: demo.media.loaded)
    kept = await demo.history.async_take()
    assert await home.config_entries.async_unload(demo.entry.entry_id)
    # These had found the instance before, and its disk's thread has ended meanwhile.
    request = make_mocked_request("GET", "/")
    with pytest.raises(web.HTTPNotFound):
        await async_file_answer(request, demo.media, MediaKind.SNAPSHOTS, kept.item.name)
    with pytest.raises(web.HTTPNotFound):
        await async_thumbnail_answer(demo.media, MediaKind.SNAPSHOTS, kept.item.name)
    with pytest.raises(StorageMissingError):
        await demo.media.async_run(int, MediaKind.SNAPSHOTS)
    assert demo.media.problem is None
