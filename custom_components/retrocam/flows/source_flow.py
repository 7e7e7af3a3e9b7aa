"""Steps of the config flow for a camera by URL: form, preview, reauthentication."""

from collections.abc import Mapping
from typing import Any, Final, override
from urllib.parse import urlsplit

from homeassistant.components.stream import CONF_RTSP_TRANSPORT, RTSP_TRANSPORTS
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_ENTITY_ID, CONF_NAME, CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.core import callback
import voluptuous as vol

from ..cameras.entity import source_entity_id
from ..cameras.relay import is_sound_converted, is_video_converted
from ..cameras.source_url import async_source_data
from ..cameras.url import async_probe_and_adapt, data_with_url
from ..const import CONF_AUDIO_CODEC, CONF_KIND, KIND_CAMERA_URL
from ..core.errors import InvalidUrlError, RetrocamError
from ..core.sources.audio import audio_name
from ..core.sources.probe import ProbeResult
from ..http.live import PREVIEWS, async_previews
from ..settings import Settings
from ..urls import PREVIEW_PATH, signed
from .entry_flow import EntryFlow
from .schemas import CREDENTIALS_SCHEMA, URL_SCHEMA

ENTRY_ID: Final = "entry_id"
"""Key in the data with which a flow begins at the URL of a wrapped camera."""


class SourceFlow(EntryFlow):
    """A config flow that probes a source in a thread, which ends with the dialog."""

    def __init__(self) -> None:
        super().__init__()
        self._probe: ProbeResult | None = None
        self._wrapped: str | None = None
        """The id of the entry of a wrapped camera that is to be added by URL."""
        self._transport_change: tuple[str, str] | None = None
        """The RTSP transport that the camera refused, and the one used instead."""

    @callback
    @override
    def async_remove(self) -> None:
        """Also drop the preview when the dialog is closed."""
        super().async_remove()
        self.hass.data.get(PREVIEWS, {}).pop(self.flow_id, None)

    async def async_step_camera_url(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the URL of a camera and probe it."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := await self._async_probe(user_input)):
            return await self._async_preview()
        shown = user_input or await self._async_suggested()
        return self._form(KIND_CAMERA_URL, URL_SCHEMA, shown, errors)

    async def _async_suggested(self) -> dict[str, Any]:
        """Return the values of the form for a wrapped camera: what its integration gives now."""
        if self._wrapped is None:
            return {}
        entry = self.hass.config_entries.async_get_known_entry(self._wrapped)
        entity_id = source_entity_id(self.hass, entry.data[CONF_ENTITY_ID])
        return {CONF_NAME: entry.title, **await async_source_data(self.hass, entity_id)}

    async def _async_preview(self) -> ConfigFlowResult:
        """Show the preview with what there is to tell."""
        told = {
            "video": is_video_converted(self._data),
            "transport": self._transport_change,
            "sound": self._converted,
        }
        step = "_".join(["preview", *(name for name, is_told in told.items() if is_told)])
        result: ConfigFlowResult = await getattr(self, f"async_step_{step}")()
        return result

    async def async_step_preview(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the first frame of the source; finish once it is confirmed."""
        return self._preview("preview", user_input)

    async def async_step_preview_transport(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Also tell that the camera refused the RTSP transport, and which one is used."""
        return self._preview("preview_transport", user_input, **self._transports)

    async def async_step_preview_sound(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Also tell that the sound will be converted."""
        return self._preview("preview_sound", user_input, sound=self._converted)

    async def async_step_preview_video(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Also tell that the video will be converted."""
        return self._preview("preview_video", user_input)

    async def async_step_preview_video_sound(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Also tell that video and sound will be converted."""
        return self._preview("preview_video_sound", user_input, sound=self._converted)

    async def async_step_preview_transport_sound(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Also tell both."""
        return self._preview(
            "preview_transport_sound", user_input, sound=self._converted, **self._transports
        )

    async def async_step_preview_video_transport(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Also tell that the video will be converted, and of the RTSP transport."""
        return self._preview("preview_video_transport", user_input, **self._transports)

    async def async_step_preview_video_transport_sound(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Also tell all three."""
        return self._preview(
            "preview_video_transport_sound",
            user_input,
            sound=self._converted,
            **self._transports,
        )

    @property
    def _transports(self) -> dict[str, str]:
        """Return the names of the RTSP transport that was refused, and of the one taken."""
        assert self._transport_change is not None  # noqa: S101  # its steps follow a change
        refused, taken = (RTSP_TRANSPORTS[transport] for transport in self._transport_change)
        return {"refused": refused, "taken": taken}

    @property
    def _converted(self) -> str:
        """Return the name of the codec of the sound if it will be converted, else nothing."""
        options = {} if self._is_new else self._get_reconfigure_entry().options
        sound = Settings.from_options(options, KIND_CAMERA_URL).sound
        is_converted = is_sound_converted(self._data, sound)
        return audio_name(self._data[CONF_AUDIO_CODEC]) if is_converted else ""

    @callback
    def _preview(
        self, step: str, user_input: dict[str, Any] | None, **placeholders: str
    ) -> ConfigFlowResult:
        probe = self._probe
        assert probe is not None  # noqa: S101  # this step follows a successful probe
        if user_input is not None:
            return self._finish()
        async_previews(self.hass)[self.flow_id] = probe.jpeg
        path = signed(self.hass, PREVIEW_PATH.format(flow_id=self.flow_id))
        return self.async_show_form(
            step_id=step,
            data_schema=vol.Schema({}),
            description_placeholders={
                "preview": f"![{self._title}]({path})",
                "size": f"{probe.width} × {probe.height}",
                "codec": probe.codec,
                **placeholders,
            },
            last_step=True,
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Start after the camera has refused its credentials."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for new credentials and try them."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**entry.data, **user_input}
            try:
                _, data = await async_probe_and_adapt(data, "retrocam probe", self._stop)
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
        """Return `data` with the stored password of the same host and user, if it has none.

        The form does not show the password: an empty field means no change.
        """
        if self._is_new or data.get(CONF_PASSWORD):
            return data
        kept = self._get_reconfigure_entry().data
        same_user = data.get(CONF_USERNAME) == kept.get(CONF_USERNAME)
        same_host = urlsplit(data[CONF_URL]).hostname == urlsplit(kept[CONF_URL]).hostname
        if same_user and same_host and CONF_PASSWORD in kept:
            data[CONF_PASSWORD] = kept[CONF_PASSWORD]
        return data

    async def _async_probe(self, user_input: dict[str, Any]) -> dict[str, str]:
        """Probe a source and set the entry's data from it; return the errors of the form."""
        if errors := self._name_errors(user_input):
            return errors
        data = {CONF_KIND: KIND_CAMERA_URL, **user_input}
        self._title = data.pop(CONF_NAME).strip()
        try:
            self._data = data = self._with_kept_password(data_with_url(data, data[CONF_URL]))
            self._abort_if_known(CONF_URL)
            self._probe, self._data = await async_probe_and_adapt(
                data, "retrocam probe", self._stop
            )
        except InvalidUrlError as err:
            return {CONF_URL: err.code}
        except RetrocamError as err:
            return {"base": err.code}
        asked, taken = data.get(CONF_RTSP_TRANSPORT), self._data.get(CONF_RTSP_TRANSPORT)
        self._transport_change = (asked, taken) if asked and taken and asked != taken else None
        return {}
