"""The tape in the media browser: days, hours that play, and search."""

from datetime import UTC, datetime

from aiohttp import ClientSession
from homeassistant.components.media_player import SearchMediaQuery
from homeassistant.components.media_source import (
    Unresolvable,
    async_browse_media,
    async_resolve_media,
    async_search_media,
)
from homeassistant.core import HomeAssistant
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.media.spans import SpanId, Unit
from custom_components.retrocam.media.tape_ids import TapeId

from ..conftest import LoadEntry
from ..core.footage.runs import shown
from ..http.taped import DATA, OPTIONS, add_taped, beyond
from ..pattern_reader import read_frame_number
from ..players import decoded_by_ffmpeg
from ..viewers import url_of
from ..waiting import until
from .browsing import ROOT


@pytest.fixture
async def camera(drawn: list[int], load: LoadEntry) -> CameraInstance:
    """A demo camera with some seconds on tape, and less in memory."""
    return await add_taped(load)


async def test_hour_is_found_and_plays_as_one(
    home: HomeAssistant, camera: CameraInstance, drawn: list[int]
) -> None:
    folder = f"{ROOT}/{camera.entry.entry_id}"
    # Before the hours are listed: another one may begin here.
    frames = shown(camera.ring)
    top = await async_browse_media(home, folder)
    assert top.children is not None
    assert (top.children[-1].title, top.children[-1].media_content_id) == ("Tape", f"{folder}/tape")
    days = (await async_browse_media(home, f"{folder}/tape")).children
    assert days
    hours = (await async_browse_media(home, days[0].media_content_id)).children
    assert hours
    hour = hours[0]
    assert (hour.can_play, hour.can_expand) == (True, False)
    assert (await async_browse_media(home, hour.media_content_id)).title.startswith("Porch: Tape ")
    played = await async_resolve_media(home, hour.media_content_id, None)
    assert played.mime_type == "application/vnd.apple.mpegurl"
    numbers = await decoded_by_ffmpeg(url_of(home, played.url))
    assert numbers == [number for number in drawn if numbers[0] <= number <= numbers[-1]]
    if len(hours) == len(days) == 1:
        first = await camera.footage.async_jpeg(camera.footage.spans()[0].start)
        assert numbers[0] == read_frame_number(jpeg.planes(jpeg.decode(first.data))[0])
    assert numbers[-1] >= frames[-1].number

    day = days[0].title
    found = await async_search_media(
        home, f"{folder}/tape", SearchMediaQuery(search_query=f"porch {day}")
    )
    assert [one.media_content_id for one in found.result] == [h.media_content_id for h in hours]
    nothing = await async_search_media(
        home, f"{folder}/tape", SearchMediaQuery(search_query=f"garage {day}")
    )
    assert nothing.result == []
    async with ClientSession() as session:
        assert (await session.get(url_of(home, played.url.partition("?")[0]))).status == 403


async def test_hour_is_listed_while_memory_has_all_of_it(
    home: HomeAssistant, drawn: list[int], load: LoadEntry
) -> None:
    lookback = {"lookback_enabled": True, "lookback_seconds": 60}
    entry = await load(DATA, options={**OPTIONS, "lookback": lookback})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.tape.seconds > 3)
    assert not beyond(instance)
    number = shown(instance.ring)[-1].number
    (day, *_) = (await async_browse_media(home, f"{ROOT}/{entry.entry_id}/tape")).children or ()
    (hour, *_) = (await async_browse_media(home, day.media_content_id)).children or ()
    played = await async_resolve_media(home, hour.media_content_id, None)
    numbers = await decoded_by_ffmpeg(url_of(home, played.url))
    assert numbers == [number for number in drawn if numbers[0] <= number <= numbers[-1]]
    assert numbers[-1] >= number


async def test_what_is_not_on_tape_does_not_play(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    folder = f"{ROOT}/{camera.entry.entry_id}/tape"
    for item in ("", "/2026-01-02", "/2026-01-02/hour-20260102T100000Z", "/2026-01-02/minute-x"):
        with pytest.raises(Unresolvable):
            await async_resolve_media(home, folder + item, None)


@pytest.mark.parametrize("hour", [datetime(2026, 3, 29, 1, tzinfo=UTC)])
def test_ids(hour: datetime) -> None:
    tape = TapeId("abc", hour.date(), SpanId(Unit.HOUR, int(hour.timestamp())))
    assert str(tape) == "abc/tape/2026-03-29/hour-20260329T010000Z"
    assert TapeId.parse(str(tape)) == tape
    for text in ("abc/footage", "abc/tape/2026-13-01", "abc/tape/2026-03-29/hour-20250329T010000Z"):
        assert TapeId.parse(text) is None
