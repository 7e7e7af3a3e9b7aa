"""The config flow: a form for each kind of camera."""

from collections.abc import Mapping
import threading
from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ENTITY_ID, CONF_NAME, CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.core import callback
import voluptuous as vol

from .const import (
    CONF_ADVANCED,
    CONF_AUDIO_CODEC,
    CONF_CAMERAS,
    CONF_KIND,
    CONF_SLUG,
    CONF_USE_WALLCLOCK,
    DOMAIN,
    KIND_ASCII_PLAYER,
    KIND_CAMERA_ENTITY,
    KIND_CAMERA_URL,
    KIND_DEMO,
    KIND_GRID,
)
from .core.errors import InvalidUrlError, RetrocamError
from .core.grid import Layout
from .core.probe import ProbeResult
from .flow_schemas import (
    CREDENTIALS_SCHEMA,
    URL_SCHEMA,
    demo_schema,
    entity_schema,
    grid_schema,
    player_schema,
)
from .instances.directories import unused_slug
from .instances.entity import own_cameras, source_entity_id, stored_camera
from .instances.grid import grid_fault
from .instances.url import async_probe, data_with_url
from .options_flow import RetrocamOptionsFlow
from .settings import SECTION_HISTORY, SECTION_LOOKBACK, SECTION_PICTURE, SECTION_PLAYER
from .urls import PREVIEW_PATH, signed
from .views import PREVIEWS, async_previews


class RetrocamConfigFlow(ConfigFlow, domain=DOMAIN):
    """One entry for each camera."""

    VERSION = 1
    """Grows when an older Retrocam could no longer read an entry: Home Assistant refuses it there."""
    MINOR_VERSION = 1
    """Grows when there is something to migrate that an older Retrocam can still read."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._title = ""
        self._data: dict[str, Any] = {}
        self._options: dict[str, dict[str, Any]] = {}
        self._probe: ProbeResult | None = None
        self._stop = threading.Event()

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> RetrocamOptionsFlow:
        """Return the flow of an entry's options."""
        return RetrocamOptionsFlow()

    @callback
    @override
    def async_remove(self) -> None:
        """End what a closed dialog leaves behind: an attempt to open a source, and its picture."""
        self._stop.set()
        self.hass.data.get(PREVIEWS, {}).pop(self.flow_id, None)

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the kind of camera."""
        return self.async_show_menu(
            step_id="user",
            menu_options=[
                KIND_CAMERA_URL,
                KIND_CAMERA_ENTITY,
                KIND_GRID,
                KIND_ASCII_PLAYER,
                KIND_DEMO,
            ],
        )

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

    async def async_step_camera_url(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Open a camera by its URL."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = await self._async_open(user_input)
            if not errors:
                return await self.async_step_preview()
        suggested = user_input or self._reconfigured_values()
        return self.async_show_form(
            step_id=KIND_CAMERA_URL,
            data_schema=self.add_suggested_values_to_schema(URL_SCHEMA, suggested),
            errors=errors,
        )

    async def async_step_preview(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the source's first picture, and make the entry if it is accepted."""
        probe = self._probe
        assert probe is not None  # noqa: S101  # this step follows one that opened the source
        if user_input is not None:
            return self._finish()
        async_previews(self.hass)[self.flow_id] = probe.jpeg
        path = signed(self.hass, PREVIEW_PATH.format(flow_id=self.flow_id))
        return self.async_show_form(
            step_id="preview",
            data_schema=vol.Schema({}),
            description_placeholders={
                "preview": f"![{self._title}]({path})",
                "size": f"{probe.width} × {probe.height}",
                "codec": probe.codec,
            },
            last_step=True,
        )

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
        if user_input is not None:
            self._title = user_input[CONF_NAME]
            self._data = {CONF_KIND: KIND_DEMO, **user_input}
            self._abort_if_known(CONF_NAME)
            return self._finish()
        return self.async_show_form(
            step_id=KIND_DEMO,
            data_schema=self.add_suggested_values_to_schema(
                demo_schema(), self._reconfigured_values()
            ),
        )

    async def async_step_grid(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Compose cameras into one picture."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._title = user_input[CONF_NAME]
            # In their order, each once.
            cameras = list(dict.fromkeys(user_input[CONF_CAMERAS]))
            stored = [stored_camera(self.hass, camera) for camera in cameras]
            if error := grid_fault(self.hass, stored, self.context.get("entry_id")):
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
        if user_input is not None:
            self._title = user_input[CONF_NAME].strip()
            self._data = {CONF_KIND: KIND_ASCII_PLAYER, CONF_NAME: self._title}
            self._abort_if_known(CONF_NAME)
            self._options = {SECTION_PLAYER: {"preset": user_input.get("preset", "low")}}
            return self._finish()
        return self.async_show_form(
            step_id=KIND_ASCII_PLAYER,
            data_schema=self.add_suggested_values_to_schema(
                player_schema(new=self.source != SOURCE_RECONFIGURE), self._reconfigured_values()
            ),
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin to ask for other credentials: the camera refused those it has."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for other credentials and try them."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**entry.data, **user_input}
            try:
                await async_probe(data, "retrocam probe", self._stop)
            except RetrocamError as err:
                errors["base"] = err.code
            else:
                return self.async_update_reload_and_abort(entry, data=data)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                CREDENTIALS_SCHEMA, {CONF_USERNAME: entry.data.get(CONF_USERNAME)}
            ),
            description_placeholders={"name": entry.title},
            errors=errors,
        )

    async def _async_open(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Try a source and keep what it is; return the errors of the form."""
        data = {CONF_KIND: KIND_CAMERA_URL, **user_input}
        self._title = data.pop(CONF_NAME).strip()
        try:
            self._data = data = data_with_url(data, data[CONF_URL])
            self._abort_if_known(CONF_URL)
            self._probe = await async_probe(data, "retrocam probe", self._stop)
        except InvalidUrlError as err:
            return {CONF_URL: err.code}
        except RetrocamError as err:
            return {"base": err.code}
        data[CONF_AUDIO_CODEC] = self._probe.audio_codec
        if not self._probe.has_timestamps:
            data[CONF_ADVANCED] = {**data.get(CONF_ADVANCED, {}), CONF_USE_WALLCLOCK: True}
        return {}

    @callback
    def _abort_if_known(self, key: str) -> None:
        """Abort if another entry has the same kind and the same value of `key`."""
        match = {CONF_KIND: self._data[CONF_KIND], key: self._data[key]}
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            if all(entry.data.get(name) == value for name, value in match.items()):
                return
        self._async_abort_entries_match(match)

    @callback
    def _finish(self) -> ConfigFlowResult:
        """Make the entry, or change the one that is reconfigured."""
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
            kept = {CONF_SLUG: slug} if (slug := entry.data.get(CONF_SLUG)) else {}
            return self.async_update_reload_and_abort(
                entry, title=self._title, data={**self._data, **kept}
            )
        slugs = {entry.data.get(CONF_SLUG) for entry in self._async_current_entries()}
        data = {**self._data, CONF_SLUG: unused_slug(self._title, slugs)}
        return self.async_create_entry(title=self._title, data=data, options=self._options)

    @callback
    def _reconfigured_values(self) -> dict[str, Any]:
        """Return what the form of a reconfigured entry begins with; never the password."""
        if self.source not in {SOURCE_RECONFIGURE, SOURCE_REAUTH}:
            return {}
        entry = self._get_reconfigure_entry()
        values = {CONF_NAME: entry.title, **entry.data}
        if CONF_ENTITY_ID in values:
            values[CONF_ENTITY_ID] = source_entity_id(self.hass, values[CONF_ENTITY_ID])
        if CONF_CAMERAS in values:
            ids = [source_entity_id(self.hass, stored) for stored in values[CONF_CAMERAS]]
            values[CONF_CAMERAS] = [entity_id for entity_id in ids if entity_id]
        values.pop(CONF_PASSWORD, None)
        return values

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
