"""Endless streams, and the faults of their servers."""

from contextlib import closing
import gzip
import threading
import tracemalloc
import zlib

import numpy as np
import pytest

from custom_components.retrocam.core.errors import (
    PlayError,
    PlayNetworkError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.fetch import fetch_all
from custom_components.retrocam.core.player.net.http_file import RemoteFile
from custom_components.retrocam.core.player.net.live_file import LiveFile
from custom_components.retrocam.core.player.net.streams import MediaInput

from ..server import MediaServer, Page, Request
from ..stations import Impatient, Station, with_metadata

DATA = np.random.default_rng(3).bytes(100_000)


@pytest.fixture
def network() -> Network:
    return Impatient(is_any, timeout=60)


def open_live(server: MediaServer, station: Station, network: Network) -> LiveFile:
    return LiveFile(MediaInput(server.add("/live", station)), network)


def read_all(file: RemoteFile) -> bytes:
    return b"".join(iter(lambda: file.read(1000), b""))


def read_exactly(file: RemoteFile, size: int) -> bytes:
    data = b""
    while len(data) < size and (piece := file.read(size - len(data))):
        data += piece
    return data


@pytest.mark.parametrize(("cut", "chunked"), [(False, False), (True, False), (True, True)])
def test_broken_live_stream_goes_on_at_the_present(
    server: MediaServer, network: Network, cut: bool, chunked: bool
) -> None:
    station = Station(DATA[:20_000], DATA[50_000:60_000], cut=cut, chunked=chunked)
    with closing(open_live(server, station, network)) as file:
        assert file.is_live
        assert not file.seekable()
        assert read_all(file) == DATA[:20_000]
        assert file.next_section()
        assert read_exactly(file, 10_000) == DATA[50_000:60_000]
        assert len(station.requests) == 2
        assert file.failure is None
        assert not file.next_section()


def test_common_headers_do_not_make_a_file_of_a_live_stream(
    server: MediaServer, network: Network
) -> None:
    """As of Ogg: the present begins after the same headers."""
    present = DATA[:5_000] + DATA[50_000:60_000]
    station = Station(DATA[:20_000], present)
    with closing(open_live(server, station, network)) as file:
        assert read_all(file) == DATA[:20_000]
        assert file.next_section()
        assert read_exactly(file, 15_000) == present


@pytest.mark.parametrize("size", [0, 500, 100_000])
def test_file_without_a_length_ends(server: MediaServer, network: Network, size: int) -> None:
    station = Station(*[DATA[:size]] * 3, stays=False)
    with closing(open_live(server, station, network)) as file:
        assert read_all(file) == DATA[:size]
        assert not file.next_section()
        assert file.failure is None
    assert len(station.requests) <= 2


def test_file_that_is_sent_only_once_ends(server: MediaServer, network: Network) -> None:
    station = Station(DATA, stays=False)
    with closing(open_live(server, station, network)) as file:
        assert read_all(file) == DATA
        assert not file.next_section()
        assert file.failure is None


def test_chunked_file_ends_without_another_request(server: MediaServer, network: Network) -> None:
    station = Station(DATA, chunked=True, stays=False)
    with closing(open_live(server, station, network)) as file:
        assert file.is_live
        assert read_all(file) == DATA
        assert not file.next_section()
    assert len(station.requests) == 1


def test_cut_file_without_a_length_is_resumed(server: MediaServer, network: Network) -> None:
    station = Station(DATA[:70_000], DATA, cut=True)
    with closing(open_live(server, station, network)) as file:
        assert read_exactly(file, len(DATA)) == DATA
        assert not file.next_section()


def test_station_that_is_away_is_awaited(server: MediaServer, network: Network) -> None:
    """Icecast answers 404 while a source reconnects; the intro is the same for all listeners."""
    station = Station(DATA[:20_000], DATA[:20_000], headers={"icy-name": "Radio"})
    asked = 0

    def serve(request: Request) -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            request.answer(Page(status=404))
        else:
            station(request)

    with closing(LiveFile(MediaInput(server.add("/live", serve)), network)) as file:
        assert read_all(file) == DATA[:20_000]
        assert file.next_section()
        assert read_exactly(file, 20_000) == DATA[:20_000]


def test_station_that_never_returns_is_an_error(server: MediaServer, network: Network) -> None:
    station = Station(DATA[:1000], headers={"icy-br": "128"}, stays=False)
    with closing(open_live(server, station, network)) as file:
        assert read_all(file) == DATA[:1000]
        assert not file.next_section()
        assert isinstance(file.failure, PlayNetworkError)
    assert len(station.requests) == 8


def test_station_that_closes_at_once_is_given_up(server: MediaServer, network: Network) -> None:
    parts = [DATA[at : at + 100] for at in range(0, 5000, 100)]
    station = Station(*parts, icy=True)
    with closing(open_live(server, station, network)) as file:
        sections = 1
        while read_all(file) and file.next_section():
            sections += 1
        assert isinstance(file.failure, PlayNetworkError)
        assert sections < 10


@pytest.mark.parametrize("icy", [False, True])
def test_shoutcast_is_http_and_metadata_is_neither_requested_nor_read(
    server: MediaServer, network: Network, icy: bool
) -> None:
    body = with_metadata(DATA[:50_000], 8192, "Artist - Söng" * 9)
    station = Station(body, icy=icy, headers={"icy-metaint": "8192", "Content-Length": "999999999"})
    with closing(open_live(server, station, network)) as file:
        assert file.is_live
        assert read_exactly(file, 50_000) == DATA[:50_000]
    assert "Icy-MetaData" not in station.requests[0].headers


@pytest.mark.parametrize("interval", ["0", "-5", "x", "9" * 30, ""])
def test_invalid_metadata_interval_is_ignored(
    server: MediaServer, network: Network, interval: str
) -> None:
    station = Station(DATA[:1000], headers={"icy-metaint": interval})
    with closing(open_live(server, station, network)) as file:
        assert read_exactly(file, 1000) == DATA[:1000]


def coded(data: bytes, coding: str) -> bytes:
    return gzip.compress(data) if "gzip" in coding else zlib.compress(data)


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate"])
@pytest.mark.parametrize("ranges", [False, True])
def test_coded_media_are_decoded(
    server: MediaServer, network: Network, coding: str, ranges: bool
) -> None:
    """As stored files of web space, whatever is accepted; also after the connection broke."""
    page = Page(
        coded(DATA, coding),
        headers={"Content-Encoding": coding},
        ranges=ranges,
        cut_after=None if ranges else 50_000,
    )
    with closing(LiveFile(MediaInput(server.add("/a", page)), network)) as file:
        assert not file.is_live
        assert read_all(file) == DATA
        assert file.failure is None
    assert server.log[-1].headers["Accept-Encoding"] == "identity"


def test_broken_or_unknown_coding_is_an_error(server: MediaServer, network: Network) -> None:
    page = Page(DATA, headers={"Content-Encoding": "br"}, ranges=False)
    with pytest.raises(UnsupportedMediaError):
        LiveFile(MediaInput(server.add("/a", page)), network)
    page = Page(DATA, headers={"Content-Encoding": "gzip"}, ranges=False)
    with closing(LiveFile(MediaInput(server.add("/b", page)), network)) as file:
        assert read_all(file) == b""
        assert isinstance(file.failure, PlayNetworkError)
        assert len(server.asked("/b")) == 1


def test_coded_playlist_is_decoded(server: MediaServer, network: Network) -> None:
    page = Page(gzip.compress(b"#EXTM3U\n"), headers={"Content-Encoding": "gzip"})
    url = server.add("/a", page)
    answer = fetch_all(network, url, headers={}, max_bytes=100, prefix=b"#EXTM3U")
    assert answer[1] == b"#EXTM3U\n"
    bomb = gzip.compress(bytes(50_000_000))
    server.add("/a", Page(bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    with pytest.raises(UnsupportedMediaError):
        fetch_all(network, url, headers={}, max_bytes=100)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_media_are_not_read_as_a_playlist(server: MediaServer, network: Network) -> None:
    """A playlist's end is waited for, which an endless stream does not have."""
    url = server.add("/a.m3u8", Station(DATA[:10]))
    with pytest.raises(UnsupportedMediaError):
        fetch_all(network, url, headers={}, max_bytes=1_000_000, prefix=b"#EXTM3U")


class Ranges:
    """Answers requests for a range in a way of its own."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def __call__(self, request: Request) -> None:
        asked = request.headers.get("Range", "")
        first = int(asked.removeprefix("bytes=").partition("-")[0] or 0)
        match self._kind:
            case "from an earlier byte" if first:
                body = DATA[first - 1000 :]
                where = f"bytes {first - 1000}-{len(DATA) - 1}/{len(DATA)}"
            case "the first always":
                body, where = DATA[:1000], f"bytes 0-999/{len(DATA)}"
            case "nameless" if first:
                body, where = DATA[first:], ""
            case "unknown size":
                body, where = DATA[first : first + 30_000], f"bytes {first}-{first + 29_999}/*"
                where = where if len(body) == 30_000 else f"bytes {first}-{len(DATA) - 1}/*"
            case _:
                body, where = DATA[first:], f"bytes {first}-{len(DATA) - 1}/{len(DATA)}"
        refused = "none at all" if asked else ""
        if first >= len(DATA) or (self._kind == refused):
            request.answer(Page(status=416))
            return
        page = Page(body, status=206 if asked else 200, headers={"Content-Range": where})
        page.cut_after = 40_000 if not first and len(server_log(request)) == 1 else None
        request.answer(page)


def server_log(request: Request) -> list[Request]:
    return request.server.log


@pytest.mark.parametrize("kind", ["as requested", "from an earlier byte", "unknown size"])
def test_ranges_of_many_kinds_are_read(server: MediaServer, network: Network, kind: str) -> None:
    with closing(LiveFile(MediaInput(server.add("/a", Ranges(kind))), network)) as file:
        assert not file.is_live
        assert read_all(file) == DATA
        assert file.failure is None


@pytest.mark.parametrize("kind", ["the first always", "nameless"])
def test_wrong_ranges_end_with_an_error(server: MediaServer, network: Network, kind: str) -> None:
    with closing(LiveFile(MediaInput(server.add("/a", Ranges(kind))), network)) as file:
        assert DATA.startswith(read_all(file))
        assert isinstance(file.failure, PlayError)
    assert len(server.log) < 10


def test_server_that_refuses_ranges_is_asked_without(server: MediaServer, network: Network) -> None:
    with closing(LiveFile(MediaInput(server.add("/a", Ranges("none at all"))), network)) as file:
        assert read_all(file) == DATA
        assert not file.is_live
    with pytest.raises(UnsupportedMediaError):
        RemoteFile(MediaInput(server.root + "/a"), network, offset=10, length=10)


def test_closing_the_network_ends_the_wait_for_a_station(server: MediaServer) -> None:
    network = Network(is_any, timeout=60)
    station = Station(DATA[:1000], stays=False, icy=True)
    with closing(open_live(server, station, network)) as file:
        reader = threading.Thread(target=read_all, args=(file,))
        reader.start()
        network.close()
        reader.join(30)
        assert not reader.is_alive()
        assert file.failure is not None
