"""Sessions: endless streams without ranges, radio, and lists of stations."""

import asyncio

import pytest

from custom_components.retrocam.core.player.machine import Phase

from ...waiting import until
from ..hearing import decoded, onsets
from .clips import clip
from .server import MediaServer, Page
from .stations import Station, with_metadata
from .watching import FAST, Viewer, a_session, audio_from, failure, state


def mp3(seconds: float = 4.0) -> bytes:
    return clip(seconds, kind="mp3", video=None, audio="libmp3lame")


class Found(Station):
    """A station that first answers the look-up."""

    def __init__(self, *parts: bytes, **settings: object) -> None:
        super().__init__(parts[0], *parts, **settings)  # type: ignore[arg-type]  # those of the station


async def test_http_ts_is_live_and_goes_on_at_the_present(server: MediaServer) -> None:
    data = clip(12.0, kind="mpegts")
    cut, joined = (len(data) // 188 * part // 12 * 188 for part in (4, 8))
    station = Found(data[:cut], data[joined:], media_type="video/mp2t", cut=True)
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        status = await session.settled(session.play(server.add("/live.ts", station)))
        assert (status.is_live, status.can_seek, status.duration) == (True, False, None)
        session.seek(1.0)
        assert session.status.epoch == status.epoch
        await viewer.until(lambda: 290 in viewer.numbers)
    numbers = [number for number in viewer.numbers if number is not None]
    assert numbers == sorted(numbers)
    assert numbers[0] == 0
    assert not [number for number in numbers if 110 < number < 190]
    positions = [picture.position for picture in viewer.pictures]
    assert positions == sorted(positions)
    assert positions[-1] < 9  # without a hole as long as the outage
    assert len(station.requests) == 3


@pytest.mark.parametrize("icy", [False, True])
async def test_radio_plays_without_metadata_and_goes_on_after_a_break(
    server: MediaServer, icy: bool
) -> None:
    sound = with_metadata(mp3(), 4096, "Artist - Song")
    later = with_metadata(mp3(), 4096, "Another one")
    headers = {"icy-name": "Rádio One", "icy-metaint": "4096"}
    station = Found(sound, later, headers=headers, icy=icy)
    async with a_session(speed=FAST) as session:
        status = await session.settled(session.play(server.add("/radio", station)))
        assert (status.is_live, status.can_seek, status.title) == (True, False, "Rádio One")
        listening = asyncio.create_task(audio_from(session, 0))
        await state(session, Phase.BUFFERING)
        ring = session.audio(status.session, status.epoch)
        await until(lambda: ring.span is not None and ring.span[1] > 7_000_000)
        session.stop()
        samples, rate, _ = decoded(await listening)
    beeps = onsets(samples, rate)
    assert beeps[:7] == pytest.approx(range(7), abs=0.15)
    assert not any(request.headers["Icy-MetaData"] for request in station.requests)


async def test_live_media_begin_at_once_whatever_start_is_asked_for(server: MediaServer) -> None:
    station = Found(clip(8.0, kind="mpegts"), media_type="video/mp2t")
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(server.add("/live.ts", station), start=100.0))
        await viewer.until(lambda: 50 in viewer.numbers)
        assert viewer.numbers[0] == 0
        assert session.status.is_live


async def test_chunked_film_ends(server: MediaServer) -> None:
    """As speech of Home Assistant, which is sent without a length."""
    station = Found(clip(2.0, kind="mpegts"), media_type="video/mp2t", chunked=True, stays=False)
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(server.add("/film.ts", station)))
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(50))


@pytest.mark.parametrize("kind", ["m3u", "pls"])
async def test_station_of_a_list_plays(server: MediaServer, kind: str) -> None:
    server.add("/radio", Found(mp3(), headers={"icy-name": "Radio"}))
    text = "radio\n" if kind == "m3u" else "[playlist]\nFile1=radio\n"
    mime = "audio/x-mpegurl" if kind == "m3u" else "audio/x-scpls"
    async with a_session(speed=FAST) as session:
        url = server.add(f"/a.{kind}", Page(text.encode(), mime))
        status = await session.settled(session.play(url))
        assert (status.state, status.title, status.has_audio) == (Phase.PLAYING, "Radio", True)


async def test_entry_that_cannot_be_decoded_is_followed_by_the_next(server: MediaServer) -> None:
    server.add("/noise", Page(b"\x01noise" * 1000, "audio/mpeg"))
    server.add("/picture", Page(b"\xff\xd8\xff" + bytes(500), "application/octet-stream"))
    server.add("/film.mp4", Page(clip(1.0), "video/mp4"))
    text = b"#EXTM3U\n/noise\n/gone\n/picture\n/film.mp4\n"
    url = server.add("/a.m3u", Page(text, "audio/x-mpegurl"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        status = await session.settled(session.play(url))
        assert (status.state, status.error) == (Phase.PLAYING, None)
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(25))


async def test_list_of_unplayable_entries_reports_the_first_error(server: MediaServer) -> None:
    server.add("/noise", Page(b"\x01noise" * 1000, "audio/mpeg"))
    url = server.add("/a.m3u", Page(b"#EXTM3U\n/noise\n/gone\n", "audio/x-mpegurl"))
    async with a_session() as session:
        status = await failure(session, url)
        assert status.error is not None
        assert status.error.code == "unsupported"
    text = b"#EXTM3U\n" + b"/noise\n" * 50
    url = server.add("/b.m3u", Page(text, "audio/x-mpegurl"))
    async with a_session() as session:
        assert (await failure(session, url)).state is Phase.ERROR
    assert len(server.asked("/noise")) < 20


async def test_film_begins_at_the_start_time_of_its_link(server: MediaServer) -> None:
    url = server.add("/film.mp4", Page(clip(4.0), "video/mp4"))
    async with a_session(speed=FAST) as session:
        viewer = Viewer(session)
        await session.settled(session.play(url + "#t=2"))
        await state(session, Phase.IDLE)
        assert viewer.numbers == list(range(50, 100))
        await session.settled(session.play(url + "#t=2", start=3.0))
        await state(session, Phase.IDLE)
        assert viewer.numbers[50:] == list(range(75, 100))
