"""What guests may do, and above all what they may not: reach into the private network."""

from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_address
import json
from typing import Any

from homeassistant.core import HomeAssistant
from hypothesis import HealthCheck, given, settings, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.retrocam.core.player.addresses import Address, is_public
from custom_components.retrocam.instances.door import DOOR
from custom_components.retrocam.instances.player import PlayerInstance

from .cell_clients import Client
from .conftest import LoadEntry
from .core.player.clips import clip
from .core.player.server import MediaServer, Page, serving
from .guests import FAST, Browser, page_path, sharing
from .waiting import until

PLAYER = "media_player.screen"


@pytest.fixture
def server(socket_enabled: None) -> Iterator[MediaServer]:
    """A media server on this machine: it is on the private network, as far as guests go."""
    with serving() as running:
        yield running


@pytest.fixture
def film(server: MediaServer) -> str:
    return server.add("/film.mp4", Page(clip(20.0), "video/mp4"))


@pytest.fixture
async def screen(load: LoadEntry, home: HomeAssistant, server: MediaServer) -> MockConfigEntry:
    """A shared player, which its users may have play from the server."""
    home.config.allowlist_external_urls = {server.root + "/"}
    return await load(
        {"kind": "ascii_player", "name": "Screen"},
        title="Screen",
        options=sharing(share_control=True),
    )


@pytest.fixture
async def guest(home: HomeAssistant, screen: MockConfigEntry) -> AsyncIterator[Browser]:
    """Somebody who knew the PIN."""
    async with Browser.at(home, page_path(screen)) as browser:
        assert (await browser.unlock()).status == 204
        yield browser


def put_on_the_internet(player: PlayerInstance) -> None:
    """Let this machine pass for one of the public internet."""

    def public(address: Address) -> bool:
        return address.is_loopback or is_public(address)

    player.session.resolver.public = public


async def act(guest: Browser, action: str, **data: Any) -> tuple[int, dict[str, Any]]:
    response = await guest.post(f"/{action}", data)
    return response.status, await response.json()


async def test_guests_play_pause_seek_and_stop(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str
) -> None:
    put_on_the_internet(screen.runtime_data)
    assert await act(guest, "play") == (
        400,
        {"error": "bad_request", "message": "nothing to play again"},
    )
    status, answer = await act(guest, "play", media=film)
    assert (status, answer["state"], answer["title"]) == (200, "playing", "film")
    async with guest.session.ws_connect(
        guest.root + "/cells", protocols=["retrocam.cells.v1"]
    ) as socket:
        client = Client(socket)
        await client.until(lambda: client.seen)
        template = client.init["audio"]
        assert template.startswith(f"{page_path(screen)}/audio/")
        async with guest.session.get(
            guest.root.rpartition("/retrocam/")[0]
            + template.format(start_us=client.seen[-1].packet.pts_us)
        ) as sound:
            assert sound.status == 200
            assert sound.content_type == "audio/aac"
            assert await sound.content.readexactly(2) == b"\xff\xf1"
        assert await act(guest, "pause") == (200, {"state": "paused"})
        assert (await act(guest, "seek", position=12.5))[0] == 200
        await client.until(lambda: client.seen[-1].packet.pts_us >= 12_400_000)
        assert (await act(guest, "play"))[0] == 200
        await client.until(lambda: client.state == "playing")
        assert (await act(guest, "preset", preset="tall"))[1]["preset"] == "tall"
        await client.until(lambda: client.init["cols"] == 80)
        assert await act(guest, "stop") == (200, {"state": "idle"})
    info = await (await guest.get("/info")).json()
    assert (info["kind"], info["audio"], info["preset"]) == ("player", True, "tall")
    # What a guest had asked for, a guest may have again.
    status, answer = await act(guest, "play")
    assert (status, answer["state"]) == (200, "playing")


async def test_the_sound_ends_with_the_cookie(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str
) -> None:
    put_on_the_internet(screen.runtime_data)
    await act(guest, "play", media=film)
    status = screen.runtime_data.status
    path = f"/audio/{status.session}/{status.epoch}/0.aac"
    async with guest.session.get(guest.root + path) as sound:
        assert sound.status == 200
        await sound.content.readexactly(100)
        await guest.post("/lock")
        await until(lambda: screen.runtime_data.share.visits == 0)
    assert (await guest.get(path)).status == 401


async def test_without_the_right_guests_only_look(
    home: HomeAssistant, load: LoadEntry, film: str, server: MediaServer
) -> None:
    entry = await load(
        {"kind": "ascii_player", "name": "Screen"}, title="Screen", options=sharing()
    )
    put_on_the_internet(entry.runtime_data)
    async with Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        for action in ("play", "pause", "stop", "seek", "preset", "layout"):
            assert await act(guest, action, media=film) == (403, {"error": "forbidden"})
    assert server.log == []
    assert entry.runtime_data.status.session == 0


LOCAL = [
    "camera.porch",
    "camera.screen",
    "media-source://media_source/local/film.mp4",
    "/local/film.mp4",
    "/api/camera_proxy/camera.porch",
    "//127.0.0.1/film.mp4",
    "file:///etc/passwd",
    "rtsp://127.0.0.1/x",
    "ftp://example.com/x",
    "data:text/plain,x",
    "concat:/etc/passwd",
    "http:/127.0.0.1/x",
    "http://",
    " ",
]


@pytest.mark.parametrize("media", LOCAL)
async def test_nothing_that_means_something_local_is_taken(
    screen: MockConfigEntry, guest: Browser, media: str
) -> None:
    status, answer = await act(guest, "play", media=media)
    assert (status, answer["error"]) == (400, "unsupported")
    assert screen.runtime_data.session.resolver.threads == 0


def resolving(*answers: list[str]) -> Any:
    """Return a resolver of names that says something else each time, and in the end the last again."""
    left = list(answers)
    return lambda _host, _port: left.pop(0) if len(left) > 1 else left[0]


INSIDE = [
    "127.0.0.1",
    "10.0.0.8",
    "172.16.3.4",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.251",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:192.168.1.1",
    "64:ff9b::c0a8:101",
    "2002:c0a8:101::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", INSIDE)
async def test_private_addresses_are_refused_by_number_and_by_name(
    screen: MockConfigEntry, guest: Browser, server: MediaServer, address: str
) -> None:
    host = f"[{address}]" if ":" in address else address
    number = f"http://{host}:{server.server_port}/film.mp4"
    assert (await act(guest, "play", media=number))[1]["error"] == "blocked_address"
    screen.runtime_data.session.resolver.lookup = resolving([address])
    name = f"http://films.example.com:{server.server_port}/film.mp4"
    assert (await act(guest, "play", media=name))[1]["error"] == "blocked_address"
    assert server.log == []


async def test_what_the_owner_allows_himself_is_not_for_guests(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str, server: MediaServer
) -> None:
    assert home.config.is_allowed_external_url(film)
    assert (await act(guest, "play", media=film))[1]["error"] == "blocked_address"
    assert server.log == []
    # Nor does the owner's next press of a button fetch it for them.
    with pytest.raises(Exception, match=r"private|network"):
        await home.services.async_call(
            "media_player", "media_play", {"entity_id": PLAYER}, blocking=True
        )
    assert server.log == []
    # The owner's own wish is met, and not repeated for a guest.
    await home.services.async_call(
        "retrocam",
        "play",
        {"entity_id": PLAYER, "media": film},
        blocking=True,
        return_response=True,
    )
    assert screen.runtime_data.status.state == "playing"
    assert (await act(guest, "stop"))[0] == 200
    assert (await act(guest, "play"))[1]["error"] == "bad_request"


@pytest.fixture
def asked() -> list[str]:
    """The names that were looked up."""
    return []


@pytest.fixture
def outside(screen: MockConfigEntry, server: MediaServer, asked: list[str]) -> str:
    """The root of a server that passes for a public one; `inside.example` is on the private network."""
    resolver = screen.runtime_data.session.resolver
    public = ip_address("127.0.0.1")
    resolver.public = lambda address: address == public or is_public(address)

    def lookup(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if host == "outside.example" else ["127.0.0.2"]

    resolver.lookup = lookup
    return f"http://outside.example:{server.server_port}"


@pytest.fixture
def inside() -> Iterator[MediaServer]:
    """A server on the private network that nobody may ask for anything."""
    with serving("127.0.0.2") as running:
        running.add("/film.mp4", Page(clip(20.0), "video/mp4"))
        yield running


@pytest.mark.parametrize("name", ["inside.example", "127.0.0.2"])
async def test_redirects_into_the_private_network_are_refused(
    *,
    screen: MockConfigEntry,
    guest: Browser,
    server: MediaServer,
    outside: str,
    inside: MediaServer,
    name: str,
) -> None:
    server.redirect("/hop", "/hop2")
    server.redirect("/hop2", f"http://{name}:{inside.server_port}/film.mp4")
    answer = await act(guest, "play", media=f"{outside}/hop")
    assert answer[1]["error"] == "blocked_address"
    assert server.asked("/hop2")
    assert inside.log == []
    # The cells tell it by its code, and not in words.
    async with guest.session.ws_connect(guest.root + "/cells") as socket:
        client = Client(socket)
        await client.until(lambda: client.states)
    assert client.states[-1]["error"] == {"code": "blocked_address", "message": ""}


PLAYLIST = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:4
{key}#EXTINF:4.0,
{url}
#EXT-X-ENDLIST
"""
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=320x180\n{url}\n"
PLAYLISTS = {
    "a segment": lambda root: PLAYLIST.format(key="", url=f"{root}/film.ts"),
    "a key": lambda root: PLAYLIST.format(
        key=f'#EXT-X-KEY:METHOD=AES-128,URI="{root}/key"\n', url="/film.ts"
    ),
    "a header": lambda root: PLAYLIST.format(
        key=f'#EXT-X-MAP:URI="{root}/head.mp4"\n', url="/film.ts"
    ),
    "a playlist": lambda root: MASTER.format(url=f"{root}/low.m3u8"),
}


@pytest.mark.parametrize("playlist", PLAYLISTS.values(), ids=PLAYLISTS.keys())
async def test_playlists_lead_nowhere_private(
    *,
    screen: MockConfigEntry,
    guest: Browser,
    server: MediaServer,
    outside: str,
    asked: list[str],
    inside: MediaServer,
    playlist: Any,
) -> None:
    text = playlist(f"http://inside.example:{inside.server_port}")
    server.add("/live.m3u8", Page(text.encode(), "application/vnd.apple.mpegurl"))
    server.add("/film.ts", Page(b"G" * 188, "video/mp2t"))
    status, answer = await act(guest, "play", media=f"{outside}/live.m3u8")
    assert status == 400, answer
    assert answer["error"] == "blocked_address"
    assert server.asked("/live.m3u8")
    assert inside.log == []
    # It is what they lead to that was refused.
    assert asked[-1] == "inside.example"


async def test_a_name_that_changes_its_mind_is_caught_when_it_is_connected_to(
    screen: MockConfigEntry, guest: Browser, server: MediaServer, film: str
) -> None:
    resolver = screen.runtime_data.session.resolver
    public = ip_address("127.0.0.1")
    resolver.public = lambda address: address == public
    media = f"http://films.example:{server.server_port}/film.mp4"
    with serving("127.0.0.2", port=server.server_port) as inside:
        inside.add("/film.mp4", Page(clip(20.0), "video/mp4"))
        # Public when it is looked up, private when the film is opened.
        resolver.lookup = resolving(["127.0.0.1"], ["127.0.0.2"])
        status, answer = await act(guest, "play", media=media)
        assert (status, answer["error"]) == (400, "blocked_address")
        assert server.asked("/film.mp4")
        assert inside.log == []
        # Both at once: only the public one is connected to.
        resolver.lookup = resolving(["127.0.0.2", "127.0.0.1"])
        status, answer = await act(guest, "play", media=media)
        assert (status, answer["state"]) == (200, "playing")
        assert inside.log == []


async def test_requests_that_make_no_sense_are_refused(
    screen: MockConfigEntry, guest: Browser, home: HomeAssistant
) -> None:
    for action, data in (
        ("seek", {}),
        ("seek", {"position": "x"}),
        ("seek", {"position": -1}),
        ("seek", {"position": 1e300}),
        ("preset", {"preset": "huge"}),
        ("preset", {"preset": ["low"]}),
        ("play", {"media": 5}),
        ("play", {"media": "x" * 2049}),
        ("play", {"url": "x"}),
        ("pause", {"x": 1}),
        ("layout", {"layout": "none"}),
    ):
        status, answer = await act(guest, action, **data)
        assert (status, answer["error"]) == (400, "bad_request"), (action, data)
    assert (await act(guest, "layout", layout="quad"))[1]["error"] == "not_supported"
    async with guest.session.post(guest.root + "/stop", data="stop=1") as form:
        assert form.status == 400


async def test_guests_choose_the_layout_of_a_grid(home: HomeAssistant, load: LoadEntry) -> None:
    for name in ("Porch", "Yard"):
        await load({"kind": "demo", "name": name}, title=name, options=sharing())
    entry = await load(
        {"kind": "grid", "name": "All", "cameras": ["camera.porch", "camera.yard"]},
        title="All",
        options=sharing(share_control=True),
    )
    async with Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        info = await (await guest.get("/info")).json()
        assert info["kind"] == "grid"
        assert info["members"] == [{"id": "0", "name": "Porch"}, {"id": "1", "name": "Yard"}]
        assert (info["layout"], info["main"]) == ("quad", "0")
        assert "main_plus_preview" in info["layouts"]
        status, answer = await act(guest, "layout", layout="single", main="1")
        assert (status, answer["layout"], answer["main"]) == (200, "single", "1")
        assert entry.runtime_data.main == "camera.yard"
        for data, error in (
            ({"main": "2"}, "not_a_member"),
            ({"main": "camera.porch"}, "not_a_member"),
            ({}, "bad_request"),
        ):
            assert (await act(guest, "layout", **data))[1]["error"] == error
        assert (await act(guest, "play", media="x"))[1]["error"] == "not_supported"


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
