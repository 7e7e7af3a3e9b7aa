"""Sensors and binary sensors: what they say of a real camera, and of one that is gone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
import time

from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.media.items import MediaKind

from .conftest import LoadEntry
from .core.frames.stills import jpeg
from .rtsp import RtspServer
from .viewers import QUIET
from .waiting import until

type State = Callable[[str], Awaitable[str]]


@pytest.fixture
def state(home: HomeAssistant) -> State:
    """Return the state of an entity of the camera "Porch" after the next poll."""

    async def state(entity_id: str) -> str:
        async_fire_time_changed(home, dt_util.utcnow() + timedelta(seconds=11))
        await home.async_block_till_done(wait_background_tasks=False)
        found = home.states.get(entity_id)
        assert found is not None, entity_id
        return found.state

    return state


async def enable(home: HomeAssistant, entry: MockConfigEntry, *keys: str) -> CameraInstance:
    """Enable diagnostic sensors as a user does, and load the entry anew."""
    registry = er.async_get(home)
    for key in keys:
        entity_id = registry.async_get_entity_id("sensor", DOMAIN, f"{entry.entry_id}_{key}")
        assert entity_id is not None
        entity = registry.async_get(entity_id)
        assert entity is not None
        # Figures that change with every picture are not recorded unless somebody wants them.
        assert entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        registry.async_update_entity(entity_id, disabled_by=None)
    assert await home.config_entries.async_reload(entry.entry_id)
    await home.async_block_till_done()
    instance: CameraInstance = entry.runtime_data
    return instance


async def test_rate_and_size_are_those_of_the_camera(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, state: State
) -> None:
    mount = rtsp_server.mount("/porch", fps=25, width=640, height=360)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance = await enable(home, entry, "fps", "frame_size")
    await until(lambda: instance.ring.available > 3)
    assert await state("sensor.porch_frame_size") == "640x360"
    assert float(await state("sensor.porch_frame_rate")) == pytest.approx(25, abs=0.5)
    assert float(await state("sensor.porch_lookback_available")) >= 3
    assert float(await state("sensor.porch_lookback_size")) > 0


async def test_of_a_camera_that_sleeps_rate_and_size_are_unknown(
    home: HomeAssistant, load: LoadEntry, state: State
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    await enable(home, entry, "fps", "frame_size")
    assert await state("sensor.porch_frame_rate") == "unknown"
    assert await state("sensor.porch_frame_size") == "unknown"
    # It would give pictures if somebody asked.
    assert await state("binary_sensor.porch_connected") == "on"


async def test_the_size_follows_a_camera_that_changes_it(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, state: State
) -> None:
    mount = rtsp_server.mount("/porch", fps=25, width=640, height=360)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance = await enable(home, entry, "frame_size")
    await until(lambda: instance.ring.frame_size == (640, 360))
    assert await state("sensor.porch_frame_size") == "640x360"
    rtsp_server.kill()
    mount.options = type(mount.options)(fps=25, width=320, height=180)
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: instance.ring.frame_size == (320, 180), within=60)
    assert await state("sensor.porch_frame_size") == "320x180"


async def test_connected_goes_off_and_on_with_the_camera(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, state: State
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 0)
    assert await state("binary_sensor.porch_connected") == "on"
    rtsp_server.kill()
    # At once, not with the next poll.
    await until(lambda: shown(home) == "off")
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: shown(home) == "on")


def shown(home: HomeAssistant) -> str:
    found = home.states.get("binary_sensor.porch_connected")
    assert found is not None
    return found.state


async def test_a_camera_that_was_never_there_is_not_connected(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"})
    await until(lambda: shown(home) == "off")
    found = home.states.get("camera.porch")
    assert found is not None
    assert found.state == "unavailable"


async def test_entities_are_named_and_belong_to_one_device(
    home: HomeAssistant, load: LoadEntry
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    entities = er.async_entries_for_config_entry(er.async_get(home), entry.entry_id)
    assert len({entity.device_id for entity in entities}) == 1
    for entity in entities:
        key = entity.unique_id.removeprefix(f"{entry.entry_id}_")
        assert key != entity.unique_id
        # The camera has the name of its device, all others have one of their own.
        assert (entity.original_name is None) == (key == "camera"), key
        assert entity.translation_key is not None or key == "camera", key


async def test_what_is_kept_is_not_told_before_it_is_read(
    home: HomeAssistant, load: LoadEntry
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    media = entry.runtime_data.media
    for second in range(3):
        picture = partial(media.snapshots.save, jpeg(second), time.time() - second)
        await media.async_run(picture, MediaKind.SNAPSHOTS)
    seen: list[str] = []

    def changed(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        assert state is not None
        seen.append(state.state)

    async_track_state_change_event(home, "sensor.porch_snapshots", changed)
    await home.config_entries.async_reload(entry.entry_id)
    await until(lambda: seen and seen[-1] == "3")
    assert "0" not in seen
