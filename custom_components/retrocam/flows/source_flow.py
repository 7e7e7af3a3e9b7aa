"""The steps of the config flow that open a camera by its URL: the form, its picture, its credentials."""

from collections.abc import Mapping
import threading
from typing import Any, override
from urllib.parse import urlsplit

from homeassistant.components.stream import CONF_USE_WALLCLOCK_AS_TIMESTAMPS
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlowResult
from homeassistant.const import CONF_NAME, CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.core import callback
import voluptuous as vol

from ..cameras.url import async_probe, data_with_url
from ..const import CONF_ADVANCED, CONF_AUDIO_CODEC, CONF_KIND, KIND_CAMERA_URL
from ..core.errors import InvalidUrlError, RetrocamError
from ..core.sources.probe import ProbeResult
from ..http.live import PREVIEWS, async_previews
from ..urls import PREVIEW_PATH, signed
from .entry_flow import EntryFlow
from .schemas import CREDENTIALS_SCHEMA, URL_SCHEMA


class SourceFlow(EntryFlow):
    """A config flow that can open a source, once, in a thread that ends with the dialog."""

    def __init__(self) -> None:
        """No source has been opened yet."""
        super().__init__()
        self._probe: ProbeResult | None = None
        self._stop = threading.Event()

    @callback
    @override
    def async_remove(self) -> None:
        """End what a closed dialog leaves behind: an attempt to open a source, and its picture."""
        self._stop.set()
        self.hass.data.get(PREVIEWS, {}).pop(self.flow_id, None)

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

    @callback
    def _with_kept_password(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return `data` with the password that is kept for the same host and user, if none was given.

        The form does not show it, so that an empty field means no change.
        """
        if self.source != SOURCE_RECONFIGURE or data.get(CONF_PASSWORD):
            return data
        kept = self._get_reconfigure_entry().data
        same_user = data.get(CONF_USERNAME) == kept.get(CONF_USERNAME)
        if same_user and urlsplit(data[CONF_URL]).hostname == urlsplit(kept[CONF_URL]).hostname:
            data |= {key: kept[key] for key in (CONF_PASSWORD,) if key in kept}
        return data

    async def _async_open(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Try a source and keep what it is; return the errors of the form."""
        if faults := self._name_faults(user_input):
            return faults
        data = {CONF_KIND: KIND_CAMERA_URL, **user_input}
        self._title = data.pop(CONF_NAME).strip()
        try:
            self._data = data = self._with_kept_password(data_with_url(data, data[CONF_URL]))
            self._abort_if_known(CONF_URL)
            self._probe = await async_probe(data, "retrocam probe", self._stop)
        except InvalidUrlError as err:
            return {CONF_URL: err.code}
        except RetrocamError as err:
            return {"base": err.code}
        data[CONF_AUDIO_CODEC] = self._probe.audio_codec
        if not self._probe.has_timestamps:
            data[CONF_ADVANCED] = {
                **data.get(CONF_ADVANCED, {}),
                CONF_USE_WALLCLOCK_AS_TIMESTAMPS: True,
            }
        return {}
