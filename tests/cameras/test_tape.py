"""The tape of a camera in Home Assistant."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import CONF_KIND, DOMAIN, KIND_DEMO
from custom_components.retrocam.core.errors import NotHeldError

from ..calling import answer_of
from ..conftest import LoadEntry
from ..core.footage.runs import shown
from ..core.tape.taping import files_of, numbers_in
from ..leaks import own_threads
from ..players import decoded_by_ffmpeg
from ..stream.stalling import StallingDirectory
from ..viewers import frame_number
from ..waiting import until

PORCH = "camera.porch"
OPTIONS: dict[str, Any] = {
    "history": {"history_enabled": False},
    "lookback": {"lookback_enabled": True, "lookback_seconds": 5},
    "storage": {"min_free_megabytes": 0},
}


def iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()


def unix(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
async def camera(load: LoadEntry) -> CameraInstance:
    """A demo camera with a short lookback, without a tape at first."""
    data = {
        CONF_KIND: KIND_DEMO,
        "name": "Porch",
        "advanced": {"width": 320, "height": 180, "fps": 10},
    }
    entry = await load(data, options=OPTIONS)
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.media.loaded)
    return instance


async def load_yard(load: LoadEntry, width: int = 320, height: int = 180) -> MockConfigEntry:
    """Load another demo camera, whose tape is on."""
    data = {
        CONF_KIND: KIND_DEMO,
        "name": "Yard",
        "advanced": {"width": width, "height": height, "fps": 10},
    }
    return await load(data, title="Yard", options={**OPTIONS, "tape": {"tape_enabled": True}})


async def switch(home: HomeAssistant, state: str) -> None:
    await home.services.async_call(
        "switch", f"turn_{state}", {"entity_id": "switch.porch_tape"}, blocking=True
    )


async def test_tape_outlives_a_restart(home: HomeAssistant, camera: CameraInstance) -> None:
    entry, folder = camera.entry, camera.media.directory
    assert not (folder / "tape").exists()
    await switch(home, "on")
    assert camera.provider.in_use
    await until(lambda: camera.ring.available > 6)
    frames = shown(camera.ring)
    assert await home.config_entries.async_reload(entry.entry_id)
    after: CameraInstance = entry.runtime_data
    assert after is not camera
    assert after.tape.enabled
    await until(lambda: after.tape.seconds > 5 and after.ring.available > 3)

    answer = await answer_of(home, "list_footage", PORCH)
    assert [span["where"] for span in answer["spans"]][0 :: len(answer["spans"]) - 1] == [
        "tape",
        "memory",
    ]
    wanted = frames[25]
    answer = await answer_of(home, "take_snapshot", PORCH, at=iso(wanted.time + 0.01))
    path = after.media.snapshots.directory / answer["filename"]
    assert frame_number(await home.async_add_executor_job(path.read_bytes)) == wanted.number
    # Guests see what is in memory alone.
    assert frame_number((await after.footage.async_jpeg(wanted.time + 0.01)).data) == wanted.number
    with pytest.raises(NotHeldError):
        await after.footage.async_jpeg(wanted.time + 0.01, guest=True)
    assert after.footage.memory_spans()[0].start > wanted.time

    start, end = frames[10].time, frames[45].time
    answer = await answer_of(home, "record", PORCH, start=iso(start), end=iso(end))
    numbers = await decoded_by_ffmpeg(str(answer["path"]))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] <= frames[10].number
    assert numbers[-1] >= frames[40].number
    assert unix(answer["start"]) <= start + 0.001


async def test_lookback_reaches_into_the_tape(home: HomeAssistant, camera: CameraInstance) -> None:
    await switch(home, "on")
    await until(lambda: camera.tape.seconds > 14)
    assert camera.ring.available < 13
    answer = await answer_of(home, "record", PORCH, lookback=13, duration=0)
    assert answer["complete"]
    assert answer["lookback"] >= 12.9
    numbers = await decoded_by_ffmpeg(str(answer["path"]))
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_tape_that_is_off_goes_by_its_limits(
    home: HomeAssistant, camera: CameraInstance
) -> None:
    folder = camera.media.directory
    await switch(home, "on")
    await until(lambda: camera.tape.seconds > 2)
    await switch(home, "off")
    await until(lambda: not camera.tape.running)
    assert camera.entry.options["tape"] == {"tape_enabled": False}
    size = camera.tape.size
    assert size == sum(path.stat().st_size for path in files_of(folder))
    state = home.states.get("switch.porch_tape")
    assert state is not None
    assert state.state == "off"
    # On again, it continues in another file.
    await switch(home, "on")
    await until(lambda: camera.tape.size > size)
    assert len(files_of(folder)) == 2
    await home.services.async_call(
        "switch", "turn_off", {"entity_id": "switch.porch_tape"}, blocking=True
    )
    await until(lambda: not camera.tape.running)
    home.config_entries.async_update_entry(
        camera.entry,
        options={**camera.entry.options, "tape": {"tape_enabled": False, "tape_megabytes": 1}},
    )
    (_, second) = files_of(folder)
    size = camera.tape.size
    with second.open("ab") as file:
        # What a crash may leave.
        file.write(bytes(100))
    assert await home.config_entries.async_reload(camera.entry.entry_id)
    after: CameraInstance = camera.entry.runtime_data
    # What follows the last whole fragment is found when the lengths are read, after the sizes.
    await until(lambda: after.tape.size == size)
    assert size == sum(path.stat().st_size for path in files_of(folder))
    assert not after.tape.enabled


async def test_drive_that_fails_is_told(
    home: HomeAssistant, load: LoadEntry, tmp_path: Path
) -> None:
    async with StallingDirectory.mounted(tmp_path) as drive:
        home.config.media_dirs = {"local": str(drive.path)}
        entry = await load_yard(load)
        yard: CameraInstance = entry.runtime_data
        await until(lambda: yard.tape.size)
        drive.disconnect()
        await until(lambda: yard.tape.problem is not None)
        issues = ir.async_get(home)
        await until(
            lambda: issues.async_get_issue(DOMAIN, f"storage_missing_{entry.entry_id}") is not None
        )
        assert (await yard.async_still()).data.startswith(b"\xff\xd8")
        drive.vanish()
        await drive.mount()
        await until(lambda: yard.tape.problem is None)
        assert await home.config_entries.async_unload(entry.entry_id)


async def test_unload_does_not_wait_for_a_drive_that_hangs(
    home: HomeAssistant, load: LoadEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.retrocam.cameras.tape.PATIENCE", 0.3)
    monkeypatch.setattr("custom_components.retrocam.cameras.patience.PATIENCE", 0.3)
    async with StallingDirectory.mounted(tmp_path) as drive:
        home.config.media_dirs = {"local": str(drive.path)}
        entry = await load_yard(load)
        before: CameraInstance = entry.runtime_data
        await until(lambda: before.tape.size)
        (writer,) = before.tape._writers
        drive.pause()
        await until(lambda: writer.behind > 0.5)
        assert await home.config_entries.async_reload(entry.entry_id)
        assert not drive.rescued
        after: CameraInstance = entry.runtime_data
        (following,) = after.tape._writers
        assert not writer.join(0)
        # It keeps what comes, and touches no file as long as another may write to it.
        await until(lambda: after.ring.available > 2)
        assert following.unwritten
        assert after.tape.size == 0
        # Once more: it has opened nothing, and ends at once.
        assert await home.config_entries.async_reload(entry.entry_id)
        assert following.join(0)
        assert not drive.rescued
        last: CameraInstance = entry.runtime_data
        drive.resume()
        await until(lambda: writer.join(0))
        await until(lambda: last.tape.seconds > 3)
        assert await home.config_entries.async_unload(entry.entry_id)
        await until(lambda: own_threads() == [])
        numbers = [numbers_in(path) for path in files_of(last.media.directory)]
        assert len(numbers) == 2
        for found in numbers:
            first = found[0]
            assert first is not None
            assert found == list(range(first, first + len(found)))


async def test_form_tells_what_the_tape_takes(home: HomeAssistant, camera: CameraInstance) -> None:
    await until(lambda: camera.ring.available > 4)
    rate = camera.ring.size / camera.ring.available
    form = await home.config_entries.options.async_init(camera.entry.entry_id)
    placeholders = form["description_placeholders"]
    assert placeholders is not None
    assert float(placeholders["tape_gigabytes"]) == pytest.approx(rate * 86_400 / 1e9, rel=0.2)
    assert float(placeholders["tape_megabits"]) == pytest.approx(rate * 8 / 1e6, rel=0.2)
    # While nothing is known, those of a typical camera.
    assert await home.config_entries.async_unload(camera.entry.entry_id)
    form = await home.config_entries.options.async_init(camera.entry.entry_id)
    assert form["description_placeholders"] is not None
    assert form["description_placeholders"]["tape_gigabytes"] == "43"
    assert form["description_placeholders"]["tape_megabits"] == "4"


async def test_slow_disk_is_told_with_figures(
    home: HomeAssistant, load: LoadEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.retrocam.cameras.tape._STUCK", 0.5)
    async with StallingDirectory.mounted(tmp_path) as drive:
        home.config.media_dirs = {"local": str(drive.path)}
        entry = await load_yard(load, width=640, height=360)
        yard: CameraInstance = entry.runtime_data
        await until(lambda: yard.ring.available > 4 and yard.tape.size)
        drive.pause()
        await until(lambda: yard.tape.problem is not None)
        yard.async_update_listeners()
        issue_id = f"storage_slow_{entry.entry_id}"
        await until(lambda: ir.async_get(home).async_get_issue(DOMAIN, issue_id) is not None)
        issue = ir.async_get(home).async_get_issue(DOMAIN, issue_id)
        assert issue is not None
        assert issue.translation_placeholders is not None
        told = {key: issue.translation_placeholders[key] for key in ("incoming", "written")}
        assert float(told["incoming"]) == pytest.approx(
            yard.ring.size / yard.ring.available / 1e6, rel=0.3
        )
        assert float(told["written"]) > 0
        drive.resume()
        await until(lambda: yard.tape.problem is None)
        assert await home.config_entries.async_unload(entry.entry_id)
