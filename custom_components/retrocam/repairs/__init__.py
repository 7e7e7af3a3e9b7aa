"""Issues, raised by `repairs/checks.py`, and the dialogs that repair them.

Home Assistant deletes the issue when its flow ends; the next check raises it again if needed.

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
from ..cameras.share_access import SHARE_LOCK, load_credentials
from ..cameras.share_auth import SHARE_AUTH
from ..flows.schemas import number_within
from ..settings import LOOKBACK_MEGABYTES, LOOKBACK_SECONDS
from .checks import ENTRY_ID, ISSUE, STORAGE_FAULTS, megabytes_needed
from .flow import EntryRepair, Repair
from .source import AudioRepair, CameraRepair, GridRepair, SourceRepair, WrappedAudioRepair
from .storage import SlowRepair, SpaceRepair, StorageRepair


class LookbackRepair(EntryRepair):
    """Raises the memory limit of a lookback, or shortens it."""

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
    """Replaces the link of a share page whose PIN is being guessed."""

    @override
    def _placeholders(self) -> dict[str, str]:
        guesses = self.hass.data[SHARE_AUTH].guesses(self._entry)
        return {**super()._placeholders(), "count": str(guesses)}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        if (credentials := load_credentials(self._entry)) is not None:
            self.hass.data[SHARE_AUTH].async_forget(credentials.slug)
            stored = credentials.rotated(new_link=True).as_dict()
            self.hass.config_entries.async_update_entry(
                self._entry, options={**self._entry.options, SHARE_LOCK: stored}
            )
            self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
        return {}


class RuntimeRepair(Repair):
    """Checks whether a JavaScript runtime is installed now; one issue for all players."""

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        return {} if await async_has_javascript(self.hass) else {"base": "not_yet"}


_REPAIRS: Final[dict[str, Callable[[RetrocamConfigEntry], RepairsFlow]]] = {
    **dict.fromkeys(STORAGE_FAULTS, StorageRepair),
    "storage_slow": SlowRepair,
    "storage_full": SpaceRepair,
    "storage_low": SpaceRepair,
    "source_gone": SourceRepair,
    "audio_dropped": AudioRepair,
    "audio_dropped_wrapped": WrappedAudioRepair,
    "camera_gone": CameraRepair,
    "camera_removed": CameraRepair,
    "grid_member_removed": GridRepair,
    "lookback_short": LookbackRepair,
    "share_guessing": GuessingRepair,
}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Create the flow of an issue; if its entry has just been unloaded, one that only dismisses it."""
    if issue_id == JAVASCRIPT_ISSUE:
        return RuntimeRepair()
    data = data or {}
    entry: RetrocamConfigEntry | None = hass.config_entries.async_get_entry(str(data.get(ENTRY_ID)))
    repair = _REPAIRS.get(str(data.get(ISSUE)))
    if entry is None or repair is None or entry.state is not ConfigEntryState.LOADED:
        return ConfirmRepairFlow()
    return repair(entry)
