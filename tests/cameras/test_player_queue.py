"""The queue of the media player."""

from homeassistant.components.media_player import MediaPlayerEntityFeature as Feature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.core.player.play_queue import MAX_ITEMS

from ..conftest import LoadEntry
from ..core.player.server import MediaServer
from ..viewers import QUIET
from ..waiting import until
from .players import act, play, queue_of, request, state_of, title, until_title

QUEUE_FEATURES = Feature.NEXT_TRACK | Feature.PREVIOUS_TRACK | Feature.CLEAR_PLAYLIST


def features(home: HomeAssistant) -> Feature:
    return Feature(state_of(home).attributes["supported_features"]) & QUEUE_FEATURES


async def test_queued_films_play_one_after_the_other(
    home: HomeAssistant, player: AsciiPlayer, short: list[str], titles: list[str]
) -> None:
    await request(home, short[0])
    await request(home, short[1], enqueue="add")
    await request(home, short[2], enqueue="add")
    await request(home, short[3], enqueue="next")
    assert queue_of(home) == (1, 4)
    await until(lambda: titles == ["s0", "s3", "s1", "s2"])
    await until(lambda: player.status.state is Phase.IDLE)
    assert queue_of(home) == (4, 4)
    # What is added to a queue that has ended is played next.
    await request(home, short[4], enqueue="add")
    assert state_of(home).state == "idle"
    await act(home, "media_play")
    assert title(home) == "s4"
    await act(home, "media_stop")


async def test_queue_of_an_idle_player_begins_with_play(
    home: HomeAssistant, player: AsciiPlayer, films: list[str]
) -> None:
    await request(home, films[0], enqueue="add")
    await request(home, films[1], enqueue="add")
    assert state_of(home).state == "idle"
    assert queue_of(home) == (None, 2)
    await act(home, "media_play")
    assert (title(home), queue_of(home)) == ("f0", (1, 2))
    # After a stop, the same again.
    await act(home, "media_stop")
    await act(home, "media_play")
    assert (title(home), queue_of(home)) == ("f0", (1, 2))
    await act(home, "media_stop")


async def test_tracks_are_skipped_and_the_queue_is_cleared(
    home: HomeAssistant, player: AsciiPlayer, films: list[str]
) -> None:
    assert features(home) == Feature(0)
    await request(home, films[0])
    assert features(home) == Feature(0)
    with pytest.raises(HomeAssistantError):
        await act(home, "media_next_track")
    await request(home, films[1], enqueue="add")
    assert features(home) == Feature.NEXT_TRACK | Feature.CLEAR_PLAYLIST
    await act(home, "media_next_track")
    assert (title(home), queue_of(home)) == ("f1", (2, 2))
    assert features(home) == Feature.PREVIOUS_TRACK | Feature.CLEAR_PLAYLIST
    await act(home, "media_previous_track")
    assert (title(home), queue_of(home)) == ("f0", (1, 2))
    # Now, with what is queued behind it.
    await request(home, films[2], enqueue="play")
    assert (title(home), queue_of(home)) == ("f2", (2, 3))
    await act(home, "clear_playlist")
    assert (state_of(home).state, title(home), queue_of(home)) == ("playing", "f2", (1, 1))
    await request(home, films[3], enqueue="add")
    await request(home, films[4], enqueue="replace")
    assert (title(home), queue_of(home)) == ("f4", (1, 1))
    await request(home, films[3], enqueue="add")
    await play(home, films[0])
    assert (title(home), queue_of(home)) == ("f0", (1, 1))
    await act(home, "media_stop")


async def test_item_that_fails_is_skipped(
    home: HomeAssistant,
    player: AsciiPlayer,
    server: MediaServer,
    short: list[str],
    titles: list[str],
) -> None:
    await request(home, short[0])
    home.states.async_set("camera.away", "idle")
    await request(home, "camera.away", enqueue="add")
    home.states.async_remove("camera.away")
    await request(home, server.root + "/gone.mp4", enqueue="add")
    await request(home, short[1], enqueue="add")
    await until(lambda: titles == ["s0", "s1"])
    # The caller is told, and the queue goes on.
    await request(home, short[2], enqueue="add")
    with pytest.raises(HomeAssistantError) as error:
        await request(home, server.root + "/gone.mp4", enqueue="play")
    assert error.value.translation_key == "play_not_found"
    await until_title(home, "s2")
    await until(lambda: player.status.state is Phase.IDLE)


async def test_invalid_media_are_not_queued(
    home: HomeAssistant, player: AsciiPlayer, films: list[str]
) -> None:
    for media in ("file:///etc/passwd", "camera.nobody", "camera.screen", "media-source://x/y"):
        with pytest.raises(HomeAssistantError):
            await request(home, media, enqueue="add")
    assert queue_of(home) == (None, 0)
    for _ in range(MAX_ITEMS):
        await request(home, films[0], enqueue="add")
    with pytest.raises(HomeAssistantError) as error:
        await request(home, films[0], enqueue="next")
    assert error.value.translation_key == "queue_full"
    await until(lambda: queue_of(home) == (None, MAX_ITEMS))


async def test_several_films_are_repeated_in_turn(
    home: HomeAssistant, load: LoadEntry, server: MediaServer, short: list[str], titles: list[str]
) -> None:
    home.config.allowlist_external_urls = {server.root + "/"}
    options = {**QUIET, "player": {"loop": True}}
    entry = await load({"kind": "ascii_player", "name": "Screen"}, title="Screen", options=options)
    await request(home, short[0])
    await request(home, short[1], enqueue="add")
    await until(lambda: titles[:4] == ["s0", "s1", "s0", "s1"])
    await act(home, "clear_playlist")
    epoch = entry.runtime_data.status.epoch
    await until(lambda: entry.runtime_data.status.epoch > epoch + 1)
    assert titles[-1] == title(home)
    await act(home, "media_stop")
