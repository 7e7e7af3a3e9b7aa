"""Actions on a tape while nothing comes: its camera is away, or its stream is not running."""

from datetime import UTC, datetime
from itertools import pairwise
import math
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.footage.runs import Shown, shown
from ..players import decoded_by_ffmpeg
from ..rtsp import RtspServer
from ..viewers import QUIET, SMALL, frame_number
from ..waiting import until

PORCH = "camera.porch"
TAPED: dict[str, Any] = {
    **QUIET,
    "tape": {"tape_enabled": True},
    "storage": {"min_free_megabytes": 0},
}


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
async def frames(home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer) -> list[Shown]:
    """Frames on the tape of a camera that went away while Home Assistant was restarted."""
    url = rtsp_server.mount("/porch", fps=15).url
    options = TAPED | {"lookback": {"lookback_enabled": True, "lookback_seconds": 60}}
    entry = await load({"kind": "camera_url", "url": url}, options=options)
    camera: CameraInstance = entry.runtime_data
    await until(lambda: camera.ring.available > 6)
    found = shown(camera.ring)
    rtsp_server.kill()
    home.config_entries.async_update_entry(entry, options=TAPED)
    assert await home.config_entries.async_reload(entry.entry_id)
    await until(lambda: entry.runtime_data.tape.seconds > 5)
    await until(lambda: home.states.is_state(PORCH, "unavailable"))
    assert not entry.runtime_data.ring.available
    return found


async def numbers_of(answer: dict[str, Any]) -> list[int]:
    numbers = await decoded_by_ffmpeg(str(answer["path"]))
    assert all(after == before + 1 for before, after in pairwise(numbers))
    return numbers


async def test_lookback_of_a_camera_that_is_away(home: HomeAssistant, frames: list[Shown]) -> None:
    answer = await answer_of(home, "record", PORCH, lookback=600, duration=0)
    numbers = await numbers_of(answer)
    assert numbers[0] == frames[0].number
    assert numbers[-1] >= frames[-1].number
    # Seconds count from the end of what is held, as with a lookback in memory.
    answer = await answer_of(home, "record", PORCH, lookback=2, duration=0)
    last = await numbers_of(answer)
    assert last[-1] == numbers[-1]
    assert 2 * 15 <= len(last) <= 3.1 * 15
    await home.services.async_call(
        "button", "press", {"entity_id": "button.porch_save_lookback"}, blocking=True
    )
    items = (await answer_of(home, "list_recordings", PORCH))["items"]
    assert [item["duration"] for item in items[1:]] == pytest.approx(
        [len(numbers) / 15] * 2, abs=0.2
    )


async def test_times_of_a_camera_that_is_away(home: HomeAssistant, frames: list[Shown]) -> None:
    footage = await answer_of(home, "list_footage", PORCH)
    assert {span["where"] for span in footage["spans"]} == {"tape"}
    # The first frames may be earlier than the name of their file, by which spans begin.
    assert unix(footage["spans"][-1]["end"]) - frames[0].time >= len(frames) / 15 - 0.1
    start = frames[0].time + 1.5
    answer = await answer_of(home, "record", PORCH, start=iso(start), end=iso(start + 3))
    numbers = await numbers_of(answer)
    assert frames[0].number < numbers[0] <= frames[0].number + 23
    assert numbers[-1] - numbers[0] >= 3 * 15 - 2
    at = unix(answer["start"]) + (20.5 / 15)
    camera = home.config_entries.async_loaded_entries(DOMAIN)[0].runtime_data
    folder = camera.media.snapshots.directory
    # With an answer or without one.
    answer = await answer_of(home, "take_snapshot", PORCH, at=iso(at))
    ago = time.time() - at
    data = {"entity_id": PORCH, "ago": ago}
    await home.services.async_call(DOMAIN, "take_snapshot", data, blocking=True)
    # It counts from when the action looks at the clock, which is later than this test did.
    late = time.time() - at - ago
    pictures = await home.async_add_executor_job(
        lambda: [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]
    )
    assert answer["requested"]
    first, second = map(frame_number, pictures)
    assert first == numbers[20]
    assert first <= second <= first + math.ceil(late * 15)


async def test_one_of_many_that_is_away(
    home: HomeAssistant, frames: list[Shown], load: LoadEntry
) -> None:
    await load({"kind": "demo", "name": "Yard", "advanced": SMALL}, title="Yard", options=QUIET)
    both = [PORCH, "camera.yard"]

    async def reached(action: str, **data: Any) -> set[str]:
        answer = await home.services.async_call(
            DOMAIN, action, {"entity_id": both, **data}, blocking=True, return_response=True
        )
        assert answer is not None
        return set(answer)

    assert await reached("record", lookback=600, duration=1) == set(both)
    # Nothing of it is held: as with any camera that is unavailable.
    ended = time.time() - frames[-1].time
    camera = home.config_entries.async_loaded_entries(DOMAIN)[0].runtime_data
    camera.ring.clock = lambda: time.monotonic() + 3600
    assert ended < 600
    data = {"entity_id": both}
    await home.services.async_call(DOMAIN, "take_snapshot", data, blocking=True)
    assert (await answer_of(home, "list_snapshots", PORCH))["total"] == 0
    assert (await answer_of(home, "list_snapshots", "camera.yard"))["total"] == 1


async def test_tape_of_a_stream_that_is_not_running(
    home: HomeAssistant, frames: list[Shown], rtsp_server: RtspServer
) -> None:
    (entry,) = home.config_entries.async_loaded_entries(DOMAIN)
    registry = er.async_get(home)
    registry.async_update_entity_options(PORCH, "camera", {"orientation": 8})
    home.config_entries.async_update_entry(entry, options={**TAPED, "tape": {}})
    rtsp_server.start()
    assert await home.config_entries.async_reload(entry.entry_id)
    camera: CameraInstance = entry.runtime_data
    await until(lambda: camera.tape.seconds > 5)
    assert not camera.provider.in_use
    assert (await answer_of(home, "list_footage", PORCH))["total"] > 5
    answer = await answer_of(home, "take_snapshot", PORCH, at=iso(frames[40].time + 0.01))
    # Upright, by what Home Assistant knows of the camera.
    assert (answer["width"], answer["height"]) == (180, 320)
    registry.async_update_entity_options(PORCH, "camera", {"orientation": 1})
    start, end = frames[20].time, frames[60].time
    answer = await answer_of(home, "record", PORCH, start=iso(start), end=iso(end))
    assert len(await numbers_of(answer)) >= 40
    answer = await answer_of(home, "record", PORCH, lookback=600, duration=0)
    assert (await numbers_of(answer))[0] <= frames[0].number


async def test_memory_of_a_camera_that_is_long_away(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    url = rtsp_server.mount("/porch", fps=15).url
    entry = await load({"kind": "camera_url", "url": url})
    camera: CameraInstance = entry.runtime_data
    await load({"kind": "demo", "name": "Yard", "advanced": SMALL}, title="Yard")
    await until(lambda: camera.ring.available > 4)
    first = shown(camera.ring)[0]
    rtsp_server.kill()
    await until(lambda: home.states.is_state(PORCH, "unavailable"))
    clock = camera.ring.clock
    camera.ring.clock = lambda: clock() + 3600
    data = {"entity_id": [PORCH, "camera.yard"], "lookback": 7200, "duration": 0.5}
    answer = await home.services.async_call(
        DOMAIN, "record", data, blocking=True, return_response=True
    )
    assert answer is not None
    of_porch = answer[PORCH]
    assert isinstance(of_porch, dict)
    assert (await numbers_of(of_porch))[0] == first.number
    with pytest.raises(HomeAssistantError):
        await answer_of(home, "take_snapshot", PORCH)
