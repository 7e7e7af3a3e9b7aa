"""Repairs: the ways out of an issue that can be taken in its dialog. `repairs/checks.py` raises them.

When a flow ends well, Home Assistant takes the issue back; what did not help is raised again by the next
check.

May import `flows`, `cameras`, `stream` and `core`.
"""

from collections.abc import Callable
from typing import Any, Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import voluptuous as vol

from ..cameras import RetrocamConfigEntry
from ..cameras.extractor_issues import JAVASCRIPT_ISSUE, async_has_javascript
from ..cameras.share_access import SHARE_LOCK, open_lock
from ..cameras.share_auth import DOOR
from ..flows.schemas import number_within
from ..settings import LOOKBACK_MEGABYTES, LOOKBACK_SECONDS
from .checks import ENTRY_ID, ISSUE, STORAGE_FAULTS, megabytes_needed
from .flow import EntryRepair, Repair
from .source import AudioRepair, CameraRepair, GridRepair, SourceRepair
from .storage import SpaceRepair, StorageRepair


class LookbackRepair(EntryRepair):
    """Gives a lookback the memory that its seconds take, or fewer seconds."""

    @override
    def _schema(self) -> vol.Schema:
        return vol.Schema(
            {
                vol.Required("lookback_megabytes"): number_within(LOOKBACK_MEGABYTES, "MB"),
                vol.Required("lookback_seconds"): number_within(LOOKBACK_SECONDS, "s"),
            }
        )

    @override
    def _suggested(self) -> dict[str, Any]:
        seconds = self._instance.lookback.seconds
        return {
            "lookback_megabytes": megabytes_needed(self._instance, seconds),
            "lookback_seconds": seconds,
        }

    @override
    def _placeholders(self) -> dict[str, str]:
        lookback = self._instance.lookback
        return {
            **super()._placeholders(),
            "seconds": str(lookback.seconds),
            "megabytes": str(lookback.megabytes),
        }

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        lookback = self._instance.lookback
        lookback.async_set_megabytes(user_input["lookback_megabytes"])
        lookback.async_set_seconds(user_input["lookback_seconds"])
        return {}


class GuessingRepair(EntryRepair):
    """Gives a share page a link that nobody has guessed at."""

    @override
    def _placeholders(self) -> dict[str, str]:
        guesses = self.hass.data[DOOR].guesses(self._entry)
        return {**super()._placeholders(), "count": str(guesses)}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        if (lock := open_lock(self._entry)) is not None:
            self.hass.data[DOOR].async_forget(lock.slug)
            stored = lock.changed(new_link=True).stored()
            self.hass.config_entries.async_update_entry(
                self._entry, options={**self._entry.options, SHARE_LOCK: stored}
            )
            self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
        return {}


class RuntimeRepair(Repair):
    """Looks whether there is a JavaScript runtime now. It concerns all players at once."""

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        return {} if await async_has_javascript(self.hass) else {"base": "not_yet"}


_REPAIRS: Final[dict[str, Callable[[RetrocamConfigEntry], RepairsFlow]]] = {
    **dict.fromkeys(STORAGE_FAULTS, StorageRepair),
    "storage_full": SpaceRepair,
    "storage_low": SpaceRepair,
    "source_gone": SourceRepair,
    "audio_dropped": AudioRepair,
    "camera_gone": CameraRepair,
    "camera_removed": CameraRepair,
    "grid_member_removed": GridRepair,
    "lookback_short": LookbackRepair,
    "share_guessing": GuessingRepair,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Make the flow of an issue; of one whose entry has just gone, one that only puts it away."""
    if issue_id == JAVASCRIPT_ISSUE:
        return RuntimeRepair()
    known = data or {}
    entry: RetrocamConfigEntry | None = hass.config_entries.async_get_entry(
        str(known.get(ENTRY_ID))
    )
    repair = _REPAIRS.get(str(known.get(ISSUE)))
    if entry is None or repair is None or entry.state is not ConfigEntryState.LOADED:
        return ConfirmRepairFlow()
    return repair(entry)
