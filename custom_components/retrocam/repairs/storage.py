"""Repairs of issues that keep media from being written."""

from typing import Any, override

from homeassistant.components.repairs import RepairsFlowResult
import voluptuous as vol

from ..flows.schemas import whole_number
from ..settings import SECTION_HISTORY, SECTION_RECORDINGS
from .checks import slow_figures
from .flow import EntryRepair


class StorageRepair(EntryRepair):
    """Checks whether the disk can be written to again."""

    @override
    def _placeholders(self) -> dict[str, str]:
        return {**super()._placeholders(), "directory": str(self._instance.media.directory)}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        return {"base": "not_yet"} if await self._instance.media.async_check() else {}


class SlowRepair(StorageRepair):
    """Tells how slow the disk is."""

    @override
    def _placeholders(self) -> dict[str, str]:
        return {**super()._placeholders(), **slow_figures(self._instance)}


class SpaceRepair(StorageRepair):
    """Offers to keep fewer files, or to turn off the history."""

    @override
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        history = ["history_off"] if self._instance.history.enabled else []
        return self._menu("confirm", "keep_less", *history)

    async def async_step_keep_less(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for lower limits and delete the files above them."""
        schema = vol.Schema(
            {
                vol.Required("keep_last"): whole_number(1, 1_000_000),
                vol.Required("recordings_keep_last"): whole_number(0, 1_000_000),
            }
        )
        return await self._async_step("keep_less", user_input, self._async_keep_less, schema)

    async def async_step_history_off(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Turn off the history, after confirmation."""
        return await self._async_step("history_off", user_input, self._async_history_off)

    @override
    def _suggested(self) -> dict[str, Any]:
        media = self._instance.media
        return {
            "keep_last": max(1, media.snapshots.total // 2),
            "recordings_keep_last": media.recordings.total // 2,
        }

    async def _async_keep_less(self, user_input: dict[str, Any]) -> dict[str, str]:
        instance = self._instance
        snapshots, recordings = user_input["keep_last"], user_input["recordings_keep_last"]
        instance.async_save_option(SECTION_HISTORY, "keep_last", snapshots)
        instance.async_save_option(SECTION_RECORDINGS, "recordings_keep_last", recordings)
        await instance.media.async_limit_counts(snapshots=snapshots, recordings=recordings)
        return await self.async_try({})

    async def _async_history_off(self, user_input: dict[str, Any]) -> dict[str, str]:
        self._instance.history.async_set_enabled(enabled=False)
        return {}
