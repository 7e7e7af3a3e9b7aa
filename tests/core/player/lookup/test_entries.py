"""The first entry of a list that can be played, by real yt-dlp."""

import gzip

import pytest

from custom_components.retrocam.core.errors import (
    BlockedAddressError,
    PlayError,
    PlayNotFoundError,
    PlayPrivateError,
    UnsupportedMediaError,
)

from ..clips import clip
from ..hosts import only_second
from ..lookups import a_resolver, extracted
from ..server import MediaServer, Page, serving
from ..stations import Station

MP3 = clip(3.0, kind="mp3", video=None, audio="libmp3lame")


def a_list(server: MediaServer, path: str, *urls: str, media_type: str = "audio/x-mpegurl") -> str:
    text = "#EXTM3U\n" + "".join(f"#EXTINF:-1,Entry {n}\n{url}\n" for n, url in enumerate(urls))
    return server.add(path, Page(text.encode(), media_type))


@pytest.mark.parametrize("media_type", ["audio/x-mpegurl", "text/plain", "audio/mpegurl"])
async def test_radio_list_is_resolved(server: MediaServer, media_type: str) -> None:
    radio = server.add("/radio", Station(*[MP3] * 9))
    found = await extracted(a_list(server, "/a.m3u", radio, media_type=media_type))
    assert [(item.url, item.is_playlist) for item in found.inputs] == [(radio, False)]
    assert (found.title, found.entry) == ("Entry 0", (0,))


@pytest.mark.parametrize("media_type", ["audio/x-scpls", "application/pls+xml", "text/plain"])
async def test_pls_is_resolved(server: MediaServer, media_type: str) -> None:
    server.add("/radio", Station(*[MP3] * 9))
    text = "[playlist]\nFile1=radio\nTitle1=My Radio\nNumberOfEntries=1\n"
    found = await extracted(server.add("/a.pls", Page(text.encode(), media_type)))
    assert (found.inputs[0].url, found.title) == (server.root + "/radio", "My Radio")


async def test_coded_list_is_resolved(server: MediaServer) -> None:
    server.add("/radio", Station(*[MP3] * 9))
    headers = {"Content-Encoding": "gzip"}
    page = Page(gzip.compress(b"#EXTM3U\nradio\n"), "audio/x-mpegurl", headers=headers)
    found = await extracted(server.add("/a.m3u", page))
    assert found.inputs[0].url == server.root + "/radio"


async def test_xspf_is_resolved(server: MediaServer) -> None:
    server.add("/radio", Station(*[MP3] * 9))
    text = (
        '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>'
        f"<track><title>One</title><location>{server.root}/radio</location></track>"
        "</trackList></playlist>"
    )
    found = await extracted(server.add("/a.xspf", Page(text.encode(), "application/xspf+xml")))
    assert (found.inputs[0].url, found.title) == (server.root + "/radio", "One")
    assert found.entry == (0,)


@pytest.mark.parametrize("icy", [False, True])
async def test_station_is_media_whatever_its_type(server: MediaServer, icy: bool) -> None:
    """Taken for a playlist, its end would be waited for."""
    station = Station(
        *[MP3] * 9, media_type="audio/x-mpegurl", icy=icy, headers={"icy-name": "Rádio"}
    )
    url = server.add("/live.m3u8", station)
    found = await extracted(url)
    assert [(item.url, item.is_playlist) for item in found.inputs] == [(url, False)]
    assert found.title == "Rádio"
    assert not any("Icy-MetaData" in request.headers for request in station.requests)


async def test_first_entry_that_can_be_played_is_used(server: MediaServer) -> None:
    server.add("/gone", Page(status=410))
    server.add("/private", Page(status=403))
    server.add("/page", Page(b"<html>closed</html>", "text/html"))
    radio = server.add("/radio", Station(*[MP3] * 9))
    urls = ["rtsp://camera/", "/gone", "/private", "/page", radio, "/never"]
    found = await extracted(a_list(server, "/a.m3u", *urls))
    assert (found.inputs[0].url, found.entry) == (radio, (3,))
    assert not server.asked("/never")


async def test_feed_goes_on_after_a_missing_film(server: MediaServer) -> None:
    film = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    items = "".join(
        f"<item><title>A</title><enclosure url='{url}'/></item>"
        for url in (server.root + "/gone.mp4", film)
    )
    feed = f"<?xml version='1.0'?><rss version='2.0'><channel>{items}</channel></rss>"
    found = await extracted(server.add("/feed", Page(feed.encode(), "application/rss+xml")))
    assert (found.inputs[0].url, found.entry) == (film, (1,))


async def test_at_most_five_entries_are_tried(server: MediaServer) -> None:
    server.add("/0", Page(status=403))
    url = a_list(server, "/a.m3u", *(f"/{number}" for number in range(10)))
    with pytest.raises(PlayPrivateError):  # the first one's error
        await extracted(url)
    assert [request.path for request in server.log] == ["/a.m3u", *(f"/{n}" for n in range(5))]


async def test_lists_in_lists_are_followed_to_a_limit(server: MediaServer) -> None:
    radio = server.add("/radio", Station(*[MP3] * 9))
    a_list(server, "/2.m3u", "/gone", radio)
    a_list(server, "/1.m3u", "/2.m3u")
    found = await extracted(a_list(server, "/0.m3u", "/1.m3u"))
    assert (found.inputs[0].url, found.entry) == (radio, (0, 0, 1))
    with pytest.raises(UnsupportedMediaError):
        await extracted(a_list(server, "/top.m3u", "/0.m3u"))


async def test_list_of_itself_ends(server: MediaServer) -> None:
    with pytest.raises(PlayError):
        await extracted(a_list(server, "/a.m3u", *["/a.m3u"] * 100))
    assert len(server.log) < 20


async def test_lookup_goes_on_behind_an_entry(server: MediaServer) -> None:
    radio = server.add("/radio", Station(*[MP3] * 30))
    other = server.add("/other", Station(*[MP3] * 30))
    a_list(server, "/1.m3u", radio, other)
    url = a_list(server, "/0.m3u", radio, "/1.m3u", other)
    resolver = a_resolver()
    entries = []
    after: tuple[int, ...] = ()
    while after != (2,):
        found = await resolver.resolve(url, after=after)
        after = found.entry
        entries.append((after, found.inputs[0].url))
    with pytest.raises(PlayNotFoundError):
        await resolver.resolve(url, after=after)
    assert entries == [((0,), radio), ((1, 0), radio), ((1, 1), other), ((2,), other)]
    assert await resolver.pool.close(60)


async def test_private_entries_of_a_list_are_blocked() -> None:
    with serving("127.0.0.2") as public, serving() as private:
        secret = private.add("/secret", Station(*[MP3] * 9))
        radio = public.add("/radio", Station(*[MP3] * 9))
        public.redirect("/moved", secret)
        resolver = a_resolver(allow_private=False)
        resolver.public = only_second
        with pytest.raises(BlockedAddressError):
            await resolver.resolve(a_list(public, "/a.m3u", secret, "/moved"))
        found = await resolver.resolve(a_list(public, "/b.m3u", secret, "/moved", radio))
        assert found.inputs[0].url == radio
        assert not private.log
        assert await resolver.pool.close(60)


@pytest.mark.parametrize(
    ("fragment", "start"),
    [
        ("#t=2", 2.0), ("#t=1.5,2", 1.5), ("#t=npt:0:01", 1.0), ("#track=1&t=1m2s", 62.0),
        ("#t=0:01:02.5", 62.5), ("#t=1h", 0.0), ("#t=", 0.0), ("#t=-3", 0.0), ("#t=9e9", 0.0),
        ("#start", 0.0), ("#t=" + "9" * 50, 0.0), ("", 0.0),
    ],
)  # fmt: skip
async def test_link_begins_at_its_start_time(
    server: MediaServer, fragment: str, start: float
) -> None:
    url = server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    assert (await extracted(url + fragment)).start == start
