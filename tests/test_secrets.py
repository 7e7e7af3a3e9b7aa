"""Credentials and tokens appear in no log, state, diagnostics or error."""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable
import json
import logging
from typing import Any
from urllib.parse import quote, quote_plus

from aiohttp import web
from homeassistant.components.camera import async_get_image
from homeassistant.const import EVENT_LOGGING_CHANGED
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.json import JSONEncoder
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.generated import GeneratedCamera
from custom_components.retrocam.diagnostics import async_get_config_entry_diagnostics

from .conftest import LoadEntry
from .flows.steps import try_in_flow
from .rtsp import RtspServer
from .viewers import QUIET, SMALL, Viewer, mjpeg_url
from .waiting import until

CREDENTIALS = [("keeper", "hunter2hunter2"), ("us er@home", "p@ss/w:rd?#%41&é")]


def needles(username: str, password: str) -> set[str]:
    """Return all usable spellings of a user name and a password."""
    return {
        password,
        quote(password),
        quote(password, safe=""),
        quote_plus(password),
        b64encode(f"{username}:{password}".encode()).decode(),
        username,
        quote(username, safe=""),
    }


def assert_hidden(text: str, username: str, password: str) -> None:
    """Check that `text` contains neither in any spelling."""
    for needle in needles(username, password):
        assert needle not in text, text[max(0, text.find(needle) - 200) :][:300]


@pytest.fixture
async def all_logs(
    home: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[pytest.LogCaptureFixture]:
    """Log at DEBUG, including FFmpeg's lines, as for a bug report."""
    for name in ("custom_components.retrocam", "homeassistant.components.stream", "libav"):
        caplog.set_level(logging.DEBUG, name)
    home.bus.async_fire(EVENT_LOGGING_CHANGED)
    await home.async_block_till_done()
    yield caplog
    logging.getLogger("homeassistant.components.stream").setLevel(logging.INFO)
    home.bus.async_fire(EVENT_LOGGING_CHANGED)
    await home.async_block_till_done()


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return all lines with tracebacks, without the access log, which Home Assistant disables."""
    formatter = logging.Formatter()
    ours = [record for record in caplog.records if record.name != "aiohttp.access"]
    return "\n".join(formatter.format(record) for record in ours)


async def shown(
    home: HomeAssistant, entry: MockConfigEntry, socket_client: WebSocketGenerator
) -> str:
    """Return an entry's states, registry entries, API responses and diagnostics."""
    socket = await socket_client()
    answers = []
    for command in ("get_states", "config_entries/get", "config/entity_registry/list"):
        await socket.send_json_auto_id({"type": command})
        answers.append(await socket.receive_json())
    await socket.close()
    entities = er.async_entries_for_config_entry(er.async_get(home), entry.entry_id)
    devices = dr.async_entries_for_config_entry(dr.async_get(home), entry.entry_id)
    diagnostics = await async_get_config_entry_diagnostics(home, entry)
    return json.dumps(
        [answers, diagnostics, str(entities), str(devices)], cls=JSONEncoder, ensure_ascii=False
    )


@pytest.mark.parametrize(("username", "password"), CREDENTIALS, ids=["plain", "encoded"])
async def test_working_camera_reveals_no_password(
    home: HomeAssistant,
    *,
    load: LoadEntry,
    rtsp_server: RtspServer,
    all_logs: pytest.LogCaptureFixture,
    hass_ws_client: WebSocketGenerator,
    username: str,
    password: str,
) -> None:
    mount = rtsp_server.mount("/porch", username=username, password=password)
    entry = await load(
        {"kind": "camera_url", "url": mount.url, "username": username, "password": password}
    )
    instance: CameraInstance = entry.runtime_data
    async with Viewer.watching(mjpeg_url(home, instance)) as viewer:
        await viewer.read(2)
    await instance.async_still()
    text = await shown(home, entry, hass_ws_client)
    assert "available" in text
    assert await home.config_entries.async_unload(entry.entry_id)
    assert "Started stream" in logged(all_logs)
    assert any(record.name.startswith("libav") for record in all_logs.records)
    assert_hidden(text, username, password)
    assert_hidden(logged(all_logs), username, password)


type Break = Callable[[RtspServer, str, str], str]
"""Returns the URL, without credentials, of a failing camera."""


def wrong_password(server: RtspServer, username: str, password: str) -> str:
    return server.mount("/porch", username=username, password="another").url


def nothing_there(server: RtspServer, username: str, password: str) -> str:
    mount = server.mount("/porch")
    mount.refuse(404)
    return mount.url


def forbidden(server: RtspServer, username: str, password: str) -> str:
    mount = server.mount("/porch")
    mount.refuse(403)
    return mount.url


def refused(server: RtspServer, username: str, password: str) -> str:
    return "rtsp://127.0.0.1:9/x"


BREAKS = {
    wrong_password: "invalid_auth",
    forbidden: "forbidden",
    nothing_there: "not_found",
    refused: "cannot_connect",
}


@pytest.mark.parametrize(("username", "password"), CREDENTIALS, ids=["plain", "encoded"])
@pytest.mark.parametrize("breaks", BREAKS)
async def test_failing_camera_reveals_no_password(
    home: HomeAssistant,
    *,
    load: LoadEntry,
    rtsp_server: RtspServer,
    all_logs: pytest.LogCaptureFixture,
    hass_ws_client: WebSocketGenerator,
    breaks: Break,
    username: str,
    password: str,
) -> None:
    url = breaks(rtsp_server, username, password)
    entry = await load(
        {"kind": "camera_url", "url": url, "username": username, "password": password}
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: "Error from stream worker" in logged(all_logs))
    await until(lambda: not instance.available)
    text = await shown(home, entry, hass_ws_client)
    waiting = home.async_create_task(instance.async_still())
    await until(lambda: instance.provider.in_use)
    assert await home.config_entries.async_unload(entry.entry_id)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # whatever it is
        await waiting
    assert_hidden(f"{caught.value!r} {caught.value}", username, password)
    assert_hidden(text, username, password)
    assert_hidden(logged(all_logs), username, password)


@pytest.mark.parametrize(("username", "password"), CREDENTIALS, ids=["plain", "encoded"])
@pytest.mark.parametrize(("breaks", "error"), BREAKS.items())
async def test_the_config_flow_logs_no_password(
    home: HomeAssistant,
    *,
    rtsp_server: RtspServer,
    all_logs: pytest.LogCaptureFixture,
    breaks: Break,
    error: str,
    username: str,
    password: str,
) -> None:
    url = breaks(rtsp_server, username, password)
    inside = url.replace("://", f"://{quote(username, safe='')}:{quote(password, safe='')}@")
    for form in ({"url": url, "username": username, "password": password}, {"url": inside}):
        result = await try_in_flow(home, **form)
        assert result["errors"] == {"base": error}
    assert_hidden(logged(all_logs), username, password)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 503])
async def test_http_errors_are_form_errors(
    home: HomeAssistant,
    all_logs: pytest.LogCaptureFixture,
    aiohttp_server: Any,
    status: int,
) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    application = web.Application()
    application.router.add_get("/x", refuse)
    server = await aiohttp_server(application)
    username, password = CREDENTIALS[1]
    url = str(server.make_url("/x"))
    result = await try_in_flow(home, url, username=username, password=password)
    expected = {401: "invalid_auth", 403: "forbidden", 404: "not_found"}
    assert result["errors"] == {"base": expected.get(status, "cannot_connect")}
    assert_hidden(logged(all_logs), username, password)


async def test_failing_wrapped_camera_reveals_no_secret(
    home: HomeAssistant, load: LoadEntry, all_logs: pytest.LogCaptureFixture
) -> None:
    username, password = CREDENTIALS[1]
    data = {"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"}
    await load({**data, "username": username, "password": password}, title="Source", options=QUIET)
    entry = await load({"kind": "camera_entity", "entity_id": "camera.source"})
    await until(lambda: "Error from stream worker" in logged(all_logs))
    diagnostics = await async_get_config_entry_diagnostics(home, entry)
    assert_hidden(json.dumps(diagnostics, default=str), username, password)
    assert_hidden(logged(all_logs), username, password)


async def test_live_token_is_not_revealed(
    home: HomeAssistant,
    load: LoadEntry,
    all_logs: pytest.LogCaptureFixture,
    hass_ws_client: WebSocketGenerator,
) -> None:
    entry = await load({"kind": "demo", "name": "Porch", "advanced": SMALL})
    instance: GeneratedCamera = entry.runtime_data
    token = instance.token
    await until(lambda: instance.ring.available > 0)
    text = await shown(home, entry, hass_ws_client)
    # The worker's source fails, whose log line contains the URL.
    instance.publisher.close()
    await until(lambda: "Error from stream worker" in logged(all_logs))
    assert await home.config_entries.async_unload(entry.entry_id)
    assert token not in text
    assert token not in logged(all_logs)


async def test_each_load_has_a_new_token(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "demo", "name": "Porch", "advanced": SMALL}, options=QUIET)
    before = entry.runtime_data.token
    assert await home.config_entries.async_reload(entry.entry_id)
    assert entry.runtime_data.token != before
    assert len(before) >= 32


async def test_errors_contain_no_url(home: HomeAssistant, load: LoadEntry) -> None:
    username, password = CREDENTIALS[0]
    entry = await load(
        {
            "kind": "camera_url",
            "url": "rtsp://127.0.0.1:9/x",
            "username": username,
            "password": password,
        },
        options=QUIET,
    )
    waiting = home.async_create_task(async_get_image(home, "camera.porch"))
    await until(lambda: entry.runtime_data.provider.in_use)
    assert await home.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError) as caught:
        await waiting
    assert_hidden(f"{caught.value!r} {caught.value}", username, password)
    assert "127.0.0.1" not in str(caught.value)
