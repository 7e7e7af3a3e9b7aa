"""Steps of the config flow for cameras of other integrations: one entry for each camera chosen."""

import asyncio
from typing import Any, Final

from homeassistant.config_entries import SOURCE_IMPORT, ConfigFlowResult
from homeassistant.const import CONF_ENTITY_ID
from homeassistant.core import callback

from ..cameras.entity import own_cameras, source_entity_id, stored_camera
from ..cameras.source_url import async_source_sound
from ..const import CONF_AUDIO_CODEC, CONF_KIND, CONF_VIDEO_CODEC, DOMAIN, KIND_CAMERA_ENTITY
from ..settings import SECTION_HISTORY, SECTION_LOOKBACK
from .entry_flow import EntryFlow
from .schemas import entities_schema, entity_schema

_PROBES: Final = 8
"""Cameras that are probed at a time."""


class WrappedFlow(EntryFlow):
    """A config flow that wraps camera entities."""

    async def async_step_camera_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Wrap camera entities of other integrations."""
        errors: dict[str, str] = {}
        if user_input is not None:
            chosen = user_input[CONF_ENTITY_ID]
            if not chosen:
                errors[CONF_ENTITY_ID] = "no_cameras"
            elif any(self.hass.states.get(entity_id) is None for entity_id in chosen):
                errors[CONF_ENTITY_ID] = "not_found"
            else:
                lookback: bool = user_input.get("lookback_enabled", True)
                return await self._async_wrap_all(chosen, lookback=lookback)
        schema = entities_schema(self._unavailable_cameras())
        return self._form(KIND_CAMERA_ENTITY, schema, user_input, errors)

    async def async_step_reconfigure_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Wrap another camera entity instead."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if self.hass.states.get(user_input[CONF_ENTITY_ID]) is not None:
                chosen = user_input[CONF_ENTITY_ID]
                sounds = await self._async_sounds([chosen])
                return self._wrap(chosen, sounds[chosen], lookback=True)
            errors[CONF_ENTITY_ID] = "not_found"
        schema = entity_schema(self._unavailable_cameras())
        return self._form("reconfigure_entity", schema, user_input, errors)

    async def async_step_import(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Wrap one of several cameras chosen in another flow."""
        return self._wrap(data[CONF_ENTITY_ID], data["sound"], lookback=data["lookback_enabled"])

    async def _async_wrap_all(self, chosen: list[str], *, lookback: bool) -> ConfigFlowResult:
        """Create an entry by a flow for each camera, by this one for the last.

        One after another: each chooses a title and a directory that are not in use. A camera that is
        wrapped by now is left out; aborts if all are.
        """
        # A battery camera should not wake for it.
        sounds = await self._async_sounds(self._left_of(chosen) if lookback else [])
        *others, last = self._left_of(chosen) or chosen[:1]
        for entity_id in others:
            await self.hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": SOURCE_IMPORT},
                data={
                    CONF_ENTITY_ID: entity_id,
                    "sound": sounds.get(entity_id, {}),
                    "lookback_enabled": lookback,
                },
            )
        return self._wrap(last, sounds.get(last, {}), lookback=lookback)

    @callback
    def _left_of(self, chosen: list[str]) -> list[str]:
        """Return the cameras that no entry wraps, each once."""
        wrapped = self._wrapped_cameras()
        return [entity_id for entity_id in dict.fromkeys(chosen) if entity_id not in wrapped]

    async def _async_sounds(self, cameras: list[str]) -> dict[str, dict[str, Any]]:
        """Probe cameras, some at a time; return what their entries save of it."""
        places = asyncio.Semaphore(_PROBES)

        async def probed(entity_id: str) -> dict[str, Any]:
            async with places:
                return await async_source_sound(self.hass, entity_id, self._stop)

        async with asyncio.TaskGroup() as group:
            tasks = {entity_id: group.create_task(probed(entity_id)) for entity_id in cameras}
        return {entity_id: task.result() for entity_id, task in tasks.items()}

    @callback
    def _wrap(self, entity_id: str, sound: dict[str, Any], *, lookback: bool) -> ConfigFlowResult:
        """Create or update the entry of one camera; `sound` is of `_async_sounds`."""
        stored = stored_camera(self.hass, entity_id)
        self._data = {CONF_KIND: KIND_CAMERA_ENTITY, CONF_ENTITY_ID: stored}
        self._abort_if_known(CONF_ENTITY_ID)
        self._data |= sound or self._known_sound(stored)
        state = self.hass.states.get(entity_id)
        self._title = self._unused_title(entity_id if state is None else state.name)
        if not lookback:
            # A battery camera should not wake for its history either.
            self._options = {
                SECTION_LOOKBACK: {"lookback_enabled": False},
                SECTION_HISTORY: {"history_enabled": False},
            }
        return self._finish()

    @callback
    def _known_sound(self, stored: str) -> dict[str, Any]:
        """Return what the reconfigured entry has saved of the sound of the same camera."""
        known = {} if self._is_new else self._get_reconfigure_entry().data
        if known.get(CONF_ENTITY_ID) != stored:
            return {}
        return {key: known[key] for key in (CONF_AUDIO_CODEC, CONF_VIDEO_CODEC) if key in known}

    @callback
    def _unavailable_cameras(self) -> list[str]:
        """Return the cameras that cannot be wrapped: our own, and those wrapped by other entries."""
        return [*own_cameras(self.hass), *self._wrapped_cameras()]

    @callback
    def _wrapped_cameras(self) -> list[str]:
        """Return the cameras wrapped by entries other than the reconfigured one."""
        own_entry_id = self.context.get("entry_id")
        return [
            entity_id
            for entry in self._async_current_entries()
            if CONF_ENTITY_ID in entry.data
            and entry.entry_id != own_entry_id
            and (entity_id := source_entity_id(self.hass, entry.data[CONF_ENTITY_ID]))
        ]
