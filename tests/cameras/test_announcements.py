"""Announcements, and what they interrupt."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.core.player.machine import Phase

from ..conftest import LoadEntry
from ..core.player.clips import clip
from ..core.player.server import MediaServer
from ..core.player.stations import Station
from ..viewers import QUIET, working_threads
from ..waiting import until
from .players import act, queue_of, request, state_of, title, until_title


async def test_film_goes_on_after_an_announcement(
    home: HomeAssistant, player: AsciiPlayer, films: list[str], short: list[str], titles: list[str]
) -> None:
    await request(home, films[0])
    await act(home, "media_seek", seek_position=10)
    await until(lambda: player.status.state is Phase.PLAYING)
    await request(home, short[0], announce=True)
    assert title(home) == "s0"
    await until_title(home, "f0")
    assert player.status.position >= 10
    assert titles == ["f0", "s0", "f0"]
    assert queue_of(home) == (1, 1)
    await act(home, "media_stop")


async def test_paused_film_is_paused_after_an_announcement(
    home: HomeAssistant, player: AsciiPlayer, films: list[str], short: list[str]
) -> None:
    await request(home, films[0])
    await act(home, "media_pause")
    position = player.status.position
    await request(home, short[0], announce=True)
    await until(lambda: title(home) == "f0" and state_of(home).state == "paused")
    assert player.status.position == pytest.approx(position, abs=0.01)
    await act(home, "media_play")
    assert state_of(home).state == "playing"
    await act(home, "media_stop")


async def test_announcement_ends_idle_if_nothing_played(
    home: HomeAssistant, player: AsciiPlayer, films: list[str], short: list[str], titles: list[str]
) -> None:
    await request(home, films[0], enqueue="add")
    await request(home, short[0], announce=True)
    await until(lambda: player.status.state is Phase.IDLE)
    assert (titles, queue_of(home)) == (["s0"], (None, 1))


async def test_announcement_that_fails_is_an_error_and_the_film_goes_on(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, films: list[str]
) -> None:
    await request(home, films[0])
    with pytest.raises(HomeAssistantError) as error:
        await request(home, server.root + "/gone.mp3", announce=True)
    assert error.value.translation_key == "play_not_found"
    await until_title(home, "f0")
    # One that does not begin in time as well.
    server.add("/slow.mp3", lambda request: request.hang())
    player.start_timeout = 0.2
    with pytest.raises(HomeAssistantError) as error:
        await request(home, server.root + "/slow.mp3", announce=True)
    assert error.value.translation_key == "play_timeout"
    player.start_timeout = 90.0
    await until_title(home, "f0")
    await act(home, "media_stop")


async def test_second_announcement_replaces_the_first(
    home: HomeAssistant, player: AsciiPlayer, films: list[str], short: list[str], titles: list[str]
) -> None:
    await request(home, films[0])
    await request(home, films[1], announce=True)
    await request(home, short[0], announce=True)
    await until_title(home, "f0")
    assert titles == ["f0", "f1", "s0", "f0"]
    await act(home, "media_stop")


@pytest.mark.parametrize("by", ["stop", "play"])
async def test_film_does_not_go_on_after_something_else(
    home: HomeAssistant, player: AsciiPlayer, films: list[str], by: str
) -> None:
    await request(home, films[0])
    await request(home, films[1], announce=True)
    if by == "stop":
        await act(home, "media_stop")
        assert state_of(home).state == "idle"
    else:
        await request(home, films[2])
        assert title(home) == "f2"
    assert not player.queue.is_announcing
    assert player.queue.interrupted is None
    await act(home, "media_stop")
    await until(lambda: working_threads() == [])


async def test_camera_goes_on_after_an_announcement(
    home: HomeAssistant,
    player: AsciiPlayer,
    load: LoadEntry,
    short: list[str],
    films: list[str],
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    await request(home, "camera.porch")
    await request(home, short[0], announce=True)
    await until_title(home, "Porch")
    # Or ends, if something else is played.
    await request(home, films[0], announce=True)
    await request(home, films[1])
    assert title(home) == "f1"
    await act(home, "media_stop")
    await until(lambda: working_threads() == [])


async def test_radio_goes_on_after_an_announcement_at_the_present(
    home: HomeAssistant, player: AsciiPlayer, server: MediaServer, short: list[str]
) -> None:
    sound = clip(10.0, kind="mp3", video=None, audio="libmp3lame")
    radio = server.add("/radio", Station(*[sound] * 9, headers={"icy-name": "Radio"}))
    await request(home, radio)
    assert player.status.is_live
    await request(home, short[0], announce=True)
    await until_title(home, "Radio")
    assert player.status.is_live
    await act(home, "media_stop")


async def test_speech_of_home_assistant_is_announced(
    home: HomeAssistant, player: AsciiPlayer, films: list[str], media_directory: Any
) -> None:
    """As text-to-speech: an item of a media source, with sound only."""
    speech = clip(0.8, kind="mp3", video=None, audio="libmp3lame")
    (media_directory / "speech.mp3").write_bytes(speech)
    await request(home, films[0])
    await request(home, "media-source://media_source/local/speech.mp3", announce=True)
    assert title(home) == "speech"
    assert player.status.has_audio
    await until_title(home, "f0")
    await act(home, "media_stop")


async def test_unload_during_an_announcement_leaves_nothing(
    home: HomeAssistant, player: AsciiPlayer, load: LoadEntry, films: list[str]
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    await request(home, "camera.porch")
    await request(home, films[0], enqueue="add")
    await request(home, films[1], announce=True)
    assert await home.config_entries.async_unload(player.entry.entry_id)
    await until(lambda: working_threads() == [])
