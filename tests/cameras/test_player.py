"""The ASCII player: media, errors, cameras and unloading."""

import asyncio
from typing import Any

from homeassistant.components.media_player import SearchMediaQuery
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.sources.urls import redact_url

from ..conftest import LoadEntry
from ..core.player.clips import clip
from ..core.player.server import MediaServer, Page
from ..http.cell_clients import Client, cells_url
from ..leaks import own_threads
from ..viewers import QUIET, open_sockets, working_threads
from ..waiting import until
from .players import PLAYER, SCREEN, act, play, state_of


async def test_play_state_and_controls(home: HomeAssistant, player: AsciiPlayer, film: str) -> None:
    answer = await play(home, film)
    assert answer == {
        "session_id": 1,
        "title": "film",
        "is_live": False,
        "duration": pytest.approx(20.0, abs=0.1),
        "state": "playing",
    }
    state = state_of(home)
    assert state.state == "playing"
    assert state.attributes["media_title"] == "film"
    assert state.attributes["media_duration"] == 20
    assert state.attributes["media_position"] == 0
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: len(client.seen) > 5)
        await act(home, "media_pause")
        assert state_of(home).state == "paused"
        await act(home, "media_seek", seek_position=15)
        await client.until(lambda: len(client.inits) > 1 and client.state == "paused")
        await client.until(lambda: client.seen[-1].packet.pts_us >= 14_900_000)
        assert client.seen[-1].packet.pts_us == pytest.approx(15_000_000, abs=50_000)
        assert state_of(home).attributes["media_position"] == 15
        await act(home, "media_play")
        assert state_of(home).state == "playing"
        await client.until(lambda: client.seen[-1].packet.pts_us > 15_500_000)
        await act(home, "media_stop")
        await client.until(lambda: client.state == "idle")
    assert state_of(home).state == "idle"
    assert "media_title" not in state_of(home).attributes
    await act(home, "media_play")
    assert state_of(home).state == "playing"
    assert state_of(home).attributes["media_title"] == "film"
    await act(home, "media_stop")
    await until(lambda: working_threads() == [])


async def test_concurrent_plays_leave_one_session(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer
) -> None:
    data = clip(20.0)
    urls = [server.add(f"/{number}.mp4", Page(data, "video/mp4")) for number in range(100)]
    sockets = open_sockets()
    # Concurrently, before any look-up has finished.
    plays = [asyncio.create_task(play(home, url)) for url in urls]
    answers = await asyncio.gather(*plays)
    assert [answer["state"] for answer in answers[:-1]] == ["superseded"] * 99
    assert answers[-1]["state"] == "playing"
    assert answers[-1]["title"] == "99"
    await until(lambda: sorted(working_threads()) == ["retrocam play", "retrocam read 0"])
    await act(home, "media_stop")
    await until(lambda: working_threads() == [])
    await until(lambda: open_sockets() <= sockets)


async def test_play_errors(home: HomeAssistant, player: AsciiPlayer, server: MediaServer) -> None:
    invalid = {
        "file:///etc/passwd": "play_unsupported",
        "concat:/etc/passwd": "play_unsupported",
        "rtsp://camera/stream": "play_unsupported",
        "//[x": "play_unsupported",
        "http://a\\b/": "play_unsupported",
        SCREEN: "play_unsupported",
        f"media-source://camera/{SCREEN}": "play_unsupported",
    }
    for media, key in invalid.items():
        with pytest.raises(ServiceValidationError) as raised:
            await play(home, media)
        assert raised.value.translation_key == key
        assert str(raised.value) == f"Screen cannot play {redact_url(media)}"
        assert player.queue.items.current is None  # nothing to be played again
    gone = f"{server.root}/nothing.mp4"
    failing = {
        gone: "play_not_found",
        "camera.nobody": "play_not_found",
        "media-source://camera/camera.nobody": "play_not_found",
        "media-source://media_source/local/nothing.mp4": "play_not_found",
        "media-source://nobody/at/all": "play_not_found",
        "http://127.0.0.2/film.mp4": "play_blocked_address",
        server.add("/page.html", Page(b"<html>nothing</html>", "text/html")): "play_unsupported",
    }
    for media, key in failing.items():
        with pytest.raises(HomeAssistantError) as error:
            await play(home, media)
        assert error.value.translation_key == key, media
        assert "{" not in str(error.value)
    with pytest.raises(HomeAssistantError):
        await act(home, "play_media", media_content_id=gone, media_content_type="video")
    assert state_of(home).state == "idle"
    assert state_of(home).attributes["error"] == "not_found"


async def test_playlist_cannot_open_local_files(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer
) -> None:
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    url = server.add("/bad.m3u8", Page(playlist, "application/vnd.apple.mpegurl"))
    with pytest.raises(HomeAssistantError) as error:
        await play(home, url)
    assert "root:" not in str(error.value)
    assert player.status.state is Phase.ERROR


async def test_local_media_can_be_browsed_and_played(
    home: HomeAssistant,
    player: AsciiPlayer,
    hass_ws_client: WebSocketGenerator,
    media_directory: Any,
) -> None:
    (media_directory / "holiday.mp4").write_bytes(clip(3.0))
    (media_directory / "song.mp3").write_bytes(b"ID3")
    socket = await hass_ws_client()
    await socket.send_json_auto_id(
        {
            "type": "media_player/browse_media",
            "entity_id": PLAYER,
            "media_content_id": "media-source://media_source",
            "media_content_type": "video",
        }
    )
    listed = (await socket.receive_json())["result"]["children"]
    titles = [child["title"] for child in listed]
    assert "holiday.mp4" in titles
    assert "song.mp3" not in titles
    media = listed[titles.index("holiday.mp4")]["media_content_id"]
    await act(home, "play_media", media_content_id=media, media_content_type="video/mp4")
    assert state_of(home).state == "playing"
    assert state_of(home).attributes["media_duration"] == 3
    assert (await play(home, "/media/local/holiday.mp4"))["title"] == "holiday"


async def test_search_returns_youtube_and_media_sources(
    home: HomeAssistant, player: AsciiPlayer, media_directory: Any
) -> None:
    (media_directory / "holiday.mp4").write_bytes(b"")
    entity = home.data["media_player"].get_entity(PLAYER)
    query = SearchMediaQuery(search_query=" holiday  film ")
    result = await entity.async_search_media(query)
    assert [item.media_content_id for item in result.result] == ["ytsearch1:holiday film"]
    query = SearchMediaQuery(
        search_query="holiday", media_content_id="media-source://media_source/local/."
    )
    result = await entity.async_search_media(query)
    assert [item.title for item in result.result] == ["YouTube: holiday", "holiday.mp4"]
    query = SearchMediaQuery(
        search_query="holiday", media_content_id="media-source://nothing/at/all"
    )
    result = await entity.async_search_media(query)
    assert len(result.result) == 1


@pytest.mark.parametrize("media", ["camera.porch", "media-source://camera/camera.porch"])
async def test_camera_plays_live_without_audio(
    home: HomeAssistant, player: AsciiPlayer, load: LoadEntry, media: str
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    answer = await play(home, media)
    assert answer["title"] == "Porch"
    assert answer["is_live"]
    assert answer["duration"] is None
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: len(client.seen) > 10)
    assert client.init["live"]
    assert client.init["audio"] is None
    assert "media_position" not in state_of(home).attributes
    await act(home, "media_stop")
    await until(lambda: working_threads() == [])


async def test_renamed_camera_keeps_playing(
    home: HomeAssistant, player: AsciiPlayer, load: LoadEntry
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    await play(home, "camera.porch")
    er.async_get(home).async_update_entity("camera.porch", new_entity_id="camera.gate")
    await home.async_block_till_done()
    assert await home.config_entries.async_reload(entry.entry_id)
    await until(lambda: entry.runtime_data.feed.readers == 1)
    assert state_of(home).state == "playing"
    await act(home, "media_stop")


async def test_browsing_cameras_excludes_own(
    home: HomeAssistant, player: AsciiPlayer, load: LoadEntry
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    entity = home.data["media_player"].get_entity(PLAYER)
    result = await entity.async_browse_media(media_content_id="media-source://camera")
    assert [item.media_content_id for item in result.children] == [
        "media-source://camera/camera.porch"
    ]


async def test_camera_without_frames_times_out(home: HomeAssistant, player: AsciiPlayer) -> None:
    home.states.async_set("camera.away", "idle")
    player.camera_timeout = 0.1
    with pytest.raises(HomeAssistantError) as error:
        await play(home, "camera.away")
    assert error.value.translation_key == "play_timeout"
    assert state_of(home).state == "idle"
    await until(lambda: working_threads() == [])


async def test_unload_stops_playing_camera(
    home: HomeAssistant, player: AsciiPlayer, load: LoadEntry
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    await play(home, "camera.porch")
    assert await home.config_entries.async_unload(player.entry.entry_id)
    await until(lambda: working_threads() == [])


@pytest.mark.parametrize("hangs", [False, True], ids=["playing", "looking up"])
async def test_unload_stops_playing_media_in_time(
    home: HomeAssistant, player: AsciiPlayer, film: str, server: MediaServer, hangs: bool
) -> None:
    media = server.add("/slow.mp4", lambda request: request.hang()) if hangs else film
    playing = asyncio.create_task(play(home, media))
    await until(lambda: player.status.state is (Phase.RESOLVING if hangs else Phase.PLAYING))
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: client.states)
        assert await home.config_entries.async_unload(player.entry.entry_id)
        assert await player.session.close(0.01)
        await until(lambda: own_threads() == [])
        async with asyncio.timeout(30):
            while await client.read():
                pass
        assert client.socket.close_code == 1001
    await asyncio.wait([playing])
