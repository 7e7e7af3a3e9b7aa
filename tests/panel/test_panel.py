"""Tests of the registration of cards with the dashboards."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras.share_auth import STORE_KEY
from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.panel import (
    BUNDLE_URL,
    async_register_resource,
    async_register_static,
    async_remove_resource,
)

type WebSocketGenerator = Callable[..., Awaitable[Any]]
type ClientSessionGenerator = Callable[..., Awaitable[Any]]

STORAGE_KEY = "lovelace_resources"
OTHER = {"id": "other", "type": "module", "url": "/local/retrocam.js?v=1"}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A folder with a built bundle."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "retrocam.js").write_text("export const cards = 1;\n")
    return folder


async def set_up(
    hass: HomeAssistant, lovelace: dict[str, Any] | None = None, *, last: str = "lovelace"
) -> None:
    """Set up the manifest's dependencies, up to and including the component `last`."""
    assert await async_setup_component(hass, "http", {})
    assert await async_setup_component(hass, last, {"lovelace": lovelace or {}})


async def stored(ws: WebSocketGenerator, hass: HomeAssistant) -> list[dict[str, Any]]:
    """Return the resources that a dashboard loads."""
    client = await ws(hass)
    await client.send_json_auto_id({"type": "lovelace/resources"})
    answer = await client.receive_json()
    assert answer["success"]
    result: list[dict[str, Any]] = answer["result"]
    return result


async def test_dashboards_load_the_served_file(
    hass: HomeAssistant,
    dist: Path,
    hass_ws_client: WebSocketGenerator,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    await set_up(hass)
    await async_register_static(hass, dist)
    await async_register_resource(hass)

    (item,) = await stored(hass_ws_client, hass)
    assert item["type"] == "module"
    path, _, version = item["url"].partition("?v=")
    assert path == BUNDLE_URL
    assert len(version) == 12

    client = await hass_client_no_auth()
    response = await client.get(item["url"])
    assert response.status == HTTPStatus.OK
    assert "javascript" in response.headers["Content-Type"]
    assert "max-age=2678400" in response.headers["Cache-Control"]
    assert await response.text() == "export const cards = 1;\n"


async def test_many_entries_make_one_resource(
    hass: HomeAssistant, dist: Path, hass_ws_client: WebSocketGenerator
) -> None:
    await set_up(hass)
    await async_register_static(hass, dist)
    await asyncio.gather(*(async_register_resource(hass) for _ in range(5)))
    await async_register_resource(hass)
    assert len(await stored(hass_ws_client, hass)) == 1


async def test_new_build_updates_the_resource_and_keeps_others(
    hass: HomeAssistant,
    dist: Path,
    hass_storage: dict[str, Any],
    hass_ws_client: WebSocketGenerator,
) -> None:
    old = [
        OTHER,
        {"id": "ours", "type": "module", "url": f"{BUNDLE_URL}?v=old"},
        {"id": "twin", "type": "module", "url": BUNDLE_URL},
    ]
    hass_storage[STORAGE_KEY] = {"version": 1, "key": STORAGE_KEY, "data": {"items": old}}
    await set_up(hass)
    await async_register_static(hass, dist)
    await async_register_resource(hass)

    items = {item["id"]: item for item in await stored(hass_ws_client, hass)}
    assert items.keys() == {"other", "ours"}
    assert items["other"] == OTHER
    assert items["ours"]["url"].startswith(f"{BUNDLE_URL}?v=")
    assert not items["ours"]["url"].endswith("old")


async def test_removal_of_the_last_entry_removes_only_ours(
    hass: HomeAssistant,
    dist: Path,
    hass_storage: dict[str, Any],
    hass_ws_client: WebSocketGenerator,
) -> None:
    hass_storage[STORAGE_KEY] = {"version": 1, "key": STORAGE_KEY, "data": {"items": [OTHER]}}
    await set_up(hass)
    await async_register_static(hass, dist)
    await async_register_resource(hass)
    await async_remove_resource(hass)
    assert await stored(hass_ws_client, hass) == [OTHER]

    # A new entry in the same run: async_setup does not run again.
    await async_register_resource(hass)
    assert len(await stored(hass_ws_client, hass)) == 2


async def test_removal_of_an_entry_never_set_up_removes_the_resource(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Disabled, and Home Assistant was restarted: nothing of Retrocam runs."""
    ours = {"id": "ours", "type": "module", "url": f"{BUNDLE_URL}?v=1"}
    hass_storage[STORAGE_KEY] = {
        "version": 1,
        "key": STORAGE_KEY,
        "data": {"items": [OTHER, ours]},
    }
    hass_storage[STORE_KEY] = {"version": 1, "key": STORE_KEY, "data": {}}
    await set_up(hass)
    entry = MockConfigEntry(
        domain=DOMAIN, data={"kind": "demo"}, disabled_by=ConfigEntryDisabler.USER
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert await stored(hass_ws_client, hass) == [OTHER]
    assert STORE_KEY not in hass_storage
    assert "Error" not in caplog.text


async def test_yaml_mode_adds_an_extra_module_and_takes_it_back(
    hass: HomeAssistant, dist: Path
) -> None:
    await set_up(hass, {"resource_mode": "yaml", "resources": []}, last="frontend")
    await async_register_static(hass, dist)
    await async_register_resource(hass)
    await async_register_resource(hass)
    (url,) = hass.data[DATA_EXTRA_MODULE_URL].urls
    assert url.startswith(f"{BUNDLE_URL}?v=")
    assert hass.data[LOVELACE_DATA].resources.async_items() == []

    await async_remove_resource(hass)
    assert not hass.data[DATA_EXTRA_MODULE_URL].urls


async def test_yaml_mode_respects_the_users_own_line(hass: HomeAssistant, dist: Path) -> None:
    own = {"type": "module", "url": f"{BUNDLE_URL}?mine"}
    await set_up(hass, {"resource_mode": "yaml", "resources": [own]}, last="frontend")
    await async_register_static(hass, dist)
    await async_register_resource(hass)
    assert not hass.data[DATA_EXTRA_MODULE_URL].urls
    assert hass.data[LOVELACE_DATA].resources.async_items() == [own]
    await async_remove_resource(hass)
    assert hass.data[LOVELACE_DATA].resources.async_items() == [own]


async def test_yaml_mode_without_a_frontend_is_quiet(hass: HomeAssistant, dist: Path) -> None:
    await set_up(hass, {"resource_mode": "yaml", "resources": []})
    await async_register_static(hass, dist)
    await async_register_resource(hass)
    assert DATA_EXTRA_MODULE_URL not in hass.data
    assert hass.data[LOVELACE_DATA].resources.async_items() == []


async def test_missing_build_warns_once(
    hass: HomeAssistant,
    tmp_path: Path,
    hass_ws_client: WebSocketGenerator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up(hass)
    await async_register_static(hass, tmp_path / "dist")
    await async_register_resource(hass)
    await async_register_resource(hass)
    await async_remove_resource(hass)
    assert caplog.text.count("The dashboard cards are not built") == 1
    assert await stored(hass_ws_client, hass) == []
