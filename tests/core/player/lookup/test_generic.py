"""Pages of sites that yt-dlp does not know: how much of them it is given, and for whom."""

from pathlib import Path
from typing import Any

import pytest
from yt_dlp.extractor.generic import GenericIE as YtGenericIE

from custom_components.retrocam.core.errors import UnsupportedMediaError
from custom_components.retrocam.core.player.lookup.generic import MOST_OF_PAGE
from custom_components.retrocam.core.player.lookup.resolver import Resolver

from ..clips import clip, hls
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


async def test_a_video_near_the_beginning_of_a_page_is_found(
    server: MediaServer, searched: list[str]
) -> None:
    film = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    page = server.add("/page", a_page("." * 30_000, "." * 1_000_000))
    resolver = Resolver(allow_private=True)
    assert (await resolver.resolve(page)).inputs[0].url == film
    assert [len(given) for given in searched] == [MOST_OF_PAGE]


async def test_pages_are_not_searched_for_those_who_may_have_none(
    server: MediaServer, tmp_path: Path, searched: list[str]
) -> None:
    """But media itself is found as ever, HLS and what does not say what it is included."""
    for name, data in hls(tmp_path, clip(2.0)).items():
        server.add(f"/{name}", Page(data, "text/plain"))
    server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    server.add("/film", Page(clip(1.0)))
    server.add("/page", a_page(""))
    resolver = Resolver(allow_private=True)
    for path in ("/film.mp4", "/film", "/index.m3u8"):
        found = await resolver.resolve(server.root + path, pages=False)
        assert [each.url for each in found.inputs] == [server.root + path]
    with pytest.raises(UnsupportedMediaError):
        await resolver.resolve(server.root + "/page", pages=False)
    assert searched == []


@pytest.mark.parametrize("head", ["", "<title>DPG Media Privacy Gate</title>"])
async def test_what_stands_further_down_a_page_is_not_looked_at(
    server: MediaServer, searched: list[str], head: str
) -> None:
    """Nor where yt-dlp reads a page once more, as it does with that title."""
    server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    url = server.add("/page", a_page("<p>" * MOST_OF_PAGE, head=head))
    with pytest.raises(UnsupportedMediaError):
        await Resolver(allow_private=True).resolve(url)
    assert [len(given) for given in searched] == [MOST_OF_PAGE]


async def test_pages_that_lead_to_pages_come_to_an_end(
    server: MediaServer, searched: list[str]
) -> None:
    for number in range(5):
        refresh = f'<meta http-equiv="refresh" content="0; URL=/{number + 1}">'
        body = f"<html><head>{refresh}</head></html>"
        server.add(f"/{number}", Page(body.encode(), "text/html"))
    with pytest.raises(UnsupportedMediaError):
        await Resolver(allow_private=True).resolve(server.root + "/0")
    assert len(searched) == 2


async def test_a_long_list_of_streams_is_read_whole(
    server: MediaServer, searched: list[str]
) -> None:
    lines = ["#EXTM3U", *["# a comment"] * 5000]
    lines += ["#EXT-X-STREAM-INF:BANDWIDTH=100000,RESOLUTION=320x180", "small.m3u8", ""]
    master = Page("\n".join(lines).encode(), "application/vnd.apple.mpegurl")
    found = await Resolver(allow_private=True).resolve(server.add("/a.m3u8", master))
    assert found.inputs[0].url == server.root + "/small.m3u8"
    assert searched == []


@pytest.mark.parametrize(
    "line", ["#EXT-X-MEDIA:" + "A" * 10_000, "#EXT-X-KEY:" * 100], ids=["a long line", "many tags"]
)
async def test_hls_made_to_take_long_is_refused(server: MediaServer, line: str) -> None:
    master = f"#EXTM3U\n{line}\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nsmall.m3u8\n"
    url = server.add("/a.m3u8", Page(master.encode(), "application/vnd.apple.mpegurl"))
    with pytest.raises(UnsupportedMediaError, match="not an HLS playlist"):
        await Resolver(allow_private=True).resolve(url, pages=False)
