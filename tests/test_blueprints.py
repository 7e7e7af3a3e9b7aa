"""Blueprints, run as automations of a real Home Assistant."""

from datetime import timedelta
from functools import partial
from pathlib import Path
import time
from typing import Any
from urllib.parse import unquote, urlsplit

from homeassistant.components.automation.config import AUTOMATION_BLUEPRINT_SCHEMA
from homeassistant.components.blueprint.models import Blueprint, BlueprintInputs
from homeassistant.components.media_source import async_browse_media
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.core.library.snapshots import save_still
from custom_components.retrocam.core.player.machine import Phase
from custom_components.retrocam.media.items import MediaKind

from .conftest import LoadEntry
from .core.frames.stills import jpeg
from .house import ROOT
from .viewers import QUIET
from .waiting import until

BLUEPRINTS = ROOT / "blueprints" / "automation" / "retrocam"


def automation(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration of an automation from a blueprint."""
    blueprint = Blueprint(
        load_yaml_dict(str(BLUEPRINTS / f"{name}.yaml")),
        path=f"retrocam/{name}.yaml",
        expected_domain="automation",
        schema=AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    use = {"use_blueprint": {"path": f"retrocam/{name}.yaml", "input": inputs}}
    made = BlueprintInputs(blueprint, use)
    made.validate()
    return dict(made.async_substitute())


@pytest.mark.parametrize("path", sorted(BLUEPRINTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_blueprint_names_its_inputs(path: Path) -> None:
    parsed = load_yaml_dict(str(path))["blueprint"]
    assert parsed["source_url"].endswith(path.name)
    for given in parsed["input"].values():
        assert given["name"]
        assert given["selector"]


async def test_save_what_happened_before(home: HomeAssistant, demo: CameraInstance) -> None:
    sent = async_mock_service(home, "notify", "send_message")
    config = automation(
        "save_what_happened_before",
        {
            "triggers": parse_yaml("- trigger: event\n  event_type: motion"),
            "cameras": ["camera.porch"],
            "lookback": 2,
            "duration": 1,
            "notify": ["notify.phone"],
            "address": "https://home.example:8123/",
        },
    )
    assert await async_setup_component(home, "automation", {"automation": [config]})
    await until(lambda: demo.ring.available > 3)
    home.bus.async_fire("motion")
    await until(lambda: sent)
    newest = demo.media.recordings.newest
    assert newest is not None
    assert 3 <= newest.duration <= 4.5
    message = sent[0].data["message"]
    assert "from before" in message
    await opens(home, message, demo, f"recordings/{newest.name}")


async def opens(home: HomeAssistant, message: str, instance: CameraInstance, name: str) -> None:
    """Check that a message ends with a link that opens a file, as `kind/name`, below its folder."""
    link = message.rpartition(" ")[2]
    assert link.startswith("https://home.example:8123/media-browser/browser/")
    folder, media_id = named_by(link)
    where = f"media-source://retrocam/{instance.entry.entry_id}"
    assert media_id.startswith(f"{where}/{name.partition('/')[0]}/")
    assert media_id.endswith(f"/{name.partition('/')[2]}")
    # What the media browser asks for.
    browsed = await async_browse_media(home, media_id)
    assert browsed.can_play
    listed = await async_browse_media(home, folder)
    assert media_id in [child.media_content_id for child in listed.children or []]


def named_by(link: str, wanted: str = "video") -> list[str]:
    """Return the media ids of a link, parsed as Home Assistant's media browser does."""
    path = urlsplit(link).path.removeprefix("/media-browser/browser/")
    parts = [unquote(part).partition(",") for part in path.split("/")]
    assert [kind for kind, _, _ in parts] == [wanted] * len(parts)
    return [media_id for _, _, media_id in parts]


async def test_tap_on_the_notification_of_a_phone_opens_the_clip(
    home: HomeAssistant, demo: CameraInstance, device_registry: dr.DeviceRegistry
) -> None:
    phone = device_registry.async_get_or_create(
        config_entry_id=demo.entry.entry_id, identifiers={("mobile_app", "1")}, name="Ann's Phone"
    )
    sent = async_mock_service(home, "notify", "mobile_app_ann_s_phone")
    after = async_mock_service(home, "light", "turn_on")
    config = automation(
        "save_what_happened_before",
        {
            "triggers": parse_yaml("- trigger: event\n  event_type: motion"),
            "cameras": ["camera.porch"],
            "lookback": 1,
            "duration": 0,
            "phones": ["unknown", phone.id],
            "actions": parse_yaml("- action: light.turn_on"),
        },
    )
    assert await async_setup_component(home, "automation", {"automation": [config]})
    await until(lambda: demo.ring.available > 3)
    home.bus.async_fire("motion")
    await until(lambda: after)
    assert len(sent) == 1
    data = sent[0].data["data"]
    assert data["url"] == data["clickAction"]
    newest = demo.media.recordings.newest
    assert newest is not None
    assert named_by(data["url"])[1].endswith(f"/{newest.name}")
    assert data["image"].startswith("/api/retrocam/thumbnails/")


@pytest.fixture
async def away(home: HomeAssistant, load: LoadEntry) -> str:
    """An unavailable camera, which Home Assistant omits from the answers of actions."""
    home.states.async_set("camera.one", "unavailable", {"friendly_name": "one"})
    data = {"kind": "camera_entity", "entity_id": "camera.one"}
    instance: CameraInstance = (await load(data, title="Away")).runtime_data
    await until(lambda: not instance.available)
    return instance.camera_entity_id


async def test_unavailable_camera_does_not_block_others(
    home: HomeAssistant, demo: CameraInstance, away: str
) -> None:
    sent = async_mock_service(home, "notify", "send_message")
    given = {"cameras": [away, "camera.porch"], "notify": ["notify.phone"]}
    motion = parse_yaml("- trigger: event\n  event_type: motion")
    recording = automation(
        "save_what_happened_before", {**given, "triggers": motion, "lookback": 2, "duration": 1}
    )
    arrival = automation("snapshot_on_arrival", {**given, "persons": ["person.ann"]})
    assert await async_setup_component(home, "automation", {"automation": [recording, arrival]})
    await until(lambda: demo.ring.available > 3)
    home.bus.async_fire("motion")
    await until(lambda: sent)
    for state in ("not_home", "home"):
        home.states.async_set("person.ann", state, {"friendly_name": "Ann"})
        await home.async_block_till_done()
    await until(lambda: len(sent) == 2)
    assert "/media-browser/browser/" in sent[0].data["message"]
    assert " /media-browser/browser/image%2C" in sent[1].data["message"]


async def run(hass: HomeAssistant, config: dict[str, Any]) -> None:
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await hass.async_block_till_done()


async def test_snapshot_is_sent_on_arrival(home: HomeAssistant, demo: CameraInstance) -> None:
    sent = async_mock_service(home, "notify", "send_message")
    inputs = {"persons": ["person.ann"], "cameras": ["camera.porch"], "notify": ["notify.phone"]}
    address = "https://home.example:8123/"
    await run(home, automation("snapshot_on_arrival", {**inputs, "address": address}))
    # A state restored at start is not an arrival.
    for state in ("unknown", "home", "not_home", "home"):
        home.states.async_set("person.ann", state, {"friendly_name": "Ann"})
        await home.async_block_till_done()
    await until(lambda: sent)
    newest = demo.media.snapshots.newest
    assert newest is not None
    assert demo.media.snapshots.total == 1
    assert sent[0].data["title"] == "Ann"
    assert "Porch" in sent[0].data["message"]
    link = sent[0].data["message"].rpartition(" ")[2]
    assert link.startswith("https://home.example:8123/media-browser/browser/")
    days, day = named_by(link, "image")
    assert day in [
        one.media_content_id for one in (await async_browse_media(home, days)).children or []
    ]
    (picture,) = (await async_browse_media(home, day)).children or []
    assert picture.media_content_id.endswith(f"/{newest.name}")


async def test_timelapse_of_night_is_ready_in_morning(
    home: HomeAssistant, demo: CameraInstance
) -> None:
    sent = async_mock_service(home, "notify", "send_message")
    now = dt_util.utcnow().timestamp()
    for hours in (30, 11, 3, 2, 1):
        picture = partial(save_still, demo.media.snapshots, jpeg(hours), now - hours * 3600)
        await demo.media.async_run(picture, MediaKind.SNAPSHOTS)
    morning = (dt_util.now() + timedelta(minutes=5)).replace(microsecond=0)
    inputs = {"cameras": ["camera.porch"], "notify": ["notify.phone"], "hours": 10, "fps": 3}
    inputs |= {"at": f"{morning:%H:%M:%S}", "address": "https://home.example:8123"}
    await run(home, automation("morning_timelapse", inputs))
    (name,) = home.states.async_entity_ids("automation")
    assert not sent
    async_fire_time_changed(home, morning)
    await until(lambda: sent)
    assert "3 frames in 1 s." in sent[0].data["message"]
    assert demo.media.timelapses.total == 1
    newest = demo.media.timelapses.newest
    assert newest is not None
    await opens(home, sent[0].data["message"], demo, f"timelapses/{newest.name}")
    data = {"entity_id": name}
    await home.services.async_call("automation", "turn_off", data, blocking=True)


async def test_camera_without_snapshots_does_not_block_timelapses(
    home: HomeAssistant, demo: CameraInstance, load: LoadEntry
) -> None:
    sent = async_mock_service(home, "notify", "send_message")
    after = async_mock_service(home, "light", "turn_on")
    await load({"kind": "demo", "name": "Yard"}, title="Yard", options=QUIET)
    picture = partial(save_still, demo.media.snapshots, jpeg(1), time.time() - 3600)
    await demo.media.async_run(picture, MediaKind.SNAPSHOTS)
    morning = (dt_util.now() + timedelta(minutes=5)).replace(microsecond=0)
    inputs = {
        "cameras": ["camera.yard", "camera.porch"],
        "notify": ["notify.phone"],
        "at": f"{morning:%H:%M:%S}",
        "actions": parse_yaml("- action: light.turn_on"),
    }
    await run(home, automation("morning_timelapse", inputs))
    (name,) = home.states.async_entity_ids("automation")
    async_fire_time_changed(home, morning)
    await until(lambda: after)
    assert [call.data["title"] for call in sent] == ["Porch"]
    data = {"entity_id": name}
    await home.services.async_call("automation", "turn_off", data, blocking=True)


async def test_song_without_artist_is_searched_by_title(home: HomeAssistant) -> None:
    asked = async_mock_service(home, DOMAIN, "play")
    inputs = {"music": "media_player.radio", "screen": "media_player.screen"}
    await run(home, automation("ascii_on_song", inputs))
    home.states.async_set("media_player.radio", "playing", {"media_title": "Take on me"})
    await until(lambda: asked)
    assert asked[0].data["media"].strip() == "Take on me"


async def test_grid_is_cast_while_door_is_occupied(home: HomeAssistant, load: LoadEntry) -> None:
    played = async_mock_service(home, "media_player", "play_media")
    stopped = async_mock_service(home, "media_player", "media_stop")
    # A display reads the picture itself: not over the loopback.
    home.config.internal_url = "http://home.example:8123"
    for name in ("Yard", "Door"):
        await load({"kind": "demo", "name": name}, title=name, options=QUIET)
    cameras = ["camera.yard", "camera.door"]
    entry = await load({"kind": "grid", "cameras": cameras}, title="Grid", options=QUIET)
    home.states.async_set("media_player.wall", "idle")
    inputs = {
        "triggers": parse_yaml("- trigger: event\n  event_type: bell"),
        "grid": "camera.grid",
        "main": "camera.door",
        "display": "media_player.wall",
        "seconds": 1,
    }
    await run(home, automation("grid_on_doorbell", inputs))
    home.bus.async_fire("bell")
    await until(lambda: stopped)
    grid = entry.runtime_data
    assert (grid.layout, grid.main) == ("main_plus_preview", "camera.door")
    assert played[0].data["entity_id"] == ["media_player.wall"]
    assert "/api/hls/" in played[0].data["media_content_id"]
    assert stopped[0].data["entity_id"] == ["media_player.wall"]


async def test_video_plays_as_long_as_song(
    home: HomeAssistant, player: AsciiPlayer, film: str
) -> None:
    inputs = {"music": "media_player.radio", "screen": "media_player.screen"}
    blueprint = automation("ascii_on_song", {**inputs, "media": film})
    await run(home, blueprint)
    home.states.async_set("media_player.radio", "idle")
    home.states.async_set("media_player.radio", "playing", {"media_title": "A song"})
    await until(lambda: player.status.state is Phase.PLAYING)
    current = player.queue.items.current
    assert current is not None
    assert current.media == film
    home.states.async_set("media_player.radio", "idle")
    await until(lambda: player.status.state is Phase.IDLE)


async def test_song_is_searched_by_artist_and_title(
    home: HomeAssistant, player: AsciiPlayer
) -> None:
    """The lookup requires the Internet: check the request only."""
    asked = async_mock_service(home, DOMAIN, "play")
    inputs = {"music": "media_player.radio", "screen": "media_player.screen"}
    await run(home, automation("ascii_on_song", inputs))
    song = {"media_title": "Take on me", "media_artist": "a-ha"}
    home.states.async_set("media_player.radio", "playing", song)
    await until(lambda: asked)
    assert asked[0].data["media"] == "a-ha Take on me"
