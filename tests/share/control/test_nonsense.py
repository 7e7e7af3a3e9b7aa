"""Fuzz tests of the share page: every request gets a valid answer."""

from collections.abc import AsyncIterator
import json
from typing import Any, Final

from aiohttp import ClientResponse
from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.retrocam.cameras.share_auth import SHARE_AUTH

from ..guests import FAST, WRONG, Browser, page_path

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
FIELDS = st.dictionaries(
    st.sampled_from(["pin", "position", "preset", "layout", "main", "x"]),
    ANY | st.sampled_from(["low", "quad", 1.0, WRONG]),
    max_size=3,
)
POSTS: Final = {
    "/unlock": {400, 401, 429},
    "/lock": {204},
    "/pause": {200, 400},
    "/stop": {200, 400},
    "/seek": {200, 400},
    "/preset": {200, 400},
    "/layout": {400},  # it is no grid
}
"""What a guest is answered; and 403 for a request that another site could have sent."""
GETS: Final = {
    "/info": {200},
    "/cells": {400},  # it is no WebSocket
    "/audio/": {404},
    "/audio/1/0/0.aac": {404},
    "/snapshots": {403},
    "/snapshots/": {403, 404},
    "/thumbnails/": {403, 404},
    "/footage": {403},
    "/footage/frame": {403},
    "/footage/playlist.m3u8": {403},
    "/footage/media/0/": {403, 404},
    "/assets/": {404},
}
"""What a guest of a page without history and rewinding gets; 400 for what looks like an attack."""
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Origin", "Sec-Fetch-Site", "Range", "If-None-Match", "Content-Encoding", "Upgrade"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
    | st.sampled_from(["gzip", "bytes=0-", '"x"', "websocket", "same-origin", "deflate"]),
    max_size=2,
)


async def check_refusal(response: ClientResponse) -> None:
    """Check that an error is ours, in JSON, except for invalid HTTP and paths of others."""
    if response.content_type == "application/json":
        assert set(await response.json()) >= {"error"}
    elif response.status == 400:
        assert response.content_type == "text/plain"
    else:
        assert response.status == 404


@pytest.fixture
async def stranger(home: HomeAssistant, screen: MockConfigEntry) -> AsyncIterator[Browser]:
    """A browser without a cookie."""
    async with Browser.at(home, page_path(screen)) as browser:
        yield browser


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(list(POSTS)),
    body=ANY | FIELDS,
    headers=HEADERS,
    allowed=st.booleans(),
    raw=st.binary(),
)
async def test_arbitrary_posts_get_valid_refusals(
    *,
    home: HomeAssistant,
    guest: Browser,
    stranger: Browser,
    path: str,
    body: Any,
    headers: Any,
    allowed: bool,
    raw: bytes,
) -> None:
    home.data[SHARE_AUTH].cost = FAST
    sent: dict[str, Any] = {"json": body} if _is_json(body) else {"data": raw}
    if "data" in sent:
        headers = {**headers, "Content-Type": "application/json"}
    sender = guest if allowed else stranger
    async with sender.session.post(guest.root + path, headers=headers, **sent) as response:
        wanted = POSTS[path] if allowed or path in ("/unlock", "/lock") else {401}
        foreign = {403} if {"Origin", "Sec-Fetch-Site"} & set(headers) else set()
        broken = {400} if "Content-Encoding" in headers else set()
        assert response.status in wanted | foreign | broken, (path, body, headers)
        if response.status >= 400:
            await check_refusal(response)
    if path == "/lock" and allowed and response.status == 204:
        assert (await guest.get("/info")).status == 401
        await guest.unlock()
    assert (await guest.get("/info")).status == 200


def _is_json(body: Any) -> bool:
    try:
        json.dumps(body, allow_nan=False).encode()
    except UnicodeEncodeError, ValueError:
        return False
    return True


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    path=st.sampled_from(list(GETS)),
    rest=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    query=st.dictionaries(
        st.sampled_from(["limit", "before", "preset", "x"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        max_size=2,
    ),
    headers=HEADERS,
)
async def test_arbitrary_gets_get_valid_refusals(
    *,
    screen: MockConfigEntry,
    guest: Browser,
    path: str,
    rest: str,
    query: dict[str, str],
    headers: Any,
) -> None:
    url = URL(guest.root + path)
    if path.endswith("/"):
        url = url / (rest.replace("/", "%2F") or "x")
    async with guest.session.get(url, params=query, headers=headers) as response:
        wanted = GETS[path] | ({403} if path == "/cells" else set())
        broken = {400} if query or path.endswith("/") else set()
        assert response.status in wanted | broken, (path, rest, query, headers)
        if response.status >= 400:
            await check_refusal(response)
    assert (await guest.get("/info")).status == 200
