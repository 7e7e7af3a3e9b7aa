"""Who holds a supply, and how often a camera that fails is asked for its Stream."""

import asyncio

from homeassistant.core import HomeAssistant

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.backoff import Backoff

from ..conftest import LoadEntry
from ..core.media import Clock
from ..foreign import SourceCamera, add
from ..viewers import QUIET
from ..waiting import until


async def test_a_camera_that_gives_no_stream_is_asked_less_and_less_often(
    home: HomeAssistant, load: LoadEntry
) -> None:
    asked: list[str] = []

    def source() -> str:
        asked.append("again")
        raise KeyError("no login")

    camera = await add(home, SourceCamera(source))
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"}, options=QUIET)
    supply, clock = entry.runtime_data.supply, Clock()
    supply._backoff = Backoff(2, 60, clock)
    release = supply.hold()
    await until(lambda: not supply.available)

    async def asked_after(seconds: float) -> int:
        asked.clear()
        clock.now += seconds
        for _ in range(5):
            supply.hold()()
            await home.async_block_till_done()
            await asyncio.sleep(0)
        return len(asked)

    assert await asked_after(1) == 0
    assert await asked_after(1) == 1
    assert await asked_after(3) == 0
    assert await asked_after(1) == 1
    # A change of its attributes alone is none.
    camera.async_write_ha_state()
    assert await asked_after(1) == 0
    home.states.async_set("camera.source", "recording")
    assert await asked_after(0) == 1
    assert await asked_after(2) == 1
    release()


async def test_a_hold_of_what_is_closed_counts_for_nothing(
    home: HomeAssistant, demo: CameraInstance
) -> None:
    supply = demo.supply
    late = supply.hold()
    await supply.async_close()
    late()
    assert supply.diagnostics()["held"] == 0
    other = supply.hold()
    assert supply.diagnostics()["held"] == 0
    other()
    late()
    assert supply.diagnostics()["held"] == 0
