"""A subscription to an entry's media outlives reloads of the entry, and begins before it is loaded."""

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


async def heard(socket: MockHAClientWebSocket) -> dict[str, Any]:
    event: dict[str, Any] = (await socket.receive_json())["event"]
    return event


async def news(socket: MockHAClientWebSocket) -> dict[str, Any]:
    """Return the next event that is no `reset`: of these any number may come."""
    while (event := await heard(socket))["type"] == "reset":
        pass
    return event


async def keep(instance: CameraInstance) -> str:
    """Keep a picture as the history does, and return its name."""
    media = instance.media
    item = await media.async_run(
        lambda: media.snapshots.add(STILL, TIME, "jpg"), MediaKind.SNAPSHOTS
    )
    return item.name


async def test_what_happens_after_a_reload_is_heard(
    home: HomeAssistant, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry = demo.entry
    socket = await hass_ws_client()
    assert await subscribed(socket, entry.entry_id)
    assert await home.config_entries.async_reload(entry.entry_id)
    assert (await heard(socket))["type"] == "reset"
    instance: CameraInstance = entry.runtime_data
    assert instance is not demo
    name = await keep(instance)
    saved = await news(socket)
    assert (saved["type"], saved["kind"]) == ("saved", MediaKind.SNAPSHOTS)
    assert saved["item"]["filename"] == name
    await instance.media.async_run(
        lambda: instance.media.snapshots.delete([name]), MediaKind.SNAPSHOTS
    )
    deleted = await news(socket)
    assert (deleted["type"], deleted["filename"]) == ("deleted", name)
    assert deleted["media_content_id"] == saved["item"]["media_content_id"]


async def test_an_entry_that_is_not_loaded_yet_can_be_subscribed_to(
    home: HomeAssistant, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    entry_id = demo.entry.entry_id
    assert await home.config_entries.async_unload(entry_id)
    socket = await hass_ws_client()
    assert await subscribed(socket, entry_id)
    assert await home.config_entries.async_setup(entry_id)
    assert (await heard(socket))["type"] == "reset"


@pytest.mark.parametrize("loaded", [True, False])
async def test_who_may_not_see_the_camera_hears_nothing(
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
    await keep(demo.entry.runtime_data)
    await home.async_block_till_done()
    await socket.send_json_auto_id({"type": "ping"})
    assert (await socket.receive_json())["type"] == "pong"


async def test_one_who_has_left_is_told_nothing(
    home: HomeAssistant, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    socket = await hass_ws_client()
    assert await subscribed(socket, demo.entry.entry_id)
    await socket.send_json_auto_id({"type": "unsubscribe_events", "subscription": 1})
    # What the library had to tell until then may come first.
    while (said := await socket.receive_json())["type"] == "event":
        pass
    assert said["success"]
    await keep(demo)
    assert await home.config_entries.async_reload(demo.entry.entry_id)
    await socket.send_json_auto_id({"type": "ping"})
    assert (await socket.receive_json())["type"] == "pong"


async def test_who_comes_in_the_middle_of_a_timelapse_is_told_how_far_it_is(
    home: HomeAssistant, load: LoadEntry, demo: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    demo.timelapses.progress = Progress(ExportState.RUNNING, 3, 12)
    socket = await hass_ws_client()
    assert await subscribed(socket, demo.entry.entry_id)
    told = await heard(socket)
    assert (told["type"], told["done"], told["total"]) == ("progress", 3, 12)
    # What another camera does is none of its business.
    await load({CONF_KIND: KIND_DEMO, "name": "Door"}, title="Door")
    await socket.send_json_auto_id({"type": "ping"})
    assert (await socket.receive_json())["type"] == "pong"
