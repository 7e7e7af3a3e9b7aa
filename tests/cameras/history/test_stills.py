"""The history of cameras without a stream."""

import logging

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames.image_codec import decode_still
from custom_components.retrocam.core.frames.jpeg import planes
from custom_components.retrocam.core.pattern.picture import read_frame_number

from ...conftest import LoadEntry
from ...core.frames.stills import jpeg, listing, png
from ...foreign import StillCamera
from ...waiting import until
from .taking import folder, options, pictures, take


async def test_an_unchanged_still_is_kept_once_with_the_time_of_its_first_sight(
    home: HomeAssistant, still_camera: CameraInstance, source: StillCamera
) -> None:
    first = await take(home)
    again = await take(home)
    assert (again["filename"], again["timestamp"]) == (first["filename"], first["timestamp"])
    assert still_camera.media.snapshots.total == 1
    source.picture = lambda: jpeg(1)
    second = await take(home)
    assert second["timestamp"] > first["timestamp"]
    assert pictures(still_camera) == [0, 1]


async def test_the_button_and_the_event(home: HomeAssistant, still_camera: CameraInstance) -> None:
    await home.services.async_call(
        "button", "press", {"entity_id": "button.porch_take_snapshot"}, blocking=True
    )
    assert pictures(still_camera) == [0]
    event = home.states.get("event.porch_media")
    assert event is not None
    assert event.attributes["event_type"] == "snapshot_saved"
    assert event.attributes["filename"] == listing(folder(still_camera))[0]
    assert event.attributes["width"] == 320


async def test_png_is_written_whatever_the_camera_gives(
    home: HomeAssistant, load: LoadEntry, source: StillCamera
) -> None:
    entry = await load(
        {"kind": "camera_entity", "entity_id": "camera.source"},
        options=options(history_enabled=False, image_format="png"),
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)
    first = await take(home)
    source.picture = lambda: png(7)
    second = await take(home)
    for answer, number in ((first, 0), (second, 7)):
        assert answer["filename"].endswith(".png")
        data = (folder(instance) / answer["filename"]).read_bytes()
        luma = planes(decode_still(data).reformat(format="yuv420p"))[0]
        assert read_frame_number(luma) == number


async def test_a_camera_that_fails_is_told_once_and_comes_back(
    home: HomeAssistant,
    still_camera: CameraInstance,
    source: StillCamera,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    source.picture = lambda: None
    still_camera.history.async_set_interval(1)
    still_camera.history.async_set_enabled(enabled=True)
    await until(lambda: source.asked >= 3)
    assert caplog.text.count("No snapshots of Porch") == 1
    with pytest.raises(HomeAssistantError) as error:
        await take(home)
    assert error.value.translation_key == "cannot_connect"
    assert "Porch" in str(error.value)
    source.picture = lambda: b"no picture"
    with pytest.raises(HomeAssistantError) as error:
        await take(home)
    assert error.value.translation_key == "invalid_frame"
    source.picture = lambda: jpeg(source.asked)
    await until(lambda: still_camera.media.snapshots.total >= 2)
    await until(lambda: "Snapshots of Porch are taken again" in caplog.text)
    assert caplog.text.count("No snapshots of Porch") == 1
    assert caplog.text.count("Snapshots of Porch are taken again") == 1


async def test_a_camera_with_a_fault_of_its_own_does_not_end_the_history(
    home: HomeAssistant,
    still_camera: CameraInstance,
    source: StillCamera,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> bytes:
        raise RuntimeError("a fault of another integration")

    caplog.set_level(logging.INFO)
    source.picture = fail
    still_camera.history.async_set_interval(1)
    still_camera.history.async_set_enabled(enabled=True)
    await until(lambda: source.asked >= 2)
    source.picture = lambda: jpeg(source.asked)
    await until(lambda: still_camera.media.snapshots.total)
    told = [record.message for record in caplog.records if "snapshot" in record.message.lower()]
    assert "No snapshots of Porch: the camera gave no picture: RuntimeError" in told
    assert sum("No snapshots" in text for text in told) == 1
    assert "a fault of another" not in caplog.text
