"""Repairs: what only a human can mend, with what to do, until it works again."""

from typing import Any, Final

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .instances import CameraInstance

_ENTRY_ID: Final = "entry_id"


@callback
def async_watch_storage(hass: HomeAssistant, instance: CameraInstance) -> CALLBACK_TYPE:
    """Have an issue for as long as media cannot be kept; returns what ends it, and the issue."""
    raised: str | None = None

    @callback
    def changed() -> None:
        nonlocal raised
        problem = instance.media.problem
        if raised is not None:
            ir.async_delete_issue(hass, DOMAIN, raised)
            raised = None
        if problem is not None:
            raised = f"{problem.code}_{instance.entry.entry_id}"
            ir.async_create_issue(
                hass,
                DOMAIN,
                raised,
                data={_ENTRY_ID: instance.entry.entry_id},
                is_fixable=True,
                severity=ir.IssueSeverity.ERROR,
                translation_key=problem.code,
                translation_placeholders=_placeholders(instance),
            )

    unsubscribe = instance.media.async_add_problem_listener(changed)
    changed()

    @callback
    def end() -> None:
        unsubscribe()
        if raised is not None:
            ir.async_delete_issue(hass, DOMAIN, raised)

    return end


class StorageRepairFlow(RepairsFlow):
    """Says what to do, then tries whether it helped."""

    def __init__(self, instance: CameraInstance) -> None:
        """Repair the media of an instance."""
        super().__init__()
        self._instance = instance

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show what to do; once it is done, write a file for a try."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if await self._instance.media.async_check() is None:
                return self.async_create_entry(data={})
            errors["base"] = "not_yet"
        return self.async_show_form(
            step_id="confirm",
            errors=errors,
            description_placeholders=_placeholders(self._instance),
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Make the flow of an issue."""
    entry = hass.config_entries.async_get_known_entry(str((data or {})[_ENTRY_ID]))
    return StorageRepairFlow(entry.runtime_data)


def _placeholders(instance: CameraInstance) -> dict[str, str]:
    return {"name": instance.name, "directory": str(instance.media.directory)}
