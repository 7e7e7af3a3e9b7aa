"""The base of the config flow: shows forms, creates or updates the entry."""

from collections.abc import Mapping
from itertools import chain, count
import threading
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ENTITY_ID, CONF_NAME, CONF_PASSWORD
from homeassistant.core import callback
import voluptuous as vol

from ..cameras.directories import unused_slug
from ..cameras.entity import source_entity_id
from ..const import CONF_CAMERAS, CONF_KIND, CONF_SLUG
from ..core.texts import is_name


class EntryFlow(ConfigFlow):
    """A config flow that collects title, data and options of an entry."""

    def __init__(self) -> None:
        self._title = ""
        self._data: dict[str, Any] = {}
        self._options: dict[str, dict[str, Any]] = {}
        self._stop = threading.Event()
        """Ends a probe, when the dialog is closed."""

    @callback
    @override
    def async_remove(self) -> None:
        self._stop.set()

    @property
    def _is_new(self) -> bool:
        return self.source != SOURCE_RECONFIGURE

    @callback
    def _abort_if_known(self, key: str) -> None:
        """Abort if another entry has the same kind and the same value of `key`."""
        match = {CONF_KIND: self._data[CONF_KIND], key: self._data[key]}
        if self._is_new or not match.items() <= self._get_reconfigure_entry().data.items():
            self._async_abort_entries_match(match)

    @callback
    def _unused_title(self, name: str) -> str:
        """Return `name`, with a number if another entry has this title."""
        own_entry_id = self.context.get("entry_id")
        taken = {
            entry.title for entry in self._async_current_entries() if entry.entry_id != own_entry_id
        }
        titles = chain([name], (f"{name} {number}" for number in count(2)))
        return next(title for title in titles if title not in taken)

    @staticmethod
    def _name_errors(user_input: Mapping[str, Any]) -> dict[str, str]:
        """Return the errors of a form whose name is invalid, else none."""
        return {} if is_name(user_input[CONF_NAME]) else {CONF_NAME: "invalid_name"}

    @callback
    def _finish(self) -> ConfigFlowResult:
        """Create the entry, or update the reconfigured one."""
        if not self._is_new:
            entry = self._get_reconfigure_entry()
            kept = {CONF_SLUG: slug} if (slug := entry.data.get(CONF_SLUG)) else {}
            return self.async_update_reload_and_abort(
                entry, title=self._title, data={**self._data, **kept}
            )
        slug = unused_slug(self.hass, self._title, self._async_current_entries())
        data = {**self._data, CONF_SLUG: slug}
        return self.async_create_entry(title=self._title, data=data, options=self._options)

    @callback
    def _form(
        self,
        step_id: str,
        schema: vol.Schema,
        user_input: dict[str, Any] | None,
        errors: dict[str, str],
    ) -> ConfigFlowResult:
        """Show a form with the user's input, or first with the values of a reconfigured entry."""
        suggested = user_input or self._reconfigured_values()
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            errors=errors,
        )

    @callback
    def _reconfigured_values(self) -> dict[str, Any]:
        """Return the form values of a reconfigured entry, without its password."""
        if self._is_new:
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
