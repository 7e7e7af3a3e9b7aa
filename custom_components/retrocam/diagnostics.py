"""Diagnostics of entries and devices, without credentials."""

from typing import Any, Final

from homeassistant.components.diagnostics import REDACTED, async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntry

from .cameras import RetrocamConfigEntry
from .cameras.share_access import SHARE_LOCK
from .core.sources.urls import redact_url

TO_REDACT: Final = {CONF_PASSWORD, CONF_USERNAME, "share_pin", SHARE_LOCK}


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: RetrocamConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return the diagnostics of the device's entry, and the states of its entities."""
    registry = er.async_get(hass)
    return {
        **await async_get_config_entry_diagnostics(hass, entry),
        "entities": {
            entity.entity_id: {
                "key": entity.unique_id.removeprefix(f"{entry.entry_id}_"),
                "disabled_by": entity.disabled_by,
                "state": (state := hass.states.get(entity.entity_id)) and state.state,
            }
            for entity in er.async_entries_for_device(
                registry, device.id, include_disabled_entities=True
            )
        },
    }


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: RetrocamConfigEntry
) -> dict[str, Any]:
    """Return the redacted entry, and the instance's diagnostics while it is loaded."""
    data = async_redact_data(dict(entry.data), TO_REDACT)
    if CONF_URL in data:
        # Keep only the scheme: a path may contain a token, too.
        data[CONF_URL] = f"{redact_url(entry.data[CONF_URL]).partition('://')[0]}://{REDACTED}"
    loaded = entry.state is ConfigEntryState.LOADED
    return {
        "entry": {"data": data, "options": async_redact_data(dict(entry.options), TO_REDACT)},
        "instance": entry.runtime_data.diagnostics() if loaded else None,
    }
