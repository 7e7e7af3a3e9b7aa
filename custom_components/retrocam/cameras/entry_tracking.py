"""Tracking the instance of a config entry across reloads.

For listeners that outlive an instance, or begin before the entry is loaded, as dashboards do while Home
Assistant starts.
"""

from collections.abc import Callable

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..const import DOMAIN
from .base import CameraInstance, RetrocamConfigEntry


@callback
def async_loaded_instance(hass: HomeAssistant, entry_id: str | None) -> CameraInstance | None:
    """Return the instance of a config entry of Retrocam; None unless it is loaded."""
    entry: RetrocamConfigEntry | None
    entry = hass.config_entries.async_get_entry(entry_id) if entry_id else None
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        return None
    return entry.runtime_data


@callback
def async_track_instance(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    attach: Callable[[CameraInstance], CALLBACK_TYPE],
) -> CALLBACK_TYPE:
    """Call `attach` with the instance of `entry`, once it is loaded and after each reload.

    The function that `attach` returns is called when that instance is unloaded. Returns the function
    that ends the tracking.
    """
    current: CameraInstance | None = None
    detach: CALLBACK_TYPE = lambda: None  # noqa: E731  # replaced below

    @callback
    def changed(_change: ConfigEntryChange | None, other: RetrocamConfigEntry) -> None:
        nonlocal current, detach
        loaded = entry.runtime_data if entry.state is ConfigEntryState.LOADED else None
        if other is entry and loaded is not current:
            current, end, detach = loaded, detach, lambda: None
            end()
            if loaded is not None:
                detach = attach(loaded)

    disconnect = async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)
    changed(None, entry)

    def stop() -> None:
        disconnect()
        detach()

    return stop
