"""Names of hosts that the DNS cannot have, and answers that break off."""

import pytest

from custom_components.retrocam.core.errors import PlayError, UnsupportedMediaError
from custom_components.retrocam.core.player.hls.playlist_file import PlaylistFile
from custom_components.retrocam.core.player.net.addresses import Network
from custom_components.retrocam.core.player.net.fetch import fetch_all, split_url
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..hls.playlists import lines
from ..hosts import here
from ..server import MediaServer, Page, Request


def test_a_name_of_other_letters_is_sent_as_the_dns_has_it(server: MediaServer) -> None:
    network = Network(lambda _address: True, lookup=here)
    url = server.add("/a", Page(b"it")).replace("127.0.0.1", "bücher.example")
    assert fetch_all(network, url, headers={}, most=9)[1] == b"it"
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
def test_what_no_request_can_hold_is_no_url(url: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        split_url(url)


def broken(request: Request) -> None:
    """Answer with a chunk that ends too early."""
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    request.wfile.write(b"ffff\r\n#EXTM3U")
    request.close_connection = True


def test_a_playlist_that_breaks_off_is_a_network_error(
    server: MediaServer, network: Network
) -> None:
    with pytest.raises(PlayError) as caught:
        PlaylistFile(MediaInput(server.add("/a.m3u8", broken), is_playlist=True), network)
    assert caught.value.code == "network"


def test_a_key_that_breaks_off_ends_the_file(server: MediaServer, network: Network) -> None:
    server.add("/key", broken)
    server.add("/a.ts", Page(bytes(32)))
    text = lines('#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:1,", "a.ts", "#EXT-X-ENDLIST")
    url = server.add("/list.m3u8", Page(text.encode()))
    with PlaylistFile(MediaInput(url, is_playlist=True), network) as file:
        assert file.read(100) == b""
        assert file.failure is not None
        assert file.failure.code == "network"
