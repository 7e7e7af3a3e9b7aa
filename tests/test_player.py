"""The ASCII player: what it plays, what it tells, and what is left when it ends."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
import json
from pathlib import Path
from typing import Any

import av
from homeassistant.components.media_player import SearchMediaQuery
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigFlowContext
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import numpy as np
from numpy.typing import NDArray
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core import jpeg
from custom_components.retrocam.core.cells.presets import CHARSETS, PRESETS
from custom_components.retrocam.core.errors import BotCheckError, PlayError, PlayNotFoundError
from custom_components.retrocam.core.pattern_marks import FLASH
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.rendered import Style
from custom_components.retrocam.instances.extractor_issues import JAVASCRIPT_ISSUE
from custom_components.retrocam.instances.player import PlayerInstance
from custom_components.retrocam.options_flow import PLAYER_SCHEMA
from custom_components.retrocam.playing import reachable
from custom_components.retrocam.urls import signed

from .cell_clients import Client, Seen, cells_url
from .conftest import LoadEntry
from .core.player.clips import clip
from .core.player.server import MediaServer, Page
from .leaks import own_threads
from .viewers import QUIET, open_sockets, url_of, working_threads
from .waiting import until

PLAYER = "media_player.screen"
SCREEN = "camera.screen"
ENGLISH = Path(__file__).parent.parent / "custom_components/retrocam/translations/en.json"


async def play(hass: HomeAssistant, media: str, **data: Any) -> dict[str, Any]:
    answer = await hass.services.async_call(
        DOMAIN,
        "play",
        {"entity_id": PLAYER, "media": media, **data},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    one = answer[PLAYER]
    assert isinstance(one, dict)
    return one


async def act(hass: HomeAssistant, action: str, **data: Any) -> None:
    await hass.services.async_call(
        "media_player", action, {"entity_id": PLAYER, **data}, blocking=True
    )


def state_of(hass: HomeAssistant, entity_id: str = PLAYER) -> State:
    state = hass.states.get(entity_id)
    assert state is not None
    return state


def brightness(seen: Seen) -> float:
    """Return the luma of the part of a picture that flashes."""
    luma = seen.packet.codes[: 120 * 50].reshape(50, 120)
    return float(luma[FLASH.within(120, 50)].mean())


async def test_a_clip_plays_is_told_of_and_can_be_steered(
    home: HomeAssistant, player: PlayerInstance, film: str
) -> None:
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


async def test_cells_come_at_the_rate_of_the_film_and_as_told(
    home: HomeAssistant, player: PlayerInstance, film: str
) -> None:
    await play(home, film)
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: len(client.seen) > 72)
        assert client.socket.protocol == "retrocam.cells.v1"
        assert client.socket.compress == 0
    init = client.init
    assert (init["cols"], init["rows"], init["fps"]) == (120, 50, 24.0)
    assert init["title"] == "film"
    assert init["duration"] == pytest.approx(20.0, abs=0.1)
    assert init["aspect"] == pytest.approx(16 / 9, rel=0.01)
    assert not init["live"]
    assert client.state == "playing"
    # 25 fps is let through at 24: one in 25 is left out.
    steps = np.diff([seen.packet.pts_us for seen in client.seen[:73]])
    assert steps.min() > 0
    # As many a second as the film has, but for a machine that is busy.
    assert 18 <= 72e6 / steps.sum() <= 24.7
    kinds = [seen.packet.type for seen in client.seen]
    assert kinds[0] == 0
    assert len({seen.packet.codes.tobytes() for seen in client.seen}) > 60


async def test_sound_and_picture_are_in_step_whenever_somebody_joins(
    home: HomeAssistant, player: PlayerInstance, film: str, hass_client: ClientSessionGenerator
) -> None:
    await play(home, film)
    http = await hass_client()
    for _ in range(2):
        async with Client.looking(cells_url(home, player)) as client:
            await client.until(lambda: client.seen)
            start_us = client.seen[-1].packet.pts_us
            path = client.init["audio"].format(start_us=start_us)
            async with http.get(path) as response:
                assert response.status == 200
                assert response.content_type == "audio/aac"
                await client.until(partial(passed, client, start_us + 1_900_000))
                sound = await response.content.readexactly(40_000)
        flashes = onsets(
            np.array([brightness(seen) for seen in client.seen]),
            np.array([seen.packet.pts_us for seen in client.seen]) / 1e6,
        )
        loudness, times = heard(sound, start_us)
        beeps = onsets(loudness, times)
        both = [flash for flash in flashes if times[0] + 0.1 < flash < times[-1] - 0.1]
        assert both
        for flash in both:
            assert min(abs(flash - beep) for beep in beeps) < 0.040


def passed(client: Client, position_us: int) -> bool:
    return client.seen[-1].packet.pts_us > position_us


def onsets(level: NDArray[np.float64], times: NDArray[np.float64]) -> list[float]:
    """Return when something rises from below to above the middle of its range."""
    high = level > (level.min() + level.max()) / 2
    return [float(times[i]) for i in range(1, len(high)) if high[i] and not high[i - 1]]


def heard(adts: bytes, start_us: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Decode sound to its loudness in steps of 5 ms, and the position of each."""
    codec = av.CodecContext.create("aac", "r")
    pieces = [
        frame.to_ndarray()[0] for packet in codec.parse(adts) for frame in codec.decode(packet)
    ]
    samples = np.concatenate(pieces)
    step = 240
    count = len(samples) // step
    loudness = np.abs(samples[: count * step]).reshape(count, step).max(axis=1).astype(np.float64)
    return loudness, start_us / 1e6 + np.arange(count) * step / 48_000


async def test_sound_that_is_gone_is_not_found(
    home: HomeAssistant,
    player: PlayerInstance,
    film: str,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    await play(home, film)
    http = await hass_client()
    entry_id = player.entry.entry_id
    status = player.status
    there = f"/api/retrocam/audio/{entry_id}/{status.session}/{status.epoch}/0.aac"
    for path in (
        f"/api/retrocam/audio/{entry_id}/{status.session}/{status.epoch + 1}/0.aac",
        f"/api/retrocam/audio/{entry_id}/{status.session + 1}/{status.epoch}/0.aac",
        f"/api/retrocam/audio/nobody/{status.session}/{status.epoch}/0.aac",
        f"/api/retrocam/audio/{entry_id}/x/y/z.aac",
    ):
        assert (await http.get(path)).status == 404
    stranger = await hass_client_no_auth()
    assert (await stranger.get(there)).status == 403
    response = await stranger.get(signed(home, there))
    assert response.status == 200
    response.close()
    await act(home, "media_stop")
    assert (await http.get(there)).status == 404


async def test_a_hundred_plays_leave_one_session_and_nothing_else(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer
) -> None:
    data = clip(20.0)
    urls = [server.add(f"/{number}.mp4", Page(data, "video/mp4")) for number in range(100)]
    sockets = open_sockets()
    # All at once, each before the one before it has found anything.
    plays = [asyncio.create_task(play(home, url)) for url in urls]
    answers = await asyncio.gather(*plays)
    assert [answer["state"] for answer in answers[:-1]] == ["superseded"] * 99
    assert answers[-1]["state"] == "playing"
    assert answers[-1]["title"] == "99"
    await until(lambda: sorted(working_threads()) == ["retrocam play", "retrocam read 0"])
    await act(home, "media_stop")
    await until(lambda: working_threads() == [])
    await until(lambda: open_sockets() <= sockets)


async def test_errors_say_what_is_wrong(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer
) -> None:
    invalid = {
        "file:///etc/passwd": "play_unsupported",
        "concat:/etc/passwd": "play_unsupported",
        "rtsp://camera/stream": "play_unsupported",
        SCREEN: "play_unsupported",
        f"media-source://camera/{SCREEN}": "play_unsupported",
    }
    for media, key in invalid.items():
        with pytest.raises(ServiceValidationError) as raised:
            await play(home, media)
        assert raised.value.translation_key == key
        assert str(raised.value) == f"Screen cannot play {media}"
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


async def test_a_play_list_cannot_reach_files(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer
) -> None:
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    url = server.add("/bad.m3u8", Page(playlist, "application/vnd.apple.mpegurl"))
    with pytest.raises(HomeAssistantError) as error:
        await play(home, url)
    assert "root:" not in str(error.value)
    assert player.status.state is Phase.ERROR


async def test_cells_tell_of_an_error(
    home: HomeAssistant, player: PlayerInstance, server: MediaServer
) -> None:
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: client.state == "idle")
        player.async_set_style(preset="tall")
        await client.until(lambda: client.init["cols"] == 80)
        with pytest.raises(HomeAssistantError):
            await play(home, f"{server.root}/nothing.mp4")
        await client.until(lambda: client.state == "error")
        assert client.states[-1]["error"]["code"] == "not_found"
        assert "resolving" in [state["state"] for state in client.states]


async def test_a_local_file_of_the_media_source_plays_and_can_be_found(
    home: HomeAssistant,
    player: PlayerInstance,
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


async def test_searching_offers_the_first_hit_and_what_sources_find(
    home: HomeAssistant, player: PlayerInstance, media_directory: Any
) -> None:
    (media_directory / "holiday.mp4").write_bytes(b"")
    entity = home.data["media_player"].get_entity(PLAYER)
    query = SearchMediaQuery(search_query=" holiday  film ")
    found = await entity.async_search_media(query)
    assert [item.media_content_id for item in found.result] == ["ytsearch1:holiday film"]
    query = SearchMediaQuery(
        search_query="holiday", media_content_id="media-source://media_source/local/."
    )
    found = await entity.async_search_media(query)
    assert [item.title for item in found.result] == ["YouTube: holiday", "holiday.mp4"]
    query = SearchMediaQuery(
        search_query="holiday", media_content_id="media-source://nothing/at/all"
    )
    found = await entity.async_search_media(query)
    assert len(found.result) == 1


@pytest.mark.parametrize("media", ["camera.porch", "media-source://camera/camera.porch"])
async def test_a_camera_plays_live_and_silent_until_it_is_stopped(
    home: HomeAssistant, player: PlayerInstance, load: LoadEntry, media: str
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


async def test_all_cameras_but_its_own_can_be_browsed(
    home: HomeAssistant, player: PlayerInstance, load: LoadEntry
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    entity = home.data["media_player"].get_entity(PLAYER)
    found = await entity.async_browse_media(media_content_id="media-source://camera")
    assert [item.media_content_id for item in found.children] == [
        "media-source://camera/camera.porch"
    ]


async def test_a_camera_that_gives_no_picture_is_given_up(
    home: HomeAssistant, player: PlayerInstance
) -> None:
    home.states.async_set("camera.away", "idle")
    player.camera_patience = 0.1
    with pytest.raises(HomeAssistantError) as error:
        await play(home, "camera.away")
    assert error.value.translation_key == "play_timeout"
    assert state_of(home).state == "idle"
    await until(lambda: working_threads() == [])


async def test_unloading_ends_a_camera_that_plays(
    home: HomeAssistant, player: PlayerInstance, load: LoadEntry
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    await play(home, "camera.porch")
    assert await home.config_entries.async_unload(player.entry.entry_id)
    await until(lambda: working_threads() == [])


async def test_its_own_media_are_reached_under_the_name_of_the_certificate(
    home: HomeAssistant, player: PlayerInstance
) -> None:
    assert home.config.api is not None
    port = home.config.api.port
    assert reachable(home, "/local/film.mp4") == f"http://127.0.0.1:{port}/local/film.mp4"
    assert reachable(home, "https://example.com/a.mp4") == "https://example.com/a.mp4"
    home.config.api.use_ssl = True
    with pytest.raises(PlayNotFoundError):
        reachable(home, "/local/film.mp4")
    home.config.internal_url = "https://home.example:8123"
    assert reachable(home, "/local/film.mp4") == "https://home.example:8123/local/film.mp4"


async def test_the_camera_shows_the_screen(
    home: HomeAssistant,
    player: PlayerInstance,
    film: str,
    hass_client: ClientSessionGenerator,
) -> None:
    http = await hass_client()
    response = await http.get(f"/api/camera_proxy/{SCREEN}")
    idle = jpeg.decode(await response.read())
    assert (idle.width, idle.height) == (960, 540)
    await play(home, film)
    await act(home, "media_pause")
    response = await http.get(f"/api/camera_proxy/{SCREEN}")
    shown = jpeg.decode(await response.read())
    assert (shown.width, shown.height) == (960, 540)
    dark, bright = (jpeg.planes(frame)[0] for frame in (idle, shown))
    assert dark.max() > 100  # the name
    assert dark.mean() < 2
    assert bright.mean() > 10
    assert bright.std() > 20  # glyphs on black


async def test_the_screen_is_published_as_video(
    home: HomeAssistant, player: PlayerInstance, film: str
) -> None:
    await play(home, film)
    url = player.stream_source

    def watch() -> list[av.VideoFrame]:
        with av.open(url, timeout=20) as container:
            frames = container.decode(video=0)
            return [next(frames) for _ in range(30)]

    frames = await home.async_add_executor_job(watch)
    assert {(frame.width, frame.height) for frame in frames} == {(960, 540)}
    pictures = {jpeg.planes(frame)[0].tobytes() for frame in frames}
    assert len(pictures) > 20
    await until(lambda: not player.publisher.running)


async def test_preset_and_charset_change_while_it_plays_and_stay(
    home: HomeAssistant, player: PlayerInstance, film: str
) -> None:
    await play(home, film)
    publisher = player.publisher
    async with (
        Client.looking(cells_url(home, player)) as client,
        Client.looking(cells_url(home, player, "?preset=tall")) as other,
    ):
        await client.until(lambda: client.seen)
        await act(home, "media_pause")
        for option, entity, key, value in (
            ("medium", "select.screen_grid", "cols", 200),
            ("shape", "select.screen_characters", "charset", "shape"),
        ):
            count = len(client.seen)
            await home.services.async_call(
                "select", "select_option", {"entity_id": entity, "option": option}, blocking=True
            )
            await client.until(lambda: client.init[key] == value)  # noqa: B023  # awaited here
            # It stands still, and is shown on the new grid all the same.
            await client.until(lambda: len(client.seen) > count)  # noqa: B023  # awaited in this round
            assert state_of(home, entity).state == option
        assert client.init["planes"] == ["y", "cb", "cr", "g"]
        await other.until(lambda: other.seen and other.init["charset"] == "shape")
        assert (other.init["cols"], other.init["rows"]) == (80, 120)
    assert player.entry.options["player"] == {"preset": "medium", "charset": "shape"}
    assert player.publisher is not publisher
    answer = await play(home, film, preset="low")
    assert answer["state"] == "playing"
    assert player.style.preset == "low"


async def test_a_player_remembers_its_options(home: HomeAssistant, load: LoadEntry) -> None:
    options = {**QUIET, "player": {"preset": "high", "charset": "nonsense", "loop": True}}
    entry = await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=options)
    assert state_of(home, "select.screen_grid").state == "high"
    assert state_of(home, "select.screen_characters").state == "ramp"
    async with Client.looking(cells_url(home, entry.runtime_data)) as client:
        await client.until(lambda: client.states)
    assert (client.init["cols"], client.init["rows"]) == (320, 120)
    assert client.state == "idle"


async def test_the_flow_makes_a_player_that_draws_for_nobody(home: HomeAssistant) -> None:
    flow = home.config_entries.flow
    result = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await flow.async_configure(result["flow_id"], {"next_step_id": "ascii_player"})
    assert result["step_id"] == "ascii_player"
    result = await flow.async_configure(result["flow_id"], {"name": " Screen ", "preset": "medium"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Screen"
    entry = result["result"]
    await home.async_block_till_done()
    player = entry.runtime_data
    assert player.style.preset == "medium"
    assert not player.lookback.enabled
    assert not player.history.enabled
    registry = er.async_get(home)
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    assert sorted(entity.entity_id for entity in entities) == [
        "camera.screen",
        "media_player.screen",
        "select.screen_characters",
        "select.screen_grid",
    ]
    assert working_threads() == []

    again = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    again = await flow.async_configure(again["flow_id"], {"next_step_id": "ascii_player"})
    again = await flow.async_configure(again["flow_id"], {"name": "Screen", "preset": "low"})
    assert again["reason"] == "already_configured"

    context = ConfigFlowContext(source=SOURCE_RECONFIGURE, entry_id=entry.entry_id)
    result = await flow.async_init(DOMAIN, context=context)
    result = await flow.async_configure(result["flow_id"], {"name": "Cinema"})
    assert result["reason"] == "reconfigure_successful"
    await home.async_block_till_done()
    assert entry.title == "Cinema"
    assert entry.runtime_data.style.preset == "medium"

    options = home.config_entries.options
    result = await options.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    sections: dict[str, Any] = {str(key): {} for key in result["data_schema"].schema}
    wishes = {"preset": "tall", "max_source_height": 480, "charset": "blocks", "loop": True}
    result = await options.async_configure(
        result["flow_id"], {**sections, **QUIET, "player": wishes}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    assert entry.runtime_data.style == Style("tall", "blocks")
    assert await home.config_entries.async_unload(entry.entry_id)
    assert own_threads() == []


def play_errors() -> Iterator[type[PlayError]]:
    waiting = [PlayError]
    while waiting:
        yield (kind := waiting.pop())
        waiting += kind.__subclasses__()


def test_every_error_and_every_choice_has_its_words() -> None:
    english = json.loads(ENGLISH.read_text(encoding="utf-8"))
    for kind in play_errors():
        assert english["exceptions"][f"play_{kind.code}"]["message"]
    for key, choices in (("preset", PRESETS), ("charset", CHARSETS)):
        assert english["selector"][key]["options"].keys() == choices.keys()
        assert english["entity"]["select"][key]["state"].keys() == choices.keys()
    section = english["options"]["step"]["init"]["sections"]["player"]
    fields = {str(field) for field in PLAYER_SCHEMA.schema}
    assert section["data"].keys() == section["data_description"].keys() == fields


async def test_the_socket_tells_what_the_player_does(
    home: HomeAssistant, player: PlayerInstance, film: str, hass_ws_client: WebSocketGenerator
) -> None:
    entry_id = player.entry.entry_id
    socket = await hass_ws_client()
    await socket.send_json_auto_id({"type": "retrocam/player/subscribe", "entry_id": entry_id})
    assert (await socket.receive_json())["success"]
    assert (await socket.receive_json())["event"]["state"] == "idle"
    await play(home, film)
    events = [(await socket.receive_json())["event"]]
    assert events[0]["state"] == "resolving"
    while events[-1]["state"] != "playing":
        events.append((await socket.receive_json())["event"])
    assert events[-1]["has_audio"]
    other = await hass_ws_client()
    await other.send_json_auto_id({"type": "retrocam/urls", "entry_id": entry_id})
    urls = (await other.receive_json())["result"]
    assert all("authSig" in urls[key] for key in ("cells", "mjpeg", "audio"))
    async with Client.looking(url_of(home, urls["cells"])) as client:
        await client.until(lambda: client.seen)
    await act(home, "media_stop")
    await other.send_json_auto_id({"type": "retrocam/urls", "entry_id": entry_id})
    assert (await other.receive_json())["result"]["audio"] is None


async def test_the_socket_goes_on_telling_after_the_options_were_changed(
    home: HomeAssistant, player: PlayerInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry = player.entry
    socket = await hass_ws_client()
    command = {"type": "retrocam/player/subscribe", "entry_id": entry.entry_id}
    await socket.send_json_auto_id(command)
    assert (await socket.receive_json())["success"]
    assert (await socket.receive_json())["event"]["preset"] == "low"
    options = {**entry.options, "player": {"preset": "high"}}
    home.config_entries.async_update_entry(entry, options=options)
    assert await home.config_entries.async_reload(entry.entry_id)
    while (await socket.receive_json())["event"]["preset"] != "high":
        pass
    renewed = entry.runtime_data
    assert isinstance(renewed, PlayerInstance)
    renewed.async_set_style(preset="medium")
    while (await socket.receive_json())["event"]["preset"] != "medium":
        pass


async def test_a_missing_runtime_raises_an_issue_until_youtube_works(
    home: HomeAssistant, player: PlayerInstance
) -> None:
    registry = ir.async_get(home)
    error = BotCheckError("no runtime")
    error.needs_javascript = True
    status = player.session.status
    player._async_changed(_with(status, error=error))
    assert registry.async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is not None
    playing = _with(status, state=Phase.PLAYING, page="https://example.com/film")
    player._async_changed(playing)
    assert registry.async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is not None
    player._async_changed(_with(playing, page="https://www.youtube.com/watch?v=aqz-KE-bpKQ"))
    assert registry.async_get_issue(DOMAIN, JAVASCRIPT_ISSUE) is None


def _with(status: Any, **changes: Any) -> Any:
    return replace(status, **changes)


@pytest.mark.parametrize("hangs", [False, True], ids=["playing", "looking up"])
async def test_unloading_ends_what_plays_within_its_time(
    home: HomeAssistant, player: PlayerInstance, film: str, server: MediaServer, hangs: bool
) -> None:
    media = server.add("/slow.mp4", lambda request: request.hang()) if hangs else film
    playing = asyncio.create_task(play(home, media))
    await until(lambda: player.status.state is (Phase.RESOLVING if hangs else Phase.PLAYING))
    async with Client.looking(cells_url(home, player)) as client:
        await client.until(lambda: client.states)
        assert await home.config_entries.async_unload(player.entry.entry_id)
        assert await player.session.close(0.01)
        await until(lambda: own_threads() == [])
        async with asyncio.timeout(5):
            while await client.read():
                pass
        assert client.socket.close_code == 1001
    await asyncio.wait([playing])
