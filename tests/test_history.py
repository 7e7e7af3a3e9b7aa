"""The snapshot history: on real sources, on its beat, and through what goes wrong."""

from collections.abc import Callable
from datetime import timedelta
import logging
import os
from pathlib import Path
import shutil
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.files import parse_name
from custom_components.retrocam.core.jpeg import planes
from custom_components.retrocam.core.library import MediaLibrary
from custom_components.retrocam.core.retention import Limits
from custom_components.retrocam.core.stills import decode_still
from custom_components.retrocam.core.test_pattern import read_frame_number
from custom_components.retrocam.instances import CameraInstance
from custom_components.retrocam.instances.happenings import Happening, MediaEvent
from custom_components.retrocam.instances.history import beat_after, next_beat, phase_of

from .conftest import LoadEntry
from .core.stills import jpeg, listing, number_in, png
from .foreign import StillCamera, add
from .rtsp import Mount, RtspServer
from .waiting import until

CAMERA: Final = "camera.porch"
EARLY: Final = "porch_9"
"""The id of an entry whose phase is near 0, so that it begins at once."""
FPS: Final = 25
TAKEN: Final = int(os.environ.get("RETROCAM_SNAPSHOTS", "7"))
"""Snapshots, one a second, of which the newest are kept; 60 take a minute."""
KEPT: Final = min(20, TAKEN - 3)


def options(*, lookback: bool = False, free: int = 0, **history: Any) -> dict[str, Any]:
    return {
        "lookback": {"lookback_enabled": lookback},
        "history": {"history_enabled": True, **history},
        "storage": {"min_free_megabytes": free},
    }


def saved(instance: CameraInstance) -> list[dict[str, Any]]:
    """Collect what is told of saved snapshots from now on."""
    told: list[dict[str, Any]] = []

    def take(happening: Happening) -> None:
        if happening.kind is MediaEvent.SNAPSHOT_SAVED:
            told.append(happening.data)

    instance.entry.async_on_unload(instance.happenings.async_add_listener(take))
    return told


def folder(instance: CameraInstance) -> Path:
    return instance.media.snapshots.directory


def pictures(instance: CameraInstance) -> list[int | None]:
    """Read the frame numbers of all snapshots, in the order of their names."""
    return [number_in((folder(instance) / name).read_bytes()) for name in listing(folder(instance))]


async def take(hass: HomeAssistant) -> dict[str, Any]:
    response = await hass.services.async_call(
        DOMAIN, "take_snapshot", {"entity_id": CAMERA}, blocking=True, return_response=True
    )
    assert response is not None
    answer = response[CAMERA]
    assert isinstance(answer, dict)
    return answer


async def pass_time(hass: HomeAssistant, seconds: float) -> None:
    """Let timers of the next seconds fire, and Home Assistant do what they ask for."""
    await hass.async_block_till_done(wait_background_tasks=False)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done(wait_background_tasks=False)


@pytest.fixture
async def source(home: HomeAssistant) -> StillCamera:
    return await add(home, StillCamera())


@pytest.fixture
async def still_camera(source: StillCamera, load: LoadEntry) -> CameraInstance:
    """Wraps a camera without a stream; takes nothing by itself."""
    entry = await load(
        {"kind": "camera_entity", "entity_id": "camera.source"},
        options=options(history_enabled=False),
        entry_id=EARLY,
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)
    return instance


@pytest.fixture
def mount(rtsp_server: RtspServer) -> Mount:
    return rtsp_server.mount("/porch", fps=FPS)


@pytest.fixture
async def rtsp_camera(mount: Mount, load: LoadEntry) -> Callable[..., Any]:
    async def load_camera(**settings: Any) -> CameraInstance:
        entry = await load(
            {"kind": "camera_url", "url": mount.url, "rtsp_transport": "tcp"},
            options=options(**settings),
            entry_id=EARLY,
        )
        instance: CameraInstance = entry.runtime_data
        return instance

    return load_camera


async def test_exactly_the_newest_remain_over_one_connection(
    rtsp_camera: Callable[..., Any], mount: Mount, rtsp_server: RtspServer
) -> None:
    camera = await rtsp_camera(interval_sec=1, keep_last=KEPT)
    told = saved(camera)
    await until(lambda: len(told) >= TAKEN, within=TAKEN + 30)
    camera.history.async_set_enabled(enabled=False)
    await until(lambda: camera.media.snapshots.total == KEPT)
    names = [data["filename"] for data in told]
    assert names == sorted(set(names))
    assert listing(folder(camera)) == names[-KEPT:]
    numbers = [number for number in pictures(camera) if number is not None]
    assert len(numbers) == KEPT
    assert numbers == sorted(set(numbers))
    assert mount.watchers_ever == 1
    for name, number in zip(listing(folder(camera)), numbers, strict=True):
        parsed = parse_name(name)
        assert parsed is not None
        # The name says when the frame was taken, but for the camera's and the worker's delay.
        assert parsed[0] / 1000 == pytest.approx(rtsp_server.epoch + number / FPS, abs=1.0)


async def test_a_long_interval_lets_the_stream_sleep(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    camera = await rtsp_camera(interval_sec=3600)
    told = saved(camera)
    await until(lambda: len(told) == 1)
    await until(lambda: not camera.supply.held)
    assert mount.watchers == 1
    for _ in range(3):
        await pass_time(home, 61)
    await until(lambda: mount.watchers == 0)
    # Two hours in which its last picture has become old.
    await until(lambda: not camera.stills.fresh)
    await pass_time(home, 2 * 3600)
    await until(lambda: len(told) == 2)
    await until(lambda: not camera.supply.held)
    assert mount.watchers_ever == 2


async def test_a_live_stream_is_not_woken_and_a_frame_is_kept_once(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    camera = await rtsp_camera(lookback=True, history_enabled=False)
    await until(lambda: camera.ring.newest_keyframe)
    mount.freeze()
    first = await take(home)
    again = await take(home)
    assert again["filename"] == first["filename"]
    assert again["age"] >= first["age"] >= 0
    assert (first["width"], first["height"]) == (320, 180)
    assert camera.media.snapshots.total == 1
    response = await home.services.async_call(
        DOMAIN,
        "delete_media",
        {"entity_id": CAMERA, "media_content_id": [first["media_content_id"]]},
        blocking=True,
        return_response=True,
    )
    assert response == {CAMERA: {"deleted": 1}}
    assert (await take(home))["filename"] == first["filename"]
    assert listing(folder(camera)) == [first["filename"]]
    assert mount.watchers_ever == 1
    mount.thaw()


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


async def test_png_of_a_stream_has_the_time_of_the_same_jpeg(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    camera = await rtsp_camera(lookback=True, history_enabled=False, image_format="png")
    await until(lambda: camera.ring.newest_keyframe)
    mount.freeze()
    shown = await camera.async_still()
    answer = await take(home)
    assert answer["filename"].endswith(".png")
    parsed = parse_name(answer["filename"])
    assert parsed is not None
    assert parsed[0] == round(shown.time * 1000)
    mount.thaw()


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


async def test_a_killed_source_is_waited_for(
    home: HomeAssistant,
    rtsp_camera: Callable[..., Any],
    rtsp_server: RtspServer,
    caplog: pytest.LogCaptureFixture,
    socket_enabled: None,
) -> None:
    caplog.set_level(logging.INFO)
    camera = await rtsp_camera(interval_sec=1)
    told = saved(camera)
    await until(lambda: len(told) >= 2)
    rtsp_server.kill()
    await until(lambda: "No snapshots of Porch" in caplog.text)
    kept = len(told)
    await home.async_add_executor_job(rtsp_server.start)
    await until(lambda: len(told) >= kept + 2)
    await until(lambda: "Snapshots of Porch are taken again" in caplog.text)
    camera.history.async_set_enabled(enabled=False)
    numbers = [number for number in pictures(camera) if number is not None]
    assert len(numbers) == len(listing(folder(camera)))
    assert numbers == sorted(set(numbers))
    assert caplog.text.count("No snapshots of Porch") == 1
    assert caplog.text.count("Snapshots of Porch are taken again") == 1


async def test_switch_and_number_act_at_once_and_stay(
    home: HomeAssistant, still_camera: CameraInstance, source: StillCamera
) -> None:
    source.picture = lambda: jpeg(source.asked)
    number = {"entity_id": "number.porch_snapshot_interval"}
    switch = {"entity_id": "switch.porch_snapshot_history"}
    await home.services.async_call("switch", "turn_on", switch, blocking=True)
    await pass_time(home, 15)
    await until(lambda: still_camera.media.snapshots.total == 1)
    await home.services.async_call("number", "set_value", {**number, "value": 7200}, blocking=True)
    await pass_time(home, 60)
    assert source.asked == 1
    await pass_time(home, 2 * 7200)
    await until(lambda: still_camera.media.snapshots.total == 2)
    await home.services.async_call("switch", "turn_off", switch, blocking=True)
    await pass_time(home, 86_400)
    assert source.asked == 2
    assert still_camera.entry.options["history"] == {
        "history_enabled": False,
        "interval_sec": 7200,
    }
    assert await home.config_entries.async_reload(still_camera.entry.entry_id)
    assert home.states.get(switch["entity_id"]).state == "off"  # type: ignore[union-attr]  # it is there
    assert home.states.get(number["entity_id"]).state == "7200"  # type: ignore[union-attr]  # it is there


async def test_a_fresh_history_goes_on_with_its_beat_after_a_restart(
    home: HomeAssistant, still_camera: CameraInstance, source: StillCamera
) -> None:
    still_camera.history.async_set_interval(86_400)
    await take(home)
    still_camera.history.async_set_enabled(enabled=True)
    due = next_beat(home.loop.time(), 86_400, phase_of(still_camera.entry.entry_id))
    await pass_time(home, min(60.0, (due - home.loop.time()) / 2))
    assert source.asked == 1


async def test_sixteen_cameras_are_spread_over_the_interval(
    home: HomeAssistant, load: LoadEntry
) -> None:
    interval = 2
    times: dict[str, list[float]] = {}

    def follow(instance: CameraInstance) -> None:
        taken = times.setdefault(instance.entry.entry_id, [])
        instance.entry.async_on_unload(
            instance.happenings.async_add_listener(lambda _: taken.append(home.loop.time()))
        )

    for number in range(16):
        entry = await load(
            {"kind": "demo", "name": f"Porch {number}"},
            title=f"Porch {number}",
            options=options(interval_sec=interval),
            entry_id=f"porch_{number}",
        )
        follow(entry.runtime_data)
    # Which began whenever they were loaded, and keep to their beat from the second on.
    await until(lambda: all(len(taken) >= 2 for taken in times.values()))
    quarters = [int(taken[-1] % interval / interval * 4) for taken in times.values()]
    # On a busy machine some come late; all at once they would come in one quarter, or two.
    assert len(set(quarters)) >= 3
    assert max(quarters.count(quarter) for quarter in range(4)) <= 12


@given(
    due=st.floats(0, 1e7),
    late=st.floats(0, 1e6),
    interval=st.integers(1, 86_400),
    phase=st.floats(0, 1, exclude_max=True),
)
def test_missed_beats_are_skipped_and_none_comes_twice(
    due: float, late: float, interval: int, phase: float
) -> None:
    beat = next_beat(due, interval, phase)
    after = beat_after(beat, beat + late, interval, phase)
    assert after > beat + interval / 2
    assert beat + late <= after <= beat + late + 1.5 * interval + 1e-6
    assert (after - beat) / interval == pytest.approx(round((after - beat) / interval), abs=1e-4)


async def issue(hass: HomeAssistant, code: str, camera: CameraInstance) -> ir.IssueEntry:
    issue_id = f"{code}_{camera.entry.entry_id}"
    registry = ir.async_get(hass)
    await until(lambda: registry.async_get_issue(DOMAIN, issue_id))
    found = registry.async_get_issue(DOMAIN, issue_id)
    assert found is not None
    return found


@pytest.fixture
async def demo_camera(load: LoadEntry) -> CameraInstance:
    entry = await load(
        {"kind": "demo", "name": "Porch"}, options=options(interval_sec=1), entry_id=EARLY
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.snapshots.total)
    return instance


async def test_a_directory_that_goes_and_comes_back(
    home: HomeAssistant, demo_camera: CameraInstance, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    directory = demo_camera.media.directory
    away = directory.with_name("unplugged")
    directory.rename(away)
    found = await issue(home, "storage_missing", demo_camera)
    assert found.translation_placeholders == {"name": "Porch", "directory": str(directory)}
    assert not directory.exists()
    with pytest.raises(HomeAssistantError) as error:
        await take(home)
    assert error.value.translation_key == "storage_missing"
    before = len(listing(away / "snapshots"))
    away.rename(directory)
    again = "Snapshots of Porch are taken again"
    await until(lambda: again in caplog.text)
    assert demo_camera.media.snapshots.total > before
    assert not ir.async_get(home).issues
    assert caplog.text.count("No snapshots of Porch") == 1
    assert caplog.text.count(again) == 1


async def test_the_folder_alone_is_made_anew(
    home: HomeAssistant, demo_camera: CameraInstance
) -> None:
    shutil.rmtree(folder(demo_camera))
    await until(lambda: folder(demo_camera).is_dir() and listing(folder(demo_camera)))
    # One that was being written just then may have failed; the next one has not.
    await until(lambda: not ir.async_get(home).issues)


async def test_a_full_disk_is_an_issue_until_the_repair_finds_space(
    home: HomeAssistant, demo_camera: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    assert demo_camera.history.enabled
    limits = {library: library.limits for library in demo_camera.media.libraries.values()}
    for library in limits:
        library.limits = Limits(min_free=10**18)
    found = await issue(home, "storage_full", demo_camera)
    # That it can be read is no sign of space.
    demo_camera.history.async_set_enabled(enabled=False)
    await demo_camera.media.async_refresh()
    assert ir.async_get(home).async_get_issue(DOMAIN, found.issue_id) is not None
    client = await hass_client()
    path = "/api/repairs/issues/fix"
    response = await client.post(path, json={"handler": DOMAIN, "issue_id": found.issue_id})
    menu = await response.json()
    assert menu["menu_options"] == ["confirm", "keep_less"]
    step = f"{path}/{menu['flow_id']}"
    form = await (await client.post(step, json={"next_step_id": "confirm"})).json()
    assert form["description_placeholders"]["name"] == "Porch"
    assert (await (await client.post(step, json={})).json())["errors"] == {"base": "not_yet"}
    kept = listing(folder(demo_camera))
    for library, before in limits.items():
        library.limits = before
    assert (await (await client.post(step, json={})).json())["type"] == "create_entry"
    assert not ir.async_get(home).issues
    for library in limits:
        assert not list(library.directory.glob("*.mp4"))
    assert listing(folder(demo_camera)) == kept


async def test_an_issue_goes_with_its_entry(
    home: HomeAssistant, demo_camera: CameraInstance
) -> None:
    shutil.rmtree(demo_camera.media.directory)
    await issue(home, "storage_missing", demo_camera)
    assert await home.config_entries.async_unload(demo_camera.entry.entry_id)
    assert not ir.async_get(home).issues


async def test_unloading_in_the_midst_of_a_capture_ends_it(
    home: HomeAssistant, rtsp_camera: Callable[..., Any], mount: Mount
) -> None:
    """The fixture asserts that no thread and no task is left."""
    mount.refuse(404)
    camera = await rtsp_camera(interval_sec=3600)
    await until(lambda: camera.ring._cursors)
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    assert listing(folder(camera)) == []


async def test_an_error_that_nobody_expected_ends_no_history(
    home: HomeAssistant,
    load: LoadEntry,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    looked: list[str] = []
    refresh, read = MediaLibrary.refresh, MediaLibrary.load

    def fail_to_load(library: MediaLibrary) -> list[Path]:
        if library.directory.name == "recordings":
            raise ValueError("a file like no other")
        return read(library)

    def fail(library: MediaLibrary, *, force: bool = False) -> bool:
        looked.append(library.directory.name)
        if library.directory.name == "snapshots" and looked.count("snapshots") < 3:
            raise ValueError("a file like no other")
        return refresh(library, force=force)

    monkeypatch.setattr(MediaLibrary, "load", fail_to_load)
    monkeypatch.setattr(MediaLibrary, "refresh", fail)
    entry = await load({"kind": "demo", "name": "Porch"}, options=options(interval_sec=1))
    camera = entry.runtime_data
    await until(lambda: "Reading the recordings of Porch failed" in caplog.text)
    for _ in range(3):
        await camera.media.async_refresh()
    # What is amiss with one kind keeps nobody from looking after the next one.
    assert looked.count("timelapses") >= 3
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert errors.count("Looking after the snapshots of Porch failed") == 1
    told = saved(camera)
    await until(lambda: told)
