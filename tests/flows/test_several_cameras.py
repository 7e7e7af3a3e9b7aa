"""Several cameras of other integrations, added by one form."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.retrocam.const import DOMAIN

from ..conftest import LoadEntry
from ..viewers import QUIET
from .steps import start, submit


def add_cameras(home: HomeAssistant, **names: str) -> list[str]:
    """Add cameras by object id and name; return their entity ids."""
    for key, name in names.items():
        home.states.async_set(f"camera.{key}", "idle", {"friendly_name": name})
    return [f"camera.{key}" for key in names]


def wrapped(home: HomeAssistant) -> dict[str, str]:
    """Return the titles of the entries that wrap cameras, by the stored camera."""
    entries = home.config_entries.async_entries(DOMAIN)
    return {entry.data["entity_id"]: entry.title for entry in entries if "entity_id" in entry.data}


async def add(home: HomeAssistant, chosen: list[str] | str, **more: Any) -> Any:
    flow_id = await start(home, "camera_entity")
    result = await submit(home, flow_id, {"entity_id": chosen, **more})
    await home.async_block_till_done()
    return result


async def test_each_camera_becomes_an_entry(home: HomeAssistant, load: LoadEntry) -> None:
    cameras = add_cameras(home, a="Door", b="Yard", c="Shed", d="Gate", e="Roof")
    result = await add(home, [*cameras, cameras[0]], lookback_enabled=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Roof"
    assert wrapped(home) == dict(
        zip(cameras, ("Door", "Yard", "Shed", "Gate", "Roof"), strict=True)
    )
    for entry in home.config_entries.async_entries(DOMAIN):
        assert entry.state is ConfigEntryState.LOADED
        assert entry.options == QUIET
    slugs = {entry.data["slug"] for entry in home.config_entries.async_entries(DOMAIN)}
    assert slugs == {"door", "yard", "shed", "gate", "roof"}
    assert home.config_entries.flow.async_progress() == []


async def test_cameras_of_one_name_get_titles_and_directories_of_their_own(
    home: HomeAssistant, load: LoadEntry
) -> None:
    await load({"kind": "demo", "name": "Camera"}, title="Camera", options=QUIET)
    cameras = add_cameras(home, a="Camera", b="Camera", c="Camera")
    await add(home, cameras, lookback_enabled=False)
    titles = ("Camera 2", "Camera 3", "Camera 4")
    assert wrapped(home) == dict(zip(cameras, titles, strict=True))
    directories = {
        entry.runtime_data.media.directory for entry in home.config_entries.async_entries(DOMAIN)
    }
    assert len(directories) == 4


async def test_missing_camera_adds_nothing(home: HomeAssistant, load: LoadEntry) -> None:
    cameras = add_cameras(home, a="Door", b="Yard")
    flow_id = await start(home, "camera_entity")
    result = await submit(home, flow_id, {"entity_id": [*cameras, "camera.missing"]})
    assert result["errors"] == {"entity_id": "not_found"}
    assert wrapped(home) == {}
    # The choice is still there, to be corrected.
    schema = result["data_schema"]
    assert schema is not None
    suggested = {str(key): key.description for key in schema.schema}["entity_id"]
    assert suggested == {"suggested_value": [*cameras, "camera.missing"]}
    result = await submit(home, flow_id, {"entity_id": []})
    assert result["errors"] == {"entity_id": "no_cameras"}
    await submit(home, flow_id, {"entity_id": cameras})
    await home.async_block_till_done()
    assert set(wrapped(home)) == set(cameras)


async def test_camera_that_was_added_meanwhile_is_left_out(
    home: HomeAssistant, load: LoadEntry
) -> None:
    cameras = add_cameras(home, a="Door", b="Yard", c="Shed")
    flow_id, only = await start(home, "camera_entity"), await start(home, "camera_entity")
    await add(home, cameras[0])
    with pytest.raises(InvalidData):
        await add(home, cameras[:2])
    # Forms that were open before still offer it.
    await submit(home, flow_id, {"entity_id": cameras})
    await home.async_block_till_done()
    assert sorted(wrapped(home).values()) == ["Door", "Shed", "Yard"]
    result = await submit(home, only, {"entity_id": cameras})
    assert result["reason"] == "already_configured"
    assert len(home.config_entries.async_entries(DOMAIN)) == 3


async def test_failing_set_up_of_one_leaves_the_others(
    home: HomeAssistant, load: LoadEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    cameras = add_cameras(home, a="Door", b="Yard", c="Shed")
    registry = er.async_get(home)
    create = registry.async_get_or_create

    def broken(domain: str, *args: Any, **more: Any) -> er.RegistryEntry:
        if more["config_entry"].title == "Yard":
            raise ValueError("the registry is broken")
        return create(domain, *args, **more)

    monkeypatch.setattr(registry, "async_get_or_create", broken)
    result = await add(home, cameras, lookback_enabled=False)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert set(wrapped(home)) == set(cameras)
    assert home.states.get("camera.door") is not None
    assert home.states.get("camera.shed") is not None


async def test_form_that_is_submitted_twice_adds_each_camera_once(
    home: HomeAssistant, load: LoadEntry
) -> None:
    cameras = add_cameras(home, a="Camera", b="Camera", c="Camera")
    flow_id = await start(home, "camera_entity")
    data = {"entity_id": cameras, "lookback_enabled": False}
    await asyncio.gather(*(submit(home, flow_id, data) for _ in range(2)))
    await home.async_block_till_done()
    entries = home.config_entries.async_entries(DOMAIN)
    assert len(entries) == len({entry.data["slug"] for entry in entries}) == 3
    assert set(wrapped(home)) == set(cameras)


async def test_camera_by_two_ids_is_one(home: HomeAssistant, load: LoadEntry) -> None:
    entity = er.async_get(home).async_get_or_create("camera", "other", "1")
    add_cameras(home, **{entity.entity_id.partition(".")[2]: "Door"}, b="Yard")
    await add(home, [entity.entity_id, "camera.b"])
    assert wrapped(home) == {entity.id: "Door", "camera.b": "Yard"}


async def test_reconfiguration_takes_one_camera(home: HomeAssistant, load: LoadEntry) -> None:
    add_cameras(home, a="Door", b="Yard")
    entry = await load({"kind": "camera_entity", "entity_id": "camera.a"}, title="Door")
    await load({"kind": "demo", "name": "Yard"}, title="Yard", options=QUIET)
    result = await entry.start_reconfigure_flow(home)
    assert result["step_id"] == "reconfigure_entity"
    schema = result["data_schema"]
    assert schema is not None
    assert [str(key) for key in schema.schema] == ["entity_id"]
    with pytest.raises(InvalidData):
        await submit(home, result["flow_id"], {"entity_id": ["camera.b"]})
    missing = await submit(home, result["flow_id"], {"entity_id": "camera.missing"})
    assert missing["errors"] == {"entity_id": "not_found"}
    done = await submit(home, result["flow_id"], {"entity_id": "camera.a"})
    assert done["reason"] == "reconfigure_successful"
    assert entry.title == "Door"
    result = await entry.start_reconfigure_flow(home)
    await submit(home, result["flow_id"], {"entity_id": "camera.b"})
    assert entry.title == "Yard 2"
    await home.async_block_till_done()
