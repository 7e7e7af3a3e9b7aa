"""HEAD, which renderers and download managers send before GET."""

from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import ClientResponse, ClientSession, TCPConnector
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.media.items import MediaKind
from custom_components.retrocam.own_urls import own_url
from custom_components.retrocam.urls import (
    CELLS_PATH,
    LIVE_PATH,
    MEDIA_LIST_PATH,
    MJPEG_PATH,
    VIEWER_PATH,
    live_url,
    media_path,
    signed,
    thumbnail_path,
)

from ..conftest import LoadEntry
from ..security.conftest import fill
from ..share.guests import Browser, build_page, page_path, sharing
from ..viewers import SMALL, url_of, working_threads

VARYING = {"Date", "Set-Cookie"}


def headers_of(response: ClientResponse) -> dict[str, str]:
    return {key: value for key, value in response.headers.items() if key not in VARYING}


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    """A client with one connection, which a body sent to HEAD would break."""
    async with ClientSession(connector=TCPConnector(limit=1)) as session:
        yield session


async def test_head_of_files_and_lists_equals_get(
    home: HomeAssistant, quiet_demo: GeneratedCamera, session: ClientSession
) -> None:
    names = await fill(quiet_demo)
    entry_id = quiet_demo.entry.entry_id
    paths = [media_path(kind, entry_id, name) for kind, name in names.items()]
    paths += [MEDIA_LIST_PATH.format(kind=kind, entry_id=entry_id) for kind in MediaKind]
    paths += [
        VIEWER_PATH.format(entry_id=entry_id),
        thumbnail_path(entry_id, names[MediaKind.SNAPSHOTS]),
        media_path(MediaKind.SNAPSHOTS, entry_id, "20200101T000000.000Z.jpg"),
    ]
    for path in paths:
        url = url_of(home, signed(home, path))
        for asked in ({}, {"Range": "bytes=2-5"}, {"If-None-Match": "*"}):
            async with session.get(url, headers=asked) as whole:
                body = await whole.read()
            async with session.head(url, headers=asked) as head:
                assert await head.read() == b""
            assert head.status == whole.status, path
            if "authSig" not in body.decode("latin-1"):
                assert headers_of(head) == headers_of(whole), path
            if whole.status == 200 and path in paths[: len(names)]:
                assert int(head.headers["Content-Length"]) == len(body)
            assert head.connection is None or not head.connection.closed


async def test_head_of_streams_does_not_use_the_camera(
    home: HomeAssistant, quiet_demo: GeneratedCamera, session: ClientSession
) -> None:
    entry_id = quiet_demo.entry.entry_id
    live = live_url(own_url(home), entry_id, quiet_demo.token)
    for url, status, content_type in (
        (url_of(home, signed(home, MJPEG_PATH.format(entry_id=entry_id))), 200, "multipart/"),
        (url_of(home, signed(home, CELLS_PATH.format(entry_id=entry_id))), 400, "text/plain"),
        (live, 200, "video/mp2t"),
        (url_of(home, LIVE_PATH.format(entry_id=entry_id)), 403, "text/plain"),
    ):
        for _ in range(2):
            async with session.head(url) as head:
                assert await head.read() == b""
            assert head.status == status, url
            assert head.headers["Content-Type"].startswith(content_type)
    assert quiet_demo.viewers.count == 0
    assert working_threads() == []


async def test_head_of_the_share_page(home: HomeAssistant, load: LoadEntry, tmp_path: Path) -> None:
    entry = await load(
        {"kind": "demo", "name": "Porch", "advanced": SMALL},
        options=sharing(share_history=True, share_rewind=True),
    )
    names = await fill(entry.runtime_data)
    await home.async_add_executor_job(build_page, home, tmp_path)
    snapshot = names[MediaKind.SNAPSHOTS]
    paths = ["", "/assets/share.js", "/info", "/footage", "/snapshots", f"/snapshots/{snapshot}"]
    paths += [f"/thumbnails/{snapshot}", "/mjpeg", "/cells"]
    async with Browser.at(home, page_path(entry)) as stranger:
        for path in paths:
            refused = await stranger.session.head(stranger.root + path)
            assert refused.status == (200 if path in paths[:2] else 401), path
        assert (await stranger.unlock()).status == 204
        guest = stranger
        for path in paths[:-2]:
            whole = await guest.get(path)
            head = await guest.session.head(guest.root + path)
            assert (head.status, headers_of(head)) == (whole.status, headers_of(whole)), path
        for path, status in (("/mjpeg", 200), ("/cells", 400)):
            assert (await guest.session.head(guest.root + path)).status == status
    assert not entry.runtime_data.share.open_streams
    assert working_threads() == []
