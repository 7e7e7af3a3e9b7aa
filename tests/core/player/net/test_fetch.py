"""HTTP requests, redirects and files."""

from contextlib import closing
import io
from urllib.parse import quote

import numpy as np
import pytest

from custom_components.retrocam.core.errors import (
    BlockedAddressError,
    MediaRefusedError,
    PlayError,
    PlayNetworkError,
    PlayNotFoundError,
    PlayTimeoutError,
    RateLimitedError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.fetch import fetch_all, page_link, split_url
from custom_components.retrocam.core.player.net.http_file import RemoteFile
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..hosts import only_second
from ..server import MediaServer, Page, Request, serving

DATA = np.random.default_rng(1).bytes(3_000_000)


def read_all(file: RemoteFile) -> bytes:
    return b"".join(iter(lambda: file.read(65536), b""))


def test_file_is_read_to_its_end(server: MediaServer, network: Network) -> None:
    with closing(RemoteFile(MediaInput(server.add("/a", Page(DATA))), network)) as file:
        assert read_all(file) == DATA
        assert file.failure is None
    assert len(server.log) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_file_is_seekable_with_and_without_ranges(
    server: MediaServer, network: Network, ranges: bool
) -> None:
    url = server.add("/a", Page(DATA, ranges=ranges))
    with closing(RemoteFile(MediaInput(url), network)) as file:
        assert file.seekable()
        for at in (0, 100, 50, 2_500_000, 2_400_000, 2_999_990, 7, 200_000, 1_000):
            assert file.seek(at) == at
            assert file.read(10) == DATA[at : at + 10]
            assert file.tell() == at + 10
        assert file.seek(-5, io.SEEK_END) == len(DATA) - 5
        assert read_all(file) == DATA[-5:]
        file.seek(3)
        assert file.seek(4, io.SEEK_CUR) == 7
        assert file.read() == DATA[7 : file.tell()]


def test_small_seeks_send_no_request(server: MediaServer, network: Network) -> None:
    with closing(RemoteFile(MediaInput(server.add("/a", Page(DATA))), network)) as file:
        for at in (0, 200_000, 100_000, 400_000, 300_000):
            file.seek(at)
            assert file.read(1000) == DATA[at : at + 1000][: file.tell() - at]
    assert len(server.log) == 1


def test_endless_stream_is_not_seekable(server: MediaServer, network: Network) -> None:
    def stream(request: Request) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(DATA[:100_000])
        request.close_connection = True

    with closing(RemoteFile(MediaInput(server.add("/a", stream)), network)) as file:
        assert not file.seekable()
        assert file.seek(0, io.SEEK_END) == -1
        file.seek(0)
        assert read_all(file) == DATA[:100_000]


def test_broken_connection_is_resumed(server: MediaServer, network: Network) -> None:
    url = server.add("/a", Page(DATA, cut_after=1_000_000))
    with closing(RemoteFile(MediaInput(url), network)) as file:
        assert read_all(file) == DATA
    assert server.log[0].headers["Range"] == "bytes=0-"
    assert len(server.log) == 2


def test_stalled_connection_is_resumed(server: MediaServer) -> None:
    def stall_once(request: Request) -> None:
        if len(server.log) > 1:
            request.answer(Page(DATA))
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(DATA)))
        request.end_headers()
        request.wfile.write(DATA[:1000])
        request.hang()

    network = Network(is_any, timeout=0.2)
    with closing(RemoteFile(MediaInput(server.add("/a", stall_once)), network)) as file:
        assert read_all(file) == DATA


def test_file_is_requested_in_chunks(server: MediaServer, network: Network) -> None:
    source = MediaInput(server.add("/a", Page(DATA)), chunk_size=1_000_000)
    with closing(RemoteFile(source, network)) as file:
        assert read_all(file) == DATA
    assert [request.headers["Range"] for request in server.log] == [
        "bytes=0-999999",
        "bytes=1000000-1999999",
        "bytes=2000000-2999999",
    ]


def test_byte_range_of_a_file(server: MediaServer, network: Network) -> None:
    url = server.add("/a", Page(DATA))
    with closing(RemoteFile(MediaInput(url), network, offset=500, length=70_000)) as file:
        assert read_all(file) == DATA[500:70_500]
    server.add("/b", Page(DATA, ranges=False))
    with pytest.raises(UnsupportedMediaError):
        RemoteFile(MediaInput(server.root + "/b"), network, offset=500, length=100)


def test_wrong_content_range_is_an_error(server: MediaServer) -> None:
    page = Page(b"01234", status=206, headers={"Content-Range": "bytes 5-9/10"})
    network = Network(is_any)
    server.add("/a", page)

    def close_after_some(request: Request) -> None:
        request.answer(page)
        if len(server.log) == 2:
            network.close()

    url = server.add("/a", close_after_some)
    with pytest.raises(PlayNetworkError):
        RemoteFile(MediaInput(url), network)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, MediaRefusedError),
        (403, MediaRefusedError),
        (404, PlayNotFoundError),
        (410, MediaRefusedError),
        (429, RateLimitedError),
    ],
)
def test_permanent_errors_are_not_retried(
    server: MediaServer, network: Network, status: int, error: type[PlayError]
) -> None:
    with pytest.raises(error):
        RemoteFile(MediaInput(server.add("/a", Page(status=status))), network)
    assert len(server.log) == 1


def test_expired_url_ends_the_file(server: MediaServer, network: Network) -> None:
    url = server.add("/a", Page(DATA, cut_after=1000))
    with closing(RemoteFile(MediaInput(url), network)) as file:
        server.add("/a", Page(status=403))
        assert read_all(file) == DATA[:1000]
        assert isinstance(file.failure, MediaRefusedError)
        assert file.read(10) == b""


def test_server_error_is_retried(server: MediaServer, network: Network) -> None:
    def fail_once(request: Request) -> None:
        request.answer(Page(DATA) if len(server.log) > 1 else Page(status=503))

    with closing(RemoteFile(MediaInput(server.add("/a", fail_once)), network)) as file:
        assert read_all(file) == DATA


def test_closing_the_network_ends_a_read(server: MediaServer, network: Network) -> None:
    def stall(request: Request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(DATA)))
        request.end_headers()
        request.hang()

    file = RemoteFile(MediaInput(server.add("/a", stall)), network)
    server.hanging.acquire()
    network.close()
    assert file.read(10) == b""
    assert file.failure is not None
    file.close()


def test_silent_server_times_out(server: MediaServer) -> None:
    url = server.add("/a", lambda request: request.hang())
    network = Network(is_any, timeout=0.05)

    def give_up(request: Request) -> None:
        if len(server.log) > 1:
            network.close()
        request.hang()

    server.add("/a", give_up)
    with pytest.raises((PlayTimeoutError, PlayNetworkError)):
        RemoteFile(MediaInput(url), network)


def test_redirect_to_another_host_drops_credentials_and_cookies(
    server: MediaServer, network: Network
) -> None:
    headers = {"Authorization": "secret", "Cookie": "secret", "Referer": "page"}
    with serving("127.0.0.2") as other:
        other.add("/b", Page(b"there"))
        server.redirect("/1", other.root + "/b")
        url = server.redirect("/a", "1", 307)
        assert fetch_all(network, url, headers=headers, max_bytes=100) == (
            other.root + "/b",
            b"there",
        )
        assert server.asked("/1")[0].headers["Authorization"] == "secret"
        sent = other.log[0].headers
        assert (sent["Authorization"], sent["Cookie"], sent["Referer"]) == (None, None, "page")


def test_unescaped_redirect_location_is_escaped(server: MediaServer, network: Network) -> None:
    server.add("/teil%201%20f%C3%BCr%20alle%21.mp4?a=b%20c", Page(b"there"))
    name = "teil 1 für alle%21.mp4?a=b c"
    for number, header in enumerate((name.encode().decode("latin-1"), quote(name, safe="%?="))):
        url = server.redirect(f"/{number}", header)
        assert fetch_all(network, url, headers={}, max_bytes=10)[1] == b"there"
    server.add("/f%C3%BCr.mp4", Page(b"here"))
    url = server.redirect("/latin", "für.mp4")  # Latin-1 on the wire
    assert fetch_all(network, url, headers={}, max_bytes=10)[1] == b"here"


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "concat:/etc/passwd|/etc/hosts", "ftp://127.0.0.1/"]
)
def test_redirect_to_another_scheme_is_refused(
    server: MediaServer, network: Network, target: str
) -> None:
    with pytest.raises(UnsupportedMediaError):
        RemoteFile(MediaInput(server.redirect("/a", target)), network)


def test_redirect_to_a_private_address_is_blocked() -> None:
    with serving("127.0.0.2") as public, serving() as private:
        private.add("/secret", Page(b"secret"))
        url = public.redirect("/a", private.root + "/secret")
        with pytest.raises(BlockedAddressError):
            RemoteFile(MediaInput(url), Network(only_second))
        assert public.log
        assert not private.log


def test_redirect_loop_ends(server: MediaServer, network: Network) -> None:
    url = server.redirect("/a", "/a")
    with pytest.raises(UnsupportedMediaError):
        fetch_all(network, url, headers={}, max_bytes=10)


def test_body_over_max_bytes_is_refused(server: MediaServer, network: Network) -> None:
    with pytest.raises(UnsupportedMediaError):
        fetch_all(network, server.add("/a", Page(DATA)), headers={}, max_bytes=1000)


def test_userinfo_is_sent_as_basic_authorization(server: MediaServer, network: Network) -> None:
    url = server.add("/a", Page(b"x")).replace("//", "//jo:p%40ss@")
    fetch_all(network, url, headers={}, max_bytes=10)
    assert server.log[0].headers["Authorization"] == "Basic am86cEBzcw=="
    assert "jo" not in server.log[0].headers["Host"]


@pytest.mark.parametrize(
    "url",
    ["", "file:///etc/passwd", "//host/", "http:///a", "http://h:0/", "http://h:x/", "http://[::1"],
)
def test_split_url_requires_an_http_url(url: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        split_url(url)


def test_host_header_of_an_ipv6_literal() -> None:
    seen: list[str] = []

    def lookup(host: str, _port: int) -> list[str]:
        seen.append(host)
        return ["127.0.0.1"]

    with serving() as server:
        server.add("/a", Page(b"x"))
        network = Network(is_any, lookup=lookup)
        fetch_all(network, f"http://[::1]:{server.server_port}/a", headers={}, max_bytes=10)
        assert server.log[0].headers["Host"] == f"[::1]:{server.server_port}"
        assert seen == ["::1"]


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("https://example.com/watch?v=1", "https://example.com/watch?v=1"),
        ("http://keeper:secret@example.com/", "http://example.com/"),
        ("javascript:alert(1)", None),
        ("JaVaScript://example.com/%0aalert(1)", None),
        ("data:text/html,x", None),
        ("//example.com/", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_page_links_are_http_without_credentials(page: str | None, link: str | None) -> None:
    assert page_link(page) == link
