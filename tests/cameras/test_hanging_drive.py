"""A drive that hangs while a clip or a timelapse is made of what is on it: an unload goes on."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
import threading
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.timelapses import Progress
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.library.files import (
    final_path,
    format_name,
    parse_name,
    partial_path,
)
from custom_components.retrocam.core.library.timelapse import Timelapse, TimelapseWriter

from ..calling import answer_of
from ..conftest import LoadEntry
from ..http.taped import DATA, OPTIONS, beyond
from ..leaks import own_tasks, own_threads
from ..players import decoded_by_ffmpeg
from ..stream.stalling import StallingDirectory
from ..waiting import until

CAMERA = "camera.porch"


@pytest.fixture
async def drive(
    home: HomeAssistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[StallingDirectory]:
    """The drive of all media. An unload waits for it for less than a second."""
    monkeypatch.setattr("custom_components.retrocam.cameras.patience.PATIENCE", 0.2)
    async with StallingDirectory.mounted(tmp_path) as directory:
        home.config.media_dirs = {"local": str(directory.path)}
        yield directory
        for entry in home.config_entries.async_loaded_entries(DOMAIN):
            assert await home.config_entries.async_unload(entry.entry_id)
        await until(lambda: own_threads() == [], within=90)
        assert not directory.rescued, "something waited for the drive"


@pytest.fixture
async def camera(load: LoadEntry, drive: StallingDirectory) -> CameraInstance:
    """A camera with some seconds on tape alone."""
    entry = await load(DATA, options=OPTIONS)
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.tape.seconds > 9 and beyond(instance) > 1, within=90)
    return instance


def span(camera: CameraInstance, seconds: float) -> dict[str, Any]:
    """Return the times from the begin of the tape on, as of an action."""
    start = camera.footage.spans()[0].start
    return {
        name: datetime.fromtimestamp(time, UTC).isoformat()
        for name, time in (("start", start), ("end", start + seconds))
    }


def written(camera: CameraInstance) -> int:
    """Return the bytes of clips in progress."""
    folder = camera.media.recordings.directory
    return sum(path.stat().st_size for path in folder.glob("*.partial.mp4"))


async def paused_film(
    home: HomeAssistant, camera: CameraInstance, drive: StallingDirectory
) -> asyncio.Task[Any]:
    """Export a timelapse, and pause the drive as soon as its first picture is reported."""

    reported: asyncio.Future[Progress] = asyncio.get_running_loop().create_future()

    def pause(progress: Progress) -> None:
        if not reported.done():
            drive.pause()
            reported.set_result(progress)

    unsubscribe = camera.timelapses.listeners.add(pause)
    film = asyncio.create_task(
        answer_of(home, "export_timelapse", CAMERA, source="footage", interval=1, **span(camera, 9))
    )
    async with asyncio.timeout(90):
        progress = await reported
    unsubscribe()
    assert progress.done < progress.total
    return film


@pytest.mark.parametrize("begun", [False, True])
async def test_unload_does_not_wait_for_a_clip(
    home: HomeAssistant, camera: CameraInstance, drive: StallingDirectory, *, begun: bool
) -> None:
    entry = camera.entry
    record = asyncio.create_task(answer_of(home, "record", CAMERA, **span(camera, 60)))
    await until(
        lambda: camera.recorder.active and (not begun or written(camera) > 20_000), within=90
    )
    (recording,) = camera.recorder._recordings
    drive.pause()
    assert await home.config_entries.async_reload(entry.entry_id)
    assert not recording.writer.join(0)
    with pytest.raises(HomeAssistantError) as error:
        await record
    assert error.value.translation_key == "storage_slow"
    after: CameraInstance = entry.runtime_data
    assert not after.media.loaded
    drive.resume()
    await until(lambda: recording.writer.join(0) and after.media.loaded, within=90)
    await after.media.async_refresh()
    if begun:
        # The thread that nobody waited for has finished its clip, and nobody else has touched it.
        (clip,) = after.media.recordings.page(2)
        numbers = await decoded_by_ffmpeg(str(after.media.recordings.path(clip.name)))
        assert len(numbers) > 20
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert written(after) == 0
    assert await home.config_entries.async_unload(entry.entry_id)
    await until(lambda: own_threads() == [], within=90)


async def test_unload_does_not_wait_for_a_timelapse(
    home: HomeAssistant, camera: CameraInstance, drive: StallingDirectory
) -> None:
    film = await paused_film(home, camera, drive)
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    assert not film.done()
    drive.resume()
    with pytest.raises(HomeAssistantError):
        await film
    await until(lambda: own_threads() == [], within=90)
    assert list(camera.media.timelapses.directory.iterdir()) == []


async def test_timelapse_that_is_finished_after_the_unload_stays(
    home: HomeAssistant, camera: CameraInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, unloaded = threading.Event(), threading.Event()
    finish = TimelapseWriter.finish

    def late(writer: TimelapseWriter) -> Timelapse:
        begun.set()
        assert unloaded.wait(90)
        return finish(writer)

    monkeypatch.setattr(TimelapseWriter, "finish", late)
    film = asyncio.create_task(
        answer_of(home, "export_timelapse", CAMERA, source="footage", interval=1, **span(camera, 9))
    )
    await until(begun.is_set, within=90)
    entry = camera.entry
    assert await home.config_entries.async_unload(entry.entry_id)
    assert not film.done()
    unloaded.set()
    with pytest.raises(HomeAssistantError):
        await film
    assert await home.config_entries.async_setup(entry.entry_id)
    after: CameraInstance = entry.runtime_data
    await until(lambda: after.media.loaded, within=90)
    (item,) = after.media.timelapses.page(2)
    assert len(await decoded_by_ffmpeg(str(after.media.timelapses.path(item.name)))) == 9


async def test_unload_has_one_deadline_for_all_that_a_drive_holds(
    home: HomeAssistant,
    camera: CameraInstance,
    drive: StallingDirectory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.retrocam.cameras.patience.PATIENCE", 0.0)
    monkeypatch.setattr("custom_components.retrocam.cameras.patience.LEAST", 0.0)
    record = asyncio.create_task(answer_of(home, "record", CAMERA, **span(camera, 60)))
    await until(lambda: written(camera) > 10_000, within=90)
    (tape,) = camera.tape._writers
    film = await paused_film(home, camera, drive)
    # With nothing to write, it would end without the drive.
    await until(lambda: tape._batch)
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    left = [*own_threads(), *own_tasks()]
    drive.resume()
    # No part had a time of its own, but for the least.
    for kind in ("clip Porch", "tape Porch", "timelapse of Porch"):
        assert f"retrocam {kind}" in left
    for answer in (film, record):
        with pytest.raises(HomeAssistantError):
            await answer
    await until(lambda: own_threads() == [], within=90)
    assert written(camera) == 0


async def test_drive_that_answers_is_waited_for_after_the_deadline(
    home: HomeAssistant, camera: CameraInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A camera, or another drive, may have taken all of the time before."""
    monkeypatch.setattr("custom_components.retrocam.cameras.patience.PATIENCE", -1.0)
    monkeypatch.setattr("custom_components.retrocam.cameras.patience.LEAST", 60.0)
    record = asyncio.create_task(answer_of(home, "record", CAMERA, lookback=1, duration=60))
    await until(lambda: written(camera) > 10_000, within=90)
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    assert own_threads() == []
    assert (await record)["duration"] > 0.5
    assert written(camera) == 0


async def test_recovery_that_is_left_behind_is_nobody_elses(
    home: HomeAssistant, camera: CameraInstance, drive: StallingDirectory
) -> None:
    entry = camera.entry
    record = asyncio.create_task(answer_of(home, "record", CAMERA, **span(camera, 60)))
    folder = camera.media.recordings.directory
    await until(lambda: written(camera) > 10_000, within=90)
    (partial,) = folder.glob("*.partial.mp4")
    data = await asyncio.to_thread(partial.read_bytes)
    assert await home.config_entries.async_reload(entry.entry_id)
    await record
    media = entry.runtime_data.media
    await until(lambda: media.loaded, within=90)
    # As a crash would have left it, an hour before.
    time_ms, _ = parse_name(final_path(partial).name) or (0, "")
    left = partial_path(folder / format_name(time_ms - 3_600_000, "mp4"))
    await asyncio.to_thread(left.write_bytes, data)
    drive.pause()
    recovery = asyncio.create_task(media.async_recover([left]))
    await until(lambda: "retrocam recover Porch" in own_threads(), within=90)
    recovery.cancel()
    assert await home.config_entries.async_reload(entry.entry_id)
    assert "retrocam recover Porch" in own_threads()
    drive.resume()
    after: CameraInstance = entry.runtime_data
    await until(
        lambda: after.media.loaded and "retrocam recover Porch" not in own_threads(), within=90
    )
    await asyncio.wait([recovery])
    await after.media.async_refresh()
    clip = after.media.recordings.find(final_path(left).name)
    assert clip is not None
    numbers = await decoded_by_ffmpeg(str(after.media.recordings.path(clip.name)))
    assert len(numbers) > 20
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert written(after) == 0
