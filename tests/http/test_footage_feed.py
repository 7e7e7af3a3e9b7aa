"""What a subscription to footage tells, and keeps for its reader."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.datetimes import unix_time

from ..conftest import LoadEntry
from ..waiting import until
from .taped import DATA, OPTIONS, beyond


@pytest.mark.parametrize("taken", [False, True])
async def test_oldest_segments_are_kept_for_as_long_as_the_subscriber_may_read(
    short_segments: None,
    home: HomeAssistant,
    demo: CameraInstance,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
    *,
    taken: bool,
) -> None:
    ring = demo.ring
    await until(lambda: ring.available > 5)
    socket = await hass_ws_client()
    message = {"type": "retrocam/footage/subscribe", "entry_id": demo.entry.entry_id}
    await socket.send_json_auto_id(message)
    assert (await socket.receive_json())["success"]
    first = ring.segments[0]
    assert (await socket.receive_json())["event"]["spans"]
    if taken:
        hass_admin_user.mock_policy({})
    # The ring keeps two segments: another one becomes the oldest, and leaves it, every 2 s.
    ring.limit(1, 1)
    await until(lambda: ring.segments[0].number > first.number + 3)
    kept = demo.footage.diagnostics()["kept_for_readers"]
    # What was told before is kept in any case.
    assert (kept == first.size) is taken, (kept, first.size)
    assert kept >= first.size


async def test_subscriber_is_told_of_the_tape_and_how_far_it_goes_back(
    load: LoadEntry, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await load(DATA, options=OPTIONS)
    camera: CameraInstance = entry.runtime_data
    await until(lambda: beyond(camera) > 3)
    socket = await hass_ws_client()
    for subject in ("footage", "lookback"):
        message = {"type": f"retrocam/{subject}/subscribe", "entry_id": entry.entry_id}
        await socket.send_json_auto_id(message)
    events = dict[int, dict[str, Any]]()
    while len(events) < 2:
        message = await socket.receive_json()
        if message["type"] == "event":
            events[message["id"]] = message["event"]
    footage, lookback = (events[number] for number in sorted(events))
    assert [span["where"] for span in footage["spans"]] == ["tape", "memory"]
    taped, held = ([unix_time(span[end]) for end in ("start", "end")] for span in footage["spans"])
    # The one goes on with the other, and has been told of up to now.
    assert taped[1] == pytest.approx(held[0], abs=0.0015)
    assert taped[0] < taped[1] < held[1] <= unix_time(footage["now"]) + 0.001
    assert camera.footage.memory_spans()[0].start > taped[0]
    assert lookback["reach"] >= round(unix_time(footage["now"]) - taped[0])
