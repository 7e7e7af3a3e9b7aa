"""The history of cameras without a stream."""

import logging

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames.image_codec import decode_still
from custom_components.retrocam.core.frames.jpeg import planes

from ...conftest import LoadEntry
from ...core.frames.stills import jpeg, listing, png
from ...foreign import StillCamera
from ...pattern_reader import read_frame_number
from ...waiting import until
from .taking import folder, options, pictures, take


async def test_unchanged_still_is_saved_once(
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


async def test_snapshot_button_and_event(home: HomeAssistant, still_camera: CameraInstance) -> None:
    await home.services.async_call(
        "button", "press", {"entity_id": "button.porch_take_snapshot"}, blocking=True
    )
    assert pictures(still_camera) == [0]
    event = home.states.get("event.porch_media")
    assert event is not None
    assert event.attributes["event_type"] == "snapshot_saved"
    assert event.attributes["filename"] == listing(folder(still_camera))[0]
    assert event.attributes["width"] == 320


async def test_stills_are_converted_to_png(
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


async def test_failure_and_recovery_are_logged_once(
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


async def test_unexpected_error_of_a_camera_does_not_stop_the_history(
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
    messages = [record.message for record in caplog.records if "snapshot" in record.message.lower()]
    assert "No snapshots of Porch: the camera gave no picture: RuntimeError" in messages
    assert sum("No snapshots" in text for text in messages) == 1
    assert "a fault of another" not in caplog.text
