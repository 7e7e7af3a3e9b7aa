"""Tests of footage as HLS over HTTP: playlists and media, by signed paths and by players."""

import asyncio
from dataclasses import replace
from datetime import timedelta
import time
from typing import Any, Final

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.urls import FOOTAGE_MASTER_PATH, FOOTAGE_PLAYLIST_PATH, signed

from ..core.footage.hls import attributes, parse
from ..core.footage.runs import between, shown
from ..leaks import own_threads
from ..players import decoded_by_ffmpeg
from ..viewers import idle
from ..waiting import until
from .footage_clients import Player, path_of, player_of

HELD: Final = 7.0
"""Seconds of footage to wait for."""


@pytest.fixture
async def camera(demo: CameraInstance) -> CameraInstance:
    """A demo camera whose lookback has some seconds."""
    await until(lambda: demo.ring.available > HELD)
    return demo


@pytest.fixture
async def session(camera: CameraInstance) -> Any:
    async with ClientSession() as opened:
        yield opened


async def test_all_that_a_playlist_names_works_without_headers(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    player, oldest = player_of(home, session, camera), camera.ring.segments[0]
    lag = oldest.lag
    text = await player.playlist()
    parsed = parse(text)
    uris = {segment.section for segment in parsed.segments}
    for segment in parsed.segments:
        uris |= {segment.uri} | {part["URI"] for part in segment.parts}
    for uri in uris - {""}:
        response = await player.get(uri)
        assert response.status == 200
        assert response.content_type == "video/mp4"
        head = await player.get(uri, "HEAD")
        assert (head.status, await head.read()) == (200, b"")
        assert head.headers["Content-Length"] == str(len(await response.read()))
    # The same URLs when it is loaded again; dates follow the estimated delay of the stream.
    first, again = parsed.segments[0], parse(await player.playlist()).segments[0]
    assert -0.002 < first.date - again.date < lag - oldest.lag + 0.002
    assert replace(again, date=first.date) == first
    assert (await session.head(player.url)).status == 200


async def test_blocking_reload_brings_the_next_part(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    player = player_of(home, session, camera)
    last = parse(await player.playlist()).segments[-1]
    query = f"&_HLS_msn={last.number}&_HLS_part={len(last.parts)}"
    later = parse(await player.playlist(query))
    following = [s for s in later.segments if s.number >= last.number]
    assert sum(len(s.parts) for s in following) > len(last.parts)
    hint = parse(await player.playlist()).segments[-1].hint
    if hint:
        assert (await player.get(hint)).status in (200, 404)


async def test_malformed_reload(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    player = player_of(home, session, camera)
    for query in ("&_HLS_part=1", "&_HLS_msn=x", "&_HLS_msn=-1", "&_HLS_msn=999999"):
        assert (await session.get(player.url + query)).status == 400


async def test_master_names_codecs_and_the_playlist(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    start = shown(camera.ring)[30].time
    path = signed(home, path_of(FOOTAGE_MASTER_PATH, camera, f"?start={start}"))
    player = Player(home, session, path)
    lines = (await player.playlist()).splitlines()
    values = attributes(lines[-2].partition(":")[2])
    assert values["CODECS"].startswith("avc1.")
    assert values["CODECS"].endswith(",mp4a.40.2")
    assert "x" in values["RESOLUTION"]
    media = await player.get(lines[-1])
    assert media.status == 200
    first = parse(await media.text()).segments[0]
    assert first.date <= start
    assert (await player.get(first.uri or first.parts[0]["URI"])).status == 200


async def test_master_of_the_present_leads_to_its_playlist(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    player = Player(home, session, f"{signed(home, path_of(FOOTAGE_MASTER_PATH, camera))}&live=1")
    lines = (await player.playlist()).splitlines()
    assert lines[-1].startswith("playlist.m3u8?live=1&authSig=")
    parsed = parse(await (await player.get(lines[-1])).text())
    assert not parsed.ended
    assert (await player.get(parsed.segments[-1].parts[-1]["URI"])).status == 200


async def test_what_a_playlist_names_is_opened_when_times_have_fallen(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    first = camera.ring.segments[0]
    await until(lambda: camera.ring.segments[-1] is not first)
    start = first.wall(first.end) - 0.05
    player = player_of(home, session, camera, f"?start={start}&end={start + 1}")
    parsed = parse(await player.playlist())
    # As by a later part that arrives with less delay.
    for segment in camera.ring.segments:
        segment.lag -= 0.2
    assert first.wall(first.end) < start
    assert (await player.get(parsed.segments[0].uri)).status == 200


async def test_signature_opens_no_more_than_it_was_made_for(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    frames = shown(camera.ring)
    start, end = frames[0].time, frames[20].time
    player = player_of(home, session, camera, f"?start={start}&end={end}")
    parsed = parse(await player.playlist())
    assert parsed.ended
    first = parsed.segments[0]
    assert (await player.get(first.uri)).status == 200
    whole = parse(await player_of(home, session, camera).playlist())
    signature = first.uri.partition("?")[2]
    other = whole.segments[-1]
    assert other.number > first.number
    for part in other.parts:
        bare = part["URI"].partition("?")[0]
        assert (await player.get(bare)).status == 403
        assert (await player.get(f"{bare}?{signature}")).status == 403
    for query in (f"&start={start - 5}", f"&end={end + 5}", "&more=1"):
        assert (await session.get(player.url + query)).status == 403
    bare = f"playlist.m3u8?{signature}"
    assert (await player.get(bare)).status == 403
    assert (await player.get(f"frame?at={start}&{signature}")).status == 403
    other_entry = player.url.replace(camera.entry.entry_id, "0" * 26)
    assert (await session.get(other_entry)).status == 403


async def test_expired_signature_is_refused(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    path = path_of(FOOTAGE_PLAYLIST_PATH, camera)
    player = Player(home, session, signed(home, path, timedelta(seconds=-1)))
    for query in ("", "&start=5", "&_HLS_msn=0"):
        assert (await session.get(player.url + query)).status == 403


async def test_closed_playlist_by_ffmpeg(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    frames = shown(camera.ring)
    start, end = frames[10].time, frames[-5].time
    player = player_of(home, session, camera, f"?start={start}&end={end}")
    parsed = parse(await player.playlist())
    assert parsed.ended
    # Nothing is decoded for it, and no thread begins.
    assert not [name for name in own_threads() if "frame" in name or "decoder" in name]
    numbers = await decoded_by_ffmpeg(player.url)
    assert numbers == between(shown(camera.ring), numbers[0], numbers[-1])
    assert numbers[0] <= frames[10].number
    assert numbers[-1] >= frames[-6].number


async def test_playlist_until_a_time_ahead_closes_when_it_has_passed(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    end = time.time() + 2
    player = player_of(home, session, camera, f"?start={end - 5}&end={end}")
    parsed = parse(await player.playlist())
    reloads = 0
    while not parsed.ended:
        reloads += 1
        last = parsed.segments[-1]
        query = f"&_HLS_msn={last.number}&_HLS_part={len(last.parts)}"
        parsed = parse(await player.playlist(query))
    last = parsed.segments[-1]
    assert last.date + last.duration >= end - 0.01
    assert reloads


async def test_reader_keeps_an_idle_camera_running(
    home: HomeAssistant, quiet_demo: CameraInstance
) -> None:
    async with ClientSession() as session:
        player = player_of(home, session, quiet_demo)
        assert not quiet_demo.ring.segments
        parsed = parse(await player.playlist())
        assert parsed.segments[-1].parts
        assert quiet_demo.provider.in_use
        assert await home.config_entries.async_unload(quiet_demo.entry.entry_id)
        assert (await session.get(player.url)).status == 404
    await idle(home)


async def test_reload_of_the_entry_changes_the_names_of_media(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    player = player_of(home, session, camera)
    uri = parse(await player.playlist()).segments[0].uri
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    assert (await player.get(uri)).status == 404
    parsed = parse(await player.playlist())
    assert parsed.segments[-1].section.split("/")[1] != uri.split("/")[1]


async def test_refusals(
    home: HomeAssistant, camera: CameraInstance, session: ClientSession
) -> None:
    player = player_of(home, session, camera)
    now = time.time()
    for query, code in (
        (f"&start={now + 60}", "not_held"),
        ("&end=1", "not_held"),
        ("&start=-5", "not_held"),
        (f"&start={now}&end={now - 1}", "invalid_span"),
        ("&start=nan", "invalid_time"),
        ("&start=1&end=x", "invalid_time"),
    ):
        response = await session.get(player.url + query)
        assert response.status == 404
        answer = await response.json()
        assert (answer["code"], len(answer["spans"])) == (code, 1)
    epoch = camera.footage.epoch
    for name in ("00000000/0.m4s", "x/0.m4s", f"{epoch}/9.9.m4s", f"{epoch}/init-0-9.mp4"):
        signature = player.url.partition("?")[2]
        assert (await player.get(f"media/{name}?{signature}")).status == 404
    waiting = [player.playlist() for _ in range(30)]
    texts = await asyncio.gather(*waiting)
    assert all(text.startswith("#EXTM3U") for text in texts)
