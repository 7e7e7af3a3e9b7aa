"""Base classes of the repairs: dialogs with instructions, which check whether they helped."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, override

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
import voluptuous as vol

from ..cameras import CameraInstance, RetrocamConfigEntry

type Attempt = Callable[[dict[str, Any]], Awaitable[dict[str, str]]]
"""Does what a form asks for; returns the errors of the form."""


class Repair(RepairsFlow, ABC):
    """The repair of an issue."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Start with the form; repairs that offer a choice show a menu instead."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the instructions, and check whether they helped."""
        return await self._async_step("confirm", user_input, self.async_try, self._schema())

    async def _async_step(
        self,
        step_id: str,
        user_input: dict[str, Any] | None,
        attempt: Attempt,
        schema: vol.Schema | None = None,
    ) -> RepairsFlowResult:
        """Show a form until `attempt` returns no errors, or nothing is left to repair."""
        errors: dict[str, str] = {}
        if self._is_obsolete() or (
            user_input is not None and not (errors := await attempt(user_input))
        ):
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema or vol.Schema({}), user_input or self._suggested()
            ),
            errors=errors,
            description_placeholders=self._placeholders(),
        )

    def _menu(self, *options: str) -> RepairsFlowResult:
        return self.async_show_menu(
            step_id="init",
            menu_options=list(options),
            description_placeholders=self._placeholders(),
        )

    def _is_obsolete(self) -> bool:
        """Return whether nothing is left to repair."""
        return False

    def _placeholders(self) -> dict[str, str]:
        """Return the placeholders of the dialog's texts."""
        return {}

    def _schema(self) -> vol.Schema:
        """Return the fields of the form; most repairs have none."""
        return vol.Schema({})

    def _suggested(self) -> dict[str, Any]:
        """Return the initial values of the fields."""
        return {}

    @abstractmethod
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Attempt the repair; return the errors of the form."""


class EntryRepair(Repair):
    """The repair of an issue of one entry."""

    def __init__(self, entry: RetrocamConfigEntry) -> None:
        super().__init__()
        self._entry = entry

    @property
    def _instance(self) -> CameraInstance:
        """The current instance: the entry may be reloaded while the dialog is open."""
        instance: CameraInstance = self._entry.runtime_data
        return instance

    @override
    def _is_obsolete(self) -> bool:
        """Return whether the entry is unloaded, which has removed its issues."""
        return self._entry.state is not ConfigEntryState.LOADED

    @override
    def _placeholders(self) -> dict[str, str]:
        return {"name": self._instance.name}

    def _change(self, data: dict[str, Any]) -> None:
        """Update and reload the entry."""
        self.hass.config_entries.async_update_entry(self._entry, data=data)
        self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
