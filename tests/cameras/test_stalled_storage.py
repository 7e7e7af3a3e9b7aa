"""Media on a drive that hangs or is disconnected: all that needs no disk continues."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import CONF_KIND, DOMAIN, KIND_DEMO

from ..calling import answer_of
from ..conftest import LoadEntry
from ..stream.stalling import StallingDirectory, beats
from ..waiting import until

SHAPE = {"width": 320, "height": 180, "fps": 10}
CAMERA = "camera.porch"
MANY = 80
"""Requests: more than the threads of Home Assistant's executor."""


@pytest.fixture
async def drive(tmp_path: Path) -> AsyncIterator[StallingDirectory]:
    """A mounted drive."""
    async with StallingDirectory.mounted(tmp_path) as directory:
        yield directory
        assert not directory.rescued, "the event loop waited for the drive"


@pytest.fixture
def media_directory(hass: HomeAssistant, drive: StallingDirectory) -> Path:
    """The local media directory, on the drive."""
    hass.config.media_dirs = {"local": str(drive.path)}
    return drive.path


async def act(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    return await answer_of(hass, action, CAMERA, **data)


@pytest.fixture
async def camera(load: LoadEntry) -> CameraInstance:
    """A camera with some seconds in its ring."""
    data = {CONF_KIND: KIND_DEMO, "name": "Porch", "advanced": SHAPE}
    entry = await load(data, options={"storage": {"min_free_megabytes": 0}})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded and instance.ring.available > 3)
    return instance


async def test_stalled_drive_blocks_only_its_own_threads(
    home: HomeAssistant,
    camera: CameraInstance,
    drive: StallingDirectory,
    hass_client: ClientSessionGenerator,
) -> None:
    clip = await act(home, "record", lookback=1, duration=0)
    client = await hass_client()
    drive.pause()
    record = asyncio.create_task(act(home, "record", lookback=1, duration=1))
    snapshot = asyncio.create_task(act(home, "take_snapshot"))
    delete = asyncio.create_task(
        act(home, "delete_media", media_content_id=[clip["media_content_id"]])
    )
    files = [asyncio.create_task(client.get(clip["url"])) for _ in range(MANY)]
    data = {CONF_KIND: KIND_DEMO, "name": "Yard", "advanced": SHAPE}
    other = MockConfigEntry(domain=DOMAIN, title="Yard", data=data)
    other.add_to_hass(home)
    assert await home.config_entries.async_setup(other.entry_id)

    # Requests that need no disk are answered.
    listed = await act(home, "list_recordings")
    assert [item["media_content_id"] for item in listed["items"]] == [clip["media_content_id"]]
    assert (await camera.async_still()).data.startswith(b"\xff\xd8")
    newest = camera.ring.now
    await until(lambda: camera.ring.now > newest + 1 and camera.recorder.active)
    await beats(50)
    assert await home.async_add_executor_job(int) == 0  # the shared executor is free
    waiting = [record, snapshot, delete, *files]
    assert not any(task.done() for task in waiting)
    assert not other.runtime_data.media.loaded

    drive.resume()
    assert (await record)["complete"]
    assert (await snapshot)["size"] > 0
    assert (await delete)["deleted"] == 1
    answers = {answer.status for answer in await asyncio.gather(*files)}
    assert answers <= {HTTPStatus.OK, HTTPStatus.NOT_FOUND}
    await until(lambda: other.runtime_data.media.loaded)


async def test_unload_waits_for_stalled_drive(
    home: HomeAssistant, camera: CameraInstance, drive: StallingDirectory
) -> None:
    drive.pause()
    snapshot = asyncio.create_task(act(home, "take_snapshot"))
    record = asyncio.create_task(act(home, "record", lookback=2, duration=30))
    await until(lambda: camera.recorder.active)
    unload = asyncio.create_task(home.config_entries.async_unload(camera.entry.entry_id))
    await beats(50)
    assert not unload.done()
    drive.resume()
    assert await unload
    assert not (await record)["complete"]
    await asyncio.gather(snapshot, return_exceptions=True)


async def test_disconnected_drive_is_reported_and_reused(
    home: HomeAssistant, camera: CameraInstance, drive: StallingDirectory
) -> None:
    clip = await act(home, "record", lookback=1, duration=0)
    drive.disconnect()
    for action, data in (("record", {"lookback": 1, "duration": 0}), ("take_snapshot", {})):
        with pytest.raises(HomeAssistantError) as error:
            await act(home, action, **data)
        assert error.value.translation_key == "storage_missing"
    assert camera.media.problem is not None
    assert (await camera.async_still()).data.startswith(b"\xff\xd8")

    drive.vanish()
    await drive.mount()
    await camera.media.async_refresh()
    assert await camera.media.async_check() is None
    again = await act(home, "record", lookback=1, duration=0)
    assert again["complete"]
    listed = await act(home, "list_recordings")
    assert {item["media_content_id"] for item in listed["items"]} == {
        clip["media_content_id"],
        again["media_content_id"],
    }
