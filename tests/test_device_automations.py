"""Device automations, which all come from the entities of a device.

Home Assistant takes no new device automations: those of the buttons, switches and sensors are core's,
and the event entity's trigger takes a device as its target.
"""

from typing import Any

from homeassistant.components.device_automation import (
    DeviceAutomationType,
    async_get_device_automations,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.retrocam.cameras import CameraInstance
from custom_components.retrocam.const import DOMAIN

from .waiting import until


@pytest.fixture
def device_id(home: HomeAssistant, demo: CameraInstance) -> str:
    entry_id = demo.entry.entry_id
    (device,) = dr.async_entries_for_config_entry(dr.async_get(home), entry_id)
    return device.id


async def offered(hass: HomeAssistant, device_id: str, kind: DeviceAutomationType) -> Any:
    return (await async_get_device_automations(hass, kind, [device_id]))[device_id]


async def test_device_offers_entity_actions(home: HomeAssistant, device_id: str) -> None:
    actions = await offered(home, device_id, DeviceAutomationType.ACTION)
    have = {(action["domain"], action["type"]) for action in actions}
    assert {("button", "press"), ("switch", "turn_on")} <= have
    triggers = await offered(home, device_id, DeviceAutomationType.TRIGGER)
    assert {("binary_sensor", "connected"), ("binary_sensor", "not_connected")} <= {
        (trigger["domain"], trigger["type"]) for trigger in triggers
    }


async def test_saved_snapshot_triggers_automation(
    home: HomeAssistant, demo: CameraInstance, device_id: str
) -> None:
    seen = async_capture_events(home, "seen")
    actions = await offered(home, device_id, DeviceAutomationType.ACTION)
    press = next(
        action
        for action in actions
        if action["domain"] == "button" and "snapshot" in _unique_id(home, action["entity_id"])
    )
    automations = [
        {
            "triggers": {
                "trigger": "event.received",
                "target": {"device_id": device_id},
                "options": {"event_type": ["snapshot_saved"]},
            },
            "actions": {"event": "seen"},
        },
        {
            "triggers": {"trigger": "event", "event_type": "bell"},
            "actions": {key: press[key] for key in ("device_id", "domain", "entity_id", "type")},
        },
    ]
    assert await async_setup_component(home, "automation", {"automation": automations})
    home.bus.async_fire("bell")
    await until(lambda: seen)
    assert demo.media.snapshots.total == 1


def _unique_id(hass: HomeAssistant, registry_id: str) -> str:
    entry = er.async_get(hass).entities.get_entry(registry_id)
    assert entry is not None
    assert entry.platform == DOMAIN
    return entry.unique_id
