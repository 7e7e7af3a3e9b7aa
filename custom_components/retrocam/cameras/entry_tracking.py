"""Following an entry's instance through reloads, for who listens longer than one instance lives.

An entry that is reloaded gets a new instance, and may be listened to before it is loaded, as
dashboards do that come back while Home Assistant starts.
"""

from collections.abc import Callable

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .base import CameraInstance, RetrocamConfigEntry


@callback
def async_follow(
    hass: HomeAssistant,
    entry: RetrocamConfigEntry,
    attach: Callable[[CameraInstance], CALLBACK_TYPE],
) -> CALLBACK_TYPE:
    """Call `attach` with the instance of `entry`, now or once it is loaded, and with each later one.

    What `attach` returns is called when that instance goes. Returns what ends it all.
    """
    known: CameraInstance | None = None
    detach: CALLBACK_TYPE | None = None

    @callback
    def leave() -> None:
        nonlocal known, detach
        known, last, detach = None, detach, None
        if last is not None:
            last()

    @callback
    def changed(_change: ConfigEntryChange | None, other: RetrocamConfigEntry) -> None:
        nonlocal known, detach
        if other is not entry:
            return
        if entry.state is not ConfigEntryState.LOADED:
            leave()
        elif known is not entry.runtime_data:
            leave()
            known = entry.runtime_data
            detach = attach(known)

    end = async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)
    changed(None, entry)

    @callback
    def stop() -> None:
        end()
        leave()

    return stop
