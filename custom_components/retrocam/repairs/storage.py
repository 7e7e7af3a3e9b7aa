"""Repairs of what keeps media from being written."""

from typing import Any, override

from homeassistant.components.repairs import RepairsFlowResult
import voluptuous as vol

from ..flows.schemas import whole_number
from ..settings import SECTION_HISTORY, SECTION_RECORDINGS
from .checks import storage_placeholders
from .flow import EntryRepair


class StorageRepair(EntryRepair):
    """Tries whether the disk can be written again."""

    @override
    def _placeholders(self) -> dict[str, str]:
        return storage_placeholders(self._instance)

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        return {"base": "not_yet"} if await self._instance.media.async_check() else {}


class SpaceRepair(StorageRepair):
    """Offers to keep less, or no history at all."""

    @override
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask which way."""
        options = ["confirm", "keep_less"]
        if self._instance.history.enabled:
            options.append("history_off")
        return self.async_show_menu(
            step_id="init",
            menu_options=options,
            description_placeholders=self._placeholders(),
        )

    async def async_step_keep_less(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask how much is to be kept, and delete the rest."""
        errors: dict[str, str] = {}
        if not self._concerns_anything():
            return self.async_create_entry(data={})
        if user_input is not None:
            errors = await self._async_keep(**user_input)
            if not errors:
                return self.async_create_entry(data={})
        schema = vol.Schema(
            {
                vol.Required("keep_last"): whole_number(1, 1_000_000),
                vol.Required("recordings_keep_last"): whole_number(0, 1_000_000),
            }
        )
        return self._form("keep_less", schema, errors, user_input)

    async def async_step_history_off(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Switch the history off, after a question."""
        if not self._concerns_anything():
            return self.async_create_entry(data={})
        if user_input is not None:
            self._instance.history.async_set_enabled(enabled=False)
            return self.async_create_entry(data={})
        return self._form("history_off", vol.Schema({}), {}, None)

    @override
    def _suggested(self) -> dict[str, Any]:
        media = self._instance.media
        return {
            "keep_last": max(1, media.snapshots.total // 2),
            "recordings_keep_last": media.recordings.total // 2,
        }

    async def _async_keep(self, keep_last: int, recordings_keep_last: int) -> dict[str, str]:
        instance = self._instance
        instance.options.async_save(SECTION_HISTORY, "keep_last", keep_last)
        instance.options.async_save(
            SECTION_RECORDINGS, "recordings_keep_last", recordings_keep_last
        )
        await instance.media.async_keep(snapshots=keep_last, recordings=recordings_keep_last)
        return await self.async_try({})
