"""Repairs of sources that are gone, or send what cannot be passed on."""

import threading
from typing import Any, override

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.const import CONF_ENTITY_ID, CONF_URL
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig, TextSelector
import voluptuous as vol

from ..cameras import RetrocamConfigEntry
from ..cameras.entity import own_cameras, source_entity_id, stored_camera
from ..cameras.grid import GridInstance, grid_fault
from ..cameras.url import async_probe, data_with_url
from ..const import CONF_AUDIO_CODEC, CONF_CAMERAS
from ..core.errors import InvalidUrlError, RetrocamError
from ..stream.options import CARRIED_AUDIO
from .flow import EntryRepair


class SourceRepair(EntryRepair):
    """Opens the camera again, perhaps at another address."""

    def __init__(self, entry: RetrocamConfigEntry) -> None:
        """Repair a camera by URL."""
        super().__init__(entry)
        self._stop = threading.Event()

    @override
    def async_remove(self) -> None:
        """End an attempt to open the source when the dialog is closed."""
        self._stop.set()

    @override
    def _schema(self) -> vol.Schema:
        return vol.Schema({vol.Required(CONF_URL): TextSelector()})

    @override
    def _suggested(self) -> dict[str, Any]:
        return {CONF_URL: self._entry.data[CONF_URL]}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        try:
            data = data_with_url(self._entry.data, user_input[CONF_URL])
            if self._is_taken(data[CONF_URL]):
                return {CONF_URL: "already_configured"}
            probe = await async_probe(data, "retrocam probe", self._stop)
        except InvalidUrlError as err:
            return {CONF_URL: err.code}
        except RetrocamError as err:
            return {"base": err.code}
        self._change({**data, CONF_AUDIO_CODEC: probe.audio_codec})
        return {}

    def _is_taken(self, url: str) -> bool:
        """Tell whether another entry opens `url` already."""
        return any(
            other is not self._entry and other.data.get(CONF_URL) == url
            for other in self.hass.config_entries.async_entries(self._entry.domain)
        )


class AudioRepair(SourceRepair):
    """Looks whether the camera sends another kind of sound now."""

    @override
    def _schema(self) -> vol.Schema:
        return vol.Schema({})

    @override
    def _suggested(self) -> dict[str, Any]:
        return {}

    @override
    def _placeholders(self) -> dict[str, str]:
        return {**super()._placeholders(), "codec": str(self._entry.data.get(CONF_AUDIO_CODEC))}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        try:
            probe = await async_probe(self._entry.data, "retrocam probe", self._stop)
        except RetrocamError as err:
            return {"base": err.code}
        if probe.audio_codec is not None and probe.audio_codec not in CARRIED_AUDIO:
            return {"base": "not_yet"}
        self._change({**self._entry.data, CONF_AUDIO_CODEC: probe.audio_codec})
        return {}


class CameraRepair(EntryRepair):
    """Puts another camera in the place of one that is gone, or takes the entry away."""

    @override
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
        if not self._concerns_anything():
            return self.async_create_entry(data={})
        if user_input is None:
            return self._form("remove", vol.Schema({}), {}, None)
        # It takes its issues along, and with them this flow's: not before the flow has ended.
        self.hass.async_create_task(
            self.hass.config_entries.async_remove(self._entry.entry_id),
            f"remove {self._entry.title}",
            eager_start=False,
        )
        return self.async_create_entry(data={})

    @override
    def _schema(self) -> vol.Schema:
        return vol.Schema(
            {
                vol.Required(CONF_ENTITY_ID): EntitySelector(
                    EntitySelectorConfig(
                        domain=CAMERA_DOMAIN, exclude_entities=own_cameras(self.hass)
                    )
                )
            }
        )

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        entity_id = user_input[CONF_ENTITY_ID]
        if self.hass.states.get(entity_id) is None:
            return {CONF_ENTITY_ID: "not_found"}
        stored = stored_camera(self.hass, entity_id)
        others = self.hass.config_entries.async_entries(self._entry.domain)
        if any(other.data.get(CONF_ENTITY_ID) == stored for other in others):
            return {CONF_ENTITY_ID: "already_configured"}
        self._change({**self._entry.data, CONF_ENTITY_ID: stored})
        return {}


class GridRepair(EntryRepair):
    """Takes members out of a grid that are gone, or puts others in their place."""

    @override
    def _placeholders(self) -> dict[str, str]:
        grid = self._instance
        assert isinstance(grid, GridInstance)  # noqa: S101  # no other has this issue
        return {**super()._placeholders(), "count": str(grid.removed_members)}

    @override
    def _schema(self) -> vol.Schema:
        return vol.Schema(
            {
                vol.Required(CONF_CAMERAS): EntitySelector(
                    EntitySelectorConfig(domain=CAMERA_DOMAIN, multiple=True, reorder=True)
                )
            }
        )

    @override
    def _suggested(self) -> dict[str, Any]:
        ids = (source_entity_id(self.hass, stored) for stored in self._entry.data[CONF_CAMERAS])
        return {CONF_CAMERAS: [one for one in ids if one and self.hass.states.get(one)]}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        cameras = list(dict.fromkeys(user_input[CONF_CAMERAS]))
        stored = [stored_camera(self.hass, camera) for camera in cameras]
        if fault := grid_fault(self.hass, stored, self._entry.entry_id):
            return {CONF_CAMERAS: fault}
        self._change({**self._entry.data, CONF_CAMERAS: stored})
        return {}
