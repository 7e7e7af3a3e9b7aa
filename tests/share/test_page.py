"""Tests of the share page: files, content and limits."""

import asyncio
import contextlib
from pathlib import Path
import re
from typing import Any

from aiohttp import WSServerHandshakeError
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.share_access import MAX_STREAMS, MAX_STREAMS_PER_GUEST
from custom_components.retrocam.cameras.share_auth import SHARE_AUTH
from custom_components.retrocam.core.ascii.wire import SUBPROTOCOL

from ..http.cell_clients import Client
from ..viewers import Viewer, frame_number, working_threads
from ..waiting import until
from .guests import (
    GUEST_PATHS,
    UNKNOWN_SLUG,
    Browser,
    build_page,
    change_share,
    page_path,
    visible_response,
)

VALUE = re.compile("=[A-Za-z0-9_-]{22}(?=;)")
"""The value of the page's own cookie."""


async def test_page_is_identical_for_all_links_and_restricts_content(
    home: HomeAssistant, porch: MockConfigEntry, tmp_path: Path
) -> None:
    build_page(home, tmp_path)
    answers = []
    for path in (page_path(porch), f"/retrocam/{UNKNOWN_SLUG}"):
        async with Browser.at(home, path) as browser:
            page, script = await browser.get(), await browser.get("/assets/share.js")
            text = await page.text()
            assert f'src="{path}/assets/share.js"' in text
            set_cookie = page.headers["Set-Cookie"].replace(path, "")
            assert set_cookie.partition("; ")[2] == "HttpOnly; Path=; SameSite=Lax"
            answers.append(
                (
                    visible_response(page)[0],
                    re.sub("[0-9a-f]{64}", "token", text.replace(path, "")),
                    {**page.headers, "Date": "", "Set-Cookie": VALUE.sub("=", set_cookie)},
                    visible_response(script),
                )
            )
            for name in ("retrocam.js", "share.html", "%2e%2e", "nothing"):
                assert (await browser.get(f"/assets/{name}")).status == 404, name
    assert answers[0][:2] == answers[1][:2]
    assert answers[0][2] == answers[1][2]
    assert answers[0][3] == answers[1][3]
    headers = answers[0][2]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


async def test_page_files_are_revalidated_by_etag(
    home: HomeAssistant, porch: MockConfigEntry, tmp_path: Path
) -> None:
    build_page(home, tmp_path)
    async with Browser.at(home, page_path(porch)) as browser:
        first = await browser.get("/assets/share-icon.svg")
        assert first.content_type == "image/svg+xml"
        assert first.headers["Cache-Control"] == "no-cache"
        again = await browser.get(
            "/assets/share-icon.svg", headers={"If-None-Match": first.headers["ETag"]}
        )
        assert visible_response(again)[:2] == (304, b"")
        packed = await browser.get("/assets/share.js")
        assert packed.headers["Content-Encoding"] in ("gzip", "deflate")
        assert (await packed.text()).startswith("'use strict'")


async def test_missing_build_answers_503(
    home: HomeAssistant, stranger: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("custom_components.retrocam.share.page.DIST", tmp_path)
    response = await stranger.get()
    assert (response.status, await response.json()) == (503, {"error": "not_built"})
    build_page(home, tmp_path)
    assert (await stranger.get()).status == 200


async def test_guests_see_mjpeg(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    async with guest.session.get(guest.root + "/mjpeg?n=1") as response:
        assert response.status == 200
        parts = await Viewer(response).read(2)
        assert frame_number(parts[0].data) < frame_number(parts[1].data)
    async with guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL]) as socket:
        client = Client(socket)
        await client.until(lambda: len(client.seen) > 3)
    await until(lambda: not porch.runtime_data.share.open_streams)
    await until(lambda: working_threads() == [])


async def test_cookie_survives_a_reload(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    assert await home.config_entries.async_unload(porch.entry_id)
    for path in GUEST_PATHS:
        response = await guest.get(path)
        assert (response.status, await response.json()) == (
            503,
            {"error": "unavailable", "retry_after": 2},
        )
    assert await home.config_entries.async_setup(porch.entry_id)
    assert (await guest.get("/info")).status == 200


async def test_number_of_guest_streams_is_limited(porch: MockConfigEntry, guest: Browser) -> None:
    share = porch.runtime_data.share
    session = session_of(share, guest)
    with share.stream(session, 60), share.stream(session, 60):
        share.open_streams |= {asyncio.Event(): "somebody" for _ in range(MAX_STREAMS - 2)}
        for path in ("/mjpeg", "/cells"):
            response = await guest.get(path)
            assert (response.status, (await response.json())["error"]) == (503, "busy")


async def test_one_guest_is_limited_to_eight_streams(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    """MJPEG, ASCII and audio together, across windows."""
    share = porch.runtime_data.share
    full = {"error": "too_many_streams", "retry_after": 5}
    async with contextlib.AsyncExitStack() as windows:
        for number in range(MAX_STREAMS_PER_GUEST):
            assert not (await (await guest.get("/info")).json())["full"]
            if number % 2:
                answer = await windows.enter_async_context(guest.session.get(guest.root + "/mjpeg"))
                assert answer.status == 200
            else:
                socket = guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL])
                await windows.enter_async_context(socket)
        assert len(share.open_streams) == MAX_STREAMS_PER_GUEST == 8
        assert (await (await guest.get("/info")).json())["full"]
        for path in ("/mjpeg", "/cells", "/audio/1/0/0.aac"):
            response = await guest.get(path)
            assert (response.status, await response.json()) == (429, full)
            assert response.headers["Retry-After"] == "5"
        with pytest.raises(WSServerHandshakeError) as refused:
            await guest.session.ws_connect(guest.root + "/cells", protocols=[SUBPROTOCOL])
        assert refused.value.status == 429
        # Other guests are not affected.
        async with Browser.at(home, page_path(porch)) as other:
            await other.unlock()
            assert not (await (await other.get("/info")).json())["full"]
            async with other.session.get(other.root + "/mjpeg") as answer:
                assert answer.status == 200
    await until(lambda: not share.open_streams)
    async with guest.session.get(guest.root + "/mjpeg") as answer:
        assert answer.status == 200
    await until(lambda: working_threads() == [])


def session_of(share: Any, guest: Browser) -> Any:
    return (
        share._hass.data[SHARE_AUTH]
        .enter(guest.root.rpartition("/")[2], guest.cookie or "")
        .session
    )


async def test_disabled_entry_has_no_page(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    assert await home.config_entries.async_unload(porch.entry_id)
    object.__setattr__(porch, "disabled_by", "user")
    assert (await guest.get("/info")).status == 401
    object.__setattr__(porch, "disabled_by", None)


async def test_snapshots_require_the_history_option(
    home: HomeAssistant, porch: MockConfigEntry, guest: Browser
) -> None:
    snapshot = await porch.runtime_data.history.async_take()
    name = snapshot.item.name
    paths = ("/snapshots", f"/snapshots/{name}", f"/thumbnails/{name}")
    for path in paths:
        assert (await guest.get(path)).status == 403, path
    await change_share(home, porch, share_history=True)
    await until(lambda: porch.runtime_data.media.loaded)
    listed = await (await guest.get("/snapshots?limit=5")).json()
    assert [item["filename"] for item in listed] == [name]
    # No URL or id that is valid elsewhere.
    assert listed[0].keys() == {"filename", "timestamp", "size"}
    before = {"before": listed[0]["timestamp"]}
    assert await (await guest.get("/snapshots", params=before)).json() == []
    image, small = [await guest.get(path) for path in paths[1:]]
    assert image.status == small.status == 200
    assert len(visible_response(image)[1]) == listed[0]["size"]
    assert image.headers["Cache-Control"] == small.headers["Cache-Control"] == "no-store"
    for query in ("limit=0", "limit=x", "limit=99999", "before=x", "before=9999999"):
        assert (await guest.get(f"/snapshots?{query}")).status == 400, query
    for path in ("/snapshots/x.jpg", "/thumbnails/x.jpg", "/snapshots/..%2F..%2Fetc"):
        assert (await guest.get(path)).status in (400, 404), path
