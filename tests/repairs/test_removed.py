"""Cameras removed from Home Assistant, wrapped or in a grid."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.retrocam.const import DOMAIN
from custom_components.retrocam.repairs import async_create_fix_flow

from ..conftest import LoadEntry
from ..viewers import QUIET
from .dialogs import Dialog, found


@pytest.fixture
async def orphan(home: HomeAssistant, load: LoadEntry) -> MockConfigEntry:
    """An entry whose wrapped camera was removed."""
    registry = er.async_get(home)
    entity = registry.async_get_or_create("camera", "other", "1", suggested_object_id="shed")
    entry = await load({"kind": "camera_entity", "entity_id": entity.id}, options=QUIET)
    assert found(home, "camera_removed", entry) is None
    registry.async_remove(entity.entity_id)
    await home.async_block_till_done()
    return entry


async def test_removed_camera_can_be_replaced(
    home: HomeAssistant,
    load: LoadEntry,
    orphan: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    home.states.async_set("camera.other", "idle")
    home.states.async_set("camera.taken", "idle")
    await load({"kind": "camera_entity", "entity_id": "camera.taken"}, title="B", options=QUIET)
    dialog = await Dialog.of(hass_client, "camera_removed", orphan)
    assert dialog.answer["menu_options"] == ["confirm", "remove"]
    await dialog.submit(next_step_id="confirm")
    for wrong, error in (("camera.none", "not_found"), ("camera.taken", "already_configured")):
        assert (await dialog.submit(entity_id=wrong))["errors"] == {"entity_id": error}
    # Two of our cameras that show each other would show nothing.
    assert "entity_id" in (await dialog.submit(entity_id="camera.b"))["errors"]
    assert (await dialog.submit(entity_id="camera.other"))["type"] == "create_entry"
    await home.async_block_till_done()
    assert orphan.data["entity_id"] == "camera.other"
    assert found(home, "camera_removed", orphan) is None


async def test_entry_of_removed_camera_can_be_removed(
    home: HomeAssistant, orphan: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    dialog = await Dialog.of(hass_client, "camera_removed", orphan)
    asked = await dialog.submit(next_step_id="remove")
    assert asked["description_placeholders"] == {"name": "Porch"}
    assert (await dialog.submit())["type"] == "create_entry"
    await home.async_block_till_done()
    assert home.config_entries.async_get_entry(orphan.entry_id) is None
    assert not ir.async_get(home).issues


async def test_removed_member_can_be_dropped_from_grid(
    home: HomeAssistant, load: LoadEntry, hass_client: ClientSessionGenerator
) -> None:
    registry = er.async_get(home)
    entity = registry.async_get_or_create("camera", "other", "1", suggested_object_id="shed")
    home.states.async_set("camera.kept", "idle")
    entry = await load({"kind": "grid", "cameras": [entity.id, "camera.kept"]}, options=QUIET)
    registry.async_remove(entity.entity_id)
    await home.async_block_till_done()
    dialog = await Dialog.of(hass_client, "grid_member_removed", entry)
    assert dialog.answer["description_placeholders"] == {"name": "Porch", "count": "1"}
    assert dialog.suggested() == {"cameras": ["camera.kept"]}
    assert (await dialog.submit(cameras=[]))["errors"] == {"cameras": "no_cameras"}
    assert (await dialog.submit(cameras=["camera.porch"]))["errors"] == {"cameras": "grid_loop"}
    assert (await dialog.submit(cameras=["camera.kept"]))["type"] == "create_entry"
    await home.async_block_till_done()
    assert entry.data["cameras"] == ["camera.kept"]
    assert found(home, "grid_member_removed", entry) is None


@pytest.mark.parametrize("data", [None, {}, {"entry_id": "none", "issue": "source_gone"}])
async def test_repair_of_unloaded_entry_only_dismisses(
    home: HomeAssistant, data: dict[str, Any] | None
) -> None:
    flow: Any = await async_create_fix_flow(home, "source_gone_none", data)
    flow.hass, flow.handler, flow.context = home, DOMAIN, {"issue_id": "source_gone_none"}
    assert (await flow.async_step_init())["step_id"] == "confirm"
