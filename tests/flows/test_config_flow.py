"""The config flow, against real sources."""

from pathlib import Path
import socket
import threading
from typing import Any

from aiohttp import web
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.http.live import PREVIEWS
from custom_components.retrocam.urls import PREVIEW_PATH

from ..conftest import LoadEntry
from ..core.frames.stills import jpeg
from ..core.sources.http_camera import HttpCamera, video
from ..core.sources.rtsp_refusals import refusing
from ..leaks import own_threads
from ..rtsp import RtspServer
from ..rtsp_viewer import watched
from ..viewers import QUIET
from ..waiting import until
from .steps import ADVANCED, add_camera, form, start, submit, try_in_flow


async def test_url_camera_is_probed_previewed_and_added(
    home: HomeAssistant,
    load: LoadEntry,
    hass_client_no_auth: ClientSessionGenerator,
    rtsp_server: RtspServer,
) -> None:
    mount = rtsp_server.mount("/porch", username="user", password="p@ss/word")
    flow_id = await start(home, "camera_url")
    result = await submit(home, flow_id, form(mount.url, username="user", password="p@ss/word"))
    assert result["step_id"] == "preview"
    placeholders = result["description_placeholders"] or {}
    assert placeholders["size"] == "320 × 180"
    client = await hass_client_no_auth()
    picture = placeholders["preview"].partition("(")[2].rstrip(")")
    response = await client.get(picture)
    assert response.status == 200
    assert (await response.read()).startswith(b"\xff\xd8")
    assert (await client.get(picture.partition("?")[0])).status == 403

    result = await submit(home, flow_id, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Porch"
    assert result["data"]["password"] == "p@ss/word"
    assert "p@ss" not in result["data"]["url"]
    assert home.data[PREVIEWS] == {}
    await home.async_block_till_done()
    assert home.states.get("camera.porch") is not None


async def test_credentials_are_moved_out_of_url(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", username="user", password="p@ss/word")
    result = await add_camera(home, mount.url_with("user", "p@ss/word"))
    assert result["data"]["url"] == mount.url
    assert result["data"]["username"] == "user"
    assert result["data"]["password"] == "p@ss/word"


@pytest.mark.parametrize(
    ("url", "errors"),
    [
        ("file:///etc/passwd", {"url": "unsupported_scheme"}),
        ("concat:/etc/passwd", {"url": "unsupported_scheme"}),
        ("data:text/plain,x", {"url": "unsupported_scheme"}),
        ("ftp://host/x", {"url": "unsupported_scheme"}),
        ("rtsp://", {"url": "invalid_url"}),
        ("rtsp://host:port/x", {"url": "invalid_url"}),
        ("rtsp://[::1/x", {"url": "invalid_url"}),
        ("rtsp://ho st/x", {"url": "invalid_url"}),
        ("camera", {"url": "invalid_url"}),
    ],
)
async def test_invalid_urls_are_rejected_without_connecting(
    home: HomeAssistant, monkeypatch: pytest.MonkeyPatch, url: str, errors: dict[str, str]
) -> None:
    flow_id = await start(home, "camera_url")
    started: list[str] = []
    start_thread = threading.Thread.start

    def note(thread: threading.Thread) -> None:
        started.append(thread.name)
        start_thread(thread)

    monkeypatch.setattr(threading.Thread, "start", note)
    result = await submit(home, flow_id, form(url))
    assert result["errors"] == errors
    # A probe has a thread of its own.
    assert not any(name.startswith("retrocam") for name in started)


@pytest.mark.parametrize(
    ("status", "error"), [(401, "invalid_auth"), (403, "forbidden"), (404, "not_found")]
)
async def test_connection_errors_can_be_corrected(
    home: HomeAssistant, rtsp_server: RtspServer, status: int, error: str
) -> None:
    mount = rtsp_server.mount("/porch")
    mount.refuse(status)
    flow_id = await start(home, "camera_url")
    result = await submit(home, flow_id, form(mount.url))
    assert result["errors"] == {"base": error}
    mount.refuse(0)
    result = await submit(home, flow_id, form(mount.url))
    assert result["step_id"] == "preview"


@pytest.mark.parametrize(("has", "asked"), [("udp", "tcp"), ("tcp", "udp")])
async def test_refused_transport_is_replaced(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, has: str, asked: str
) -> None:
    mount = rtsp_server.mount("/porch", transport=has)
    # The test server would answer 503 while it ends the stream of the refused attempt.
    with watched(mount, transport=has):
        flow_id = await start(home, "camera_url")
        result = await submit(home, flow_id, form(mount.url, rtsp_transport=asked))
        assert result["step_id"] == "preview_transport"
        placeholders = result["description_placeholders"] or {}
        assert (placeholders["refused"], placeholders["taken"]) == (asked.upper(), has.upper())
        result = await submit(home, flow_id, {})
        assert result["data"]["rtsp_transport"] == has
        await home.async_block_till_done()
        entry: Any = result["result"]
        await until(lambda: entry.runtime_data.ring.available > 0)


async def test_other_transport_is_tried_again_while_the_refused_session_ends(
    home: HomeAssistant, socket_enabled: None
) -> None:
    with refusing(("SETUP", 461), ("DESCRIBE", 503), ("DESCRIBE", 404)) as url:
        assert (await try_in_flow(home, url))["errors"] == {"base": "not_found"}


async def test_refused_transports_are_an_error(
    home: HomeAssistant, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch", transport="tcp")
    error = await try_in_flow(home, mount.url, rtsp_transport="udp_multicast")
    assert error["errors"] == {"base": "transport_refused"}


async def test_still_and_redirect_loop_are_explained(
    home: HomeAssistant, socket_enabled: None
) -> None:
    camera = HttpCamera()
    try:
        still = camera.url("/snapshot.jpg", 200, jpeg(1), Content_Type="image/jpeg")
        assert (await try_in_flow(home, still))["errors"] == {"base": "still_image"}
        loop = camera.url("/loop", 302, Location="/loop")
        assert (await try_in_flow(home, loop))["errors"] == {"base": "redirect_loop"}
    finally:
        camera.close()


async def test_first_camera_is_added_before_set_up(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    rtsp_server: RtspServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await async_setup_component(hass, "stream", {})
    mount = rtsp_server.mount("/porch")
    # Home Assistant's own server starts like this: later routes are served as well.
    monkeypatch.setattr(hass.http.app.router, "freeze", lambda: None)
    client = await hass_client()
    flow_id = await start(hass, "camera_url")
    assert DOMAIN not in hass.config.components
    result = await submit(hass, flow_id, form(mount.url))
    assert result["step_id"] == "preview"
    picture = (result["description_placeholders"] or {})["preview"]
    response = await client.get(picture.partition("(")[2].rstrip(")"))
    assert response.status == 200
    hass.config_entries.flow.async_abort(flow_id)
    # The view that the flow registered is not registered twice.
    assert await async_setup_component(hass, DOMAIN, {})
    assert (await client.get(PREVIEW_PATH.format(flow_id=flow_id))).status == 404


async def test_nothing_listens(home: HomeAssistant, free_port: int) -> None:
    flow_id = await start(home, "camera_url")
    result = await submit(home, flow_id, form(f"rtsp://127.0.0.1:{free_port}/x"))
    assert result["errors"] == {"base": "cannot_connect"}


async def test_other_protocol(
    home: HomeAssistant, aiohttp_server: Any, socket_enabled: None
) -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html>no camera</html>", content_type="text/html")

    application = web.Application()
    application.router.add_get("/page", page)
    server = await aiohttp_server(application)
    flow_id = await start(home, "camera_url")
    result = await submit(home, flow_id, form(str(server.make_url("/page"))))
    assert result["errors"] == {"base": "no_video"}
    result = await submit(home, flow_id, form(str(server.make_url("/nothing"))))
    assert result["errors"] == {"base": "not_found"}


async def test_hanging_source_times_out(home: HomeAssistant, silent_port: int) -> None:
    flow_id = await start(home, "camera_url")
    result = await submit(home, flow_id, form(f"rtsp://127.0.0.1:{silent_port}/x"))
    assert result["errors"] == {"base": "timeout"}
    result = await submit(home, flow_id, form(f"http://127.0.0.1:{silent_port}/x"))
    assert result["errors"] == {"base": "timeout"}
    assert own_threads() == []


async def test_duplicate_url_aborts(home: HomeAssistant, load: LoadEntry) -> None:
    await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"})
    flow_id = await start(home, "camera_url")
    result = await submit(home, flow_id, form("rtsp://user:secret@127.0.0.1:9/x"))
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"


async def test_demo(home: HomeAssistant, load: LoadEntry) -> None:
    flow_id = await start(home, "demo")
    result = await submit(home, flow_id, {"name": "Show"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    assert home.states.get("camera.show") is not None
    flow_id = await start(home, "demo")
    assert (await submit(home, flow_id, {"name": "Show"}))["reason"] == "already_configured"


async def test_entity(home: HomeAssistant, load: LoadEntry) -> None:
    await load({"kind": "demo", "name": "Own"}, title="Own")
    home.states.async_set("camera.other", "idle", {"friendly_name": "Other"})
    flow_id = await start(home, "camera_entity")
    result = await submit(home, flow_id, {"entity_id": "camera.missing"})
    assert result["errors"] == {"entity_id": "not_found"}
    with pytest.raises(InvalidData):
        await submit(home, flow_id, {"entity_id": "camera.own"})
    result = await submit(home, flow_id, {"entity_id": "camera.other"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Other"
    flow_id = await start(home, "camera_entity")
    with pytest.raises(InvalidData):
        await submit(home, flow_id, {"entity_id": "camera.other"})


async def test_battery_camera_without_lookback(home: HomeAssistant, load: LoadEntry) -> None:
    home.states.async_set("camera.door", "idle")
    flow_id = await start(home, "camera_entity")
    result = await submit(home, flow_id, {"entity_id": "camera.door", "lookback_enabled": False})
    assert result["options"] == QUIET
    await home.async_block_till_done()


async def test_missing_timestamps_enable_wallclock(home: HomeAssistant, load: LoadEntry) -> None:
    camera = HttpCamera()
    flow_id = await start(home, "camera_url")
    url = camera.url("/x", 200, video("h264"))
    assert (await submit(home, flow_id, form(url)))["step_id"] == "preview"
    camera.close()
    result = await submit(home, flow_id, {})
    assert result["data"]["advanced"] == {**ADVANCED, "use_wallclock_as_timestamps": True}
    await home.async_block_till_done()


async def test_entity_is_stored_by_registry_id(home: HomeAssistant, load: LoadEntry) -> None:
    entity = er.async_get(home).async_get_or_create("camera", "other", "1")
    home.states.async_set(entity.entity_id, "idle")
    flow_id = await start(home, "camera_entity")
    result = await submit(home, flow_id, {"entity_id": entity.entity_id})
    assert result["data"]["entity_id"] == entity.id


async def test_closing_dialog_drops_preview(home: HomeAssistant, rtsp_server: RtspServer) -> None:
    flow_id = await start(home, "camera_url")
    await submit(home, flow_id, form(rtsp_server.mount("/porch").url))
    assert flow_id in home.data[PREVIEWS]
    home.config_entries.flow.async_abort(flow_id)
    assert home.data[PREVIEWS] == {}


@pytest.fixture
def free_port(socket_enabled: None) -> Any:
    """A port on which nothing listens; it is kept, so that nobody else gets it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def silent_port(socket_enabled: None) -> Any:
    """A port that accepts connections and never sends anything."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


async def test_new_camera_gets_unused_directory(
    home: HomeAssistant, load: LoadEntry, media_directory: Path
) -> None:
    chosen = {"directory": f"{media_directory}/retrocam/./garden", "min_free_megabytes": 512}
    first = await load({"kind": "demo", "name": "A"}, options={**QUIET, "storage": chosen})
    result = await submit(home, await start(home, "demo"), {"name": "Garden"})
    await home.async_block_till_done()
    entry: Any = result["result"]
    assert entry.runtime_data.media.directory.name == "garden_2"
    assert first.runtime_data.media.directory.name == "garden"
