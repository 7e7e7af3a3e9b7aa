"""Outages of a day or longer."""

from datetime import timedelta
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.outages import (
    OUTAGES,
    SAVE_DELAY,
    STORE_AFTER,
    STORE_KEY,
    Outages,
)
from custom_components.retrocam.repairs.checks import GONE_AFTER

from ..conftest import LoadEntry
from ..rtsp import RtspServer
from ..viewers import QUIET
from ..waiting import until
from .dialogs import Dialog, found


async def test_gone_camera_can_be_given_new_url(
    home: HomeAssistant,
    load: LoadEntry,
    rtsp_server: RtspServer,
    hass_client: ClientSessionGenerator,
) -> None:
    mount = rtsp_server.mount("/porch", username="keeper", password="hunter2")
    entry = await load(
        {
            "kind": "camera_url",
            "url": "rtsp://127.0.0.1:9/x",
            "username": "keeper",
            "password": "hunter2",
        }
    )
    instance: CameraInstance = entry.runtime_data
    await until(lambda: not instance.available)
    instance.async_update_listeners()
    assert found(home, "source_gone", entry) is None
    assert instance.provider._lost_at is not None
    instance.provider._lost_at -= GONE_AFTER
    instance.async_update_listeners()
    assert found(home, "source_gone", entry) is not None
    dialog = await Dialog.of(hass_client, "source_gone", entry)
    assert dialog.suggested() == {"url": "rtsp://127.0.0.1:9/x"}
    assert (await dialog.submit(url="file:///x"))["errors"] == {"url": "unsupported_scheme"}
    assert (await dialog.submit(url="rtsp://127.0.0.1:9/x"))["errors"] == {"base": "cannot_connect"}
    other = rtsp_server.mount("/other").url
    await load({"kind": "camera_url", "url": other}, title="Other", options=QUIET)
    assert (await dialog.submit(url=other))["errors"] == {"url": "already_configured"}
    assert (await dialog.submit(url=mount.url))["type"] == "create_entry"
    assert entry.data["url"] == mount.url
    assert entry.data["password"] == "hunter2"
    await home.async_block_till_done()
    await until(lambda: entry.runtime_data.ring.available > 0)
    assert found(home, "source_gone", entry) is None


async def kept(hass: HomeAssistant, hass_storage: dict[str, Any]) -> dict[str, float]:
    """Return the stored outages, once they are written."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=SAVE_DELAY + 1))
    await hass.async_block_till_done()
    data: dict[str, float] = hass_storage.get(STORE_KEY, {}).get("data", {})
    return data


async def test_outage_continues_across_restart(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, hass_storage: dict[str, Any]
) -> None:
    mount = rtsp_server.mount("/porch")
    mount.refuse(404)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: not instance.available)
    instance.async_update_listeners()
    # Short outages are not written.
    assert await kept(home, hass_storage) == {}
    assert instance.provider._lost_at is not None
    instance.provider._lost_at -= GONE_AFTER / 2
    instance.async_update_listeners()
    assert found(home, "source_gone", entry) is None
    assert (await kept(home, hass_storage)).keys() == {entry.entry_id}
    assert await home.config_entries.async_unload(entry.entry_id)
    outages = Outages(home, clock=lambda: time.time() + GONE_AFTER / 2)
    await outages.async_load()
    home.data[OUTAGES] = outages
    assert await home.config_entries.async_setup(entry.entry_id)
    renewed: CameraInstance = entry.runtime_data
    await until(lambda: not renewed.available)
    renewed.async_update_listeners()
    assert found(home, "source_gone", entry) is not None
    mount.refuse(0)
    await until(lambda: renewed.available)
    renewed.async_update_listeners()
    assert found(home, "source_gone", entry) is None
    assert await kept(home, hass_storage) == {}


async def test_new_outage_starts_at_zero(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"}, options=QUIET)
    provider = entry.runtime_data.provider
    outages = home.data[OUTAGES]
    provider._lost_at = time.monotonic() - 2 * STORE_AFTER
    assert outages.async_outage_seconds("x", provider) == pytest.approx(2 * STORE_AFTER, abs=60)
    # The camera returned and was lost again between two checks.
    provider._ever_available, provider._lost_at = True, time.monotonic() - 60
    assert outages.async_outage_seconds("x", provider) < STORE_AFTER


async def test_broken_outage_store_is_ignored(
    home: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    hass_storage[STORE_KEY] = {"version": 1, "data": {"x": "long ago"}}
    outages = Outages(home)
    await outages.async_load()
    assert outages._since == {}


async def test_unavailable_wrapped_camera_raises_issue(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.states.async_set("camera.other", "idle")
    entry = await load({"kind": "camera_entity", "entity_id": "camera.other"}, options=QUIET)
    home.states.async_set("camera.other", "unavailable")
    await home.async_block_till_done()
    instance: CameraInstance = entry.runtime_data
    assert found(home, "camera_gone", entry) is None
    assert instance.provider._lost_at is not None
    instance.provider._lost_at -= GONE_AFTER
    instance.async_update_listeners()
    assert found(home, "camera_gone", entry) is not None
    home.states.async_set("camera.other", "idle")
    await home.async_block_till_done()
    assert found(home, "camera_gone", entry) is None
