"""The config flow: a form for each kind of camera."""

from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ENTITY_ID, CONF_NAME
from homeassistant.core import callback

from .cameras.entity import own_cameras, source_entity_id, stored_camera
from .cameras.grid import grid_fault
from .const import (
    CONF_CAMERAS,
    CONF_KIND,
    DOMAIN,
    KIND_ASCII_PLAYER,
    KIND_CAMERA_ENTITY,
    KIND_CAMERA_URL,
    KIND_DEMO,
    KIND_GRID,
    KINDS,
)
from .core.grid.layout import Layout
from .flows.options_flow import RetrocamOptionsFlow
from .flows.schemas import demo_schema, entity_schema, grid_schema, player_schema
from .flows.source_flow import SourceFlow
from .settings import SECTION_HISTORY, SECTION_LOOKBACK, SECTION_PICTURE, SECTION_PLAYER


class RetrocamConfigFlow(SourceFlow, domain=DOMAIN):
    """One entry for each camera."""

    VERSION = 1
    """Grows when an older Retrocam could no longer read an entry: Home Assistant refuses it there."""
    MINOR_VERSION = 1
    """Grows when there is something to migrate that an older Retrocam can still read."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> RetrocamOptionsFlow:
        """Return the flow of an entry's options."""
        return RetrocamOptionsFlow()

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the kind of camera."""
        return self.async_show_menu(step_id="user", menu_options=list(KINDS))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the form with which the entry was made."""
        steps = {
            KIND_CAMERA_URL: self.async_step_camera_url,
            KIND_CAMERA_ENTITY: self.async_step_camera_entity,
            KIND_DEMO: self.async_step_demo,
            KIND_GRID: self.async_step_grid,
            KIND_ASCII_PLAYER: self.async_step_ascii_player,
        }
        return await steps[self._get_reconfigure_entry().data[CONF_KIND]]()

    async def async_step_camera_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Wrap a camera that Home Assistant has."""
        errors: dict[str, str] = {}
        if user_input is not None:
            entity_id = user_input[CONF_ENTITY_ID]
            state = self.hass.states.get(entity_id)
            if state is None:
                errors[CONF_ENTITY_ID] = "not_found"
            else:
                self._data = {
                    CONF_KIND: KIND_CAMERA_ENTITY,
                    CONF_ENTITY_ID: stored_camera(self.hass, entity_id),
                }
                self._abort_if_known(CONF_ENTITY_ID)
                self._title = state.name
                if not user_input.get("lookback_enabled", True):
                    # Neither is a battery camera to be woken for its history.
                    self._options = {
                        SECTION_LOOKBACK: {"lookback_enabled": False},
                        SECTION_HISTORY: {"history_enabled": False},
                    }
                return self._finish()
        return self.async_show_form(
            step_id=KIND_CAMERA_ENTITY,
            data_schema=self.add_suggested_values_to_schema(
                entity_schema(
                    [*own_cameras(self.hass), *self._wrapped_cameras()],
                    new=self.source != SOURCE_RECONFIGURE,
                ),
                user_input or self._reconfigured_values(),
            ),
            errors=errors,
        )

    async def async_step_demo(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Make a demo camera."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._name_faults(user_input)):
            self._title = user_input[CONF_NAME]
            self._data = {CONF_KIND: KIND_DEMO, **user_input}
            self._abort_if_known(CONF_NAME)
            return self._finish()
        return self.async_show_form(
            step_id=KIND_DEMO,
            data_schema=self.add_suggested_values_to_schema(
                demo_schema(), user_input or self._reconfigured_values()
            ),
            errors=errors,
        )

    async def async_step_grid(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Compose cameras into one picture."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._title = user_input[CONF_NAME]
            # In their order, each once.
            cameras = list(dict.fromkeys(user_input[CONF_CAMERAS]))
            stored = [stored_camera(self.hass, camera) for camera in cameras]
            if errors := self._name_faults(user_input):
                pass
            elif error := grid_fault(self.hass, stored, self.context.get("entry_id")):
                errors[CONF_CAMERAS] = error
            else:
                self._data = {CONF_KIND: KIND_GRID, CONF_CAMERAS: stored}
                self._abort_if_known(CONF_CAMERAS)
                self._options = {SECTION_PICTURE: {"layout": user_input.get("layout", Layout.QUAD)}}
                return self._finish()
        return self.async_show_form(
            step_id=KIND_GRID,
            data_schema=self.add_suggested_values_to_schema(
                grid_schema(new=self.source != SOURCE_RECONFIGURE),
                user_input or self._reconfigured_values(),
            ),
            errors=errors,
        )

    async def async_step_ascii_player(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Make a player."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._name_faults(user_input)):
            self._title = user_input[CONF_NAME].strip()
            self._data = {CONF_KIND: KIND_ASCII_PLAYER, CONF_NAME: self._title}
            self._abort_if_known(CONF_NAME)
            self._options = {SECTION_PLAYER: {"preset": user_input.get("preset", "low")}}
            return self._finish()
        return self.async_show_form(
            step_id=KIND_ASCII_PLAYER,
            data_schema=self.add_suggested_values_to_schema(
                player_schema(new=self.source != SOURCE_RECONFIGURE),
                user_input or self._reconfigured_values(),
            ),
            errors=errors,
        )

    @callback
    def _wrapped_cameras(self) -> list[str]:
        """Return the cameras that have an entry already, but for that of the entry at hand."""
        at_hand = self.context.get("entry_id")
        return [
            entity_id
            for entry in self._async_current_entries()
            if CONF_ENTITY_ID in entry.data
            and entry.entry_id != at_hand
            and (entity_id := source_entity_id(self.hass, entry.data[CONF_ENTITY_ID]))
        ]
