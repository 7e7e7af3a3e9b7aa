"""Timelapses, through the action, on a real library."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
import shutil
import threading
from typing import Any

import av
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
import voluptuous as vol

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.errors import TimelapseEmptyError
from custom_components.retrocam.core.files import read_image
from custom_components.retrocam.core.library import timelapse
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.datetimes import iso
from custom_components.retrocam.media.items import MediaKind

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.frames.stills import NOW, jpeg, listing, number_in
from ..viewers import SMALL
from ..waiting import WITHIN, until

CAMERA = "camera.porch"
PROGRESS = "retrocam_timelapse_progress"
PICTURES = 30


def film(path: str) -> tuple[list[int | None], int, float]:
    """Read the frame numbers, the width and the frame rate of a video."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 0)
        return [number_in(frame) for frame in container.decode(stream)], stream.width, rate


async def export(hass: HomeAssistant, **data: Any) -> dict[str, Any]:
    return await answer_of(hass, "export_timelapse", CAMERA, **data)


@pytest.fixture
async def camera(load: LoadEntry) -> CameraInstance:
    """A camera with snapshots of frames 0 to 29, one each second."""
    entry = await load(
        {"kind": "demo", "name": "Porch", "advanced": SMALL},
        options={"storage": {"min_free_megabytes": 0}},
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)
    store = instance.media.snapshots

    def fill() -> None:
        for number in range(PICTURES):
            save_still(store, jpeg(number), NOW + number)

    await instance.media.async_run(fill, MediaKind.SNAPSHOTS)
    return instance


@pytest.fixture
def progress(home: HomeAssistant) -> list[dict[str, Any]]:
    """Progress events of exports."""
    told: list[dict[str, Any]] = []

    @callback
    def take(event: Event) -> None:
        told.append({**event.data})

    home.bus.async_listen(PROGRESS, take)
    return told


@pytest.fixture
def rest(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let an export wait after its first picture until this is set."""
    others = threading.Event()
    paths: list[Path] = []

    def read(path: Path) -> bytes:
        paths.append(path)
        if len(paths) > 1:
            assert others.wait(WITHIN)
        return read_image(path)

    monkeypatch.setattr(timelapse, "read_image", read)
    yield others
    others.set()


async def test_export_of_whole_history(
    home: HomeAssistant,
    camera: CameraInstance,
    progress: list[dict[str, Any]],
    hass_ws_client: WebSocketGenerator,
) -> None:
    socket = await hass_ws_client()
    await socket.send_json_auto_id(
        {"type": "retrocam/media/subscribe", "entry_id": camera.entry.entry_id}
    )
    assert (await socket.receive_json())["success"]
    answer = await export(home)
    numbers, width, rate = film(answer["path"])
    assert numbers == list(range(PICTURES))
    assert (width, rate) == (320, 25)
    assert answer["frames"] == PICTURES
    assert answer["skipped"] == 0
    assert answer["duration"] == pytest.approx(PICTURES / 25)
    assert answer["start"] == "2026-01-02T03:04:05.000+00:00"
    assert answer["media_content_id"].endswith("/timelapses/2026-01-02/20260102T030405.000Z.mp4")

    pushed = [await socket.receive_json()]
    while pushed[-1]["event"].get("state") != "saved":
        pushed.append(await socket.receive_json())
    steps = [message["event"] for message in pushed if message["event"]["type"] == "progress"]
    done = [step["done"] for step in steps]
    assert done == sorted(done)
    assert {step["total"] for step in steps} == {PICTURES}
    assert {step["kind"] for step in steps} == {"timelapses"}
    saved = [message["event"]["item"] for message in pushed if message["event"]["type"] == "saved"]
    assert [item["filename"] for item in saved] == [Path(answer["path"]).name]
    assert [told["done"] for told in progress] == done
    assert progress[-1]["state"] == "saved"
    assert progress[-1]["entity_id"] == CAMERA

    event = home.states.get("event.porch_media")
    assert event is not None
    assert event.attributes["event_type"] == "timelapse_saved"
    assert event.attributes["frames"] == PICTURES
    assert "url" not in event.attributes


async def test_export_of_span_with_fps_and_width(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    answer = await export(home, start=iso(NOW + 5), end=iso(NOW + 15), fps=5, width=160)
    numbers, width, rate = film(answer["path"])
    assert len(numbers) == 10
    assert (width, rate) == (160, 5)
    assert answer["start"] == iso(NOW + 5)
    assert answer["duration"] == pytest.approx(2)


async def test_time_without_offset_is_local(home: HomeAssistant, camera: CameraInstance) -> None:
    await home.config.async_set_time_zone("Asia/Tokyo")
    answer = await export(home, start="2026-01-02 12:04:30")
    assert film(answer["path"])[0] == list(range(25, PICTURES))


async def test_damaged_snapshot_is_skipped(home: HomeAssistant, camera: CameraInstance) -> None:
    directory = camera.media.snapshots.directory
    (directory / listing(directory)[10]).write_bytes(b"no picture")
    answer = await export(home)
    assert answer["skipped"] == 1
    assert film(answer["path"])[0] == [n for n in range(PICTURES) if n != 10]


async def test_invalid_or_empty_span_is_rejected(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    for data in ({"fps": 0}, {"fps": 61}, {"width": 63}, {"width": 5000}, {"start": "soon"}):
        with pytest.raises(vol.Invalid):
            await export(home, **data)
    with pytest.raises(ServiceValidationError) as bad_span:
        await export(home, start=iso(NOW + 5), end=iso(NOW + 5))
    assert bad_span.value.translation_key == "invalid_span"
    with pytest.raises(ServiceValidationError) as empty:
        await export(home, start=iso(NOW + 1000))
    assert empty.value.translation_key == "timelapse_empty"
    assert listing(camera.media.timelapses.directory) == []


async def test_snapshots_deleted_before_start(home: HomeAssistant, camera: CameraInstance) -> None:
    store = camera.media.snapshots
    names = [item.name for item in store.page(PICTURES)]
    exporting = asyncio.ensure_future(
        camera.timelapses.async_export(after=None, before=None, fps=25, width=0)
    )
    # After the export has counted them, before it reads the first.
    home.loop.call_soon(store.delete, names)
    with pytest.raises(TimelapseEmptyError):
        await exporting
    assert camera.timelapses.progress is None


async def test_single_export_continues_without_caller(
    home: HomeAssistant,
    camera: CameraInstance,
    progress: list[dict[str, Any]],
    rest: threading.Event,
) -> None:
    first = asyncio.create_task(export(home))
    await until(lambda: camera.timelapses.progress)
    with pytest.raises(ServiceValidationError) as second:
        await export(home)
    assert second.value.translation_key == "timelapse_running"
    assert "second" not in second.value.translation_placeholders  # type: ignore[operator]  # they are there
    first.cancel()
    rest.set()
    await until(lambda: progress and progress[-1]["state"] == "saved")
    newest = camera.media.timelapses.newest
    assert newest is not None
    assert film(str(camera.media.timelapses.directory / newest.name))[0] == list(range(PICTURES))


async def test_unload_cancels_export(
    home: HomeAssistant,
    camera: CameraInstance,
    progress: list[dict[str, Any]],
    rest: threading.Event,
) -> None:
    running = asyncio.create_task(export(home))
    await until(lambda: progress)
    assert progress[0]["state"] == "running"
    unload = asyncio.create_task(home.config_entries.async_unload(camera.entry.entry_id))
    await until(camera.timelapses._stop.is_set)
    rest.set()
    assert await unload
    with pytest.raises(HomeAssistantError) as cancelled:
        await running
    assert cancelled.value.translation_key == "timelapse_cancelled"
    assert progress[-1]["state"] == "cancelled"
    assert listing(camera.media.timelapses.directory) == []


async def test_disk_error_is_reported(
    home: HomeAssistant, camera: CameraInstance, progress: list[dict[str, Any]]
) -> None:
    directory = camera.media.timelapses.directory
    shutil.rmtree(directory)
    directory.write_text("in the way")
    with pytest.raises(HomeAssistantError) as failed:
        await export(home)
    assert failed.value.translation_key == "storage_missing"
    assert camera.media.problem is not None
    assert progress[-1]["state"] == "failed"
    directory.unlink()
    assert film((await export(home))["path"])[0] == list(range(PICTURES))
    assert camera.media.problem is None
