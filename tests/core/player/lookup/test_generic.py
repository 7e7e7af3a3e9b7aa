"""Limits of yt-dlp's extractor for unknown sites."""

from typing import Any

import pytest
from yt_dlp.extractor.generic import GenericIE as YtGenericIE

from custom_components.retrocam.core.errors import UnsupportedMediaError
from custom_components.retrocam.core.player.lookup.generic import MAX_PAGE_LENGTH

from ..clips import clip
from ..lookups import extracted
from ..server import MediaServer, Page

VIDEO = '<video src="/film.mp4"></video>'


def a_page(before: str, behind: str = "", head: str = "") -> Page:
    body = f"<html><head>{head}</head><body>{before}{VIDEO}{behind}</body></html>"
    return Page(body.encode(), "text/html")


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pages searched by yt-dlp."""
    pages: list[str] = []
    original = YtGenericIE._extract_embeds

    def note(self: Any, url: str, webpage: str, **settings: Any) -> Any:
        pages.append(webpage)
        return original(self, url, webpage, **settings)

    monkeypatch.setattr(YtGenericIE, "_extract_embeds", note)
    return pages


async def test_a_video_far_down_a_page_is_found(server: MediaServer, searched: list[str]) -> None:
    film = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    page = server.add("/page", a_page("<p>" * 1_000_000, "." * 3_000_000))
    assert (await extracted(page)).inputs[0].url == film
    assert [len(text) for text in searched] == [MAX_PAGE_LENGTH]


async def test_a_feed_is_read_completely(server: MediaServer) -> None:
    film = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    items = f"<item><title>A part</title><enclosure url='{film}'/></item>" * 2000
    feed = f"<?xml version='1.0'?><rss version='2.0'><channel>{items}</channel></rss>"
    assert len(feed) > 100_000
    found = await extracted(server.add("/feed", Page(feed.encode(), "application/rss+xml")))
    assert found.inputs[0].url == film


@pytest.mark.parametrize("head", ["", "<title>DPG Media Privacy Gate</title>"])
async def test_a_page_is_searched_up_to_the_limit(
    server: MediaServer, searched: list[str], head: str
) -> None:
    """Also where yt-dlp reads a page again, as with that title."""
    server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    url = server.add("/page", a_page("." * MAX_PAGE_LENGTH, head=head))
    with pytest.raises(UnsupportedMediaError):
        await extracted(url)
    assert [len(text) for text in searched] == [MAX_PAGE_LENGTH]


async def test_the_number_of_linked_pages_is_limited(
    server: MediaServer, searched: list[str]
) -> None:
    for number in range(9):
        refresh = f'<meta http-equiv="refresh" content="0; URL=/{number + 1}">'
        body = f"<html><head>{refresh}</head></html>"
        server.add(f"/{number}", Page(body.encode(), "text/html"))
    with pytest.raises(UnsupportedMediaError):
        await extracted(server.root + "/0")
    assert len(searched) == 4


async def test_a_long_hls_playlist_is_read_completely(
    server: MediaServer, searched: list[str]
) -> None:
    lines = ["#EXTM3U", *["# a comment"] * 5000]
    lines += ["#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=320x180", "small.m3u8", ""]
    master = Page("\n".join(lines).encode(), "application/vnd.apple.mpegurl")
    found = await extracted(server.add("/a.m3u8", master))
    assert found.inputs[0].url == server.root + "/small.m3u8"
    assert searched == []
