"""The media source, WebSocket lists and HTTP views, with real files."""

from pathlib import Path
from typing import Any

from homeassistant.components.media_player import BrowseError
from homeassistant.components.media_source import (
    Unresolvable,
    async_browse_media,
    async_resolve_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from hypothesis import given, strategies as st
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.frames import jpeg
from custom_components.retrocam.core.library.index import MediaItem
from custom_components.retrocam.media.ids import MediaId
from custom_components.retrocam.media.items import MediaKind, async_describe_all

from .media.browsing import NEW, OLD, ROOT, filled_camera, name_at  # noqa: F401  # a fixture


async def test_file_resolves_to_signed_path(
    home: HomeAssistant,
    filled: CameraInstance,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    name = name_at(NEW)
    identifier = f"{ROOT}/{filled.entry.entry_id}/snapshots/2026-01-03/{name}"
    played = await async_resolve_media(home, identifier, None)
    assert played.mime_type == "image/jpeg"
    client = await hass_client_no_auth()
    response = await client.get(played.url)
    assert response.status == 200
    assert "immutable" in response.headers["Cache-Control"]
    assert jpeg.size(await response.read()) == (640, 360)


@pytest.mark.parametrize(
    "identifier",
    [
        "nobody",
        "{entry}/films",
        "{entry}/snapshots/2026-1-3",
        "{entry}/snapshots/2026-99-99",
        "{entry}/snapshots/2026-01-03/../../../etc/passwd",
        "{entry}/snapshots/2026-01-02/20260103T120000.000Z.jpg",
    ],
)
async def test_unknown_ids_are_not_found(
    home: HomeAssistant, filled: CameraInstance, identifier: str
) -> None:
    identifier = f"{ROOT}/{identifier.format(entry=filled.entry.entry_id)}"
    # Home Assistant's WebSocket logs other exceptions as errors.
    with pytest.raises(BrowseError):
        await async_browse_media(home, identifier)
    with pytest.raises((Unresolvable, HomeAssistantError)):
        await async_resolve_media(home, identifier, None)


@given(st.text(max_size=60))
def test_id_is_parsed_or_rejected(text: str) -> None:
    try:
        media = MediaId.parse(text)
    except ValueError:
        return
    assert "/" not in media.name
    assert ".." not in media.name
    assert MediaId.parse(str(media)) == media


HOSTILE = [
    "..%2f..%2f..%2fsecret.jpg",
    "%2e%2e/secret.jpg",
    "20260103T120000.000Z.jpg%00",
    "20260103T120000.000Z.exe",
    "20260103T120000.000Z",
    "20260103t120000.000z.jpg",
    "20260103T120001.000Z.jpg",
    "%2fetc%2fpasswd",
    "secret.jpg",
]


async def test_files_outside_the_index_are_not_served(
    home: HomeAssistant,
    filled: CameraInstance,
    hass_client: ClientSessionGenerator,
    media_directory: Path,
) -> None:
    (filled.media.snapshots.directory / "secret.jpg").write_bytes(b"mine")
    client = await hass_client()
    entry_id = filled.entry.entry_id
    for kind in ("snapshots", "recordings", "timelapses", "thumbnails"):
        for name in HOSTILE:
            response = await client.get(f"/api/retrocam/{kind}/{entry_id}/{name}")
            assert response.status in {400, 404}, (kind, name)
    response = await client.get(f"/api/retrocam/snapshots/{entry_id}/{name_at(NEW)}")
    assert response.status == 200
    assert (await client.get(f"/api/retrocam/snapshots/nobody/{name_at(NEW)}")).status == 404


async def test_list_has_a_limit(
    home: HomeAssistant, filled: CameraInstance, hass_client: ClientSessionGenerator
) -> None:
    client = await hass_client()
    path = f"/api/retrocam/snapshots/{filled.entry.entry_id}"
    items = await (await client.get(f"{path}?limit=500")).json()
    assert [item["filename"] for item in items][-2:] == [name_at(NEW), name_at(OLD)]
    assert items[-1]["timestamp"] == "2026-01-02T23:59:59.000+00:00"
    thumbnail = await client.get(items[-1]["thumbnail_url"])
    assert jpeg.size(await thumbnail.read())[0] == 320
    for limit in ("0", "-1", "many", "501", "99999999"):
        assert (await client.get(f"{path}?limit={limit}")).status == 400


async def test_websocket_commands_list_instances_and_media(
    home: HomeAssistant, filled: CameraInstance, hass_ws_client: WebSocketGenerator
) -> None:
    socket = await hass_ws_client()

    async def ask(**command: Any) -> dict[str, Any]:
        await socket.send_json_auto_id(command)
        answer: dict[str, Any] = await socket.receive_json()
        return answer

    entry_id = filled.entry.entry_id
    instances = (await ask(type="retrocam/instances"))["result"]
    assert instances == [
        {"entry_id": entry_id, "title": "Porch", "kind": "demo", "camera": "camera.porch"}
    ]
    listed = await ask(
        type="retrocam/media/list",
        entry_id=entry_id,
        kind="snapshots",
        before="2026-01-03T00:00:00+00:00",
    )
    assert [item["filename"] for item in listed["result"]["items"]] == [name_at(OLD)]
    assert listed["result"]["total"] == 1
    # A time without an offset is in Home Assistant's time zone.
    await home.config.async_set_time_zone("Asia/Tokyo")
    for time, total in (("2026-01-03T08:59:59", 0), ("2026-01-03T09:00:00", 1)):
        listed = await ask(
            type="retrocam/media/list", entry_id=entry_id, kind="snapshots", before=time
        )
        assert listed["result"]["total"] == total, time
    for time in ("0001-01-01T00:00:00", "yesterday"):
        listed = await ask(
            type="retrocam/media/list", entry_id=entry_id, kind="snapshots", before=time
        )
        assert listed["error"]["code"] == "invalid_format", time
    assert "authSig" in (await ask(type="retrocam/urls", entry_id=entry_id))["result"]["mjpeg"]
    for command in ("retrocam/urls", "retrocam/media/subscribe"):
        assert (await ask(type=command, entry_id="nobody"))["error"]["code"] == "not_found"
    wrong = await ask(type="retrocam/media/list", entry_id=entry_id, kind="films")
    assert wrong["error"]["code"] == "invalid_format"


async def test_long_list_does_not_block_the_loop(
    home: HomeAssistant, filled: CameraInstance
) -> None:
    items = [MediaItem(name_at(NEW, number), NEW.timestamp(), 1) for number in range(1000)]
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        if turns < 1000:
            home.loop.call_soon(turn)

    home.loop.call_soon(turn)
    descriptions = await async_describe_all(home, filled.entry.entry_id, MediaKind.SNAPSHOTS, items)
    assert [description["filename"] for description in descriptions] == [
        item.name for item in items
    ]
    assert turns >= 3
    assert await async_describe_all(home, filled.entry.entry_id, MediaKind.SNAPSHOTS, []) == []
