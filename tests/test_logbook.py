"""Logbook entries and events of saved media."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.media_events import EVENT_MEDIA
from custom_components.retrocam.const import DOMAIN

from .waiting import until


@pytest.fixture
async def logbook(recorder_mock: Any, hass: HomeAssistant) -> None:
    """A recorder and a logbook, set up before anything else."""
    assert await async_setup_component(hass, "logbook", {})


async def test_saved_clip_is_logged_and_fires_event(
    logbook: None,
    home: HomeAssistant,
    demo: CameraInstance,
    hass_ws_client: WebSocketGenerator,
) -> None:
    fired = async_capture_events(home, EVENT_MEDIA)
    await until(lambda: demo.ring.available > 3)
    data = {"entity_id": "camera.porch", "lookback": 2, "duration": 0}
    await home.services.async_call(DOMAIN, "record", data, blocking=True)
    await until(lambda: fired)
    event_data = fired[0].data
    assert (event_data["type"], event_data["entity_id"]) == ("clip_saved", "camera.porch")
    assert event_data["media_content_id"].startswith("media-source://retrocam/")
    assert not [key for key in event_data if key.endswith("url")]
    socket = await hass_ws_client()

    async def messages() -> list[str]:
        start = dt_util.utcnow() - timedelta(minutes=5)
        await socket.send_json_auto_id(
            {"type": "logbook/get_events", "start_time": start.isoformat()}
        )
        answer = await socket.receive_json()
        return [
            f"{row['name']} {row['message']}"
            for row in answer["result"]
            if row.get("domain") == DOMAIN
        ]

    await home.data["recorder_instance"].async_block_till_done()
    expected = f"Porch saved a clip of {round(event_data['duration'])} s"
    assert expected in await messages()


async def test_snapshot_fires_no_event(home: HomeAssistant, demo: CameraInstance) -> None:
    fired = async_capture_events(home, EVENT_MEDIA)
    data = {"entity_id": "camera.porch"}
    await home.services.async_call(DOMAIN, "take_snapshot", data, blocking=True)
    await home.async_block_till_done()
    assert demo.media.snapshots.total == 1
    assert fired == []
