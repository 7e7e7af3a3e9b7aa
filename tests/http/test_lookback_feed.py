"""Tests of the lookback subscription, which does not depend on the sensors."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.websocket_api import LOOKBACK_INTERVAL

from ..waiting import until


async def subscribe(socket: MockHAClientWebSocket, entry_id: str) -> bool:
    await socket.send_json_auto_id({"type": "retrocam/lookback/subscribe", "entry_id": entry_id})
    success: bool = (await socket.receive_json())["success"]
    return success


async def told(socket: MockHAClientWebSocket) -> dict[str, Any]:
    message = await socket.receive_json()
    assert message["type"] == "event", message
    event: dict[str, Any] = message["event"]
    return event


async def no_more(socket: MockHAClientWebSocket) -> None:
    """Check that nothing was sent in between."""
    await socket.send_json_auto_id({"type": "ping"})
    assert (await socket.receive_json())["type"] == "pong"


async def test_lookback_is_pushed_now_regularly_and_at_changes(
    home: HomeAssistant, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    await until(lambda: demo.ring.available > 0)
    socket = await hass_ws_client()
    assert await subscribe(socket, demo.entry.entry_id)
    first = await told(socket)
    assert (first["enabled"], first["seconds"]) == (True, 60)
    assert first["available"] > 0
    assert first["size"] > 0
    (span,) = first["spans"]
    assert span["start"] < span["end"]
    await until(lambda: demo.ring.size > first["size"])
    # Not with each frame, nor with each saved snapshot.
    demo.async_update_listeners()
    await home.async_block_till_done(wait_background_tasks=False)
    await no_more(socket)
    async_fire_time_changed(home, dt_util.utcnow() + LOOKBACK_INTERVAL)
    later = await told(socket)
    assert later["available"] > first["available"]
    assert later["spans"][0]["end"] > span["end"]
    demo.lookback.async_set_enabled(enabled=False)
    off = await told(socket)
    assert not off["enabled"]
    assert "spans" not in off


async def test_lookback_subscription_survives_reload(
    home: HomeAssistant, quiet_demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry = quiet_demo.entry
    assert await home.config_entries.async_unload(entry.entry_id)
    socket = await hass_ws_client()
    assert await subscribe(socket, entry.entry_id)
    assert await home.config_entries.async_setup(entry.entry_id)
    empty = {"enabled": False, "seconds": 60, "available": 0.0, "size": 0}
    assert await told(socket) == empty
    async_fire_time_changed(home, dt_util.utcnow() + LOOKBACK_INTERVAL)
    await home.async_block_till_done(wait_background_tasks=False)
    # Nothing has changed.
    await no_more(socket)
    renewed: CameraInstance = entry.runtime_data
    renewed.lookback.async_set_seconds(30)
    assert (await told(socket))["seconds"] == 30
    await socket.send_json_auto_id({"type": "unsubscribe_events", "subscription": 1})
    assert (await socket.receive_json())["success"]
    renewed.lookback.async_set_seconds(20)
    assert await home.config_entries.async_reload(entry.entry_id)
    await no_more(socket)


@pytest.mark.parametrize("loaded", [True, False])
async def test_user_without_the_right_sees_no_lookback(
    home: HomeAssistant,
    quiet_demo: CameraInstance,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
    *,
    loaded: bool,
) -> None:
    entry = quiet_demo.entry
    hass_admin_user.mock_policy({})
    if not loaded:
        assert await home.config_entries.async_unload(entry.entry_id)
    socket = await hass_ws_client()
    assert await subscribe(socket, entry.entry_id) is not loaded
    if not loaded:
        assert await home.config_entries.async_setup(entry.entry_id)
    entry.runtime_data.lookback.async_set_seconds(30)
    await home.async_block_till_done()
    await no_more(socket)


async def test_lookback_ends_with_the_right(
    home: HomeAssistant,
    quiet_demo: CameraInstance,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
) -> None:
    socket = await hass_ws_client()
    assert await subscribe(socket, quiet_demo.entry.entry_id)
    assert (await told(socket))["seconds"] == 60
    hass_admin_user.mock_policy({})
    quiet_demo.lookback.async_set_seconds(30)
    await home.async_block_till_done()
    await no_more(socket)
