"""Cameras that are gone for a day."""

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
    KEPT_AFTER,
    OUTAGES,
    SAVE_DELAY,
    STORE_KEY,
    Outages,
)
from custom_components.retrocam.repairs.checks import GONE_AFTER

from ..conftest import LoadEntry
from ..rtsp import RtspServer
from ..viewers import QUIET
from ..waiting import until
from .dialogs import Dialog, found


async def test_a_camera_that_is_gone_for_a_day_can_be_given_its_new_address(
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
    instance.async_tell()
    assert found(home, "source_gone", entry) is None
    assert instance.supply._lost_at is not None
    instance.supply._lost_at -= GONE_AFTER
    instance.async_tell()
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
    """Return what is kept of outages, once it is written."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=SAVE_DELAY + 1))
    await hass.async_block_till_done()
    data: dict[str, float] = hass_storage.get(STORE_KEY, {}).get("data", {})
    return data


async def test_a_restart_does_not_begin_the_day_anew(
    home: HomeAssistant, load: LoadEntry, rtsp_server: RtspServer, hass_storage: dict[str, Any]
) -> None:
    mount = rtsp_server.mount("/porch")
    mount.refuse(404)
    entry = await load({"kind": "camera_url", "url": mount.url})
    instance: CameraInstance = entry.runtime_data
    await until(lambda: not instance.available)
    instance.async_tell()
    # What is short is not worth a write.
    assert await kept(home, hass_storage) == {}
    assert instance.supply._lost_at is not None
    instance.supply._lost_at -= GONE_AFTER / 2
    instance.async_tell()
    assert found(home, "source_gone", entry) is None
    assert (await kept(home, hass_storage)).keys() == {entry.entry_id}
    assert await home.config_entries.async_unload(entry.entry_id)
    outages = Outages(home, clock=lambda: time.time() + GONE_AFTER / 2)
    await outages.async_load()
    home.data[OUTAGES] = outages
    assert await home.config_entries.async_setup(entry.entry_id)
    renewed: CameraInstance = entry.runtime_data
    await until(lambda: not renewed.available)
    renewed.async_tell()
    assert found(home, "source_gone", entry) is not None
    mount.refuse(0)
    await until(lambda: renewed.available)
    renewed.async_tell()
    assert found(home, "source_gone", entry) is None
    assert await kept(home, hass_storage) == {}


async def test_another_outage_begins_anew(home: HomeAssistant, load: LoadEntry) -> None:
    entry = await load({"kind": "camera_url", "url": "rtsp://127.0.0.1:9/x"}, options=QUIET)
    supply = entry.runtime_data.supply
    outages = home.data[OUTAGES]
    supply._lost_at = time.monotonic() - 2 * KEPT_AFTER
    assert outages.async_lost_for("x", supply) == pytest.approx(2 * KEPT_AFTER, abs=60)
    # It was there, and went again, between two looks.
    supply._seen, supply._lost_at = True, time.monotonic() - 60
    assert outages.async_lost_for("x", supply) < KEPT_AFTER


async def test_a_broken_store_of_outages_does_not_keep_retrocam_from_starting(
    home: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    hass_storage[STORE_KEY] = {"version": 1, "data": {"x": "long ago"}}
    outages = Outages(home)
    await outages.async_load()
    assert outages._since == {}


async def test_a_wrapped_camera_that_is_unavailable_for_a_day_is_an_issue(
    home: HomeAssistant, load: LoadEntry
) -> None:
    home.states.async_set("camera.other", "idle")
    entry = await load({"kind": "camera_entity", "entity_id": "camera.other"}, options=QUIET)
    home.states.async_set("camera.other", "unavailable")
    await home.async_block_till_done()
    instance: CameraInstance = entry.runtime_data
    assert found(home, "camera_gone", entry) is None
    assert instance.supply._lost_at is not None
    instance.supply._lost_at -= GONE_AFTER
    instance.async_tell()
    assert found(home, "camera_gone", entry) is not None
    home.states.async_set("camera.other", "idle")
    await home.async_block_till_done()
    assert found(home, "camera_gone", entry) is None
