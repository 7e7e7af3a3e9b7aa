"""The resolver, with real yt-dlp and a media server."""

import asyncio
import gzip
from pathlib import Path

import pytest

from custom_components.retrocam.core.errors import (
    BlockedAddressError,
    PlayError,
    PlayTimeoutError,
    UnsupportedMediaError,
)
from custom_components.retrocam.core.player.lookup.resolver import query_of

from ..clips import clip, hls
from ..hosts import here
from ..lookups import SERVER, a_resolver
from ..server import MediaServer, Page, Request
from .children import children


@pytest.mark.parametrize(
    ("media", "query"),
    [
        (" https://host/a b ", "https://host/a b"),
        ("HTTP://host/", "HTTP://host/"),
        ("aqz-KE-bpKQ", "https://www.youtube.com/watch?v=aqz-KE-bpKQ"),
        ("-_123456789", "https://www.youtube.com/watch?v=-_123456789"),
        ("documentary", "ytsearch5:documentary"),
        ("Documentary", "ytsearch5:Documentary"),
        ("big buck  bunny", "ytsearch5:big buck bunny"),
        ("ytsearch1: big buck bunny", "ytsearch5:big buck bunny"),
        ("ytsearch:bunny", "ytsearch5:bunny"),
        ("Blade Runner: the trailer", "ytsearch5:Blade Runner: the trailer"),
        ("Matrix: trailer", "ytsearch5:Matrix: trailer"),
        ("Re:Zero opening", "ytsearch5:Re:Zero opening"),
        ("Star Trek:Picard", "ytsearch5:Star Trek:Picard"),
        ("NieR:Automata", "ytsearch5:NieR:Automata"),
        ("12:34", "ytsearch5:12:34"),
        ("C:\\film.mp4", "ytsearch5:C:\\film.mp4"),
        ("File: a love story", "ytsearch5:File: a love story"),
        ("AC//DC", "ytsearch5:AC//DC"),
    ],
)
def test_query_of(media: str, query: str) -> None:
    assert query_of(media) == query


@pytest.mark.parametrize(
    "media",
    [
        "", "  ", "ytsearch1:", "x" * 3000, "file:///etc/passwd", "concat:/etc/passwd|/etc/hosts",
        "FILE:/etc/passwd", "data:text/plain,a", "pipe:0", "rtsp://host/", "ytsearch99:bunny",
        "ytuser:somebody", "http:///nothing", "crypto+file:/etc/passwd",
        "gopher://host/", "made+up://host/", "https:host/film", "javascript:alert(1)", "cache:x",
    ],
)  # fmt: skip
def test_query_of_unsupported_media_raises(media: str) -> None:
    with pytest.raises(UnsupportedMediaError):
        query_of(media)


async def test_a_file_is_resolved(server: MediaServer) -> None:
    url = server.add("/My%20clip.mp4?a=b", Page(clip(1.0), "video/mp4"))
    resolver = a_resolver()
    found = await resolver.resolve(url)
    assert found.title == "My clip"
    assert [media.url for media in found.inputs] == [url]
    assert found.inputs[0].headers["User-Agent"]
    assert not found.is_live
    assert await resolver.pool.close(60)


async def test_cookies_of_a_page_are_sent_to_its_media(server: MediaServer) -> None:
    clip_page = Page(clip(1.0), "video/mp4")
    body = b'<html><head><title>A page</title></head><body><video src="/clip.mp4"></video></body></html>'
    packed = gzip.compress(body)
    headers = {"Set-Cookie": "key=value", "Content-Encoding": "gzip"}
    server.redirect("/page", "/page2", 303)
    server.add("/page2", Page(packed, "text/html", headers=headers, ranges=False))
    server.add("/clip.mp4", clip_page)
    resolver = a_resolver()
    found = await resolver.resolve(server.root + "/page")
    assert found.title.startswith("A page")
    assert found.inputs[0].url == server.root + "/clip.mp4"
    assert found.inputs[0].headers["Cookie"] == "key=value"


async def test_a_master_playlist_is_resolved(server: MediaServer, tmp_path: Path) -> None:
    for name, data in hls(tmp_path, clip(2.0)).items():
        server.add(
            f"/{name}",
            Page(data, "application/vnd.apple.mpegurl" if "m3u8" in name else "video/mp2t"),
        )
    master = (
        "#EXTM3U\n"
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="en",DEFAULT=YES,URI="index.m3u8"\n'
        '#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=320x180,CODECS="avc1.42c01e,mp4a.40.2",AUDIO="sound"\n'
        "index.m3u8\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=1920x1080\nlarge.m3u8\n"
    )
    url = server.add("/master.m3u8", Page(master.encode(), "application/vnd.apple.mpegurl"))
    found = await a_resolver().resolve(url)
    assert [media.url for media in found.inputs] == [server.root + "/index.m3u8"] * 2
    assert all(media.is_playlist for media in found.inputs)


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Page(status=404), "not_found"),
        (Page(status=403), "private"),
        (Page(status=429), "rate_limited"),
        (Page(b"<html><body>Only words.</body></html>", "text/html"), "unsupported"),
        (
            Page(b"broken", "text/html", headers={"Content-Encoding": "gzip"}, ranges=False),
            "network",
        ),
        (Page(status=302, headers={"Location": "file:///etc/passwd"}), "unsupported"),
        (Page(status=302, headers={"Location": "concat:/etc/passwd"}), "unsupported"),
        (Page(status=302, headers={"Location": "/a"}), "network"),
    ],
)
async def test_errors_have_codes(server: MediaServer, page: Page, code: str) -> None:
    with pytest.raises(PlayError) as caught:
        await a_resolver().resolve(server.add("/a", page))
    assert caught.value.code == code
    assert "root:" not in str(caught.value)


async def test_an_unreachable_server_is_a_network_error() -> None:
    with pytest.raises(PlayError) as caught:
        await a_resolver().resolve("http://127.0.0.9:9/clip.mp4")
    assert caught.value.code == "network"


async def test_the_private_network_needs_trust(server: MediaServer) -> None:
    url = server.add("/clip.mp4", Page(clip(1.0), "video/mp4"))
    resolver = a_resolver(allow_private=False)
    with pytest.raises(BlockedAddressError):
        await resolver.resolve(url)
    with pytest.raises(BlockedAddressError):
        await resolver.resolve(url.replace("127.0.0.1", "localhost"))
    assert not server.log
    found = await resolver.resolve(url, trusted=True)
    assert found.inputs[0].url == url


async def test_names_that_resolve_to_the_private_network_are_blocked(server: MediaServer) -> None:
    resolver = a_resolver(allow_private=False, lookup=here)
    with pytest.raises(BlockedAddressError):
        await resolver.resolve(f"http://rebound.example:{server.server_port}/clip.mp4")
    assert not server.log


async def test_a_slow_look_up_times_out(server: MediaServer) -> None:
    url = server.add("/clip.mp4", lambda request: request.hang())
    resolver = a_resolver(timeout=1.0)
    with pytest.raises(PlayTimeoutError):
        await resolver.resolve(url)
    assert await resolver.pool.close(60)
    assert resolver.pool._tasks == set()


async def test_cancellation_closes_connections_at_once(server: MediaServer) -> None:
    url = server.add("/clip.mp4", lambda request: request.hang())
    resolver = a_resolver()
    lookup = asyncio.ensure_future(resolver.resolve(url))
    await asyncio.to_thread(server.hanging.acquire)
    assert len(resolver.pool._tasks) == 1
    lookup.cancel()
    await asyncio.to_thread(server.disconnected.acquire)
    assert await resolver.pool.close(60)


async def test_a_hundred_look_ups_run_in_two_processes(server: MediaServer) -> None:
    max_children = 0

    def count(request: Request) -> None:
        nonlocal max_children
        max_children = max(max_children, len(children(SERVER)))
        request.hang()

    resolver = a_resolver()
    url = server.add("/clip.mp4", count)
    lookups = [asyncio.ensure_future(resolver.resolve(url)) for _ in range(100)]
    await asyncio.to_thread(server.hanging.acquire)
    await asyncio.to_thread(server.hanging.acquire)
    for lookup in lookups[:-1]:
        lookup.cancel()
    server.add("/clip.mp4", Page(clip(1.0), "video/mp4"))
    found = await lookups[-1]
    assert found.title == "clip"
    assert max_children == 2
    assert await resolver.pool.close(60)
