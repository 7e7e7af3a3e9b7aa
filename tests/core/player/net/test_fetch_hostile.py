"""Secrets, sizes and texts in HTTP that a server or a page has chosen."""

import pytest

from custom_components.retrocam.core.errors import UnsupportedMediaError
from custom_components.retrocam.core.player.net.addresses import Network
from custom_components.retrocam.core.player.net.fetch import fetch, headers_for
from custom_components.retrocam.core.player.net.http_file import RemoteFile
from custom_components.retrocam.core.player.net.streams import MediaInput

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
def test_secrets_never_leave_tls_nor_their_origin(url: str, origin: str, sent: bool) -> None:
    headers = {"Cookie": "a=b", "authorization": "Basic YTpi", "Referer": "c"}
    assert headers_for(url, headers, origin) == (headers if sent else {"Referer": "c"})


@pytest.mark.parametrize("name", ["Content-Length", "Content-Range"])
def test_a_size_that_no_file_has_is_not_believed(
    server: MediaServer, network: Network, name: str
) -> None:
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
def test_what_http_cannot_hold_is_refused_without_being_told(
    server: MediaServer, network: Network, path: str, headers: dict[str, str]
) -> None:
    with pytest.raises(UnsupportedMediaError) as caught:
        fetch(network, server.add("/a", Page()).removesuffix("/a") + path, headers=headers)
    assert "\u20ac" not in str(caught.value)
    assert caught.value.__cause__ is None
