"""yt-dlp as configured for the player: restrictions and results."""

import ast
from datetime import UTC, datetime
import gzip
from pathlib import Path
import re
import zlib

import numpy as np
import pytest
from yt_dlp import YoutubeDL, extractor as extractors
from yt_dlp.networking import Request as YtRequest
from yt_dlp.networking.exceptions import RequestError

from custom_components.retrocam.core.errors import (
    NoFormatsError,
    PlayNotFoundError,
    UnsupportedMediaError,
    UpcomingError,
)
from custom_components.retrocam.core.player.lookup import extractor, generic
from custom_components.retrocam.core.player.net.addresses import Network, is_any
from custom_components.retrocam.core.player.net.fetch import Login

from ....house import HOUSE
from ..clips import clip
from ..lookups import extracted
from ..server import MediaServer, Page, Request, serving


async def test_a_password_is_sent_to_its_own_host_only(server: MediaServer) -> None:
    film = Page(clip(1.0), "video/mp4")
    server.redirect("/film.mp4", "/moved.mp4")
    with serving("127.0.0.2") as other:
        server.redirect("/moved.mp4", other.add("/film.mp4", film))
        url = (server.root + "/film.mp4").replace("://", "://me:secret@")
        assert (await extracted(url)).title == "film"
        assert all(request.headers["Authorization"] for request in server.log)
        assert [request.path for request in server.log][:2] == ["/film.mp4", "/moved.mp4"]
        assert other.log
        assert not any(request.headers["Authorization"] for request in other.log)


def a_downloader(network: Network) -> extractor.Downloader:
    downloader = extractor.Downloader()
    downloader.configure(network, Login(), {})
    return downloader


def test_yt_dlp_connects_through_the_guarded_handler_only() -> None:
    network = Network(is_any)
    network.close()
    with a_downloader(network) as downloader:
        for url in (
            "file:///etc/passwd",
            "data:,a",
            "ftp://127.0.0.1/",
            "ws://127.0.0.1/",
            "http://127.0.0.1/",
        ):
            with pytest.raises(RequestError):
                downloader.urlopen(YtRequest(url))
        assert list(downloader._request_director.handlers) == ["Guarded"]
    assert issubclass(extractor.Downloader, YoutubeDL)


def test_extractors_that_run_phantomjs_are_disabled() -> None:
    with extractor.Downloader() as downloader:
        modules = {downloader.get_info_extractor(key).__module__ for key in downloader._ies}
    phantoms = {
        f"yt_dlp.extractor.{path.stem}"
        for path in Path(extractors.__file__).parent.glob("*.py")
        if "PhantomJSwrapper(" in path.read_text(encoding="utf-8")
    }
    assert len(phantoms) == 3
    assert "yt_dlp.extractor.vimeo" in modules
    assert generic.__name__ in modules
    assert modules.isdisjoint(phantoms)


def test_redirects_of_post_are_followed_with_get(server: MediaServer) -> None:
    network = Network(is_any)
    server.redirect("/a", "/b")
    server.add("/b", Page(b"there"))
    with a_downloader(network) as downloader:
        for data in (b"body", [b"bo", b"dy"]):
            answer = downloader.urlopen(YtRequest(server.root + "/a", data=data))
            assert answer.read() == b"there"
            answer.close()
        assert downloader.urlopen(YtRequest(server.root + "/b", method="HEAD")).status == 200
    assert [request.command for request in server.log] == ["POST", "GET", "POST", "GET", "HEAD"]
    network.close()


@pytest.mark.parametrize("packed", [True, False])
async def test_an_endless_page_is_refused(server: MediaServer, packed: bool) -> None:
    sent = 0

    def endless(request: Request) -> None:
        nonlocal sent
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        if packed:
            request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        packer = zlib.compressobj(0, wbits=16 + zlib.MAX_WBITS)
        page = b"<html>" + b" " * 1_000_000
        while sent < 200:
            request.wfile.write(packer.compress(page) if packed else page)
            sent += 1
        request.close_connection = True

    with pytest.raises(UnsupportedMediaError, match="larger than any page"):
        await extracted(server.add("/page", endless))
    assert sent < 40  # 16 MB, and buffers


async def test_a_decompression_bomb_is_refused(server: MediaServer) -> None:
    bomb = gzip.compress(b"<html>" + bytes(50_000_000))
    page = Page(bomb, "text/html", headers={"Content-Encoding": "gzip"}, ranges=False)
    with pytest.raises(UnsupportedMediaError, match="larger than any page"):
        await extracted(server.add("/page", page))
    assert len(bomb) < 100_000


def test_compressed_answers_are_decompressed(server: MediaServer) -> None:
    """Also a truncated one, and one read in small chunks."""
    data = np.random.default_rng(1).bytes(300_000)
    packed = gzip.compress(data)
    headers = {"Content-Encoding": "gzip"}
    server.add("/whole", Page(packed, headers=headers))
    server.add("/cut", Page(packed[:200_000], headers=headers))
    network = Network(is_any)
    with a_downloader(network) as downloader:
        whole = downloader.urlopen(YtRequest(server.root + "/whole"))
        assert b"".join(iter(lambda: whole.read(1000), b"")) == data
        cut = downloader.urlopen(YtRequest(server.root + "/cut")).read()
        assert len(cut) > 150_000
        assert data.startswith(cut)
    network.close()


def test_the_first_entry_of_a_playlist_is_used() -> None:
    info = {"_type": "playlist", "entries": [None, {"_type": "playlist", "entries": [{"id": "a"}]}]}
    assert extractor._first(info) == {"id": "a"}
    with pytest.raises(PlayNotFoundError):
        extractor._first({"_type": "playlist", "entries": []})


def test_upcoming_and_formatless_media_raise() -> None:
    log = extractor._Log()
    with pytest.raises(UpcomingError):
        extractor._resolved(
            {"live_status": "is_upcoming"}, (), None, jar=None, login=Login(), log=log
        )
    info = {"title": "a", "requested_formats": []}
    with pytest.raises(NoFormatsError):
        extractor._resolved(info, (), None, jar=None, login=Login(), log=log)
    assert extractor._selected([], 360) == []


def test_a_missing_javascript_runtime_is_detected() -> None:
    log = extractor._Log()
    log.warning("Something else")
    assert not log.needs_javascript
    log.warning("No supported JavaScript runtime could be found.")
    assert log.needs_javascript


def test_yt_dlp_is_imported_in_the_look_up_process_only() -> None:
    """It takes a second and 40 MB to load, and may hold the GIL."""
    there = {"extractor", "generic", "transport", "worker"}
    for path in HOUSE.rglob("*.py"):
        if path.parent.name == "lookup" and path.stem in there:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = set(re.findall(r"\w+", ast.unparse(node)))
                assert names.isdisjoint({"yt_dlp", *there}), path


@pytest.mark.parametrize(
    ("version", "old"),
    [("2026.07.04", True), ("2026.11.01", False), ("2026.11.01.232815", False), ("unknown", False)],
)
def test_a_release_is_outdated_after_three_months(version: str, old: object) -> None:
    assert extractor.is_outdated(version, datetime(2026, 11, 21, tzinfo=UTC).timestamp()) is old
