"""Reconfiguration, reauthentication and options of an entry."""

from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from ..conftest import LoadEntry
from ..rtsp import RtspServer
from ..viewers import QUIET
from .steps import form, submit


async def test_reconfigure_url(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer
) -> None:
    mount = rtsp_server.mount("/porch")
    entry = await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x", "password": "secret"})
    result = await entry.start_reconfigure_flow(home)
    assert "secret" not in str(result["data_schema"])
    result = await submit(home, result["flow_id"], form(mount.url))
    result = await submit(home, result["flow_id"], {})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["url"] == mount.url
    await home.async_block_till_done()


async def test_reconfigure_demo_and_entity(home: HomeAssistant, load: LoadEntry) -> None:
    demo = await load({"kind": "demo", "name": "Porch"})
    result = await demo.start_reconfigure_flow(home)
    result = await submit(home, result["flow_id"], {"name": "Porch"})
    assert result["reason"] == "reconfigure_successful"

    for name in ("one", "two"):
        home.states.async_set(f"camera.{name}", "idle", {"friendly_name": name})
    entity = await load({"kind": "camera_entity", "entity_id": "camera.one"}, title="one")
    result = await entity.start_reconfigure_flow(home)
    result = await submit(home, result["flow_id"], {"entity_id": "camera.two"})
    assert result["reason"] == "reconfigure_successful"
    assert entity.data["entity_id"] == "camera.two"
    assert entity.title == "two"
    await home.async_block_till_done()


async def test_reauth(home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer) -> None:
    mount = rtsp_server.mount("/porch", username="user", password="new")
    entry = await load(
        {"kind": "camera_url", "url": mount.url, "username": "user", "password": "old"},
        options=QUIET,
    )
    result = await entry.start_reauth_flow(home)
    assert result["step_id"] == "reauth_confirm"
    result = await submit(home, result["flow_id"], {"username": "user", "password": "wrong"})
    assert result["errors"] == {"base": "invalid_auth"}
    result = await submit(home, result["flow_id"], {"username": "user", "password": "new"})
    assert result["reason"] == "reauth_successful"
    assert entry.data["password"] == "new"
    await home.async_block_till_done()


async def test_options(home: HomeAssistant, load: LoadEntry, media_directory: Path) -> None:
    entry = await load({"kind": "demo", "name": "Porch"})
    result = await home.config_entries.options.async_init(entry.entry_id)
    assert result["data_schema"] is not None
    given: dict[str, Any] = {str(section): {} for section in result["data_schema"].schema}
    given["mjpeg"] = {"mjpeg_fps": 5, "mjpeg_width": 640, "ring_size": 3}
    given["storage"] = {"directory": "/etc/retrocam"}
    result = await home.config_entries.options.async_configure(result["flow_id"], given)
    assert result["errors"] == {"base": "directory_not_allowed"}
    home.config.allowlist_external_dirs = {str(media_directory)}
    other = await load({"kind": "demo", "name": "Other", "slug": "other"}, title="Other")
    taken = other.runtime_data.media.directory
    (media_directory / "link").symlink_to(taken.parent)
    for directory in (taken, media_directory / "link" / taken.name):
        given["storage"] = {"directory": str(directory)}
        result = await home.config_entries.options.async_configure(result["flow_id"], given)
        assert result["errors"] == {"base": "directory_taken"}
    given["storage"] = {"directory": str(media_directory / "elsewhere")}
    result = await home.config_entries.options.async_configure(result["flow_id"], given)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await home.async_block_till_done()
    assert entry.runtime_data.settings.mjpeg_width == 640
    assert isinstance(entry.options["mjpeg"]["ring_size"], int)
    assert entry.runtime_data.media.directory == media_directory / "elsewhere"


@pytest.mark.parametrize("kind", ["demo", "ascii_player"])
async def test_renamed_entry_keeps_its_name(
    home: HomeAssistant, load: LoadEntry, kind: str
) -> None:
    entry = await load({"kind": kind, "name": "Old"}, title="Old", options=QUIET)
    home.config_entries.async_update_entry(entry, title="New")
    result = await entry.start_reconfigure_flow(home)
    schema = result["data_schema"]
    assert schema is not None
    fields = {str(key): key.description for key in schema.schema}
    assert fields["name"] == {"suggested_value": "New"}


@pytest.fixture
async def locked(load: LoadEntry, rtsp_server: RtspServer) -> MockConfigEntry:
    """A camera with a stored password."""
    mount = rtsp_server.mount("/porch", username="user", password="secret")
    data = {"kind": "camera_url", "url": mount.url, "username": "user", "password": "secret"}
    return await load(data, options=QUIET)


async def test_empty_password_keeps_stored_one(
    home: HomeAssistant, locked: MockConfigEntry
) -> None:
    flow = (await locked.start_reconfigure_flow(home))["flow_id"]
    result = await submit(home, flow, form(locked.data["url"], username="user"))
    assert result["step_id"] == "preview"
    result = await submit(home, flow, {})
    assert result["reason"] == "reconfigure_successful"
    assert locked.data["password"] == "secret"
    await home.async_block_till_done()


@pytest.mark.parametrize(("host", "username"), [("127.0.0.1", "other"), ("localhost", "user")])
async def test_stored_password_requires_same_host_and_user(
    home: HomeAssistant, locked: MockConfigEntry, host: str, username: str
) -> None:
    flow = (await locked.start_reconfigure_flow(home))["flow_id"]
    url = locked.data["url"].replace("127.0.0.1", host)
    result = await submit(home, flow, form(url, username=username))
    assert result["errors"] == {"base": "invalid_auth"}
