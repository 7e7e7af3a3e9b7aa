"""Saving an option that has taken effect already, without a reload of its entry."""

from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

type SaveOption = Callable[[str, Any], None]
"""Saves the value of an option, by its key in one section. Called in the event loop."""


class Options:
    """The options of one entry, in sections."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Change nothing yet."""
        self._hass = hass
        self._entry = entry

    @callback
    def async_save(self, section: str, key: str, value: Any) -> None:
        """Save one option; the others of its section stay."""
        options = {**self._entry.options, section: {**self._entry.options.get(section, {})}}
        options[section][key] = value
        self._hass.config_entries.async_update_entry(self._entry, options=options)
