"""What all steps of the config flow end with: an entry, or the one that is reconfigured."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ENTITY_ID, CONF_NAME, CONF_PASSWORD
from homeassistant.core import callback

from ..cameras.directories import unused_slug
from ..cameras.entity import source_entity_id
from ..const import CONF_CAMERAS, CONF_KIND, CONF_SLUG
from ..core.texts import is_name


class EntryFlow(ConfigFlow):
    """A config flow that gathers title, data and options of an entry."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._title = ""
        self._data: dict[str, Any] = {}
        self._options: dict[str, dict[str, Any]] = {}

    @callback
    def _abort_if_known(self, key: str) -> None:
        """Abort if another entry has the same kind and the same value of `key`."""
        match = {CONF_KIND: self._data[CONF_KIND], key: self._data[key]}
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            if all(entry.data.get(name) == value for name, value in match.items()):
                return
        self._async_abort_entries_match(match)

    @staticmethod
    def _name_faults(user_input: Mapping[str, Any]) -> dict[str, str]:
        """Return the errors of a form by its name: none, or that it cannot be one."""
        return {} if is_name(user_input[CONF_NAME]) else {CONF_NAME: "invalid_name"}

    @callback
    def _finish(self) -> ConfigFlowResult:
        """Make the entry, or change the one that is reconfigured."""
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            kept = {CONF_SLUG: slug} if (slug := entry.data.get(CONF_SLUG)) else {}
            return self.async_update_reload_and_abort(
                entry, title=self._title, data={**self._data, **kept}
            )
        slug = unused_slug(self.hass, self._title, self._async_current_entries())
        data = {**self._data, CONF_SLUG: slug}
        return self.async_create_entry(title=self._title, data=data, options=self._options)

    @callback
    def _reconfigured_values(self) -> dict[str, Any]:
        """Return what the form of a reconfigured entry begins with; never the password."""
        if self.source != SOURCE_RECONFIGURE:
            return {}
        entry = self._get_reconfigure_entry()
        values = {**entry.data, CONF_NAME: entry.title}
        if CONF_ENTITY_ID in values:
            values[CONF_ENTITY_ID] = source_entity_id(self.hass, values[CONF_ENTITY_ID])
        if CONF_CAMERAS in values:
            ids = [source_entity_id(self.hass, stored) for stored in values[CONF_CAMERAS]]
            values[CONF_CAMERAS] = [entity_id for entity_id in ids if entity_id]
        values.pop(CONF_PASSWORD, None)
        return values
