"""Whatever a guest sends, the server answers."""

import json
from typing import Any

from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, given, settings, strategies as st
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.retrocam.cameras.share_auth import DOOR

from ..guests import FAST, Browser

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
FIELDS = st.dictionaries(
    st.sampled_from(["pin", "position", "preset", "layout", "main", "x"]), ANY, max_size=3
)
POSTS = st.sampled_from(["/unlock", "/lock", "/pause", "/stop", "/seek", "/preset", "/layout"])
GETS = st.sampled_from(
    ["/info", "/cells", "/audio/", "/snapshots", "/snapshots/", "/thumbnails/", "/assets/"]
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Origin", "Sec-Fetch-Site", "Range", "If-None-Match", "Content-Encoding", "Upgrade"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
    | st.sampled_from(["gzip", "bytes=0-", '"x"', "websocket", "same-origin", "deflate"]),
    max_size=2,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=POSTS, body=ANY | FIELDS, headers=HEADERS, allowed=st.booleans(), raw=st.binary())
async def test_no_post_breaks_the_server(
    *,
    home: HomeAssistant,
    guest: Browser,
    path: str,
    body: Any,
    headers: Any,
    allowed: bool,
    raw: bytes,
) -> None:
    home.data[DOOR].cost = FAST
    sent: dict[str, Any] = {"json": body} if _is_json(body) else {"data": raw}
    if "data" in sent:
        headers = {**headers, "Content-Type": "application/json"}
    if not allowed:
        headers = {**headers, "Cookie": "retrocam_share=x"}
    async with guest.session.post(guest.root + path, headers=headers, **sent) as response:
        assert response.status < 500, (path, body, headers)
    if path == "/lock":
        await guest.unlock()


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
    path=GETS,
    rest=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    query=st.dictionaries(
        st.sampled_from(["limit", "before", "preset", "x"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        max_size=2,
    ),
    headers=HEADERS,
)
async def test_no_get_breaks_the_server(
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
        assert response.status < 500 or response.status == 503, (path, rest, query, headers)
