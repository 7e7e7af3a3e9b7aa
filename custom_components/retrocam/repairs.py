"""Repairs: the ways out of an issue that can be taken in its dialog. `issues.py` raises them.

When a flow ends well, Home Assistant takes the issue back; what did not help is raised again by the next
check.
"""

from collections.abc import Callable
import threading
from typing import Any, Final

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_ENTITY_ID, CONF_URL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig, TextSelector
import voluptuous as vol

from .const import CONF_AUDIO_CODEC, CONF_CAMERAS
from .core.errors import InvalidUrlError, RetrocamError
from .flow_schemas import whole_number
from .instances import CameraInstance, RetrocamConfigEntry
from .instances.door import DOOR
from .instances.entity import source_entity_id, stored_camera
from .instances.grid import GridInstance, grid_fault
from .instances.share import SHARE_LOCK, open_lock
from .instances.url import async_probe, data_with_url
from .issues import ENTRY_ID, ISSUE, STORAGE_FAULTS, megabytes_needed, storage_placeholders
from .settings import LOOKBACK_MEGABYTES, LOOKBACK_SECONDS, SECTION_HISTORY, SECTION_RECORDINGS
from .stream.options import CARRIED_AUDIO


class _Repair(RepairsFlow):
    """The repair of an issue of one entry."""

    def __init__(self, entry: RetrocamConfigEntry) -> None:
        """Repair `entry`, which is loaded."""
        super().__init__()
        self._entry = entry
        self._instance: CameraInstance = entry.runtime_data

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Say what to do, and try whether it helped."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._async_try(user_input)
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

    def _placeholders(self) -> dict[str, str]:
        return {"name": self._instance.name}

    def _schema(self) -> vol.Schema:
        return vol.Schema({})

    def _suggested(self) -> dict[str, Any]:
        return {}

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Do what was asked for; return the errors of the form."""
        raise NotImplementedError

    def _change(self, data: dict[str, Any]) -> None:
        """Change the entry, and load it anew."""
        self.hass.config_entries.async_update_entry(self._entry, data=data)
        self.hass.config_entries.async_schedule_reload(self._entry.entry_id)


class StorageRepair(_Repair):
    """Tries whether the disk can be written again."""

    def _placeholders(self) -> dict[str, str]:
        return storage_placeholders(self._instance)

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        return {"base": "not_yet"} if await self._instance.media.async_check() else {}


class SpaceRepair(StorageRepair):
    """Offers to keep less, or no history at all."""

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
        if user_input is not None:
            self._instance.history.async_set_enabled(enabled=False)
            return self.async_create_entry(data={})
        return self._form("history_off", vol.Schema({}), {}, None)

    def _suggested(self) -> dict[str, Any]:
        media = self._instance.media
        return {
            "keep_last": max(1, media.snapshots.total // 2),
            "recordings_keep_last": media.recordings.total // 2,
        }

    async def _async_keep(self, keep_last: int, recordings_keep_last: int) -> dict[str, str]:
        instance = self._instance
        instance.async_save_option(SECTION_HISTORY, "keep_last", keep_last)
        instance.async_save_option(SECTION_RECORDINGS, "recordings_keep_last", recordings_keep_last)
        await instance.media.async_keep(snapshots=keep_last, recordings=recordings_keep_last)
        return await self._async_try({})


class SourceRepair(_Repair):
    """Opens the camera again, perhaps at another address."""

    def __init__(self, entry: RetrocamConfigEntry) -> None:
        """Repair a camera by URL."""
        super().__init__(entry)
        self._stop = threading.Event()

    def async_remove(self) -> None:
        """End an attempt to open the source when the dialog is closed."""
        self._stop.set()

    def _schema(self) -> vol.Schema:
        return vol.Schema({vol.Required(CONF_URL): TextSelector()})

    def _suggested(self) -> dict[str, Any]:
        return {CONF_URL: self._entry.data[CONF_URL]}

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        try:
            data = data_with_url(self._entry.data, user_input[CONF_URL])
            probe = await async_probe(data, "retrocam probe", self._stop)
        except InvalidUrlError as err:
            return {CONF_URL: err.code}
        except RetrocamError as err:
            return {"base": err.code}
        self._change({**data, CONF_AUDIO_CODEC: probe.audio_codec})
        return {}


class AudioRepair(SourceRepair):
    """Looks whether the camera sends another kind of sound now."""

    def _schema(self) -> vol.Schema:
        return vol.Schema({})

    def _suggested(self) -> dict[str, Any]:
        return {}

    def _placeholders(self) -> dict[str, str]:
        return {**super()._placeholders(), "codec": str(self._entry.data.get(CONF_AUDIO_CODEC))}

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        try:
            probe = await async_probe(self._entry.data, "retrocam probe", self._stop)
        except RetrocamError as err:
            return {"base": err.code}
        if probe.audio_codec is not None and probe.audio_codec not in CARRIED_AUDIO:
            return {"base": "not_yet"}
        self._change({**self._entry.data, CONF_AUDIO_CODEC: probe.audio_codec})
        return {}


class CameraRepair(_Repair):
    """Puts another camera in the place of one that is gone, or takes the entry away."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask which way."""
        return self.async_show_menu(
            step_id="init",
            menu_options=["confirm", "remove"],
            description_placeholders=self._placeholders(),
        )

    async def async_step_remove(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Remove the entry, after a question; its media stays."""
        if user_input is None:
            return self._form("remove", vol.Schema({}), {}, None)
        # It takes its issues along, and with them this flow's: not before the flow has ended.
        self.hass.async_create_task(
            self.hass.config_entries.async_remove(self._entry.entry_id),
            f"remove {self._entry.title}",
            eager_start=False,
        )
        return self.async_create_entry(data={})

    def _schema(self) -> vol.Schema:
        return vol.Schema(
            {
                vol.Required(CONF_ENTITY_ID): EntitySelector(
                    EntitySelectorConfig(
                        domain=CAMERA_DOMAIN, exclude_entities=[self._instance.camera_entity_id]
                    )
                )
            }
        )

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        entity_id = user_input[CONF_ENTITY_ID]
        if self.hass.states.get(entity_id) is None:
            return {CONF_ENTITY_ID: "not_found"}
        stored = stored_camera(self.hass, entity_id)
        others = self.hass.config_entries.async_entries(self._entry.domain)
        if any(other.data.get(CONF_ENTITY_ID) == stored for other in others):
            return {CONF_ENTITY_ID: "already_configured"}
        self._change({**self._entry.data, CONF_ENTITY_ID: stored})
        return {}


class GridRepair(_Repair):
    """Takes members out of a grid that are gone, or puts others in their place."""

    _instance: GridInstance

    def _placeholders(self) -> dict[str, str]:
        return {**super()._placeholders(), "count": str(self._instance.removed_members)}

    def _schema(self) -> vol.Schema:
        return vol.Schema(
            {
                vol.Required(CONF_CAMERAS): EntitySelector(
                    EntitySelectorConfig(domain=CAMERA_DOMAIN, multiple=True, reorder=True)
                )
            }
        )

    def _suggested(self) -> dict[str, Any]:
        ids = (source_entity_id(self.hass, stored) for stored in self._entry.data[CONF_CAMERAS])
        return {CONF_CAMERAS: [one for one in ids if one and self.hass.states.get(one)]}

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        cameras = list(dict.fromkeys(user_input[CONF_CAMERAS]))
        stored = [stored_camera(self.hass, camera) for camera in cameras]
        if fault := grid_fault(self.hass, stored, self._entry.entry_id):
            return {CONF_CAMERAS: fault}
        self._change({**self._entry.data, CONF_CAMERAS: stored})
        return {}


class LookbackRepair(_Repair):
    """Gives a lookback the memory that its seconds take, or fewer seconds."""

    def _schema(self) -> vol.Schema:
        return vol.Schema(
            {
                vol.Required("lookback_megabytes"): whole_number(
                    LOOKBACK_MEGABYTES.start, LOOKBACK_MEGABYTES.stop - 1, "MB"
                ),
                vol.Required("lookback_seconds"): whole_number(
                    LOOKBACK_SECONDS.start, LOOKBACK_SECONDS.stop - 1, "s"
                ),
            }
        )

    def _suggested(self) -> dict[str, Any]:
        seconds = self._instance.lookback.seconds
        return {
            "lookback_megabytes": megabytes_needed(self._instance, seconds),
            "lookback_seconds": seconds,
        }

    def _placeholders(self) -> dict[str, str]:
        lookback = self._instance.lookback
        return {
            **super()._placeholders(),
            "seconds": str(lookback.seconds),
            "megabytes": str(lookback.megabytes),
        }

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        lookback = self._instance.lookback
        lookback.async_set_megabytes(user_input["lookback_megabytes"])
        lookback.async_set_seconds(user_input["lookback_seconds"])
        return {}


class GuessingRepair(_Repair):
    """Gives a share page a link that nobody has guessed at."""

    def _placeholders(self) -> dict[str, str]:
        guesses = self.hass.data[DOOR].guesses(self._entry)
        return {**super()._placeholders(), "count": str(guesses)}

    async def _async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        if (lock := open_lock(self._entry)) is not None:
            self.hass.data[DOOR].async_forget(lock.slug)
            stored = lock.changed(new_link=True).stored()
            self.hass.config_entries.async_update_entry(
                self._entry, options={**self._entry.options, SHARE_LOCK: stored}
            )
            self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
        return {}


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
    known = data or {}
    entry: RetrocamConfigEntry | None = hass.config_entries.async_get_entry(
        str(known.get(ENTRY_ID))
    )
    repair = _REPAIRS.get(str(known.get(ISSUE)))
    if entry is None or repair is None or entry.state is not ConfigEntryState.LOADED:
        return ConfirmRepairFlow()
    return repair(entry)
