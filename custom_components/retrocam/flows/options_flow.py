"""The options flow."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlowWithReload
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)
import voluptuous as vol

from ..cameras import RetrocamConfigEntry
from ..cameras.directories import chosen_directory, media_directory
from ..cameras.share_access import SHARE_LOCK, load_credentials, stored_credentials
from ..const import CONF_KIND, DOMAIN, KIND_ASCII_PLAYER, KIND_CAMERA_URL, KIND_GRID
from ..core.ascii.presets import CHARSETS
from ..core.library.places import is_path, same_place
from ..core.share.credentials import ShareCredentials
from ..core.share.pins import random_pin
from ..core.threads import run_in_thread
from ..settings import (
    INTERVAL_SEC,
    LOOKBACK_MEGABYTES,
    LOOKBACK_SECONDS,
    PICTURE_HEIGHT,
    PICTURE_WIDTH,
    SECTION_HISTORY,
    SECTION_LOOKBACK,
    SECTION_MJPEG,
    SECTION_PICTURE,
    SECTION_PLAYER,
    SECTION_RECORDINGS,
    SECTION_SHARE,
    SECTION_SOUND,
    SECTION_STORAGE,
    SECTION_TAPE,
    SOUND_MODES,
    SOURCE_HEIGHT,
    TAPE_HOURS,
    Settings,
)
from .schemas import LAYOUT_SELECTOR, PRESET_SELECTOR, number_within, whole_number
from .share_options import (
    STORED_FIELDS,
    OptionsError,
    async_new_credentials,
    forget_guesses,
    link_fields,
    share_link,
    share_schema,
)

_TYPICAL_RATE: Final = 500_000.0
"""Bytes a second of a camera of which nothing was measured: 4 Mbit/s."""
_DAYS: Final = whole_number(0, 36_500, "d")
_MEGABYTES: Final = whole_number(0, 100_000_000, "MB")

_FIELDS: Final[dict[str, dict[str, Any]]] = {
    SECTION_LOOKBACK: {
        "lookback_enabled": BooleanSelector(),
        "lookback_seconds": number_within(LOOKBACK_SECONDS, "s"),
        "lookback_megabytes": number_within(LOOKBACK_MEGABYTES, "MB"),
    },
    SECTION_HISTORY: {
        "history_enabled": BooleanSelector(),
        "interval_sec": number_within(INTERVAL_SEC, "s"),
        "keep_last": whole_number(1, 1_000_000),
        "keep_days": _DAYS,
        "keep_megabytes": _MEGABYTES,
        "image_format": SelectSelector(
            SelectSelectorConfig(options=["jpeg", "png"], translation_key="image_format")
        ),
    },
    SECTION_TAPE: {
        "tape_enabled": BooleanSelector(),
        "tape_hours": number_within(TAPE_HOURS, "h"),
        "tape_megabytes": _MEGABYTES,
    },
    SECTION_RECORDINGS: {
        "recordings_keep_last": whole_number(0, 1_000_000),
        "recordings_keep_days": _DAYS,
        "recordings_keep_megabytes": _MEGABYTES,
    },
    SECTION_STORAGE: {"directory": TextSelector(), "min_free_megabytes": _MEGABYTES},
    SECTION_MJPEG: {
        "mjpeg_fps": whole_number(1, 30, "fps"),
        "mjpeg_width": whole_number(0, 7680, "px"),
        "ring_size": whole_number(1, 300),
    },
    SECTION_PICTURE: {
        "layout": LAYOUT_SELECTOR,
        "width": number_within(PICTURE_WIDTH, "px"),
        "height": number_within(PICTURE_HEIGHT, "px"),
        "fps": whole_number(1, 30, "fps"),
    },
    SECTION_PLAYER: {
        "preset": PRESET_SELECTOR,
        "max_source_height": number_within(SOURCE_HEIGHT, "px"),
        "charset": SelectSelector(
            SelectSelectorConfig(options=list(CHARSETS), translation_key="charset")
        ),
        "loop": BooleanSelector(),
    },
    SECTION_SOUND: {
        "sound": SelectSelector(
            SelectSelectorConfig(options=list(SOUND_MODES), translation_key="sound")
        ),
    },
}
"""The fields of each section, except those of the share page."""
_KIND_OF_SECTION: Final = {
    SECTION_PICTURE: KIND_GRID,
    SECTION_PLAYER: KIND_ASCII_PLAYER,
    SECTION_SOUND: KIND_CAMERA_URL,
}
"""The only kind that has a section; all kinds have the others."""
_EXPANDED: Final = (SECTION_LOOKBACK, SECTION_PICTURE, SECTION_PLAYER)


def options_schema(
    kind: str, link: str | None = None, offered_pin: str | None = None
) -> vol.Schema:
    """Return the form of a kind of entry, with its defaults; see `share_schema` for the rest."""
    defaults = Settings.from_options({}, kind)
    schema = {
        vol.Required(name): section(
            _with_defaults(fields, defaults), {"collapsed": name not in _EXPANDED}
        )
        for name, fields in _FIELDS.items()
        if _KIND_OF_SECTION.get(name, kind) == kind
    }
    schema[vol.Required(SECTION_SHARE)] = section(
        share_schema(link, offered_pin), {"collapsed": True}
    )
    return vol.Schema(schema)


def _with_defaults(fields: dict[str, Any], defaults: Settings) -> vol.Schema:
    return vol.Schema(
        {
            vol.Optional(name)
            if name == "directory"
            else vol.Required(name, default=getattr(defaults, name)): selector
            for name, selector in fields.items()
        }
    )


def _tape_figures(entry: RetrocamConfigEntry) -> dict[str, str]:
    """Return what a tape takes: gigabytes a day, at how many megabits a second."""
    loaded = entry.state is ConfigEntryState.LOADED
    rate = (entry.runtime_data.tape.incoming if loaded else None) or _TYPICAL_RATE
    return {
        "tape_gigabytes": f"{rate * 86_400 / 1e9:.2g}",
        "tape_megabits": f"{rate * 8 / 1e6:.2g}",
    }


class RetrocamOptionsFlow(OptionsFlowWithReload):
    """The options form; a new link of the share page is shown in a second form before it is saved."""

    _options: dict[str, Any]
    """The options to save."""

    def __init__(self) -> None:
        """Draw the PIN that the form offers."""
        self._offered_pin = random_pin()

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and check the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            share = user_input[SECTION_SHARE]
            user_input = {**user_input, SECTION_SHARE: {key: share[key] for key in STORED_FIELDS}}
            try:
                await self._async_check_directory(user_input[SECTION_STORAGE])
                credentials = await async_new_credentials(
                    self.hass, self.config_entry, share, self._offered_pin
                )
            except OptionsError as err:
                errors["base"] = str(err)
            else:
                return await self._async_finish(user_input, credentials)
        active = load_credentials(self.config_entry)
        link = None if active is None else share_link(self.hass, active)
        has_pin = stored_credentials(self.config_entry.options) is not None
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                options_schema(
                    self.config_entry.data[CONF_KIND], link, None if has_pin else self._offered_pin
                ),
                user_input or self.config_entry.options,
            ),
            description_placeholders={
                "share_link": link or "",
                "pin": self._offered_pin,
                **_tape_figures(self.config_entry),
            },
            errors=errors,
        )

    async def async_step_share_link(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the new link, then save."""
        credentials = stored_credentials(self._options)
        assert credentials is not None  # noqa: S101  # set by the step before
        if user_input is not None:
            return self._save(credentials)
        link = share_link(self.hass, credentials)
        return self.async_show_form(
            step_id="share_link",
            data_schema=vol.Schema(link_fields(link)),
            description_placeholders={"share_link": link},
        )

    async def _async_finish(
        self, user_input: Mapping[str, Any], credentials: ShareCredentials | None
    ) -> ConfigFlowResult:
        """Save the options, after showing the link if it is new."""
        active = load_credentials(self.config_entry)
        self._options = {**self.config_entry.options, **user_input}
        if credentials is not None:
            self._options[SHARE_LOCK] = credentials.as_dict()
            is_new = active is None or active.slug != credentials.slug
            if user_input[SECTION_SHARE]["share_enabled"] and is_new:
                return await self.async_step_share_link()
        return self._save(credentials)

    def _save(self, credentials: ShareCredentials | None) -> ConfigFlowResult:
        forget_guesses(self.hass, stored_credentials(self.config_entry.options), credentials)
        return self.async_create_entry(data=self._options)

    async def _async_check_directory(self, storage: Mapping[str, Any]) -> None:
        """Raise OptionsError unless the directory is allowed and no other entry has it."""
        hass = self.hass
        choice: str = storage.get("directory") or ""
        if choice and not is_path(choice):
            raise OptionsError("directory_not_allowed")
        directory = chosen_directory(hass, self.config_entry, choice)
        others = [
            media_directory(hass, entry)
            for entry in hass.config_entries.async_entries(DOMAIN)
            if entry is not self.config_entry
        ]

        def check() -> None:
            if choice and not hass.config.is_allowed_path(choice):
                raise OptionsError("directory_not_allowed")
            # Each entry would delete the other's files by its own limits.
            if any(same_place(directory, other) for other in others):
                raise OptionsError("directory_taken")

        # Not in Home Assistant's executor: each directory may be on a drive that hangs.
        await run_in_thread("retrocam directory", check)
