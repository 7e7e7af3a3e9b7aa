"""Actions on footage: what is held, a picture of the past, a clip between two times."""

from datetime import UTC, datetime
import time
from typing import Any

from homeassistant.components.media_player import BrowseError
from homeassistant.components.media_source import (
    Unresolvable,
    async_browse_media,
    async_resolve_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
import voluptuous as vol

from custom_components.retrocam.cameras import CameraInstance

from ..calling import answer_of
from ..core.footage.hls import LINKS
from ..core.footage.runs import between, shown
from ..players import decoded_by_ffmpeg
from ..viewers import frame_number, url_of
from ..waiting import until

PORCH = "camera.porch"


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
async def camera(demo: CameraInstance) -> CameraInstance:
    """A demo camera whose lookback has some seconds."""
    await until(lambda: demo.ring.available > 6)
    return demo


async def test_list_footage(home: HomeAssistant, camera: CameraInstance) -> None:
    answer = await answer_of(home, "list_footage", PORCH)
    (span,) = answer["spans"]
    assert span["where"] == "memory"
    assert answer["total"] == pytest.approx(unix(span["end"]) - unix(span["start"]), abs=0.01)
    after = unix(span["start"]) + 2
    later = await answer_of(home, "list_footage", PORCH, after=iso(after), before=iso(after + 1))
    assert later["total"] == pytest.approx(1, abs=0.002)


async def test_snapshot_of_the_past(home: HomeAssistant, camera: CameraInstance) -> None:
    frames = shown(camera.ring)
    wanted = frames[37]
    at = wanted.time + 0.01
    answer = await answer_of(home, "take_snapshot", PORCH, at=iso(at))
    assert unix(answer["requested"]) == pytest.approx(at, abs=0.001)
    assert wanted.has_time(unix(answer["timestamp"]), tolerance=0.002)
    path = camera.media.snapshots.directory / answer["filename"]
    assert frame_number(await home.async_add_executor_job(path.read_bytes)) == wanted.number
    called = time.time()
    answer = await answer_of(home, "take_snapshot", PORCH, ago=2)
    requested = unix(answer["requested"])
    assert called - 2.001 <= requested <= time.time() - 1.999
    assert unix(answer["timestamp"]) == pytest.approx(requested, abs=0.5)
    # One of this moment waits for its part.
    answer = await answer_of(home, "take_snapshot", PORCH, ago=0)
    assert answer["age"] < 5


async def numbers_of(answer: dict[str, Any]) -> list[int]:
    return await decoded_by_ffmpeg(str(answer["path"]))


async def test_record_between_two_times(home: HomeAssistant, camera: CameraInstance) -> None:
    frames = shown(camera.ring)
    first, last = frames[len(frames) // 3], frames[len(frames) // 2]
    start, end = first.time, last.time
    answer = await answer_of(home, "record", PORCH, start=iso(start), end=iso(end))
    assert answer["complete"]
    numbers = await numbers_of(answer)
    assert numbers == between(shown(camera.ring), numbers[0], numbers[-1])
    assert numbers[0] <= first.number
    (began,) = [frame for frame in frames if frame.number == numbers[0]]
    assert began.has_time(unix(answer["start"]), tolerance=0.002)
    assert numbers[-1] in {frame.number for frame in frames[len(frames) // 2 - 2 :][:3]}


async def test_record_until_a_time_ahead(home: HomeAssistant, camera: CameraInstance) -> None:
    frames = shown(camera.ring)
    middle, end = frames[len(frames) // 2], time.time() + 1
    answer = await answer_of(home, "record", PORCH, start=iso(middle.time), end=iso(end))
    assert answer["complete"]
    numbers = await numbers_of(answer)
    assert numbers == between(shown(camera.ring), numbers[0], numbers[-1])
    assert numbers[0] <= middle.number
    assert unix(answer["start"]) + answer["duration"] >= end - 0.2


async def test_clip_of_what_only_a_reader_holds(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    frames = shown(camera.ring)
    footage = camera.footage
    window = await footage.async_window(None, None, None)
    footage.playlist(window, LINKS, from_start=False)
    oldest = camera.ring.segments[0]
    camera.ring.limit(1, 1 << 30)
    await until(lambda: camera.ring.segments[0] is not oldest)
    start, end = frames[5].time, frames[40].time
    assert footage.spans()[0].start > end
    answer = await answer_of(home, "record", PORCH, start=iso(start), end=iso(end))
    numbers = await numbers_of(answer)
    assert numbers[0] <= frames[5].number
    # The estimated delay of the stream may have changed since.
    assert numbers[-1] >= frames[20].number
    assert numbers == between(frames, numbers[0], numbers[-1])


async def test_errors_tell_what_is_held(home: HomeAssistant, camera: CameraInstance) -> None:
    now = time.time()
    for action, data, key in (
        ("record", {"start": iso(now - 9000), "end": iso(now - 8000)}, "not_held"),
        ("record", {"start": iso(now + 60), "end": iso(now + 70)}, "not_held"),
        ("record", {"start": iso(now - 2), "end": iso(now + 1e6)}, "not_held"),
        ("record", {"start": iso(now), "end": iso(now - 1)}, "invalid_span"),
        ("record", {"start": iso(now)}, "span_or_lookback"),
        ("record", {"start": iso(now - 2), "end": iso(now), "lookback": 5}, "span_or_lookback"),
        ("take_snapshot", {"at": "1969-07-20T20:17:40+00:00"}, "not_held"),
        ("take_snapshot", {"at": iso(now + 3600)}, "not_held"),
        ("take_snapshot", {"ago": 80_000}, "not_held"),
        ("list_footage", {"after": iso(now), "before": iso(now)}, "invalid_span"),
    ):
        with pytest.raises(ServiceValidationError) as error:
            await answer_of(home, action, PORCH, **data)
        assert error.value.translation_key == key
        if key == "not_held":
            assert error.value.translation_placeholders is not None
            assert iso(now)[:11] in error.value.translation_placeholders["held"]
    for data in ({"at": "nan"}, {"at": iso(now), "ago": 1}, {"ago": -1}, {"ago": "nan"}):
        with pytest.raises(vol.Invalid):
            await answer_of(home, "take_snapshot", PORCH, **data)


async def test_camera_without_footage_says_so(
    home: HomeAssistant, quiet_demo: CameraInstance
) -> None:
    assert await answer_of(home, "list_footage", PORCH) == {"spans": [], "total": 0}
    with pytest.raises(ServiceValidationError) as error:
        await answer_of(home, "take_snapshot", PORCH, ago=5)
    assert error.value.translation_key == "no_footage"


async def test_live_url_needs_footage_that_reaches_the_present(
    home: HomeAssistant, camera: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    socket = await hass_ws_client()

    async def live_url() -> str | None:
        message = {"type": "retrocam/urls", "entry_id": camera.entry.entry_id}
        await socket.send_json_auto_id(message)
        url: str | None = (await socket.receive_json())["result"]["footage_live"]
        return url

    await until(lambda: camera.footage.reaches_present)
    assert "/master.m3u8?authSig=" in str(await live_url())
    camera.lookback.async_set_enabled(enabled=False)
    assert await live_url() is None
    camera.lookback.async_set_enabled(enabled=True)
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    assert await live_url() is None


async def test_subscription_and_urls(
    home: HomeAssistant, camera: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry, oldest = camera.entry, camera.ring.segments[0]
    lag = oldest.lag
    socket = await hass_ws_client()
    await socket.send_json_auto_id({"type": "retrocam/urls", "entry_id": entry.entry_id})
    urls = (await socket.receive_json())["result"]
    assert "/master.m3u8?authSig=" in urls["footage_playlist"]
    assert "/frame?authSig=" in urls["footage_frame"]
    await socket.send_json_auto_id(
        {"type": "retrocam/footage/subscribe", "entry_id": entry.entry_id}
    )
    assert (await socket.receive_json())["success"]
    first = (await socket.receive_json())["event"]
    second = (await socket.receive_json())["event"]
    # The part that came between may have arrived with less delay than all before.
    fall = lag - oldest.lag
    moved = unix(second["spans"][0]["start"]) - unix(first["spans"][0]["start"])
    assert -fall - 0.002 < moved < 0.002
    assert camera.ring.segments[0] is oldest
    assert first["spans"][-1]["end"] < second["spans"][-1]["end"]
    assert await home.config_entries.async_reload(entry.entry_id)
    while (event := (await socket.receive_json())["event"])["spans"]:
        pass
    assert (event["spans"], event["total"]) == ([], 0)
    assert unix(event["now"]) > unix(second["spans"][-1]["end"]) - 1
    while not (event := (await socket.receive_json())["event"])["spans"]:
        pass
    assert event["spans"][0]["start"] > second["spans"][0]["start"]
    await socket.send_json_auto_id({"type": "retrocam/footage/subscribe", "entry_id": "none"})
    while "error" not in (answer := await socket.receive_json()):
        pass
    assert answer["error"]["code"] == "not_found"


async def test_media_source_plays_the_last_minutes(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    root = f"media-source://retrocam/{camera.entry.entry_id}"
    folder = await async_browse_media(home, f"{root}/footage")
    assert folder.title == "Porch: Footage"
    assert [child.title for child in folder.children or []] == ["Live", "1 min"]
    media = await async_resolve_media(home, f"{root}/footage/60", None)
    assert media.mime_type == "application/vnd.apple.mpegurl"
    numbers = await decoded_by_ffmpeg(url_of(home, media.url))
    assert numbers == between(shown(camera.ring), numbers[0], numbers[-1])
    assert numbers[-1] - numbers[0] > 100
    live = await async_resolve_media(home, f"{root}/footage/live", None)
    assert "start" not in live.url
    with pytest.raises(Unresolvable):
        await async_resolve_media(home, f"{root}/footage", None)
    with pytest.raises((Unresolvable, BrowseError)):
        await async_resolve_media(home, f"{root}/footage/yesterday", None)
