"""Tests of the media subscription, also across reloads and before the entry is loaded."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockUser
from pytest_homeassistant_custom_component.typing import MockHAClientWebSocket, WebSocketGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.timelapses import ExportState, Progress
from custom_components.retrocam.const import CONF_KIND, KIND_DEMO
from custom_components.retrocam.media.items import MediaKind

from ..conftest import LoadEntry

STILL = b"\xff\xd8 a picture \xff\xd9"
TIME = 1_767_323_045.0


async def subscribed(socket: MockHAClientWebSocket, entry_id: str) -> bool:
    await socket.send_json_auto_id({"type": "retrocam/media/subscribe", "entry_id": entry_id})
    answer: dict[str, Any] = await socket.receive_json()
    success: bool = answer["success"]
    return success


async def next_event(socket: MockHAClientWebSocket) -> dict[str, Any]:
    event: dict[str, Any] = (await socket.receive_json())["event"]
    return event


async def next_change(socket: MockHAClientWebSocket) -> dict[str, Any]:
    """Return the next event other than `reset`, of which any number may come."""
    while (event := await next_event(socket))["type"] == "reset":
        pass
    return event


async def save_snapshot(instance: CameraInstance) -> str:
    """Save a snapshot as the history does, and return its name."""
    media = instance.media
    item = await media.async_run(
        lambda: media.snapshots.add(STILL, TIME, "jpg"), MediaKind.SNAPSHOTS
    )
    return item.name


async def test_events_continue_after_a_reload(
    home: HomeAssistant, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry = demo.entry
    socket = await hass_ws_client()
    assert await subscribed(socket, entry.entry_id)
    assert await home.config_entries.async_reload(entry.entry_id)
    assert (await next_event(socket))["type"] == "reset"
    instance: CameraInstance = entry.runtime_data
    assert instance is not demo
    name = await save_snapshot(instance)
    saved = await next_change(socket)
    assert (saved["type"], saved["kind"]) == ("saved", MediaKind.SNAPSHOTS)
    assert saved["item"]["filename"] == name
    await instance.media.async_run(
        lambda: instance.media.snapshots.delete([name]), MediaKind.SNAPSHOTS
    )
    deleted = await next_change(socket)
    assert (deleted["type"], deleted["filename"]) == ("deleted", name)
    assert deleted["media_content_id"] == saved["item"]["media_content_id"]


async def test_unloaded_entry_can_be_subscribed_to(
    home: HomeAssistant, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry_id = demo.entry.entry_id
    assert await home.config_entries.async_unload(entry_id)
    socket = await hass_ws_client()
    assert await subscribed(socket, entry_id)
    assert await home.config_entries.async_setup(entry_id)
    assert (await next_event(socket))["type"] == "reset"


@pytest.mark.parametrize("loaded", [True, False])
async def test_user_without_the_right_gets_no_events(
    home: HomeAssistant,
    demo: CameraInstance,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
    *,
    loaded: bool,
) -> None:
    hass_admin_user.mock_policy({})
    entry_id = demo.entry.entry_id
    if not loaded:
        assert await home.config_entries.async_unload(entry_id)
    socket = await hass_ws_client()
    assert await subscribed(socket, entry_id) is not loaded
    if not loaded:
        assert await home.config_entries.async_setup(entry_id)
    await save_snapshot(demo.entry.runtime_data)
    await home.async_block_till_done()
    await socket.send_json_auto_id({"type": "ping"})
    assert (await socket.receive_json())["type"] == "pong"


async def test_no_events_after_unsubscribing(
    home: HomeAssistant, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    socket = await hass_ws_client()
    assert await subscribed(socket, demo.entry.entry_id)
    await socket.send_json_auto_id({"type": "unsubscribe_events", "subscription": 1})
    # Earlier events may come first.
    while (message := await socket.receive_json())["type"] == "event":
        pass
    assert message["success"]
    await save_snapshot(demo)
    assert await home.config_entries.async_reload(demo.entry.entry_id)
    await socket.send_json_auto_id({"type": "ping"})
    assert (await socket.receive_json())["type"] == "pong"


async def test_progress_of_a_running_timelapse_is_sent_first(
    home: HomeAssistant,
    load: LoadEntry,
    quiet_demo: CameraInstance,
    hass_ws_client: WebSocketGenerator,
) -> None:
    quiet_demo.timelapses.progress = Progress(ExportState.RUNNING, 3, 12)
    socket = await hass_ws_client()
    assert await subscribed(socket, quiet_demo.entry.entry_id)
    event = await next_event(socket)
    assert (event["type"], event["done"], event["total"]) == ("progress", 3, 12)
    # Other cameras cause no event.
    door = await load({CONF_KIND: KIND_DEMO, "name": "Door"}, title="Door")
    await save_snapshot(door.runtime_data)
    await socket.send_json_auto_id({"type": "ping"})
    while (message := await socket.receive_json())["type"] == "event":
        # The camera's own folders may have been read meanwhile, after which it is sent again.
        assert message["event"]["type"] in ("reset", "progress")
    assert message["type"] == "pong"
