"""Sensors and binary sensors of reachable and unreachable cameras."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
import time

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.media.items import MediaKind

from .conftest import LoadEntry
from .core.frames.stills import jpeg
from .rtsp import RtspServer
from .viewers import QUIET
from .waiting import until

CONNECTED = "binary_sensor.porch_connected"

type State = Callable[[str], Awaitable[str]]


@pytest.fixture
def state(home: HomeAssistant) -> State:
    """Return the state of an entity of the camera "Porch" after the next poll."""

    async def state(entity_id: str) -> str:
        async_fire_time_changed(home, dt_util.utcnow() + timedelta(seconds=11))
        await home.async_block_till_done(wait_background_tasks=False)
        entity_state = home.states.get(entity_id)
        assert entity_state is not None, entity_id
        return entity_state.state

    return state


async def test_frame_rate_and_size(
    all_entities: None, home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, state: State
) -> None:
    mount = rtsp_server.mount("/porch", fps=25, width=640, height=360)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 3)
    assert await state("sensor.porch_frame_size") == "640x360"
    assert float(await state("sensor.porch_frame_rate")) == pytest.approx(25, abs=0.5)
    assert float(await state("sensor.porch_lookback_available")) >= 3
    assert float(await state("sensor.porch_lookback_size")) > 0


async def test_frame_rate_and_size_are_unknown_while_idle(
    all_entities: None, home: HomeAssistant, load: LoadEntry, state: State
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    assert await state("sensor.porch_frame_rate") == "unknown"
    assert await state("sensor.porch_frame_size") == "unknown"
    # Idle, not unreachable.
    assert await state("binary_sensor.porch_connected") == "on"


async def test_figures_of_the_picture_are_unavailable_while_the_camera_is(
    all_entities: None, home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.frame_size is not None)
    rtsp_server.kill()
    # At once, without a poll.
    figures = ("sensor.porch_frame_rate", "sensor.porch_frame_size")
    await until(lambda: {shown(home, figure) for figure in figures} == {"unavailable"})
    # What was kept is there.
    assert float(shown(home, "sensor.porch_lookback_available")) >= 0
    assert shown(home, "sensor.porch_recordings") == "0"
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: "unavailable" not in {shown(home, figure) for figure in figures})


async def test_quick_figures_are_written_when_polled_only(
    all_entities: None, home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, state: State
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    entity_ids = ["sensor.porch_lookback_available", "sensor.porch_lookback_size"]
    written: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        written.append(event.data["entity_id"])

    async_track_state_change_event(home, entity_ids, note)
    before = instance.ring.size
    await until(lambda: instance.ring.size > before)
    # By the poll of each 10 s, on a machine that took as long.
    polled = list(written)
    # As each saved snapshot does.
    instance.async_update_listeners()
    assert written == polled
    assert float(await state(entity_ids[0])) > 0
    assert set(written) == set(entity_ids)


async def test_frame_size_follows_camera(
    all_entities: None, home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, state: State
) -> None:
    mount = rtsp_server.mount("/porch", fps=25, width=640, height=360)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.frame_size == (640, 360))
    assert await state("sensor.porch_frame_size") == "640x360"
    rtsp_server.kill()
    mount.options = type(mount.options)(fps=25, width=320, height=180)
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: instance.ring.frame_size == (320, 180))
    assert await state("sensor.porch_frame_size") == "320x180"


async def test_connected_follows_camera(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, state: State
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 0)
    assert await state("binary_sensor.porch_connected") == "on"
    rtsp_server.kill()
    # Immediately, not at the next poll.
    await until(lambda: shown(home, CONNECTED) == "off")
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: shown(home, CONNECTED) == "on")


def shown(home: HomeAssistant, entity_id: str) -> str:
    entity_state = home.states.get(entity_id)
    assert entity_state is not None
    return entity_state.state


async def test_never_reachable_camera_is_disconnected(home: HomeAssistant, load: LoadEntry) -> None:
    await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"})
    await until(lambda: shown(home, CONNECTED) == "off")
    entity_state = home.states.get("camera.porch")
    assert entity_state is not None
    assert entity_state.state == "unavailable"


async def test_entities_are_named_and_belong_to_one_device(
    home: HomeAssistant, load: LoadEntry
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    entities = er.async_entries_for_config_entry(er.async_get(home), entry.entry_id)
    assert len({entity.device_id for entity in entities}) == 1
    for entity in entities:
        key = entity.unique_id.removeprefix(f"{entry.entry_id}_")
        assert key != entity.unique_id
        # The camera has the name of its device, all others their own.
        assert (entity.original_name is None) == (key == "camera"), key
        assert entity.translation_key is not None or key == "camera", key


async def test_media_sensors_are_unknown_before_reading(
    all_entities: None, home: HomeAssistant, load: LoadEntry
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    media = entry.runtime_data.media
    for second in range(3):
        picture = partial(save_still, media.snapshots, jpeg(second), time.time() - second)
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
