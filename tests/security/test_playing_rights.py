"""A player plays only what the user may see: here camera.porch, not camera.garden."""

import asyncio

from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component
import pytest

from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.errors import PlayNotFoundError
from custom_components.retrocam.media.items import MediaKind

from .conftest import DAY, House, People
from .people import Person, said

PLAYER = "media_player.screen"
NAMES = (
    "camera.{camera}",
    " camera.{camera}",
    "media-source://camera/camera.{camera}",
    "media-source://image/image.{camera}_last_snapshot",
    "media-source://retrocam/{entry_id}/snapshots/{day}/{snapshot}",
    "/api/retrocam/mjpeg/{entry_id}",
    "/api/retrocam/snapshots/{entry_id}/{snapshot}",
    "/api/retrocam/%6Djpeg/../mjpeg/{entry_id}?x=1",
    "/api/camera_proxy_stream/camera.{camera}",
    "/api/camera_proxy_stream/camera%2E{camera}",
    "http://example.local:8123/api/camera_proxy_stream/camera.{camera}",
    "http://localhost:{port}/api/camera_proxy_stream/camera.{camera}",
    "http://127.0.0.1:{port}/api/camera_proxy_stream/camera.{camera}",
    "http://[::1]:{port}/api/camera_proxy_stream/camera%2E{camera}",
    "HTTPS://u:p@LOCALHOST:{port}/api/retrocam/mjpeg/{entry_id}",
)
"""How a camera can be named, directly or by something made from it."""


def named(house: House, name: str, camera: str) -> str:
    api = house.cameras[camera].hass.config.api
    assert api is not None
    return name.format(
        port=api.port,
        camera=camera,
        entry_id=house.cameras[camera].entry.entry_id,
        day=DAY,
        snapshot=house.files[MediaKind.SNAPSHOTS],
    )


async def play(person: Person, media: str) -> str:
    """Play by Retrocam's own action."""
    return said(await person.act(DOMAIN, "play", response=True, entity_id=PLAYER, media=media))


async def act(person: Person, action: str, **data: str) -> str:
    """Call one of Home Assistant's own actions."""
    return said(await person.act("media_player", action, response=False, entity_id=PLAYER, **data))


async def test_camera_without_read_right_is_not_played_under_any_name(
    home: HomeAssistant, house: House, people: People
) -> None:
    home.config.internal_url = "http://example.local:8123"
    player = house.cameras["screen"]
    assert isinstance(player, AsciiPlayer)
    for name in NAMES:
        media = named(house, name, "garden")
        assert await play(people["own"], media) == "play_not_found", media
        by_home_assistant = {"media_content_id": media, "media_content_type": "video"}
        assert await act(people["own"], "play_media", **by_home_assistant) == "play_not_found", (
            media
        )
    # Not even opened: the number grows with each attempt.
    assert player.session.status.session == 0


async def test_camera_with_read_right_is_played(house: House, people: People) -> None:
    assert await play(people["own"], "camera.porch") == "ok"
    for person in (people["user"], people["admin"]):
        assert await play(person, "media-source://camera/camera.garden") == "ok"


async def test_play_after_stop_checks_the_right_of_the_current_user(
    house: House, people: People
) -> None:
    for media, expected in (("camera.garden", "play_not_found"), ("camera.porch", "ok")):
        assert await play(people["admin"], media) == "ok"
        assert await act(people["own"], "media_stop") == "ok"
        assert await act(people["own"], "media_play") == expected


async def test_queue_checks_the_rights_of_who_adds_and_of_who_skips(
    house: House, people: People
) -> None:
    by_own = {"media_content_type": "video", "enqueue": "add"}
    garden = {**by_own, "media_content_id": "camera.garden"}
    assert await play(people["admin"], "camera.porch") == "ok"
    assert await act(people["own"], "play_media", **garden) == "play_not_found"
    assert await act(people["admin"], "play_media", **garden) == "ok"
    assert await act(people["own"], "media_next_track") == "play_not_found"
    assert await act(people["admin"], "media_next_track") == "ok"
    assert await act(people["own"], "media_previous_track") == "ok"
    assert await act(people["own"], "media_stop") == "ok"


async def test_queued_item_of_a_user_who_is_gone_is_skipped(
    home: HomeAssistant, house: House, people: People
) -> None:
    player = house.cameras["screen"]
    assert isinstance(player, AsciiPlayer)
    queued = {"media_content_type": "video", "enqueue": "add", "media_content_id": "camera.porch"}
    assert await act(people["own"], "play_media", **queued) == "ok"
    item = player.queue.items.peek(1)
    assert item is not None
    assert (await item.find()).trusted
    user = next(user for user in await home.auth.async_get_users() if user.name == "one")
    await home.auth.async_update_user(user, is_active=False)
    with pytest.raises(PlayNotFoundError):
        await item.find()


async def test_player_lists_only_cameras_with_read_right(house: House, people: People) -> None:
    for who, cameras in (("own", {"porch"}), ("user", {"porch", "garden", "stage"})):
        answer = await people[who].ask(
            "media_player/browse_media",
            entity_id=PLAYER,
            media_content_type="video",
            media_content_id="media-source://camera",
        )
        found = {child["media_content_id"] for child in answer["result"]["children"]}
        assert found == {f"media-source://camera/camera.{camera}" for camera in cameras}


@pytest.fixture
async def automation(home: HomeAssistant, house: House) -> asyncio.Future[str]:
    """An automation that uses the garden camera, which its triggering user may not.

    Returns the URL that it got.
    """
    snapshot = named(
        house, "media-source://retrocam/{entry_id}/snapshots/{day}/{snapshot}", "garden"
    )
    actions = [
        {
            "action": "retrocam.list_snapshots",
            "target": {"entity_id": "camera.garden"},
            "response_variable": "listed",
        },
        {
            "action": "retrocam.play",
            "target": {"entity_id": "media_player.stage"},
            "data": {"media": snapshot},
            "continue_on_error": True,
        },
        {
            "event": "told",
            "event_data": {"url": "{{ listed['camera.garden']['items'][0].url }}"},
        },
    ]
    trigger = {"trigger": "state", "entity_id": "select.screen_grid"}
    config = {"alias": "watch", "triggers": [trigger], "actions": actions}
    assert await async_setup_component(home, "automation", {"automation": [config]})
    future: asyncio.Future[str] = home.loop.create_future()

    @callback
    def told(event: Event) -> None:
        future.set_result(event.data["url"])

    home.bus.async_listen_once("told", told)
    return future


async def test_automation_has_its_own_rights_whoever_triggers_it(
    home: HomeAssistant, house: House, people: People, automation: asyncio.Future[str]
) -> None:
    answer = await people["own"].act(
        DOMAIN,
        "play",
        response=True,
        entity_id=PLAYER,
        media="rtsp://camera/stream",
        preset="high",
    )
    assert said(answer) == "play_unsupported"
    async with asyncio.timeout(30):
        url = await automation
    # It is not signed for the user, who could not open it.
    assert await people["nobody"].http("GET", url) == 200
    stage = house.cameras["stage"]
    assert isinstance(stage, AsciiPlayer)
    assert stage.queue.items.current is not None
