"""Pages of sites that yt-dlp does not know: how much of them it is given."""

from typing import Any

import pytest
from yt_dlp.extractor.generic import GenericIE as YtGenericIE

from custom_components.retrocam.core.errors import UnsupportedMediaError
from custom_components.retrocam.core.player.lookup.generic import MOST_OF_PAGE

from ..clips import clip
from ..lookups import extracted
from ..server import MediaServer, Page

VIDEO = '<video src="/film.mp4"></video>'


def a_page(before: str, behind: str = "", head: str = "") -> Page:
    body = f"<html><head>{head}</head><body>{before}{VIDEO}{behind}</body></html>"
    return Page(body.encode(), "text/html")


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What yt-dlp's expressions were given."""
    given: list[str] = []
    original = YtGenericIE._extract_embeds

    def note(self: Any, url: str, webpage: str, **settings: Any) -> Any:
        given.append(webpage)
        return original(self, url, webpage, **settings)

    monkeypatch.setattr(YtGenericIE, "_extract_embeds", note)
    return given


async def test_a_video_far_down_a_page_is_found(server: MediaServer, searched: list[str]) -> None:
    film = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    page = server.add("/page", a_page("<p>" * 1_000_000, "." * 3_000_000))
    assert (await extracted(page)).inputs[0].url == film
    assert [len(given) for given in searched] == [MOST_OF_PAGE]


async def test_a_feed_is_read_whole(server: MediaServer) -> None:
    film = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    items = f"<item><title>A part</title><enclosure url='{film}'/></item>" * 2000
    feed = f"<?xml version='1.0'?><rss version='2.0'><channel>{items}</channel></rss>"
    assert len(feed) > 100_000
    found = await extracted(server.add("/feed", Page(feed.encode(), "application/rss+xml")))
    assert found.inputs[0].url == film


@pytest.mark.parametrize("head", ["", "<title>DPG Media Privacy Gate</title>"])
async def test_what_stands_beyond_the_limit_of_a_page_is_not_searched(
    server: MediaServer, searched: list[str], head: str
) -> None:
    """Nor where yt-dlp reads a page once more, as it does with that title."""
    server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    url = server.add("/page", a_page("." * MOST_OF_PAGE, head=head))
    with pytest.raises(UnsupportedMediaError):
        await extracted(url)
    assert [len(given) for given in searched] == [MOST_OF_PAGE]


async def test_pages_that_lead_to_pages_come_to_an_end(
    server: MediaServer, searched: list[str]
) -> None:
    for number in range(9):
        refresh = f'<meta http-equiv="refresh" content="0; URL=/{number + 1}">'
        body = f"<html><head>{refresh}</head></html>"
        server.add(f"/{number}", Page(body.encode(), "text/html"))
    with pytest.raises(UnsupportedMediaError):
        await extracted(server.root + "/0")
    assert len(searched) == 4


async def test_a_long_list_of_streams_is_read_whole(
    server: MediaServer, searched: list[str]
) -> None:
    lines = ["#EXTM3U", *["# a comment"] * 5000]
    lines += ["#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=320x180", "small.m3u8", ""]
    master = Page("\n".join(lines).encode(), "application/vnd.apple.mpegurl")
    found = await extracted(server.add("/a.m3u8", master))
    assert found.inputs[0].url == server.root + "/small.m3u8"
    assert searched == []
