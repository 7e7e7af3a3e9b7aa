"""Repairs of sources that are gone, or whose audio is not supported."""

import threading
from typing import Any, override

from homeassistant.components.camera import DOMAIN as CAMERA_DOMAIN
from homeassistant.components.repairs import RepairsFlowResult
from homeassistant.components.repairs.const import FlowType
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_ENTITY_ID, CONF_URL
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig, TextSelector
import voluptuous as vol

from ..cameras import RetrocamConfigEntry
from ..cameras.entity import own_cameras, source_entity_id, stored_camera
from ..cameras.grid import GridCamera, grid_error
from ..cameras.relay import is_relayed
from ..cameras.url import async_probe_and_adapt, data_with_url
from ..const import CONF_AUDIO_CODEC, CONF_CAMERAS
from ..core.errors import InvalidUrlError, RetrocamError
from ..core.sources.audio import audio_name
from ..flows.schemas import CAMERAS_SELECTOR
from ..flows.source_flow import ENTRY_ID
from ..stream.url_provider import CARRIED_AUDIO
from .flow import EntryRepair


class SourceRepair(EntryRepair):
    """Probes the camera again, at the same or another URL."""

    def __init__(self, entry: RetrocamConfigEntry) -> None:
        super().__init__(entry)
        self._stop = threading.Event()

    @override
    def async_remove(self) -> None:
        """Stop the probe when the dialog is closed."""
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
            entries = self.hass.config_entries.async_entries(self._entry.domain)
            others = [entry for entry in entries if entry is not self._entry]
            if any(other.data.get(CONF_URL) == data[CONF_URL] for other in others):
                return {CONF_URL: "already_configured"}
            _, data = await async_probe_and_adapt(data, "retrocam probe", self._stop)
        except InvalidUrlError as err:
            return {CONF_URL: err.code}
        except RetrocamError as err:
            return {"base": err.code}
        self._change(data)
        return {}


class AudioRepair(SourceRepair):
    """Has the sound converted, unless the camera sends what Home Assistant takes now."""

    @override
    def _schema(self) -> vol.Schema:
        return vol.Schema({})

    @override
    def _suggested(self) -> dict[str, Any]:
        return {}

    @override
    def _placeholders(self) -> dict[str, str]:
        codec = str(self._entry.data.get(CONF_AUDIO_CODEC))
        return {**super()._placeholders(), "codec": audio_name(codec)}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        try:
            probe, data = await async_probe_and_adapt(
                self._entry.data, "retrocam probe", self._stop
            )
        except RetrocamError as err:
            return {"base": err.code}
        is_dropped = probe.audio_codec is not None and probe.audio_codec not in CARRIED_AUDIO
        if is_dropped and not is_relayed(data, self._instance.settings.sound):
            return {"base": "cannot_convert"}
        self._change(data)
        return {}


class WrappedAudioRepair(EntryRepair):
    """Leads to the form of a camera by URL, whose sound can be converted.

    That form asks the camera for its URL itself: nothing here has its password.
    """

    @override
    def _placeholders(self) -> dict[str, str]:
        codec = str(self._entry.data.get(CONF_AUDIO_CODEC))
        return {**super()._placeholders(), "codec": audio_name(codec)}

    @override
    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        if user_input is None or self._is_obsolete():
            return await super().async_step_confirm(user_input)
        form = await self.hass.config_entries.flow.async_init(
            self._entry.domain,
            context={"source": SOURCE_USER},
            data={ENTRY_ID: self._entry.entry_id},
        )
        return self.async_create_entry(data={}, next_flow=(FlowType.CONFIG_FLOW, form["flow_id"]))

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        return {}


class CameraRepair(EntryRepair):
    """Replaces a camera that is gone, or removes the entry."""

    @override
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        return self._menu("confirm", "remove")

    async def async_step_remove(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Remove the entry, after confirmation; its media stays."""
        return await self._async_step("remove", user_input, self._async_remove_entry)

    async def _async_remove_entry(self, user_input: dict[str, Any]) -> dict[str, str]:
        # Not eager: this deletes the issue of this flow, which must have ended by then.
        self.hass.async_create_task(
            self.hass.config_entries.async_remove(self._entry.entry_id),
            f"remove {self._entry.title}",
            eager_start=False,
        )
        return {}

    @override
    def _schema(self) -> vol.Schema:
        config = EntitySelectorConfig(domain=CAMERA_DOMAIN, exclude_entities=own_cameras(self.hass))
        return vol.Schema({vol.Required(CONF_ENTITY_ID): EntitySelector(config)})

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
    """Removes or replaces members of a grid that are gone."""

    @override
    def _placeholders(self) -> dict[str, str]:
        grid = self._instance
        assert isinstance(grid, GridCamera)  # noqa: S101  # no other has this issue
        return {**super()._placeholders(), "count": str(grid.removed_members)}

    @override
    def _schema(self) -> vol.Schema:
        return vol.Schema({vol.Required(CONF_CAMERAS): CAMERAS_SELECTOR})

    @override
    def _suggested(self) -> dict[str, Any]:
        ids = (source_entity_id(self.hass, stored) for stored in self._entry.data[CONF_CAMERAS])
        return {CONF_CAMERAS: [camera for camera in ids if camera and self.hass.states.get(camera)]}

    @override
    async def async_try(self, user_input: dict[str, Any]) -> dict[str, str]:
        cameras = dict.fromkeys(user_input[CONF_CAMERAS])  # in order, without duplicates
        stored = [stored_camera(self.hass, camera) for camera in cameras]
        if error := grid_error(self.hass, stored, self._entry.entry_id):
            return {CONF_CAMERAS: error}
        self._change({**self._entry.data, CONF_CAMERAS: stored})
        return {}
