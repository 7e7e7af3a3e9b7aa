"""The config flow, with a form for each kind of camera."""

from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.core import callback

from .cameras.entity import stored_camera
from .cameras.grid import grid_error
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
from .flows.schemas import demo_schema, grid_schema, player_schema
from .flows.source_flow import ENTRY_ID, SourceFlow
from .flows.wrapped_flow import WrappedFlow
from .settings import SECTION_PICTURE, SECTION_PLAYER


class RetrocamConfigFlow(SourceFlow, WrappedFlow, domain=DOMAIN):
    """Creates one entry for each camera, grid and player."""

    VERSION = 1
    """Raise for changes that older versions cannot read: Home Assistant refuses the entry there."""
    MINOR_VERSION = 1
    """Raise for migrations that older versions can read."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> RetrocamOptionsFlow:
        return RetrocamOptionsFlow()

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the kind of camera; the repair of a wrapped one's sound starts with its URL."""
        if user_input is not None:
            self._wrapped = user_input[ENTRY_ID]
            return await self.async_step_camera_url()
        return self.async_show_menu(step_id="user", menu_options=list(KINDS))

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the form of the entry's kind."""
        steps = {
            KIND_CAMERA_URL: self.async_step_camera_url,
            KIND_CAMERA_ENTITY: self.async_step_reconfigure_entity,
            KIND_DEMO: self.async_step_demo,
            KIND_GRID: self.async_step_grid,
            KIND_ASCII_PLAYER: self.async_step_ascii_player,
        }
        return await steps[self._get_reconfigure_entry().data[CONF_KIND]]()

    async def async_step_demo(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Add a demo camera."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._name_errors(user_input)):
            self._title = user_input[CONF_NAME]
            self._data = {CONF_KIND: KIND_DEMO, **user_input}
            self._abort_if_known(CONF_NAME)
            return self._finish()
        return self._form(KIND_DEMO, demo_schema(), user_input, errors)

    async def async_step_grid(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Combine cameras in a grid."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._name_errors(user_input)):
            self._title = user_input[CONF_NAME]
            cameras = dict.fromkeys(user_input[CONF_CAMERAS])  # in order, without duplicates
            stored = [stored_camera(self.hass, camera) for camera in cameras]
            if error := grid_error(self.hass, stored, self.context.get("entry_id")):
                errors[CONF_CAMERAS] = error
            else:
                self._data = {CONF_KIND: KIND_GRID, CONF_CAMERAS: stored}
                self._abort_if_known(CONF_CAMERAS)
                self._options = {SECTION_PICTURE: {"layout": user_input.get("layout", Layout.QUAD)}}
                return self._finish()
        return self._form(KIND_GRID, grid_schema(new=self._is_new), user_input, errors)

    async def async_step_ascii_player(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add an ASCII player."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._name_errors(user_input)):
            self._title = user_input[CONF_NAME].strip()
            self._data = {CONF_KIND: KIND_ASCII_PLAYER, CONF_NAME: self._title}
            self._abort_if_known(CONF_NAME)
            self._options = {SECTION_PLAYER: {"preset": user_input.get("preset", "low")}}
            return self._finish()
        return self._form(KIND_ASCII_PLAYER, player_schema(new=self._is_new), user_input, errors)
