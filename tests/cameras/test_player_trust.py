"""Trust in a media URL: limited to its origin, and not extended to what it refers to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
import pytest_socket

from custom_components.retrocam.cameras.player import AsciiPlayer

from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page, serving
from .players import play

HLS = "application/vnd.apple.mpegurl"
LIST = """#EXTM3U
#EXT-X-TARGETDURATION:4
{tag}#EXTINF:4.0,
{url}
#EXT-X-ENDLIST
"""


@pytest.fixture
def inside(socket_enabled: None) -> Iterator[MediaServer]:
    """A server on the private network that is not allowed."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", "127.0.0.2"], allow_unix_socket=True)
    with serving("127.0.0.2") as running:
        running.add("/film.mp4", Page(clip(3.0), "video/mp4"))
        running.add("/film.ts", Page(clip(3.0, kind="mpegts"), "video/mp2t"))
        yield running


def redirect(server: MediaServer, root: str) -> str:
    server.redirect("/hop", f"{root}/film.mp4")
    return "/hop"


def segment(server: MediaServer, root: str) -> str:
    server.add("/list.m3u8", Page(LIST.format(tag="", url=f"{root}/film.ts").encode(), HLS))
    return "/list.m3u8"


def key(server: MediaServer, root: str) -> str:
    tag = f'#EXT-X-KEY:METHOD=AES-128,URI="{root}/film.ts"\n'
    server.add("/film.ts", Page(b"G" * 188, "video/mp2t"))
    server.add("/list.m3u8", Page(LIST.format(tag=tag, url="/film.ts").encode(), HLS))
    return "/list.m3u8"


def master(server: MediaServer, root: str) -> str:
    text = f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\n{root}/list.m3u8\n"
    server.add("/master.m3u8", Page(text.encode(), HLS))
    return "/master.m3u8"


def page(server: MediaServer, root: str) -> str:
    text = f'<html><title>x</title><video src="{root}/film.mp4"></video></html>'
    server.add("/page.html", Page(text.encode(), "text/html"))
    return "/page.html"


LEADS = [redirect, segment, key, master, page]


@pytest.mark.parametrize("lead", LEADS)
async def test_trust_does_not_extend_to_other_private_hosts(
    *,
    home: HomeAssistant,
    player: AsciiPlayer,
    server: MediaServer,
    inside: MediaServer,
    lead: Any,
) -> None:
    path = lead(server, inside.root)
    with pytest.raises(HomeAssistantError) as raised:
        await play(home, server.root + path)
    assert raised.value.translation_key == "play_blocked_address"
    assert server.asked(path)
    assert inside.log == []


async def test_trust_extends_to_same_origin(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer
) -> None:
    server.add("/film.ts", Page(clip(3.0, kind="mpegts"), "video/mp2t"))
    server.redirect("/hop", segment(server, ""))
    assert (await play(home, f"{server.root}/hop"))["state"] == "playing"


async def test_trust_does_not_extend_to_other_ports(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, film: str
) -> None:
    with serving() as other:
        server.redirect("/hop", other.add("/film.mp4", Page(clip(3.0), "video/mp4")))
        with pytest.raises(HomeAssistantError) as raised:
            await play(home, f"{server.root}/hop")
        assert raised.value.translation_key == "play_blocked_address"
        assert other.log == []


LISTS = {
    "segments": "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{root}/film.ts\n#EXT-X-ENDLIST\n",
    "playlists": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=100000\n{root}/list.m3u8\n",
    "a plain list": "#EXTM3U\n{root}/film.mp4\n",
    "a list of files": "ffconcat version 1.0\nfile {root}/film.mp4\n",
    "a page": '<html><title>x</title><video src="{root}/film.mp4"></video></html>',
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>{root}/film.mp4</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
}


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS.keys())
@pytest.mark.parametrize("name", ["photo.jpg", "film.mp4"])
async def test_local_file_is_never_parsed_as_playlist_or_page(
    *,
    home: HomeAssistant,
    player: AsciiPlayer,
    media_directory: Path,
    inside: MediaServer,
    text: str,
    name: str,
) -> None:
    (media_directory / name).write_text(text.format(root=inside.root))
    for media in (f"media-source://media_source/local/{name}", f"/media/local/{name}"):
        with pytest.raises(HomeAssistantError) as raised:
            await play(home, media)
        assert raised.value.translation_key == "play_unsupported"
    assert inside.log == []
