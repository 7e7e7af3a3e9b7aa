"""Malformed and malicious URLs, headers and responses."""

from contextlib import closing

import pytest

from custom_components.retrocam.core.errors import PlayError, UnsupportedMediaError
from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.addresses import Network
from custom_components.retrocam.core.player.net.fetch import (
    fetch,
    fetch_all,
    headers_for,
    split_url,
)
from custom_components.retrocam.core.player.net.http_file import RemoteFile
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..hls.playlists import lines
from ..hosts import here
from ..server import MediaServer, Page, Request


@pytest.mark.parametrize(
    ("url", "origin", "sent"),
    [
        ("https://host/b", "https://host/a", True),
        ("https://HOST:443/b", "https://host/a", True),
        ("https://host/b", "http://host/a", True),
        ("http://host/b", "https://host/a", False),
        ("http://host:443/b", "https://host/a", False),
        ("https://host:8443/b", "http://host:8080/a", False),
        ("https://other/b", "https://host/a", False),
        ("https://host./b", "https://host/a", False),
    ],
)
def test_credentials_stay_with_origin_and_tls(url: str, origin: str, sent: bool) -> None:
    headers = {"Cookie": "a=b", "authorization": "Basic YTpi", "Referer": "c"}
    assert headers_for(url, headers, origin) == (headers if sent else {"Referer": "c"})


@pytest.mark.parametrize("name", ["Content-Length", "Content-Range"])
def test_absurd_sizes_are_ignored(server: MediaServer, network: Network, name: str) -> None:
    def answer(request: Request) -> None:
        huge = "9" * 5000
        request.send_response(206)
        request.send_header(name, huge if name == "Content-Length" else f"bytes 0-{huge}/{huge}")
        request.end_headers()
        request.wfile.write(b"abc")

    assert RemoteFile(MediaInput(server.add("/a", answer)), network).read() == b"abc"


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/\u20ac", {}), ("/a", {"Cookie": "\u20ac"}), ("/a", {"\u20ac": "a"})],
)
def test_unencodable_request_is_refused_without_quoting_it(
    server: MediaServer, network: Network, path: str, headers: dict[str, str]
) -> None:
    with pytest.raises(UnsupportedMediaError) as caught:
        fetch(network, server.add("/a", Page()).removesuffix("/a") + path, headers=headers)
    assert "\u20ac" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_international_host_is_idna_encoded(server: MediaServer) -> None:
    network = Network(lambda _address: True, lookup=here)
    url = server.add("/a", Page(b"it")).replace("127.0.0.1", "bücher.example")
    assert fetch_all(network, url, headers={}, max_bytes=9)[1] == b"it"
    assert server.log[0].headers["Host"] == f"xn--bcher-kva.example:{server.server_port}"
    network.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://host/\ud800",
        "http://\udce4/",
        "http://a..b/",
        f"http://{'a' * 64}.example/",
        f"http://{'ü' * 100}/",
        "http://a\0b/",
        f"http://{'a.' * 200}b/",
    ],
)
def test_url_that_no_request_can_hold_is_refused(url: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        split_url(url)


def broken(request: Request) -> None:
    """Answer with a truncated chunk."""
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b"ffff\r\n#EXTM3U")
    request.close_connection = True


def test_truncated_playlist_is_a_network_error(server: MediaServer, network: Network) -> None:
    with pytest.raises(PlayError) as caught:
        PlaylistFile(MediaInput(server.add("/a.m3u8", broken), is_playlist=True), network)
    assert caught.value.code == "network"


def test_truncated_key_ends_the_file(server: MediaServer, network: Network) -> None:
    server.add("/key", broken)
    server.add("/a.ts", Page(bytes(32)))
    text = lines('#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "a.ts", "#EXT-X-ENDLIST")
    url = server.add("/list.m3u8", Page(text.encode()))
    with closing(PlaylistFile(MediaInput(url, is_playlist=True), network)) as file:
        assert file.read(100) == b""
        assert file.failure is not None
        assert file.failure.code == "network"
