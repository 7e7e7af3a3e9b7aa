"""Schedule of the history: due times, and their changes."""

from homeassistant.core import HomeAssistant
from hypothesis import given, strategies as st
import pytest

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.history import due_after, next_due, phase_of

from ...conftest import LoadEntry
from ...core.frames.stills import jpeg
from ...foreign import StillCamera
from ...waiting import until
from .taking import calm_interval, options, pass_time, take


async def test_switch_and_number_apply_at_once_and_persist(
    all_entities: None, home: HomeAssistant, still_camera: CameraInstance, source: StillCamera
) -> None:
    source.picture = lambda: jpeg(source.asked)
    interval = calm_interval(7200)
    number = {"entity_id": "number.porch_snapshot_interval"}
    switch = {"entity_id": "switch.porch_snapshot_history"}
    await home.services.async_call("switch", "turn_on", switch, blocking=True)
    await pass_time(home, 15)
    await until(lambda: still_camera.media.snapshots.total == 1)
    data = {**number, "value": interval}
    await home.services.async_call("number", "set_value", data, blocking=True)
    await pass_time(home, 60)
    assert source.asked == 1
    await pass_time(home, 2 * interval)
    await until(lambda: still_camera.media.snapshots.total == 2)
    await home.services.async_call("switch", "turn_off", switch, blocking=True)
    await pass_time(home, 86_400)
    assert source.asked == 2
    assert still_camera.entry.options["history"] == {
        "history_enabled": False,
        "interval_sec": interval,
    }
    assert await home.config_entries.async_reload(still_camera.entry.entry_id)
    assert home.states.get(switch["entity_id"]).state == "off"  # type: ignore[union-attr]  # it is there
    assert home.states.get(number["entity_id"]).state == str(interval)  # type: ignore[union-attr]  # it is there


async def test_recent_snapshot_keeps_schedule_after_restart(
    home: HomeAssistant, still_camera: CameraInstance, source: StillCamera
) -> None:
    still_camera.history.async_set_interval(86_400)
    await take(home)
    still_camera.history.async_set_enabled(enabled=True)
    due = next_due(home.loop.time(), 86_400, phase_of(still_camera.entry.entry_id))
    await pass_time(home, min(60.0, (due - home.loop.time()) / 2))
    assert source.asked == 1


async def test_cameras_are_spread_over_the_interval(
    home: HomeAssistant, load: LoadEntry, source: StillCamera
) -> None:
    day = 86_400
    source.picture = lambda: jpeg(source.asked)
    taken: list[str] = []

    def follow(instance: CameraInstance) -> None:
        name = instance.entry.entry_id
        instance.entry.async_on_unload(
            instance.media_events.listeners.add(lambda _: taken.append(name))
        )

    names = [f"porch_{number}" for number in range(16)]
    for name in names:
        entry = await load(
            {"kind": "camera_entity", "entity_id": "camera.source"},
            title=name,
            options=options(history_enabled=False, interval_sec=day),
            entry_id=name,
        )
        instance: CameraInstance = entry.runtime_data
        await until(lambda: instance.media.loaded)  # noqa: B023  # awaited in this round
        # With a recent snapshot, the next is due on schedule.
        await instance.history.async_take()
        instance.history.async_set_enabled(enabled=True)
        follow(instance)
    began = home.loop.time()
    due = {name: next_due(began, day, phase_of(name)) for name in names}
    for quarter in range(4):
        start, end = (began + (quarter + more) * day / 4 for more in (0, 1))
        expected = sorted(name for name in names if start < due[name] <= end)
        # Evenly spread, four of sixteen are due in each quarter.
        assert 2 <= len(expected) <= 6
        taken.clear()
        await pass_time(home, end - home.loop.time())
        await until(lambda: len(taken) >= len(expected))  # noqa: B023  # awaited in this round
        assert sorted(taken) == expected


@given(
    due=st.floats(0, 1e7),
    late=st.floats(0, 1e6),
    interval=st.integers(1, 86_400),
    phase=st.floats(0, 1, exclude_max=True),
)
def test_missed_snapshots_are_skipped(due: float, late: float, interval: int, phase: float) -> None:
    beat = next_due(due, interval, phase)
    after = due_after(beat, beat + late, interval, phase)
    assert after > beat + interval / 2
    assert beat + late <= after <= beat + late + 1.5 * interval + 1e-6
    assert (after - beat) / interval == pytest.approx(round((after - beat) / interval), abs=1e-4)
