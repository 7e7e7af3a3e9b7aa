"""Timelapses of footage: every n-th second, from tape and memory."""

import asyncio
from bisect import bisect_right
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
from homeassistant.components.stream import Orientation
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
import voluptuous as vol

from custom_components.retrocam.cameras import CameraInstance, footage_film
from custom_components.retrocam.cameras.footage_film import FilmTimes
from custom_components.retrocam.core.footage.held import Span, Where
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.workload import DECODES, async_footage_decoding

from ..calling import answer_of
from ..conftest import LoadEntry
from ..pattern_reader import read_frame_number
from ..waiting import until

PORCH = "camera.porch"
FPS = 10
STEP = 0.5


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()


@pytest.fixture
async def camera(home: HomeAssistant, drawn: list[int], load: LoadEntry) -> CameraInstance:
    """A demo camera with a tape, and a shorter lookback."""
    entry = await load(
        {"kind": "demo", "name": "Porch", "advanced": {"width": 320, "height": 180, "fps": FPS}},
        options={
            "lookback": {"lookback_enabled": True, "lookback_seconds": 5},
            "tape": {"tape_enabled": True},
            "storage": {"min_free_megabytes": 0},
        },
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.tape.seconds > 14)
    return instance


async def export(home: HomeAssistant, **data: Any) -> dict[str, Any]:
    return await answer_of(home, "export_timelapse", PORCH, source="footage", **data)


def numbers_in(path: Path) -> list[int | None]:
    with av.open(str(path)) as container:
        return [read_frame_number(planes(frame)[0]) for frame in container.decode(video=0)]


def follows(numbers: list[int], times: list[float], drawn: list[int], begin: int) -> bool:
    """Return whether numbers are those shown at the times, the first that of `begin`, or beside them."""
    for number, time in zip(numbers, times, strict=True):
        due = begin + round((time - times[0]) * FPS)
        shown = drawn[bisect_right(drawn, due - 1) - 1], drawn[bisect_right(drawn, due + 1) - 1]
        if not shown[0] <= number <= shown[1]:
            return False
    return True


async def test_picture_each_interval(
    home: HomeAssistant, camera: CameraInstance, drawn: list[int]
) -> None:
    spans = camera.footage.spans()
    assert [span.where for span in spans] == [Where.TAPE, Where.MEMORY]
    start, end = spans[0].start + 1, spans[1].start + 2
    # A camera that was late by two seconds has a gap.
    times = list(FilmTimes(camera.footage.spans(start, end), STEP))
    answer = await export(home, start=iso(start), end=iso(end), interval=STEP, fps=20)
    assert answer["skipped"] == 0
    numbers = await home.async_add_executor_job(numbers_in, Path(answer["path"]))
    found = [number for number in numbers if number is not None]
    assert len(found) == answer["frames"] == len(times) > 5
    # Across the seam of tape and memory, too. On a busy machine, the first may be shown for longer.
    after = drawn[drawn.index(found[0]) + 1]
    assert any(follows(found, times, drawn, begin) for begin in range(found[0], after))
    assert datetime.fromisoformat(answer["start"]).timestamp() == pytest.approx(start, abs=0.01)


async def test_footage_is_turned(home: HomeAssistant, camera: CameraInstance) -> None:
    await answer_of(home, "take_snapshot", PORCH)
    stream = await camera.async_stream()
    assert stream is not None
    er.async_get(home).async_update_entity_options(PORCH, "camera", {"orientation": 8})
    stream.dynamic_stream_settings.orientation = Orientation.ROTATE_RIGHT
    answer = await export(home, interval=3)
    assert (answer["width"], answer["height"]) == (180, 320)


async def test_what_is_refused(
    home: HomeAssistant, camera: CameraInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = camera.footage.spans()[0].start
    for data, key in (
        ({"start": iso(start - 7000), "end": iso(start - 6000)}, "not_held"),
        ({"start": iso(start), "end": iso(start - 1)}, "invalid_span"),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await export(home, **data)
        assert caught.value.translation_key == key
    for wrong in ({"interval": 0}, {"interval": "nan"}, {"source": "screen"}):
        with pytest.raises(vol.Invalid):
            await answer_of(home, "export_timelapse", PORCH, **dict[str, Any](wrong))
    monkeypatch.setattr("custom_components.retrocam.cameras.timelapses.MAX_PICTURES", 20)
    with pytest.raises(ServiceValidationError) as caught:
        await export(home, interval=0.5)
    assert caught.value.translation_key == "timelapse_too_long"
    assert list(camera.media.timelapses.directory.glob("*")) == []


async def test_limit_counts_what_is_held() -> None:
    day = 86_400.0
    times = FilmTimes([Span(0, 1, Where.TAPE), Span(day + 0.5, day + 21, Where.MEMORY)], 10)
    assert list(times) == [0, day + 10, day + 20]
    assert times.count == 3
    assert FilmTimes([Span(0, 30 * day, Where.TAPE)], 0.1).count > footage_film.MAX_PICTURES


async def test_unload_ends_it_while_others_decode(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    async with asyncio.TaskGroup() as group:
        leave = asyncio.Event()

        async def occupy() -> None:
            async with async_footage_decoding(home).enter(guest=False):
                await leave.wait()

        others = [group.create_task(occupy()) for _ in range(DECODES)]
        await asyncio.sleep(0)
        task = asyncio.create_task(export(home, interval=1))
        await until(lambda: camera.timelapses.progress is not None)
        unload = asyncio.create_task(home.config_entries.async_unload(camera.entry.entry_id))
        # It waits its turn, as all that decode footage. A short one is done soon once it is its turn.
        await until(camera.timelapses._stop.is_set)
        assert camera.footage.decoded == 0
        leave.set()
        await asyncio.gather(*others)
        assert await unload
    with pytest.raises(HomeAssistantError) as caught:
        await task
    assert caught.value.translation_key == "timelapse_cancelled"
    assert list(camera.media.timelapses.directory.glob("*")) == []
