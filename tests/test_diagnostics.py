"""Diagnostics, as downloaded: figures without secrets."""

import json
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance

from .conftest import LoadEntry
from .rtsp import RtspServer
from .viewers import QUIET, Viewer, mjpeg_url
from .waiting import until


@pytest.fixture(autouse=True)
async def _diagnostics(hass: HomeAssistant) -> None:
    """Set up the download before the HTTP server of `home` starts."""
    assert await async_setup_component(hass, "diagnostics", {})


async def download(hass_client: ClientSessionGenerator, entry: MockConfigEntry) -> dict[str, Any]:
    client = await hass_client()
    response = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
    assert response.status == 200
    text = await response.text()
    data: dict[str, Any] = json.loads(text)["data"]
    return data


async def test_url_camera_diagnostics_are_redacted(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/pa/th0ken", fps=25, username="keeper", password="hunter2")
    entry = await load(
        {
            "kind": "camera_url",
            "url": f"{mount.url}?key=t0ken",
            "username": "keeper",
            "password": "hunter2",
            "rtsp_transport": "tcp",
        },
        options={**QUIET, "share": {"share_enabled": True, "share_pin": "481516"}},
    )
    data = await download(hass_client, entry)
    text = json.dumps(data)
    for secret in ("keeper", "hunter2", "t0ken", "th0ken", "127.0.0.1", "481516"):
        assert secret not in text
    assert data["entry"]["data"]["url"] == "rtsp://**REDACTED**"
    assert data["entry"]["data"]["rtsp_transport"] == "tcp"
    assert data["entry"]["options"]["share"]["share_enabled"] is True


async def test_device_diagnostics_list_entities(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator
) -> None:
    secret = {"username": "keeper", "password": "hunter2"}
    data = {"kind": "camera_url", "url": "rtsp://127.0.0.1:9/pa/th0ken", **secret}
    entry = await load(data, options=QUIET)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(home), entry.entry_id)
    client = await hass_client()
    path = f"/api/diagnostics/config_entry/{entry.entry_id}/device/{device.id}"
    text = await (await client.get(path)).text()
    diagnostics = json.loads(text)["data"]
    assert diagnostics["entry"]["data"]["url"] == "rtsp://**REDACTED**"
    assert diagnostics["entities"]["camera.porch"]["key"] == "camera"
    assert diagnostics["entities"]["sensor.porch_frame_rate"]["disabled_by"] == "integration"
    for value in ("keeper", "hunter2", "th0ken", "127.0.0.1"):
        assert value not in text


async def test_figures_show_running_work(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/porch", fps=25)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: instance.ring.available > 0)
    async with Viewer.watching(mjpeg_url(home, instance)) as viewer:
        await viewer.read(2)
        figures = (await download(hass_client, entry))["instance"]
    assert figures["stream_provider"]["available"] is True
    assert figures["stream_provider"]["tapped"] is True
    assert figures["stream_provider"]["users"] == 2
    assert figures["stream_provider"]["stream"]["video_codec"] == "h264"
    assert figures["ring"]["frame_size"] == [320, 180]
    assert figures["ring"]["size"] > 0
    assert figures["feed"] == {"readers": 1, "running": True}
    assert figures["mjpeg"]["watchers"] == 1
    assert figures["mjpeg"]["encoded"] >= 2
    assert figures["lookback"]["enabled"] is True


async def test_unloaded_entry_has_diagnostics(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator
) -> None:
    entry = await load({"kind": "demo", "name": "Demo"}, options=QUIET)
    assert await home.config_entries.async_unload(entry.entry_id)
    data = await download(hass_client, entry)
    assert data["entry"]["data"]["kind"] == "demo"
    assert data["instance"] is None


async def test_every_kind_has_diagnostics(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator
) -> None:
    demo = await load({"kind": "demo", "name": "Demo"}, title="Demo", options=QUIET)
    wrapped = await load({"kind": "camera_entity", "entity_id": "camera.demo"}, options=QUIET)
    token = demo.runtime_data.token
    for entry in (demo, wrapped):
        data = await download(hass_client, entry)
        assert data["instance"]["feed"] == {"readers": 0, "running": False}
        assert token not in json.dumps(data)
