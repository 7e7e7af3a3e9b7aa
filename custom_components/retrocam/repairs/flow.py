"""The base of all repairs: a dialog that says what to do, and tries whether it helped."""

from abc import ABC, abstractmethod
from typing import Any, override

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
import voluptuous as vol

from ..cameras import CameraInstance, RetrocamConfigEntry


class Repair(RepairsFlow, ABC):
    """The repair of an issue."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say what to do, and try whether it helped."""
        errors: dict[str, str] = {}
        if not self._concerns_anything():
            return self.async_create_entry(data={})
        if user_input is not None:
            errors = await self.async_try(user_input)
            if not errors:
                return self.async_create_entry(data={})
        return self._form("confirm", self._schema(), errors, user_input)

    def _form(
        self,
        step_id: str,
        schema: vol.Schema,
        errors: dict[str, str],
        user_input: dict[str, Any] | None,
    ) -> RepairsFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, user_input or self._suggested()
            ),
            errors=errors,
            description_placeholders=self._placeholders(),
        )

    def _concerns_anything(self) -> bool:
        """Tell whether there is still something to repair."""
        return True

    def _placeholders(self) -> dict[str, str]:
        """Return what the texts of the dialog name."""
        return {}

    def _schema(self) -> vol.Schema:
        """Return the fields of the form, of which most repairs have none."""
        return vol.Schema({})

    def _suggested(self) -> dict[str, Any]:
        """Return what the fields begin with."""
        return {}

    @abstractmethod
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Do what was asked for; return the errors of the form."""


class EntryRepair(Repair):
    """The repair of an issue of one entry."""

    def __init__(self, entry: RetrocamConfigEntry) -> None:
        """Repair `entry`, which is loaded."""
        super().__init__()
        self._entry = entry

    @property
    def _instance(self) -> CameraInstance:
        """The instance as it is now: the entry may be loaded anew while the dialog is open."""
        instance: CameraInstance = self._entry.runtime_data
        return instance

    @override
    def _concerns_anything(self) -> bool:
        """Tell whether the entry is loaded: another one's issues were taken back with its unloading."""
        return self._entry.state is ConfigEntryState.LOADED

    @override
    def _placeholders(self) -> dict[str, str]:
        return {"name": self._instance.name}

    def _change(self, data: dict[str, Any]) -> None:
        """Change the entry, and load it anew."""
        self.hass.config_entries.async_update_entry(self._entry, data=data)
        self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
