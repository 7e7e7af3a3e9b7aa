"""Entries of other versions: those of the first are supported for ever, later ones refused."""

import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.cameras.grid import GridCamera
from custom_components.retrocam.cameras.player import AsciiPlayer
from custom_components.retrocam.config_flow import RetrocamConfigFlow
from custom_components.retrocam.const import DOMAIN

from .conftest import LoadEntry
from .leaks import own_threads

VERSION = RetrocamConfigFlow.VERSION
MINOR_VERSION = RetrocamConfigFlow.MINOR_VERSION
FIRST: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "fixtures" / "entries_v1.json").read_text(encoding="utf-8")
)["entries"]
"""Home Assistant's store after each config flow and one options flow, written by version 1.1."""

KEYS = {
    "camera": {"camera"},
    "image": {"last_snapshot"},
    "button": {"take_snapshot", "record_lookback"},
    "switch": {"lookback", "history"},
    "number": {"lookback_seconds", "interval_sec"},
    "binary_sensor": {"connected", "recording"},
    "event": {"media"},
    "sensor": {
        "lookback_available",
        "lookback_size",
        "recordings",
        "snapshots",
        "last_snapshot",
        "storage_used",
        "fps",
        "frame_size",
    },
}
"""The unique ids of the first version's entities, without the entry id."""


async def load_stored(hass: HomeAssistant, stored: dict[str, Any], **changes: Any) -> Any:
    fields = ("data", "entry_id", "minor_version", "options", "title", "unique_id", "version")
    entry = MockConfigEntry(domain=DOMAIN, **{key: stored[key] for key in fields} | changes)
    entry.add_to_hass(hass)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.mark.parametrize("stored", FIRST, ids=[entry["data"]["kind"] for entry in FIRST])
async def test_entry_of_first_version_loads(
    home: HomeAssistant, load: LoadEntry, stored: dict[str, Any]
) -> None:
    home.states.async_set("camera.shed", "idle", {"friendly_name": "Shed"})
    entry = await load_stored(home, stored)
    assert entry.state is ConfigEntryState.LOADED
    assert (entry.version, entry.minor_version) == (VERSION, MINOR_VERSION)
    registered = er.async_entries_for_config_entry(er.async_get(home), entry.entry_id)
    have = {(item.domain, item.unique_id.removeprefix(f"{entry.entry_id}_")) for item in registered}
    kind = stored["data"]["kind"]
    expected = {(domain, key) for domain, keys in KEYS.items() for key in keys}
    if kind == "grid":
        expected.add(("select", "layout"))
    if kind == "ascii_player":
        expected = {("camera", "camera"), ("media_player", "media_player")}
        expected |= {("select", "preset"), ("select", "charset")}
    assert expected <= have
    instance: CameraInstance = entry.runtime_data
    assert instance.media.directory.name == stored["data"]["slug"]


async def test_settings_of_first_version_are_kept(home: HomeAssistant, load: LoadEntry) -> None:
    home.states.async_set("camera.shed", "idle")
    entries = {item["data"]["kind"]: await load_stored(home, item) for item in FIRST}
    demo = entries["demo"].runtime_data
    assert (demo.lookback.enabled, demo.lookback.seconds, demo.history.enabled) == (True, 30, False)
    assert (demo.pattern.width, demo.pattern.height, demo.pattern.fps) == (320, 180, 10)
    wrapped = entries["camera_entity"].runtime_data
    assert (wrapped.lookback.enabled, wrapped.history.enabled) == (False, False)
    assert wrapped.source_entity_id == "camera.shed"
    grid = entries["grid"].runtime_data
    assert isinstance(grid, GridCamera)
    assert (grid.layout, [item.entity_id for item in grid.members]) == ("auto", ["camera.shed"])
    player = entries["ascii_player"].runtime_data
    assert isinstance(player, AsciiPlayer)
    assert player.style.preset == "medium"


async def test_entry_of_newer_version_is_refused_unchanged(
    home: HomeAssistant, load: LoadEntry, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await load_stored(home, FIRST[2], version=VERSION + 1, data={"kind": "hologram"})
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
    assert entry.data == {"kind": "hologram"}
    assert "higher than the current version" in caplog.text
    assert own_threads() == []


async def test_entry_of_newer_minor_version_loads(home: HomeAssistant, load: LoadEntry) -> None:
    data = {**FIRST[2]["data"], "unheard_of": 1}
    entry = await load_stored(home, FIRST[2], minor_version=MINOR_VERSION + 1, data=data)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == data
