"""Tests of Retrocam's views over real connections: access and responses."""

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
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.core.errors import StorageMissingError
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.http.media import async_file_response, async_thumbnail_response
from custom_components.retrocam.media.items import MediaKind
from custom_components.retrocam.urls import MEDIA_LIST_PATH, MJPEG_PATH, VIEWER_PATH, signed

from ..pattern_reader import read_frame_number
from ..viewers import working_threads
from ..waiting import until


def guarded_paths(hass: HomeAssistant, entry_id: str) -> list[str]:
    """Return a path of each view that requires a login: all except the stream worker's."""
    names = defaultdict(lambda: "1", entry_id=entry_id, kind="snapshots")
    names["filename"] = "20260101T000000.000Z.jpg"
    found = [resource.canonical for resource in hass.http.app.router.resources()]
    ours = [path for path in found if path.startswith("/api/retrocam/") and "/live/" not in path]
    return [path.format_map(names) for path in ours]


async def test_views_refuse_unauthenticated_requests(
    home: HomeAssistant,
    quiet_demo: GeneratedCamera,
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
    assert quiet_demo.viewers.count == 0
    assert working_threads() == []


async def test_signed_paths_and_logins_open_the_views(
    home: HomeAssistant,
    quiet_demo: GeneratedCamera,
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


async def test_unknown_names_answer_404(
    home: HomeAssistant,
    quiet_demo: GeneratedCamera,
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


async def test_entry_being_unloaded_answers_404(
    home: HomeAssistant, quiet_demo: GeneratedCamera, hass_client: ClientSessionGenerator
) -> None:
    """Its instance still exists, and ends its threads."""
    client = await hass_client()
    entry = quiet_demo.entry
    assert isinstance(entry, MockConfigEntry)
    paths = guarded_paths(home, entry.entry_id)
    live = URL(quiet_demo.stream_source)
    entry.mock_state(home, ConfigEntryState.UNLOAD_IN_PROGRESS)
    for path in paths:
        assert (await client.get(path)).status == 404, path
    # The stream worker reads until it is stopped.
    async with client.get(live.path, params=live.query) as stream:
        assert stream.status == 200
    entry.mock_state(home, ConfigEntryState.LOADED)


async def test_live_stream_requires_the_camera_token(
    home: HomeAssistant,
    quiet_demo: GeneratedCamera,
    quiet_url_camera: CameraInstance,
    hass_client: ClientSessionGenerator,
) -> None:
    client = await hass_client()
    source = URL(quiet_demo.stream_source)
    for wrong in (None, "", "wrong", "wröng", quiet_demo.token[:-1]):
        query = {} if wrong is None else {"auth": wrong}
        # Logged-in users need the token too.
        assert (await client.get(source.path, params=query)).status == 403
    assert not quiet_demo.publisher.running
    other = source.path.replace(quiet_demo.entry.entry_id, quiet_url_camera.entry.entry_id)
    assert (await client.get(other, params=source.query)).status == 404


async def test_live_stream_has_every_frame_once(
    home: HomeAssistant, quiet_demo: GeneratedCamera
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
    """Decode a truncated MPEG-TS; its last frame may be truncated too."""
    numbers = []
    with av.open(data, format="mpegts") as container:
        for packet in container.demux(video=0):
            with contextlib.suppress(av.InvalidDataError):
                numbers += [read_frame_number(jpeg.planes(frame)[0]) for frame in packet.decode()]
    return numbers[:-1]


async def test_request_during_unload_answers_404(home: HomeAssistant, demo: CameraInstance) -> None:
    await until(lambda: demo.media.loaded)
    kept = await demo.history.async_take()
    assert await home.config_entries.async_unload(demo.entry.entry_id)
    # The instance was looked up before, and its disk thread has ended meanwhile.
    request = make_mocked_request("GET", "/")
    with pytest.raises(web.HTTPNotFound):
        await async_file_response(request, demo.media, MediaKind.SNAPSHOTS, kept.item.name)
    with pytest.raises(web.HTTPNotFound):
        await async_thumbnail_response(demo.media, MediaKind.SNAPSHOTS, kept.item.name)
    with pytest.raises(StorageMissingError):
        await demo.media.async_run(int, MediaKind.SNAPSHOTS)
    assert demo.media.problem is None
