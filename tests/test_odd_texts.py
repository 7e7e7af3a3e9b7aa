"""Texts that are invalid as name, path or URL: each input rejects them with a translated error."""

from collections.abc import Awaitable
import json
import logging
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from homeassistant.components.media_player import BrowseError
from homeassistant.components.media_source import (
    MediaSourceError,
    async_browse_media,
    async_resolve_media,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)
import voluptuous as vol

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.core.library.places import is_path
from custom_components.retrocam.core.sources.urls import MAX_URL
from custom_components.retrocam.core.texts import for_display, is_name, is_plain

from .calling import answer_of
from .conftest import LoadEntry
from .flows.steps import form, start, submit
from .share.guests import Browser, page_path, sharing
from .viewers import QUIET

ODD: Final = {
    "nul": "a\0b",
    "newline": "a\nb",
    "escape": "a\x1b[31mb",
    "delete": "a\x7fb",
    "c1": "a\x85b",
    "surrogate": "a\ud800b",
    "escaped byte": "a\udcffb",
    "long": "a" * 100_000,
}
STEPS: Final = ("demo", "grid", "ascii_player", "camera_url")


@pytest.fixture(params=ODD)
def odd(request: pytest.FixtureRequest) -> str:
    """An invalid text."""
    return ODD[request.param]


@pytest.fixture(autouse=True)
def no_errors(caplog: pytest.LogCaptureFixture) -> Any:
    """Check that no error is logged, as for any unexpected exception."""
    yield
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert [record.getMessage()[:200] for record in errors] == []


async def refused(attempt: Awaitable[Any]) -> None:
    """Expect a translated error that JSON can encode, or a schema error."""
    with pytest.raises((HomeAssistantError, vol.Invalid)) as caught:
        await attempt
    if isinstance(caught.value, HomeAssistantError):
        assert caught.value.translation_domain == "retrocam"
        assert caught.value.translation_key
        assert all(
            len(text) <= 200 for text in (caught.value.translation_placeholders or {}).values()
        )
        json.dumps(str(caught.value), ensure_ascii=False).encode()


def test_invalid_texts(odd: str) -> None:
    assert not is_plain(odd)
    assert not is_name(odd)
    assert not is_path(f"/media/{odd}")
    assert is_plain(for_display(odd))
    assert not is_name("  ")
    assert is_name("Ворота 門 🚪")
    assert is_path("/media/Ворота 門/🚪.mp4")
    assert not is_path("/media/" + "門" * 100)
    assert not is_path("media/x")
    assert not is_path("/media/../x")


async def test_actions(
    home: HomeAssistant, load: LoadEntry, media_directory: Path, odd: str
) -> None:
    await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    await load({"kind": "ascii_player", "name": "Player"}, title="Player", options=QUIET)
    home.config.allowlist_external_dirs = {str(media_directory)}
    for action, data in (
        ("record", {"filename": f"{media_directory}/{odd}.mp4"}),
        ("record", {"filename": f"{media_directory}/{odd}/clip.mp4"}),
        ("record", {"filename": odd}),
        ("delete_media", {"media_content_id": [odd]}),
        ("delete_media", {"media_content_id": [f"x/snapshots/2026-01-01/{odd}"]}),
        ("list_snapshots", {"before": odd}),
        ("export_timelapse", {"start": odd}),
        ("set_layout", {"layout": odd}),
        ("set_layout", {"main": odd}),
        ("ascii_frame", {"charset": odd}),
    ):
        await refused(answer_of_any(home, action, "camera.porch", **data))
    for media in (odd, f"http://192.0.2.1/{odd}", f"/local/{odd}", f"media-source://{odd}"):
        await refused(answer_of_any(home, "play", "media_player.player", media=media))
    assert list(media_directory.rglob("*.mp4")) == []


async def answer_of_any(hass: HomeAssistant, action: str, entity_id: str, **data: Any) -> Any:
    """Call an action, with or without an answer."""
    if action != "set_layout":
        return await answer_of(hass, action, entity_id, **data)
    data["entity_id"] = entity_id
    return await hass.services.async_call("retrocam", action, data, blocking=True)


async def test_media_source_ids(home: HomeAssistant, load: LoadEntry, odd: str) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    parts = [entry.entry_id, "snapshots", "2026-01-01", "20260101T000000.000Z.jpg"]
    for place in range(4):
        media_id = f"media-source://retrocam/{'/'.join([*parts[:place], odd])}"
        for attempt in (
            async_browse_media(home, media_id),
            async_resolve_media(home, media_id, None),
        ):
            with pytest.raises((MediaSourceError, BrowseError)) as caught:
                await attempt
            str(caught.value).encode()


@pytest.mark.parametrize("step", STEPS)
async def test_names_in_the_config_flow(home: HomeAssistant, step: str, odd: str) -> None:
    await add_camera(home)
    flow_id = await start(home, step)
    data: dict[str, Any] = {"name": odd}
    if step == "grid":
        data["cameras"] = ["camera.test"]
    elif step == "camera_url":
        data = form("rtsp://192.0.2.1/x", name=odd)
    result = await submit(home, flow_id, data)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"name": "invalid_name"}
    home.config_entries.flow.async_abort(flow_id)


async def add_camera(hass: HomeAssistant) -> None:
    """Add a camera that a form can select."""
    hass.states.async_set("camera.test", "idle")


@pytest.mark.parametrize("field", ["url", "username", "password"])
async def test_urls_and_credentials_in_the_config_flow(
    home: HomeAssistant, field: str, odd: str
) -> None:
    flow_id = await start(home, "camera_url")
    given = {"url": "rtsp://127.0.0.1:1/x", "username": "me", "password": "it"}
    given[field] = f"rtsp://127.0.0.1:1/{odd}" if field == "url" else odd
    result = await submit(home, flow_id, form(**given))
    assert result["type"] is FlowResultType.FORM
    # User and password are percent-encoded, so most of these texts are valid.
    encoded = field != "url" and max(odd) < "\ud800"
    expected = (
        {"base": "cannot_connect"} if encoded and len(odd) <= MAX_URL else {"url": "invalid_url"}
    )
    assert result["errors"] == expected
    home.config_entries.flow.async_abort(flow_id)


async def test_options(
    home: HomeAssistant, load: LoadEntry, media_directory: Path, odd: str
) -> None:
    home.config.allowlist_external_dirs = {str(media_directory)}
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    result = await home.config_entries.options.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    given: dict[str, Any] = {str(section): {} for section in result["data_schema"].schema}
    for directory in (f"{media_directory}/{odd}", f"/{odd}/x", odd):
        given["storage"] = {"directory": directory}
        result = await home.config_entries.options.async_configure(result["flow_id"], given)
        assert result["errors"] == {"base": "directory_not_allowed"}
    given["storage"] = {}
    given["share"] = {"share_enabled": True, "share_pin": odd}
    result = await home.config_entries.options.async_configure(result["flow_id"], given)
    assert result["errors"] is not None
    assert result["errors"]["base"].startswith("share_pin_")
    home.config_entries.options.async_abort(result["flow_id"])


async def test_http_paths(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator
) -> None:
    """Segments of all our paths; longer texts do not fit into a request."""
    entry = await load({"kind": "demo", "name": "Porch"}, options=sharing(share_history=True))
    client = await hass_client()
    names = ["".join(ODD[key]) for key in ODD if key not in ("long", "surrogate", "escaped byte")]
    pieces = [quote(name, safe="") for name in [*names, "a" * 4000]]
    pieces += ["a%ED%A0%80b", "a%FFb", "%2e%2e%2fx", "%00"]
    async with Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        for piece in pieces:
            for path in (
                f"/api/retrocam/snapshots/{entry.entry_id}/{piece}",
                f"/api/retrocam/thumbnails/{entry.entry_id}/{piece}",
                f"/api/retrocam/snapshots/{piece}",
                f"/api/retrocam/{piece}/{entry.entry_id}",
                f"/api/retrocam/mjpeg/{piece}",
                f"/api/retrocam/preview/{piece}",
                f"/api/retrocam/cells/{piece}",
                f"/api/retrocam/live/{piece}.ts",
                f"/retrocam/{piece}",
            ):
                async with client.get(path) as response:
                    assert 400 <= response.status < 500, path
            for path in ("/snapshots/", "/thumbnails/", "/assets/", "/snapshots?before="):
                assert 400 <= (await guest.get(path + piece)).status < 500, path


async def test_the_websocket(
    home: HomeAssistant, load: LoadEntry, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await load({"kind": "demo", "name": "Porch"}, options=QUIET)
    client = await hass_ws_client()
    for odd in (text for key, text in ODD.items() if key not in ("surrogate", "escaped byte")):
        for command in (
            {"type": "retrocam/media/list", "entry_id": odd, "kind": "snapshots"},
            {"type": "retrocam/media/list", "entry_id": entry.entry_id, "kind": odd},
            {
                "type": "retrocam/media/list",
                "entry_id": entry.entry_id,
                "kind": "snapshots",
                "before": odd,
            },
            {"type": "retrocam/lookback/subscribe", "entry_id": odd},
            {"type": "retrocam/media/subscribe", "entry_id": odd},
            {"type": "retrocam/player/subscribe", "entry_id": odd},
            {"type": "retrocam/urls", "entry_id": odd},
        ):
            await client.send_json_auto_id(command)
            answer = await client.receive_json()
            assert not answer["success"]
            assert answer["error"]["code"] in ("not_found", "invalid_format"), command


async def test_guests(home: HomeAssistant, load: LoadEntry) -> None:
    options = sharing(share_control=True)
    entry = await load({"kind": "ascii_player", "name": "Porch"}, options=options)
    instance: CameraInstance = entry.runtime_data
    async with Browser.at(home, page_path(entry)) as guest:
        await guest.unlock()
        for key, odd in ODD.items():
            if key in ("surrogate", "escaped byte"):
                continue
            for path, body in (
                ("/play", {"media": odd}),
                ("/preset", {"preset": odd}),
                ("/unlock", {"pin": odd}),
            ):
                assert (await guest.post(path, body)).status == 400, (path, key)
    assert instance.share.open_streams == {}
