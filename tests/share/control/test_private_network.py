"""Tests that guests cannot play from the private network or anything local."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ...core.player.clips import clip
from ...core.player.hosts import Names, only_first
from ...core.player.server import MediaServer, Page, serving
from ...http.cell_clients import Client
from ..guests import Browser
from .acting import act

PLAYER = "media_player.screen"


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
async def test_local_media_is_rejected(screen: MockConfigEntry, guest: Browser, media: str) -> None:
    status, answer = await act(guest, "play", media=media)
    assert (status, answer["error"]) == (400, "unsupported")
    assert screen.runtime_data.session.resolver.pool._tasks == set()


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
async def test_private_addresses_are_blocked_by_number_and_name(
    *, screen: MockConfigEntry, guest: Browser, server: MediaServer, address: str, log: Path
) -> None:
    host = f"[{address}]" if ":" in address else address
    number = f"http://{host}:{server.server_port}/film.mp4"
    assert (await act(guest, "play", media=number))[1]["error"] == "network"
    screen.runtime_data.session.resolver.lookup = Names(log, [[address]])
    name = f"http://films.example.com:{server.server_port}/film.mp4"
    assert (await act(guest, "play", media=name))[1]["error"] == "network"
    assert server.log == []


async def test_allowed_hosts_of_the_owner_do_not_apply_to_guests(
    home: HomeAssistant, screen: MockConfigEntry, guest: Browser, film: str, server: MediaServer
) -> None:
    assert home.config.is_allowed_external_url(film)
    assert (await act(guest, "play", media=film))[1]["error"] == "network"
    assert server.log == []
    # The owner's next play action must not fetch it for the guest.
    with pytest.raises(HomeAssistantError) as caught:
        await home.services.async_call(
            "media_player", "media_play", {"entity_id": PLAYER}, blocking=True
        )
    assert caught.value.translation_key == "play_network"
    assert server.log == []
    # The owner may play it, and a guest may not replay it.
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
def log(tmp_path: Path) -> Path:
    """The file with the resolved names."""
    return tmp_path / "names"


@pytest.fixture
def names(log: Path) -> Names:
    """`outside.example` is public, all other names resolve to the private network."""
    return Names(log, [["127.0.0.2"]], {"outside.example": ["127.0.0.1"]})


@pytest.fixture
def outside(screen: MockConfigEntry, server: MediaServer, names: Names) -> str:
    """The root of a server treated as public; `inside.example` is on the private network."""
    resolver = screen.runtime_data.session.resolver
    resolver.public = only_first
    resolver.lookup = names
    return f"http://outside.example:{server.server_port}"


@pytest.fixture
def inside() -> Iterator[MediaServer]:
    """A server on the private network, which must get no request."""
    with serving("127.0.0.2") as running:
        running.add("/film.mp4", Page(clip(20.0), "video/mp4"))
        yield running


@pytest.mark.parametrize("name", ["inside.example", "127.0.0.2"])
async def test_redirects_into_the_private_network_are_blocked(
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
    assert answer[1]["error"] == "network"
    assert server.asked("/hop2")
    assert inside.log == []
    # The cells tell it by its code, and not in words.
    async with guest.session.ws_connect(guest.root + "/cells") as socket:
        client = Client(socket)
        await client.until(lambda: client.states)
    assert client.states[-1]["error"] == {"code": "network", "message": ""}


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
async def test_playlists_with_private_addresses_are_blocked(
    *,
    screen: MockConfigEntry,
    guest: Browser,
    server: MediaServer,
    outside: str,
    names: Names,
    inside: MediaServer,
    playlist: Any,
) -> None:
    text = playlist(f"http://inside.example:{inside.server_port}")
    server.add("/live.m3u8", Page(text.encode(), "application/vnd.apple.mpegurl"))
    server.add("/film.ts", Page(b"G" * 188, "video/mp2t"))
    status, answer = await act(guest, "play", media=f"{outside}/live.m3u8")
    assert status == 400, answer
    assert answer["error"] == "network"
    assert server.asked("/live.m3u8")
    assert inside.log == []
    # It is what they lead to that was refused.
    assert names.asked[-1] == "inside.example"


async def test_dns_rebinding_is_blocked_at_connect(
    *, screen: MockConfigEntry, guest: Browser, server: MediaServer, film: str, tmp_path: Path
) -> None:
    resolver = screen.runtime_data.session.resolver
    resolver.public = only_first
    media = f"http://films.example:{server.server_port}/film.mp4"
    with serving("127.0.0.2", port=server.server_port) as inside:
        inside.add("/film.mp4", Page(clip(20.0), "video/mp4"))
        # Public when it is looked up, private when the film is opened.
        resolver.lookup = Names(tmp_path / "one", [["127.0.0.1"], ["127.0.0.2"]])
        status, answer = await act(guest, "play", media=media)
        assert (status, answer["error"]) == (400, "network")
        assert server.asked("/film.mp4")
        assert inside.log == []
        # Both at once: only the public one is connected to.
        resolver.lookup = Names(tmp_path / "two", [["127.0.0.2", "127.0.0.1"]])
        status, answer = await act(guest, "play", media=media)
        assert (status, answer["state"]) == (200, "playing")
        assert inside.log == []
